/*
 * test_statistics.c: IHostMemInspection::GetStatistics: every figure is exact, now and at its peak.
 */
#include "support.h"

#include <string.h>

/* ------------------------------------------------------------------------------------------------
 * Statistics
 * --------------------------------------------------------------------------------------------- */

#define assert_gauge(gauge, now, peak)                                                             \
    do {                                                                                           \
        assert_figure((gauge).Now, now);                                                           \
        assert_figure((gauge).Peak, peak);                                                         \
    } while (0)

static void a_new_manager_s_statistics_are_zero(void **state)
{
    HOSTMEM_STATISTICS statistics = statistics_of(*state), zero = {0};

    assert_figure(statistics.cbSize, sizeof(statistics));
    assert_figure(statistics.Status, HostMemStatusOpen);
    assert_at_least(statistics.Metadata.Now, 1);
    assert_figure(statistics.Pressure, eMemoryAvailableHigh);
    assert_figure(statistics.RedirectedLevel, eTaskCritical);
    statistics.cbSize = 0;
    statistics.Pressure = statistics.RedirectedLevel = 0;
    statistics.Metadata = zero.Metadata;
    assert_memory_equal(&statistics, &zero, sizeof(zero));
}

static void reserved_committed_and_regions_are_exact_now_and_at_the_peak(void **state)
{
    const struct subject *subject = *state;
    char *first = subject_alloc(subject, 10 * PAGE, MEM_RESERVE, PAGE_READWRITE), *second;
    HOSTMEM_STATISTICS statistics = statistics_of(subject);

    assert_gauge(statistics.Reserved, 10 * PAGE, 10 * PAGE);
    assert_gauge(statistics.Committed, 0, 0);
    assert_gauge(statistics.Regions, 1, 1);

    subject_alloc_at(subject, first + PAGE, 5 * PAGE, MEM_COMMIT, PAGE_READWRITE);
    second = subject_alloc(subject, 3 * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    statistics = statistics_of(subject);
    assert_gauge(statistics.Reserved, 13 * PAGE, 13 * PAGE);
    assert_gauge(statistics.Committed, 8 * PAGE, 8 * PAGE);
    assert_gauge(statistics.Regions, 2, 2);

    subject_release(subject, second);
    statistics = statistics_of(subject);
    assert_gauge(statistics.Reserved, 10 * PAGE, 13 * PAGE);
    assert_gauge(statistics.Committed, 5 * PAGE, 8 * PAGE);
    assert_gauge(statistics.Regions, 1, 2);

    subject_alloc_at(subject, first, 10 * PAGE, MEM_COMMIT, PAGE_READWRITE);
    statistics = statistics_of(subject);
    assert_gauge(statistics.Reserved, 10 * PAGE, 13 * PAGE);
    assert_gauge(statistics.Committed, 10 * PAGE, 10 * PAGE);

    subject_release(subject, first);
    statistics = statistics_of(subject);
    assert_gauge(statistics.Reserved, 0, 13 * PAGE);
    assert_gauge(statistics.Committed, 0, 10 * PAGE);
    assert_gauge(statistics.Regions, 0, 2);
}

static void committing_a_committed_page_charges_nothing(void **state)
{
    const struct subject *subject = *state;
    char *region = subject_alloc(subject, 10 * PAGE, MEM_RESERVE, PAGE_READWRITE);

    subject_alloc_at(subject, region + 2 * PAGE, 3 * PAGE, MEM_COMMIT, PAGE_READWRITE);
    subject_alloc_at(subject, region + 2 * PAGE, 3 * PAGE, MEM_COMMIT, PAGE_READWRITE);
    assert_gauge(statistics_of(subject).Committed, 3 * PAGE, 3 * PAGE);
    subject_alloc_at(subject, region + 4 * PAGE, 3 * PAGE, MEM_COMMIT, PAGE_READWRITE);
    assert_gauge(statistics_of(subject).Committed, 5 * PAGE, 5 * PAGE);
    subject_release(subject, region);
}

static void decommitting_a_decommitted_page_refunds_nothing(void **state)
{
    const struct subject *subject = *state;
    char *region = subject_alloc(subject, 10 * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);

    for (int time = 0; time < 2; time++) {
        assert_hresult(
            IHostMemoryManager_VirtualFree(subject->manager, region, 4 * PAGE, MEM_DECOMMIT), S_OK);
        assert_gauge(statistics_of(subject).Committed, 6 * PAGE, 10 * PAGE);
    }
    assert_hresult(IHostMemoryManager_VirtualFree(subject->manager, region, 6 * PAGE, MEM_DECOMMIT),
                   S_OK);
    assert_gauge(statistics_of(subject).Committed, 4 * PAGE, 10 * PAGE);
    subject_release(subject, region);
}

static void heaps_blocks_and_their_bytes_are_exact_now_and_at_the_peak(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject), *other = subject_heap(subject);
    void *small = heap_block(heap, 24), *large = heap_block(other, 100000);
    HOSTMEM_STATISTICS statistics = statistics_of(subject);

    assert_gauge(statistics.Heaps, 2, 2);
    assert_gauge(statistics.Blocks, 2, 2);
    assert_gauge(statistics.BlockBytes, 100024, 100024);

    assert_hresult(IHostMalloc_Free(other, large), S_OK);
    IHostMalloc_Release(other);
    statistics = statistics_of(subject);
    assert_gauge(statistics.Heaps, 1, 2);
    assert_gauge(statistics.Blocks, 1, 2);
    assert_gauge(statistics.BlockBytes, 24, 100024);

    assert_hresult(IHostMalloc_Free(heap, small), S_OK);
    IHostMalloc_Release(heap);
    statistics = statistics_of(subject);
    assert_gauge(statistics.Heaps, 0, 2);
    assert_gauge(statistics.Blocks, 0, 2);
    assert_gauge(statistics.BlockBytes, 0, 100024);
}

/* Some success and some failure of each method, in numbers that are all different. */
static void call_every_method(const struct subject *subject)
{
    IHostMemoryManager *manager = subject->manager;
    void *somewhere = (void *)(uintptr_t)0x30000000, *memory = NULL;
    IHostMalloc *heap = subject_heap(subject);
    MEMORY_BASIC_INFORMATION range = {0};
    char file[] = "count.c";
    SIZE_T size;
    DWORD number;

    for (int i = 0; i < 2; i++)
        IHostMemoryManager_CreateMalloc(manager, 4, &heap);
    heap = subject_heap(subject);
    for (int i = 0; i < 3; i++)
        IHostMemoryManager_VirtualAlloc(manager, NULL, 0, MEM_RESERVE, PAGE_READWRITE, 0, &memory);
    memory = subject_alloc(subject, PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    for (int i = 0; i < 4; i++)
        IHostMemoryManager_VirtualFree(manager, &range, 0, MEM_RELEASE);
    for (int i = 0; i < 5; i++)
        IHostMemoryManager_VirtualQuery(manager, &range, &range, sizeof(range), &size);
    IHostMemoryManager_VirtualQuery(manager, &range, &range, sizeof(range), NULL);
    for (int i = 0; i < 6; i++)
        IHostMemoryManager_VirtualProtect(manager, memory, PAGE, PAGE_READONLY, &number);
    IHostMemoryManager_VirtualProtect(manager, memory, PAGE, PAGE_READONLY, NULL);
    for (int i = 0; i < 7; i++)
        IHostMemoryManager_GetMemoryLoad(manager, &number, &size);
    IHostMemoryManager_GetMemoryLoad(manager, NULL, NULL);
    for (int i = 0; i < 8; i++)
        IHostMemoryManager_RegisterMemoryNotificationCallback(manager, NULL);
    for (int i = 0; i < 9; i++)
        IHostMemoryManager_NeedsVirtualAddressSpace(manager, NULL, PAGE);
    for (int i = 0; i < 10; i++)
        IHostMemoryManager_AcquiredVirtualAddressSpace(manager, somewhere, PAGE);
    IHostMemoryManager_AcquiredVirtualAddressSpace(manager, somewhere, 0);
    for (int i = 0; i < 12; i++)
        IHostMemoryManager_ReleasedVirtualAddressSpace(manager, somewhere);
    subject_release(subject, memory);
    for (int i = 0; i < 13; i++)
        IHostMalloc_Free(heap, heap_block(heap, 10));
    IHostMalloc_Alloc(heap, 10, eTaskCritical, NULL);
    IHostMalloc_DebugAlloc(heap, 10, eTaskCritical, file, 1, NULL);
    IHostMalloc_DebugAlloc(heap, 10, eTaskCritical, file, 1, &memory);
    IHostMalloc_Free(heap, memory);
    IHostMalloc_Free(heap, memory);
    IHostMalloc_Free(heap, NULL);
    IHostMalloc_Release(heap);
}

static void calls_and_failures_are_exact_by_method(void **state)
{
    static const struct {
        const char *name;
        HOSTMEM_METHOD method;
        ULONGLONG calls, failures;
    } expected[] = {
        {"CreateMalloc", HostMemCreateMalloc, 4, 2},
        {"VirtualAlloc", HostMemVirtualAlloc, 4, 3},
        {"VirtualFree", HostMemVirtualFree, 5, 4},
        {"VirtualQuery", HostMemVirtualQuery, 6, 1},
        {"VirtualProtect", HostMemVirtualProtect, 7, 1},
        {"GetMemoryLoad", HostMemGetMemoryLoad, 8, 1},
        {"RegisterMemoryNotificationCallback", HostMemRegisterMemoryNotificationCallback, 8, 0},
        {"NeedsVirtualAddressSpace", HostMemNeedsVirtualAddressSpace, 9, 9},
        {"AcquiredVirtualAddressSpace", HostMemAcquiredVirtualAddressSpace, 11, 1},
        {"ReleasedVirtualAddressSpace", HostMemReleasedVirtualAddressSpace, 12, 2},
        {"Alloc", HostMemMallocAlloc, 14, 1},
        {"DebugAlloc", HostMemMallocDebugAlloc, 2, 1},
        {"Free", HostMemMallocFree, 16, 1},
    };
    const struct subject *subject = *state;
    HOSTMEM_STATISTICS statistics;

    assert_figure(COUNT_OF(expected), HOSTMEM_METHODS);
    call_every_method(subject);
    statistics = statistics_of(subject);
    for (unsigned i = 0; i < COUNT_OF(expected); i++) {
        const HOSTMEM_METHOD_COUNT *count = &statistics.Methods[expected[i].method];

        assert_figure_of(expected[i].name, count->Calls, expected[i].calls);
        assert_figure_of(expected[i].name, count->Failures, expected[i].failures);
    }
    assert_figure(statistics.RefusedFrees, 4 + 1);
}

static void GetStatistics_of_an_unknown_size_is_E_INVALIDARG(void **state)
{
    const struct subject *subject = *state;
    HOSTMEM_STATISTICS room, before;

    for (DWORD size = 0; size <= 2 * sizeof(room); size++) {
        if (size == sizeof(room))
            continue;
        memset(&room, 0xcd, sizeof(room));
        room.cbSize = size;
        before = room;
        assert_hresult(IHostMemInspection_GetStatistics(subject->inspection, &room), E_INVALIDARG);
        assert_memory_equal(&room, &before, sizeof(room));
    }
}

static void GetStatistics_into_nowhere_is_E_POINTER(void **state)
{
    const struct subject *subject = *state;

    assert_hresult(IHostMemInspection_GetStatistics(subject->inspection, NULL), E_POINTER);
}

static void inspecting_counts_as_no_method_s_call(void **state)
{
    const struct subject *subject = *state;
    HOSTMEM_STATISTICS before = statistics_of(subject), after;
    HOSTMEM_REGION region;

    assert_clean_audit(subject);
    IHostMemInspection_FindRegion(subject->inspection, subject, &region);
    after = statistics_of(subject);
    assert_memory_equal(&after, &before, sizeof(before));
}

/* A thread's block, which another thread looks at. */
struct holder {
    IHostMalloc *heap;
    void *block;
};

static DWORD WINAPI hold_a_block(void *context)
{
    struct holder *holder = context;

    IHostMalloc_Alloc(holder->heap, 10, eTaskCritical, &holder->block);
    return 0;
}

static HRESULT WINAPI keep_figures(void *context, const HOSTMEM_HEAP *heap)
{
    *(HOSTMEM_HEAP *)context = *heap;
    return S_OK;
}

/* Few blocks of several threads: too few for a thread to look whether the peak has risen. */
static void no_peak_is_less_than_what_was_told(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    struct holder holders[5];
    struct threads threads;
    HOSTMEM_HEAP figures;

    for (unsigned i = 0; i < COUNT_OF(holders); i++)
        holders[i] = (struct holder){.heap = heap};
    threads_start(&threads, COUNT_OF(holders), hold_a_block, holders, sizeof(holders[0]));
    threads_join(&threads);
    assert_gauge(statistics_of(subject).Blocks, 5, 5);
    assert_gauge(statistics_of(subject).BlockBytes, 50, 50);
    for (unsigned i = 0; i < COUNT_OF(holders); i++)
        assert_succeeds(IHostMalloc_Free(heap, holders[i].block));
    assert_gauge(statistics_of(subject).Blocks, 0, 5);
    assert_hresult(IHostMemInspection_EnumHeaps(subject->inspection, keep_figures, &figures), S_OK);
    assert_gauge(figures.Blocks, 0, 5);
    assert_gauge(figures.BlockBytes, 0, 50);
    IHostMalloc_Release(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        promise(a_new_manager_s_statistics_are_zero),
        promise(reserved_committed_and_regions_are_exact_now_and_at_the_peak),
        promise(committing_a_committed_page_charges_nothing),
        promise(decommitting_a_decommitted_page_refunds_nothing),
        promise(heaps_blocks_and_their_bytes_are_exact_now_and_at_the_peak),
        promise(no_peak_is_less_than_what_was_told),
        promise(calls_and_failures_are_exact_by_method),
        promise(GetStatistics_of_an_unknown_size_is_E_INVALIDARG),
        promise(GetStatistics_into_nowhere_is_E_POINTER),
        promise(inspecting_counts_as_no_method_s_call),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
