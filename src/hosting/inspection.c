/*
 * inspection.c: the IHostMemInspection face: the books, shown.
 *
 * Works in every status: a host looks most closely after something went wrong.
 */
#include "hosting/public_facts.h"
#include "hosting/host_malloc.h"
#include "hosting/limits.h"
#include "hosting/manager.h"
#include "os/os.h"
#include "pages/audit.h"

static struct manager *impl_from_IHostMemInspection(IHostMemInspection *iface)
{
    return CONTAINING_RECORD(iface, struct manager, IHostMemInspection_iface);
}

static HRESULT WINAPI inspection_QueryInterface(IHostMemInspection *iface, REFIID riid,
                                                void **object)
{
    return manager_query_interface(impl_from_IHostMemInspection(iface), riid, object);
}

static ULONG WINAPI inspection_AddRef(IHostMemInspection *iface)
{
    return manager_add_ref(impl_from_IHostMemInspection(iface));
}

static ULONG WINAPI inspection_Release(IHostMemInspection *iface)
{
    return manager_release(impl_from_IHostMemInspection(iface));
}

/* ------------------------------------------------------------------------------------------------
 * Statistics
 * --------------------------------------------------------------------------------------------- */

/* Longer than a thread that has lost its processor usually waits to get it back. */
#define PATIENCE_MILLISECONDS 50u

_Static_assert(HOSTMEM_METHODS == (int)COUNTED_PUBLIC_METHODS, "one order of methods");
_Static_assert(HOSTMEM_REFUSALS == (int)BLOCK_REFUSALS, "one order of refusals");

static HOSTMEM_GAUGE read_gauge(const struct gauge *gauge)
{
    HOSTMEM_GAUGE read = {gauge_now(gauge), gauge_peak(gauge)};

    return read;
}

static void read_methods(const struct counters *counters, HOSTMEM_METHOD_COUNT *methods)
{
    for (int method = 0; method < HOSTMEM_METHODS; method++) {
        methods[method].Calls = counter_read(&counters->calls[method].begun);
        methods[method].Failures = counter_read(&counters->calls[method].failures);
    }
}

/* What the heaps count in their own lanes. */
static void add_heaps(const struct manager *manager, HOSTMEM_STATISTICS *statistics)
{
    HOSTMEM_METHOD_COUNT *methods = statistics->Methods;
    uint32_t cursor = 0;
    struct heap_figures figures;
    struct heap *heap;

    statistics->Blocks.Now = statistics->BlockBytes.Now = 0;
    while ((heap = heap_next(&manager->heaps, &cursor)) != NULL) {
        if (!heap_figures(heap, &figures))
            continue;
        statistics->Blocks.Now += figures.blocks;
        statistics->BlockBytes.Now += figures.block_bytes;
        methods[HostMemMallocAlloc].Calls += figures.counts[THREAD_ALLOCATED];
        methods[HostMemMallocDebugAlloc].Calls += figures.counts[THREAD_DEBUG_ALLOCATED];
        methods[HostMemMallocFree].Calls += figures.counts[THREAD_FREED];
    }
    statistics->Blocks.Peak = gauge_peak(&manager->heaps.peak_blocks);
    statistics->BlockBytes.Peak = gauge_peak(&manager->heaps.peak_bytes);
}

/* Again if a heap ended meanwhile, but not for ever: a thread may be frozen in ending one. */
static void read_counts(const struct manager *manager, HOSTMEM_STATISTICS *statistics)
{
    uint64_t begun = os_tick_milliseconds();
    uint64_t mark;

    do {
        mark = heap_ends(&manager->heaps);
        read_methods(&manager->counters, statistics->Methods);
        add_heaps(manager, statistics);
    } while (!heap_none_ended_since(&manager->heaps, mark) &&
             os_tick_milliseconds() - begun < PATIENCE_MILLISECONDS);
}

static HOSTMEM_FIRST_COUNT read_first(const struct manager *manager,
                                      const struct first_counter *first)
{
    HOSTMEM_FIRST_COUNT read = {.Count = counter_read(&first->count)};

    if (!read.Count)
        return read;
    read.FirstOrder = counter_read(&first->order);
    read.FirstMilliseconds = counter_read(&first->tick) - manager->born_tick;
    return read;
}

static void read_limits(const struct manager *manager, HOSTMEM_STATISTICS *statistics)
{
    const struct counters *counters = &manager->counters;

    for (int level = 0; level < COUNTERS_LEVELS; level++)
        statistics->RefusedRequests[level] =
            read_first(manager, &counters->refused_requests[level]);
    for (int state = 0; state < COUNTERS_PRESSURES; state++)
        statistics->Notifications[state] = read_first(manager, &counters->notifications[state]);
    statistics->Pressure = pressure_state(&manager->pressure);
    statistics->RedirectedLevel =
        atomic_load_explicit(&manager->redirected_level, memory_order_relaxed);
}

static void read_statistics(const struct manager *manager, HOSTMEM_STATISTICS *statistics)
{
    const struct counters *counters = &manager->counters;

    statistics->Status = atomic_load_explicit(&manager->status, memory_order_relaxed);
    statistics->Reserved = read_gauge(&manager->pages.budget.reserved.granted);
    statistics->Committed = read_gauge(&manager->pages.budget.committed.granted);
    statistics->Mapped = read_gauge(&counters->mapped);
    statistics->Regions = read_gauge(&counters->regions);
    statistics->MappedRanges = read_gauge(&counters->mapped_ranges);
    statistics->Heaps = read_gauge(&counters->heaps);
    statistics->SlabBytes = read_gauge(&counters->slab_bytes);
    statistics->Metadata = read_gauge(&counters->metadata);
    statistics->RefusedFrees = counter_read(&counters->refused_frees);
    statistics->ForeignCommits = counter_read(&counters->foreign_commits);
    statistics->PassedFrees = counter_read(&counters->passed_frees);
    statistics->LeakedBlocks = counter_read(&counters->leaked_blocks);
    statistics->LeakedBytes = counter_read(&counters->leaked_bytes);
    for (int refusal = 0; refusal < HOSTMEM_REFUSALS; refusal++)
        statistics->RefusedBlocks[refusal] = counter_read(&counters->refused_blocks[refusal]);
    statistics->DamagedBlocks = counter_read(&counters->corrupted_blocks);
    read_limits(manager, statistics);
    read_counts(manager, statistics);
}

static HRESULT WINAPI inspection_GetStatistics(IHostMemInspection *iface,
                                               HOSTMEM_STATISTICS *statistics)
{
    if (!statistics)
        return E_POINTER;
    if (statistics->cbSize != sizeof(*statistics))
        return E_INVALIDARG;
    read_statistics(impl_from_IHostMemInspection(iface), statistics);
    return S_OK;
}

/* ------------------------------------------------------------------------------------------------
 * Enumeration
 * --------------------------------------------------------------------------------------------- */

static HRESULT WINAPI inspection_EnumRegions(IHostMemInspection *iface,
                                             HOSTMEM_REGION_CALLBACK callback, void *context)
{
    struct manager *manager = impl_from_IHostMemInspection(iface);
    struct region_facts facts;
    size_t committed;
    uint32_t cursor = 0;
    HRESULT hr = S_OK;

    if (!callback)
        return E_POINTER;
    while (hr == S_OK && pages_next(&manager->pages, &cursor, &facts, &committed)) {
        HOSTMEM_REGION region;

        region_to_public(&facts, committed, &region);
        hr = callback(context, &region);
    }
    return hr;
}

static HRESULT WINAPI inspection_EnumMappedRanges(IHostMemInspection *iface,
                                                  HOSTMEM_MAPPED_RANGE_CALLBACK callback,
                                                  void *context)
{
    struct manager *manager = impl_from_IHostMemInspection(iface);
    struct mapped_facts facts;
    uint32_t cursor = 0;
    HRESULT hr = S_OK;

    if (!callback)
        return E_POINTER;
    while (hr == S_OK && mapped_next(&manager->mapped, &cursor, &facts)) {
        HOSTMEM_MAPPED_RANGE range = {(void *)facts.base, facts.size, facts.thread_id,
                                      facts.sequence};

        hr = callback(context, &range);
    }
    return hr;
}

static HRESULT WINAPI inspection_EnumBlocks(IHostMemInspection *iface, DWORD heap,
                                            HOSTMEM_BLOCK_CALLBACK callback, void *context)
{
    struct manager *manager = impl_from_IHostMemInspection(iface);
    struct heap_cursor cursor = {0};
    struct heap_block block;
    HRESULT hr = S_OK;

    if (!callback)
        return E_POINTER;
    while (hr == S_OK && heap_next_block(&manager->heaps, heap, &cursor, &block)) {
        HOSTMEM_BLOCK public_block;

        block_to_public(&block, &public_block);
        hr = callback(context, &public_block);
    }
    return hr;
}

static HRESULT WINAPI inspection_EnumHeaps(IHostMemInspection *iface,
                                           HOSTMEM_HEAP_CALLBACK callback, void *context)
{
    struct manager *manager = impl_from_IHostMemInspection(iface);
    uint32_t cursor = 0;
    HRESULT hr = S_OK;
    struct heap_figures figures;
    struct heap *heap;

    if (!callback)
        return E_POINTER;
    while (hr == S_OK && (heap = heap_next(&manager->heaps, &cursor)) != NULL) {
        HOSTMEM_HEAP public_heap;

        if (!heap_figures(heap, &figures))
            continue;
        public_heap = (HOSTMEM_HEAP){
            .Number = figures.number,
            .Executable = figures.executable,
            .Blocks = {figures.blocks, figures.peak_blocks},
            .BlockBytes = {figures.block_bytes, figures.peak_bytes},
            .SlabBytes = read_gauge(&heap->slab_bytes),
            .LargeBlocks = read_gauge(&heap->large_blocks),
            .LargeBytes = read_gauge(&heap->large_bytes),
            .SpareBytes = figures.spare_bytes,
            .Allocations =
                figures.counts[THREAD_ALLOCATED] + figures.counts[THREAD_DEBUG_ALLOCATED],
            .AllocatedBytes = figures.counts[THREAD_ALLOCATED_BYTES],
            .Frees = figures.counts[THREAD_FREED],
            .FreedBytes = figures.counts[THREAD_FREED_BYTES],
        };
        hr = callback(context, &public_heap);
    }
    return hr;
}

/* The class that comes next by size: of the plain ones and the tracked ones, each in that order. */
static const struct size_class *next_size_class(const struct size_classes *classes, uint32_t *plain,
                                                uint32_t *tracked)
{
    if (*tracked == CLASS_COUNT ||
        (*plain < CLASS_PLAIN_COUNT &&
         classes->classes[*plain].block_size <= classes->classes[*tracked].block_size))
        return &classes->classes[(*plain)++];
    return &classes->classes[(*tracked)++];
}

static HRESULT WINAPI inspection_EnumSizeClasses(IHostMemInspection *iface, DWORD heap,
                                                 HOSTMEM_SIZE_CLASS_CALLBACK callback,
                                                 void *context)
{
    struct manager *manager = impl_from_IHostMemInspection(iface);
    uint32_t plain = 0, tracked = CLASS_PLAIN_COUNT;
    HRESULT hr = S_OK;

    if (!callback)
        return E_POINTER;
    for (uint32_t count = 0; hr == S_OK && count < CLASS_COUNT; count++) {
        const struct size_class *size_class =
            next_size_class(&manager->heaps.classes, &plain, &tracked);
        struct heap_class_figures figures;
        HOSTMEM_SIZE_CLASS public_class = {
            .BlockSize = size_class->block_size,
            .SmallestRequest = size_class->smallest,
            .LargestRequest = size_class->largest,
            .Tracked = size_class->tracked,
            .BlocksPerSlab = size_class->blocks,
        };

        heap_class_figures(&manager->heaps, heap, size_class->index, &figures);
        if (!figures.slabs)
            continue;
        public_class.Slabs = figures.slabs;
        public_class.Blocks = figures.blocks;
        public_class.BlockBytes = figures.block_bytes;
        hr = callback(context, &public_class);
    }
    return hr;
}

static HRESULT WINAPI inspection_FindBlock(IHostMemInspection *iface, const void *address,
                                           HOSTMEM_BLOCK *public_block)
{
    struct manager *manager = impl_from_IHostMemInspection(iface);
    struct heap_block block;

    if (!public_block)
        return E_POINTER;
    *public_block = (HOSTMEM_BLOCK){0};
    if (!heap_find_block(&manager->heaps, (uintptr_t)address, &block))
        return S_FALSE;
    block_to_public(&block, public_block);
    return S_OK;
}

static HRESULT WINAPI inspection_Trim(IHostMemInspection *iface, SIZE_T *bytes)
{
    struct manager *manager = impl_from_IHostMemInspection(iface);
    DWORD last_error = GetLastError();
    size_t given = host_malloc_trim_all(manager);

    if (bytes)
        *bytes = given;
    SetLastError(last_error);
    return given ? S_OK : S_FALSE;
}

static HRESULT WINAPI inspection_FindRegion(IHostMemInspection *iface, const void *address,
                                            HOSTMEM_REGION *region)
{
    struct manager *manager = impl_from_IHostMemInspection(iface);
    struct region_facts facts;
    size_t committed;

    if (!region)
        return E_POINTER;
    *region = (HOSTMEM_REGION){0};
    if (!pages_find(&manager->pages, address, &facts, &committed))
        return S_FALSE;
    region_to_public(&facts, committed, region);
    return S_OK;
}

/* ------------------------------------------------------------------------------------------------
 * Audit
 * --------------------------------------------------------------------------------------------- */

_Static_assert(HostMemCommittedCharge == (int)AUDIT_COMMITTED_CHARGE, "one order of differences");

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
        region_to_public(&difference->region,
                         pages_committed(&caller->manager->pages, &difference->region),
                         &public_difference.Region);
    caller->hr = caller->callback(caller->context, &public_difference);
    return caller->hr == S_OK;
}

/* What the heaps have counted against their blocks. */
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

static HRESULT WINAPI inspection_Audit(IHostMemInspection *iface, HOSTMEM_AUDIT *result,
                                       HOSTMEM_DIFFERENCE_CALLBACK callback, void *context)
{
    struct manager *manager = impl_from_IHostMemInspection(iface);
    struct audit_caller caller = {manager, callback, context, S_OK};
    DWORD last_error = GetLastError();
    struct audit audit;

    if (!result)
        return E_POINTER;
    if (result->cbSize != sizeof(HOSTMEM_AUDIT))
        return E_INVALIDARG;
    if (audit_run(&manager->pages, &audit, report_difference, &caller))
        audit_heaps(&caller, &audit);
    *result = (HOSTMEM_AUDIT){
        .cbSize = sizeof(HOSTMEM_AUDIT),
        .TotalsCompared = audit.totals_compared,
        .Regions = audit.regions,
        .Busy = audit.busy,
        .ReservedBytes = audit.reserved,
        .CommittedBytes = audit.committed,
        .Differences = audit.differences,
    };
    SetLastError(last_error);
    if (caller.hr != S_OK)
        return caller.hr;
    return audit.differences ? S_FALSE : S_OK;
}

/* ------------------------------------------------------------------------------------------------
 * Limits, and the end
 * --------------------------------------------------------------------------------------------- */

static HRESULT WINAPI inspection_SetLimits(IHostMemInspection *iface, const HOSTMEM_LIMITS *limits)
{
    return limits ? limits_set(impl_from_IHostMemInspection(iface), limits) : E_POINTER;
}

static HRESULT WINAPI inspection_GetLimits(IHostMemInspection *iface, HOSTMEM_LIMITS *limits)
{
    if (!limits)
        return E_POINTER;
    if (limits->cbSize != sizeof(*limits))
        return E_INVALIDARG;
    limits_get(impl_from_IHostMemInspection(iface), limits);
    return S_OK;
}

static HRESULT WINAPI inspection_SetRedirectedLevel(IHostMemInspection *iface,
                                                    EMemoryCriticalLevel level)
{
    struct manager *manager = impl_from_IHostMemInspection(iface);

    if ((uint32_t)level > eProcessCritical)
        return E_INVALIDARG;
    atomic_store_explicit(&manager->redirected_level, (uint32_t)level, memory_order_relaxed);
    return S_OK;
}

static HRESULT WINAPI inspection_Close(IHostMemInspection *iface)
{
    manager_set_status(impl_from_IHostMemInspection(iface), HostMemStatusClosed);
    return S_OK;
}

const IHostMemInspectionVtbl inspection_vtbl = {
    inspection_QueryInterface,
    inspection_AddRef,
    inspection_Release,
    inspection_GetStatistics,
    inspection_EnumRegions,
    inspection_EnumMappedRanges,
    inspection_EnumBlocks,
    inspection_FindRegion,
    inspection_Audit,
    inspection_Close,
    inspection_EnumHeaps,
    inspection_EnumSizeClasses,
    inspection_FindBlock,
    inspection_Trim,
    inspection_SetLimits,
    inspection_GetLimits,
    inspection_SetRedirectedLevel,
};
