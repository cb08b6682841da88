/*
 * test_limits_reclaim.c: refusal comes last (invariant I11), through the interfaces: what a manager
 * holds without use is little, and is given back before a request is refused.
 */
#include "heaps.h"

#define MIB ((SIZE_T)1 << 20)
#define THREADS 8

static HRESULT set_limit(const struct subject *subject, ULONGLONG bytes)
{
    HOSTMEM_LIMITS limits = {.cbSize = sizeof(limits), .Committed = {bytes, 0, HOSTMEM_NO_RESERVE}};

    return IHostMemInspection_SetLimits(subject->inspection, &limits);
}

/* A block of every size class, all live at once, then freed. */
static DWORD WINAPI touch_classes(void *context)
{
    IHostMalloc *heap = *(IHostMalloc **)context;
    void *blocks[512];
    unsigned count = 0;

    for (SIZE_T size = 1; size <= LARGEST_SMALL; size += size < 128 ? 2 : size / 16)
        if (IHostMalloc_Alloc(heap, size, eTaskCritical, &blocks[count]) == S_OK)
            count++;
    while (count)
        IHostMalloc_Free(heap, blocks[--count]);
    return 0;
}

static void touch_by_threads(IHostMalloc *heap)
{
    IHostMalloc *heaps[THREADS];
    struct threads threads;

    for (unsigned i = 0; i < THREADS; i++)
        heaps[i] = heap;
    threads_start(&threads, THREADS, touch_classes, heaps, sizeof(heaps[0]));
    threads_join(&threads);
}

static void little_is_held_without_use(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);

    touch_by_threads(heap);
    assert_figure(statistics_of(subject).Blocks.Now, 0);
    assert_between(statistics_of(subject).SlabBytes.Now, 0, 2 * MIB);
    assert_figure(heap_figures_of(subject, 1).SpareBytes, statistics_of(subject).SlabBytes.Now);
    end_only_heap(subject, heap);
}

static void pages_are_not_refused_while_nothing_lives(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    void *memory;

    touch_by_threads(heap);
    assert_true(statistics_of(subject).SlabBytes.Now > 0);
    assert_hresult(set_limit(subject, 64 * MIB), S_OK);
    memory = subject_alloc(subject, 64 * MIB, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    assert_figure(statistics_of(subject).RefusedRequests[0].Count, 0);
    assert_succeeds(IHostMemoryManager_VirtualFree(subject->manager, memory, 0, MEM_RELEASE));
    end_only_heap(subject, heap);
}

static void memory_of_freed_large_blocks_refuses_nothing(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    void *memory, *block;

    for (SIZE_T size = LARGEST_SMALL + 1; size <= MIB; size *= 2)
        free_block(heap, heap_block(heap, size));
    assert_true(heap_figures_of(subject, 1).SpareLargeBytes > MIB / 2);
    assert_between(heap_figures_of(subject, 1).SpareLargeBytes, 1, 4 * MIB);
    assert_hresult(set_limit(subject, 2 * MIB), S_OK);
    memory = subject_alloc(subject, 2 * MIB, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    assert_succeeds(IHostMemoryManager_VirtualFree(subject->manager, memory, 0, MEM_RELEASE));
    block = heap_block(heap, 2 * MIB);
    assert_figure(statistics_of(subject).RefusedRequests[0].Count, 0);
    free_block(heap, block);
    end_only_heap(subject, heap);
}

static void delayed_blocks_refuse_nothing(void **state)
{
    struct subject subject = subject_with_flags(HOSTMEM_DELAY_REUSE);
    IHostMalloc *heap = subject_heap(&subject);

    (void)state;
    assert_hresult(set_limit(&subject, 4 * MIB), S_OK);
    for (unsigned i = 0; i < 1000; i++)
        free_block(heap, heap_block(heap, LARGEST_SMALL));
    assert_figure(statistics_of(&subject).Methods[HostMemMallocAlloc].Failures, 0);
    end_only_heap(&subject, heap);
    subject_end(&subject);
}

static void each_refusal_that_a_caller_sees_is_counted_once(void **state)
{
    const struct subject *subject = *state;
    IHostMalloc *heap = subject_heap(subject);
    void *blocks[2000], *memory;
    unsigned count = 0;

    assert_hresult(set_limit(subject, 4 * MIB), S_OK);
    while (IHostMalloc_Alloc(heap, 4096, eTaskCritical, &blocks[count]) == S_OK)
        count++;
    for (unsigned i = 0; i < count; i++) { /* each takes the place of the one before */
        free_block(heap, blocks[i]);
        blocks[i] = heap_block(heap, 4096);
    }
    for (unsigned i = 0; i < 50; i++)
        assert_hresult(IHostMalloc_Alloc(heap, 5000, eTaskCritical, &memory), E_OUTOFMEMORY);
    assert_figure(statistics_of(subject).RefusedRequests[0].Count, 51);
    while (count)
        free_block(heap, blocks[--count]);
    end_only_heap(subject, heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        promise(little_is_held_without_use),
        promise(pages_are_not_refused_while_nothing_lives),
        promise(memory_of_freed_large_blocks_refuses_nothing),
        cmocka_unit_test(delayed_blocks_refuse_nothing),
        promise(each_refusal_that_a_caller_sees_is_counted_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
