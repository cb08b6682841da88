/*
 * test_heap_counters.c: GetStatistics and EnumHeaps while other threads allocate and free
 * (src/heap/heap_counters.c): no figure is one that cannot have been.
 */
#include "heaps.h"

#include <inttypes.h>

/* ------------------------------------------------------------------------------------------------
 * Blocks that one thread takes and another frees
 * --------------------------------------------------------------------------------------------- */

#define IN_TRANSIT 16
#define TRANSITS 400000

/* One thread takes blocks, another frees them; no more than IN_TRANSIT live at a time. */
struct pipe {
    IHostMalloc *heap;
    void *volatile blocks[IN_TRANSIT];
    volatile LONG ended;
};

static DWORD WINAPI put(void *context)
{
    struct pipe *pipe = *(struct pipe **)context;
    void *block = NULL;

    for (unsigned i = 0; i < TRANSITS; i++) {
        while (pipe->blocks[i % IN_TRANSIT])
            SwitchToThread();
        IHostMalloc_Alloc(pipe->heap, 40, eTaskCritical, &block);
        pipe->blocks[i % IN_TRANSIT] = block;
    }
    return 0;
}

static DWORD WINAPI drain(void *context)
{
    struct pipe *pipe = *(struct pipe **)context;

    for (unsigned i = 0; i < TRANSITS; i++) {
        while (!pipe->blocks[i % IN_TRANSIT])
            SwitchToThread();
        IHostMalloc_Free(pipe->heap, pipe->blocks[i % IN_TRANSIT]);
        pipe->blocks[i % IN_TRANSIT] = NULL;
    }
    InterlockedExchange(&pipe->ended, 1);
    return 0;
}

static void no_figure_of_blocks_is_ever_more_than_there_were(void **state)
{
    const struct subject *subject = *state;
    struct pipe pipe = {.heap = subject_heap(subject)}, *context = &pipe;
    struct threads putter, drainer;
    ULONGLONG most = 0, looks = 0;
    HOSTMEM_HEAP figures;

    threads_start(&drainer, 1, drain, &context, sizeof(context));
    threads_start(&putter, 1, put, &context, sizeof(context));
    while (!pipe.ended) {
        HOSTMEM_STATISTICS statistics = {.cbSize = sizeof(statistics)};

        IHostMemInspection_GetStatistics(subject->inspection, &statistics);
        looks++;
        if (statistics.Blocks.Now > most)
            most = statistics.Blocks.Now;
    }
    threads_join(&putter);
    threads_join(&drainer);
    figures = heap_figures_of(subject, 1);
    print_message("             %" PRIu64 " looks: at most %" PRId64 " blocks, peak %" PRIu64 "\n",
                  (uint64_t)looks, (int64_t)most, (uint64_t)figures.Blocks.Peak);
    assert_between(most, 0, IN_TRANSIT);
    assert_between(figures.Blocks.Peak, 0, IN_TRANSIT);
    assert_figure(figures.Frees, TRANSITS);
    end_only_heap(subject, pipe.heap);
}

/* ------------------------------------------------------------------------------------------------
 * Heaps that come and go
 * --------------------------------------------------------------------------------------------- */

#define LIVES 4000
#define LIFE_CALLS 20

struct mayfly {
    const struct subject *subject;
    volatile LONG ended;
};

static DWORD WINAPI live_and_die(void *context)
{
    struct mayfly *mayfly = *(struct mayfly **)context;
    IHostMalloc *heap = NULL;
    void *block;

    for (unsigned life = 0; life < LIVES; life++) {
        IHostMemoryManager_CreateMalloc(mayfly->subject->manager, MALLOC_THREADSAFE, &heap);
        for (unsigned i = 0; i < LIFE_CALLS; i++) {
            IHostMalloc_Alloc(heap, 40, eTaskCritical, &block);
            IHostMalloc_Free(heap, block);
        }
        IHostMalloc_Release(heap);
    }
    InterlockedExchange(&mayfly->ended, 1);
    return 0;
}

static void counts_of_calls_only_grow_though_heaps_end(void **state)
{
    const struct subject *subject = *state;
    struct mayfly mayfly = {.subject = subject}, *context = &mayfly;
    HOSTMEM_STATISTICS last = statistics_of(subject), now = last;
    ULONGLONG falls = 0, looks = 0, before = 0, after = 0;
    struct threads threads;

    threads_start(&threads, 1, live_and_die, &context, sizeof(context));
    while (!mayfly.ended) {
        IHostMemInspection_GetStatistics(subject->inspection, &now);
        looks++;
        for (int method = HostMemMallocAlloc; method <= HostMemMallocFree; method++) {
            if (now.Methods[method].Calls >= last.Methods[method].Calls)
                continue;
            falls++;
            before = last.Methods[method].Calls;
            after = now.Methods[method].Calls;
        }
        last = now;
    }
    threads_join(&threads);
    now = statistics_of(subject);
    assert_figure(now.Methods[HostMemMallocAlloc].Calls, LIVES * LIFE_CALLS);
    assert_figure(now.Methods[HostMemMallocFree].Calls, LIVES * LIFE_CALLS);
    assert_figure(now.Blocks.Now, 0);
    if (falls)
        fail_msg("in %" PRIu64 " looks a count of calls fell %" PRIu64 " times, once from %" PRIu64
                 " to %" PRIu64,
                 (uint64_t)looks, (uint64_t)falls, (uint64_t)before, (uint64_t)after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        promise(no_figure_of_blocks_is_ever_more_than_there_were),
        promise(counts_of_calls_only_grow_though_heaps_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
