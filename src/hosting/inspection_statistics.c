/*
 * inspection_statistics.c: IHostMemInspection::GetStatistics: adds up the counters of the manager
 * and of its heaps.
 */
#include "hosting/inspection_methods.h"
#include "hosting/errors/error_info.h"
#include "heap/heap_counters.h"
#include "heap/heap_walk.h"
#include "hosting/public_facts.h"
#include "os/os.h"

/* Longer than a thread that has been preempted usually waits for a processor. */
#define PATIENCE_MILLISECONDS 50u

_Static_assert(HOSTMEM_METHODS == (int)COUNTED_PUBLIC_METHODS, "one order of methods");
_Static_assert(HOSTMEM_REFUSALS == (int)BLOCK_REFUSALS, "one order of refusals");

static void read_methods(const struct counters *counters, HOSTMEM_METHOD_COUNT *methods)
{
    for (int method = 0; method < HOSTMEM_METHODS; method++) {
        uint64_t ended = counters_ended(counters, (enum counted_method)method);

        methods[method].Calls = counter_read(&counters->calls[method].begun);
        methods[method].UnderWay = methods[method].Calls - ended;
        methods[method].Failures = counter_read(&counters->calls[method].failures);
    }
}

/* Adds what the heaps have in their thread counters. */
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
}

/* The sum of the heaps' peaks, and at least the sum that is told. */
static void read_peak(struct gauge *peaks, HOSTMEM_GAUGE *figure)
{
    gauge_raise_peak(peaks, figure->Now);
    figure->Peak = gauge_peak(peaks);
}

/*
 * A heap that ends moves its counts to the manager's counters. If one ends while the sum is taken,
 * the sum is taken again, but not for ever: the thread that ends it may be frozen in the middle.
 */
static void read_counts(struct manager *manager, HOSTMEM_STATISTICS *statistics)
{
    uint64_t begun = os_tick_milliseconds();
    uint64_t mark;

    do {
        mark = heap_ends(&manager->heaps);
        read_methods(&manager->counters, statistics->Methods);
        add_heaps(manager, statistics);
    } while (!heap_none_ended_since(&manager->heaps, mark) &&
             os_tick_milliseconds() - begun < PATIENCE_MILLISECONDS);
    read_peak(&manager->heaps.peak_blocks, &statistics->Blocks);
    read_peak(&manager->heaps.peak_bytes, &statistics->BlockBytes);
}

/*
 * Heaps' calls count in their threads' counters. Those that have asked for pages, and a heap that
 * is ending, count as COUNTED_HEAP_PAGES, besides. What redirected modules do with sections is no
 * method, and counts as well.
 */
uint64_t inspection_calls_under_way(const struct manager *manager)
{
    const struct counters *counters = &manager->counters;
    uint64_t heap_pages = counters_under_way(counters, COUNTED_HEAP_PAGES);
    uint64_t heap_calls = 0, sum = counters_under_way(counters, COUNTED_SECTIONS);
    struct heap_figures figures;
    uint32_t cursor = 0;
    struct heap *heap;

    for (int method = 0; method < COUNTED_PUBLIC_METHODS; method++)
        sum += counters_under_way(counters, (enum counted_method)method);
    while ((heap = heap_next(&manager->heaps, &cursor)) != NULL) {
        if (heap_figures(heap, &figures))
            heap_calls += figures.inside;
    }
    return sum + (heap_calls > heap_pages ? heap_calls : heap_pages);
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
    statistics->Pressure = pressure_state(&manager->limits.notify.pressure);
    statistics->RedirectedLevel = redirected_level(&manager->redirected);
}

static void read_statistics(struct manager *manager, HOSTMEM_STATISTICS *statistics)
{
    struct counters *counters = &manager->counters;

    statistics->Status = status_read(&manager->status);
    statistics->Reserved = gauge_to_public(&manager->pages.budget.reserved.granted);
    statistics->Committed = gauge_to_public(&manager->pages.budget.committed.granted);
    statistics->Mapped = gauge_to_public(&counters->mapped);
    statistics->Regions = gauge_to_public(&counters->regions);
    statistics->MappedRanges = gauge_to_public(&counters->mapped_ranges);
    statistics->Sections = gauge_to_public(&counters->sections);
    statistics->SectionBytes = gauge_to_public(&counters->section_bytes);
    statistics->SectionViews = gauge_to_public(&counters->section_views);
    statistics->SectionViewBytes = gauge_to_public(&counters->section_view_bytes);
    statistics->Heaps = gauge_to_public(&counters->heaps);
    statistics->SlabBytes = gauge_to_public(&counters->slab_bytes);
    statistics->Metadata = gauge_to_public(&counters->metadata);
    statistics->RefusedFrees = counter_read(&counters->refused_frees);
    statistics->ForeignCommits = counter_read(&counters->foreign_commits);
    statistics->PassedFrees = counter_read(&counters->passed_frees);
    statistics->PassedHeapCalls = counter_read(&counters->passed_heap_calls);
    statistics->PassedHeapBytes = counter_read(&counters->passed_heap_bytes);
    statistics->ChildProcesses = counter_read(&counters->child_processes);
    statistics->LeakedBlocks = counter_read(&counters->leaked_blocks);
    statistics->LeakedBytes = counter_read(&counters->leaked_bytes);
    for (int refusal = 0; refusal < HOSTMEM_REFUSALS; refusal++)
        statistics->RefusedBlocks[refusal] = counter_read(&counters->refused_blocks[refusal]);
    statistics->DamagedBlocks = counter_read(&counters->corrupted_blocks);
    read_limits(manager, statistics);
    read_counts(manager, statistics);
    statistics->CallsUnderWay = inspection_calls_under_way(manager);
}

HRESULT WINAPI inspection_GetStatistics(IHostMemInspection *iface, HOSTMEM_STATISTICS *statistics)
{
    if (!statistics)
        return E_POINTER;
    if (statistics->cbSize != sizeof(*statistics))
        return error_info_set(BAD_STATISTICS_SIZE, statistics->cbSize);
    read_statistics(impl_from_IHostMemInspection(iface), statistics);
    return S_OK;
}
