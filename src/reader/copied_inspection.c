/*
 * copied_inspection.c: see copied_inspection.h.
 */
#include "reader/copied_inspection.h"

#include "hosting/inspection_methods.h"
#include "hosting/manager_parts.h"
#include "os/os.h"

static struct copy *impl_of(IHostMemInspection *iface)
{
    return CONTAINING_RECORD(iface, struct copy, manager.IHostMemInspection_iface);
}

static void destroy(struct manager *manager)
{
    struct copy *copy = CONTAINING_RECORD(manager, struct copy, manager);
    struct book_space space = manager->books;

    if (copy->raw)
        os_metadata_release(copy->raw);
    manager_destroy_parts(manager);
    book_space_release(&space);
}

/* Makes everything but the references. After a failure the copy can be destroyed. */
static HRESULT make_parts(struct copy *copy)
{
    static const HOSTMEM_OPTIONS options = {.cbSize = sizeof(options)};

    copy->raw = os_metadata_reserve(BOOK_SPACE_SIZE + OS_GRANULE_SIZE);
    return copy->raw ? manager_make_parts(&copy->manager, &options) : E_OUTOFMEMORY;
}

HRESULT copied_inspection_make(struct copy **copy)
{
    struct book_space space;
    struct manager *manager;
    HRESULT hr;

    if (!book_space_reserve_whole(&space))
        return E_OUTOFMEMORY;
    *copy = book_space_cut(&space, sizeof(struct copy));
    if (!os_metadata_commit(*copy, sizeof(struct copy))) {
        book_space_release(&space);
        return E_OUTOFMEMORY;
    }
    manager = &(*copy)->manager;
    manager->IHostMemInspection_iface.lpVtbl = &copied_inspection_vtbl;
    manager->books = space;
    manager->books.gauge = &manager->counters.metadata;
    atomic_store_explicit(&manager->references, 1, memory_order_relaxed);
    manager->destroy = destroy;
    hr = make_parts(*copy);
    if (hr == S_OK && !module_hold_take(&manager->module))
        hr = E_OUTOFMEMORY;
    if (hr != S_OK)
        destroy(manager);
    return hr;
}

static HRESULT WINAPI copied_QueryInterface(IHostMemInspection *iface, REFIID riid, void **object)
{
    if (!object)
        return E_POINTER;
    *object = NULL;
    if (!riid)
        return E_POINTER;
    if (!guid_is_equal(riid, &IID_IUnknown) && !guid_is_equal(riid, &IID_IHostMemInspection))
        return E_NOINTERFACE;
    inspection_AddRef(iface);
    *object = iface;
    return S_OK;
}

static HRESULT WINAPI copied_Audit(IHostMemInspection *iface, HOSTMEM_AUDIT *result,
                                   HOSTMEM_DIFFERENCE_CALLBACK callback, void *context)
{
    return inspection_audit_by(&impl_of(iface)->manager, audit_records, result, callback, context);
}

/* The manager is another process's: nothing of it can be changed from here. */
static HRESULT WINAPI copied_Close(IHostMemInspection *iface)
{
    (void)iface;
    return HOST_E_INVALIDOPERATION;
}

static HRESULT WINAPI copied_Trim(IHostMemInspection *iface, SIZE_T *bytes)
{
    (void)iface;
    if (bytes)
        *bytes = 0;
    return HOST_E_INVALIDOPERATION;
}

static HRESULT WINAPI copied_SetLimits(IHostMemInspection *iface, const HOSTMEM_LIMITS *limits)
{
    (void)iface;
    (void)limits;
    return HOST_E_INVALIDOPERATION;
}

static HRESULT WINAPI copied_SetRedirectedLevel(IHostMemInspection *iface,
                                                EMemoryCriticalLevel level)
{
    (void)iface;
    (void)level;
    return HOST_E_INVALIDOPERATION;
}

const IHostMemInspectionVtbl copied_inspection_vtbl = {
    copied_QueryInterface,
    inspection_AddRef,
    inspection_Release,
    inspection_GetStatistics,
    inspection_EnumRegions,
    inspection_EnumMappedRanges,
    inspection_EnumBlocks,
    inspection_FindRegion,
    copied_Audit,
    copied_Close,
    inspection_EnumHeaps,
    inspection_EnumSizeClasses,
    inspection_FindBlock,
    copied_Trim,
    copied_SetLimits,
    inspection_GetLimits,
    copied_SetRedirectedLevel,
    inspection_EnumSections,
    inspection_FindSection,
};
