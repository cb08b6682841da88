/*
 * inspection_audit.c: IHostMemInspection::Audit: the books against the system, and the heaps'
 * counts against their blocks.
 */
#include "hosting/inspection_methods.h"
#include "hosting/errors/error_info.h"
#include "heap/heap_walk.h"
#include "hosting/public_facts.h"

_Static_assert(HostMemSectionViewsTotal == (int)AUDIT_SECTION_VIEWS_TOTAL,
               "one order of differences");

struct audit_caller {
    const struct manager *manager;
    HOSTMEM_DIFFERENCE_CALLBACK callback; /* may be NULL */
    void *context;
    HRESULT hr;
};

static bool report_difference(void *context, const struct audit_difference *difference)
{
    struct audit_caller *caller = context;
    HOSTMEM_DIFFERENCE public_difference = {
        .Kind = (HOSTMEM_DIFFERENCE_KIND)difference->kind,
        .Address = (void *)difference->address,
        .Books = difference->books,
        .System = difference->system,
    };

    if (!caller->callback)
        return true;
    if (difference->region.size)
        region_to_public(&difference->region, difference->region.committed,
                         &public_difference.Region);
    if (difference->section.size)
        section_to_public(&difference->section, &public_difference.Section);
    caller->hr = caller->callback(caller->context, &public_difference);
    return caller->hr == S_OK;
}

/* Compares what the heaps have counted with the blocks that they have. */
static void audit_heaps(struct audit_caller *caller, struct audit *audit)
{
    struct heap_audit heaps;
    struct audit_difference blocks = {.kind = AUDIT_BLOCKS_TOTAL};
    struct audit_difference bytes = {.kind = AUDIT_BLOCK_BYTES_TOTAL};

    if (!audit->totals_compared)
        return;
    audit->totals_compared = heap_audit(&caller->manager->heaps, &heaps);
    if (!audit->totals_compared)
        return;
    blocks.books = heaps.counted_blocks;
    blocks.system = heaps.found_blocks;
    bytes.books = heaps.counted_bytes;
    bytes.system = heaps.found_bytes;
    if (blocks.books != blocks.system) {
        audit->differences++;
        if (!report_difference(caller, &blocks))
            return;
    }
    if (bytes.books != bytes.system) {
        audit->differences++;
        report_difference(caller, &bytes);
    }
}

HRESULT inspection_audit_by(struct manager *manager, inspection_auditor *auditor,
                            HOSTMEM_AUDIT *result, HOSTMEM_DIFFERENCE_CALLBACK callback,
                            void *context)
{
    struct audit_caller caller = {manager, callback, context, S_OK};
    DWORD last_error = GetLastError();
    struct audit audit;

    if (!result)
        return E_POINTER;
    if (result->cbSize != sizeof(HOSTMEM_AUDIT))
        return error_info_set(BAD_AUDIT_SIZE, result->cbSize);
    manager_add_ref(manager); /* the callback may release it */
    if (auditor(&manager->pages, &audit, report_difference, &caller))
        audit_heaps(&caller, &audit);
    *result = (HOSTMEM_AUDIT){
        .cbSize = sizeof(HOSTMEM_AUDIT),
        .TotalsCompared = audit.totals_compared,
        .Regions = audit.regions,
        .Busy = audit.busy,
        .BusyBytes = audit.busy_bytes,
        .ReservedBytes = audit.reserved,
        .CommittedBytes = audit.committed,
        .Differences = audit.differences,
        .CallsUnderWay = inspection_calls_under_way(manager),
        .Sections = audit.sections,
        .SectionsUnseen = audit.sections_unseen,
        .SectionBytes = audit.section_bytes,
    };
    manager_release(manager);
    SetLastError(last_error);
    if (caller.hr != S_OK)
        return caller.hr;
    return audit.differences ? S_FALSE : S_OK;
}

HRESULT WINAPI inspection_Audit(IHostMemInspection *iface, HOSTMEM_AUDIT *result,
                                HOSTMEM_DIFFERENCE_CALLBACK callback, void *context)
{
    struct manager *manager = impl_from_IHostMemInspection(iface);
    HRESULT hr;

    manager_add_ref(manager); /* pfnDamage may release it */
    if (result && result->cbSize == sizeof(*result))
        inspection_look(manager);
    hr = inspection_audit_by(manager, audit_run, result, callback, context);
    manager_release(manager);
    return hr;
}
