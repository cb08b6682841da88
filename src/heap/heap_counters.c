/*
 * heap_counters.c: see heap_counters.h; the protocol is thread_counters.h's.
 */
#include "heap/heap_counters.h"

#include "heap/reuse/heap_live.h"
#include "heap/reuse/idle_slabs.h"

static void clear(struct thread_counters *thread)
{
    for (int counter = 0; counter < THREAD_COUNTS; counter++)
        STORE_RELAXED(thread->counts[counter], 0);
    STORE_RELAXED(thread->inside, 0);
    STORE_RELAXED(thread->told_blocks, 0);
    STORE_RELAXED(thread->told_bytes, 0);
    STORE_RELAXED(thread->look_blocks, 0);
    STORE_RELAXED(thread->look_bytes, 0);
    STORE_RELAXED(thread->marks, NULL);
    STORE_RELAXED(thread->owner, 0);
}

/* From now on thread_count is never 1: the shared counters are one more part of the sum. */
static struct thread_counters *shared_counters(struct heap *heap)
{
    if (LOAD_RELAXED(heap->thread_count) < 2)
        atomic_fetch_add_explicit(&heap->thread_count, 2, memory_order_relaxed);
    return &heap->shared;
}

static void link_counters(struct heap *heap, struct thread_counters *thread)
{
    struct thread_counters *first = LOAD_RELAXED(heap->threads);

    do
        STORE_RELAXED(thread->next, first);
    while (!atomic_compare_exchange_weak_explicit(&heap->threads, &first, thread,
                                                  memory_order_release, memory_order_relaxed));
}

struct thread_counters *heap_make_thread_counters(struct heap *heap)
{
    struct heap_space *space = heap->space;
    uint32_t index = pool_take(&space->threads);
    struct thread_counters *thread;
    uint32_t number;

    if (!index)
        return shared_counters(heap);
    thread = pool_item(&space->threads, index);
    clear(thread);
    thread->index = index;
    STORE_RELAXED(thread->key, os_thread_key());
    if (!thread_index_add(&heap->index_of_threads, &space->thread_nodes, thread)) {
        pool_give(&space->threads, index);
        return shared_counters(heap);
    }
    number = atomic_fetch_add_explicit(&heap->thread_count, 1, memory_order_relaxed);
    STORE_RELAXED(thread->active_slabs, heap->active_slabs[number % HEAP_SETS]);
    link_counters(heap, thread);
    STORE_RELAXED(thread->owner, os_thread_key());
    return thread;
}

/* ------------------------------------------------------------------------------------------------
 * Sums and peaks
 * --------------------------------------------------------------------------------------------- */

static const enum thread_count allocated[] = {THREAD_ALLOCATED, THREAD_DEBUG_ALLOCATED,
                                              THREAD_ALLOCATED_BYTES};
static const enum thread_count freed[] = {THREAD_FREED, THREAD_FREED_BYTES};

/* Adds some of a thread's counts. Returns how many of its calls were under way. */
static uint32_t add_thread(const struct thread_counters *thread, const enum thread_count *which,
                           size_t count, uint64_t counts[THREAD_COUNTS])
{
    uint32_t inside = atomic_load_explicit(&thread->inside, memory_order_acquire);

    for (size_t i = 0; i < count; i++)
        counts[which[i]] += atomic_load_explicit(&thread->counts[which[i]], memory_order_acquire);
    return inside;
}

static uint32_t add_some(const struct heap *heap, const enum thread_count *which, size_t count,
                         uint64_t counts[THREAD_COUNTS])
{
    const struct thread_counters *thread =
        atomic_load_explicit(&heap->threads, memory_order_acquire);
    uint32_t inside = add_thread(&heap->shared, which, count, counts);

    for (; thread; thread = LOAD_RELAXED(thread->next))
        inside += add_thread(thread, which, count, counts);
    return inside;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/*
 * Adds up frees after allocations, so that the sum of live blocks is never too large. Returns how
 * many calls were under way, the first time or the second.
 */
static uint32_t add_threads(const struct heap *heap, uint64_t counts[THREAD_COUNTS])
{
    uint32_t inside, later;

    for (int counter = 0; counter < THREAD_COUNTS; counter++)
        counts[counter] = 0;
    inside = add_some(heap, allocated, sizeof(allocated) / sizeof(allocated[0]), counts);
    later = add_some(heap, freed, sizeof(freed) / sizeof(freed[0]), counts);
    return (uint32_t)larger(inside, later);
}

/*
 * Raises a peak of the heap of that number, and the manager's sum of peaks by as much. The word
 * carries a mark of the number: an observer may come when the heap has ended.
 */
static void raise_peak(_Atomic uint64_t *peak, uint32_t number, uint64_t value,
                       struct gauge *of_all)
{
    uint64_t before = LOAD_RELAXED(*peak);
    uint64_t mark = heap_peak_word(number, 0);

    while (heap_peak_word(number, heap_peak_of(before)) == before &&
           (int64_t)value > (int64_t)heap_peak_of(before)) {
        if (atomic_compare_exchange_weak_explicit(peak, &before, mark | value, memory_order_relaxed,
                                                  memory_order_relaxed)) {
            gauge_add(of_all, value - heap_peak_of(before));
            return;
        }
    }
}

static void raise_peaks(struct heap *heap, uint32_t number, uint64_t blocks, uint64_t bytes)
{
    raise_peak(&heap->peak_blocks, number, blocks, &heap->space->peak_blocks);
    raise_peak(&heap->peak_bytes, number, bytes, &heap->space->peak_bytes);
}

/* Makes the part another one. Returns the sum of the parts. */
static uint64_t tell(_Atomic int64_t *sum, _Atomic int64_t *told, int64_t part)
{
    int64_t more = part - LOAD_RELAXED(*told);

    STORE_RELAXED(*told, part);
    return (uint64_t)(atomic_fetch_add_explicit(sum, more, memory_order_relaxed) + more);
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/*
 * The share above which a thread looks again. While the heap has its counters alone, that is no
 * more than the peak, which is exact then.
 */
static int64_t look_above(const struct heap *heap, const _Atomic uint64_t *peak, int64_t share)
{
    return LOAD_RELAXED(heap->thread_count) == 1
               ? smaller(share, (int64_t)heap_peak_of(LOAD_RELAXED(*peak)))
               : share;
}

void heap_tell_rise(struct heap *heap, struct thread_counters *thread)
{
    int64_t blocks = thread_counters_blocks(thread);
    int64_t bytes = thread_counters_bytes(thread);
    uint64_t told_blocks = tell(&heap->told_blocks, &thread->told_blocks, blocks);
    uint64_t told_bytes = tell(&heap->told_bytes, &thread->told_bytes, bytes);

    if (LOAD_RELAXED(heap->thread_count) == 1)
        raise_peaks(heap, heap_number(heap), (uint64_t)blocks, (uint64_t)bytes);
    else
        raise_peaks(heap, heap_number(heap), told_blocks, told_bytes);
    STORE_RELAXED(thread->look_blocks,
                  look_above(heap, &heap->peak_blocks, blocks + PEAK_BLOCKS_STEP));
    STORE_RELAXED(thread->look_bytes, look_above(heap, &heap->peak_bytes, bytes + PEAK_BYTES_STEP));
}

void heap_tell_fall(struct heap *heap, struct thread_counters *thread, int64_t blocks,
                    int64_t bytes)
{
    if (blocks < LOAD_RELAXED(thread->told_blocks)) {
        tell(&heap->told_blocks, &thread->told_blocks, blocks - PEAK_BLOCKS_SLACK);
        STORE_RELAXED(thread->look_blocks,
                      look_above(heap, &heap->peak_blocks, blocks + PEAK_BLOCKS_SLACK));
    }
    if (bytes < LOAD_RELAXED(thread->told_bytes)) {
        tell(&heap->told_bytes, &thread->told_bytes, bytes - PEAK_BYTES_SLACK);
        STORE_RELAXED(thread->look_bytes,
                      look_above(heap, &heap->peak_bytes, bytes + PEAK_BYTES_SLACK));
    }
}

/* The shared counters' part is their share. */
static void tell_shared(struct heap *heap, int64_t blocks, int64_t bytes)
{
    int64_t all_blocks =
        atomic_fetch_add_explicit(&heap->told_blocks, blocks, memory_order_relaxed) + blocks;
    int64_t all_bytes =
        atomic_fetch_add_explicit(&heap->told_bytes, bytes, memory_order_relaxed) + bytes;

    raise_peaks(heap, heap_number(heap), (uint64_t)all_blocks, (uint64_t)all_bytes);
}

void heap_count_alloc(struct heap *heap, struct thread_counters *thread, size_t size, bool debug)
{
    enum thread_count counter = debug ? THREAD_DEBUG_ALLOCATED : THREAD_ALLOCATED;

    if (thread != &heap->shared) {
        heap_count_own_alloc(heap, thread, counter, size);
        return;
    }
    thread_counters_add_shared(thread, counter, 1);
    thread_counters_add_shared(thread, THREAD_ALLOCATED_BYTES, size);
    tell_shared(heap, 1, (int64_t)size);
}

void heap_count_free(struct heap *heap, struct thread_counters *thread, size_t size)
{
    if (thread != &heap->shared) {
        heap_count_own_free(heap, thread, size);
        return;
    }
    tell_shared(heap, -1, -(int64_t)size);
    thread_counters_add_shared(thread, THREAD_FREED, 1);
    thread_counters_add_shared(thread, THREAD_FREED_BYTES, size);
}

void heap_count_resize(struct heap *heap, struct thread_counters *thread, size_t old, size_t size)
{
    bool rises = size > old;
    int64_t change = (int64_t)size - (int64_t)old;

    if (thread != &heap->shared && !rises &&
        thread_counters_bytes(thread) + change < LOAD_RELAXED(thread->told_bytes))
        heap_tell_fall(heap, thread, thread_counters_blocks(thread),
                       thread_counters_bytes(thread) + change);
    thread_counters_add_shared(thread, rises ? THREAD_ALLOCATED_BYTES : THREAD_FREED_BYTES,
                               rises ? size - old : old - size);
    if (thread == &heap->shared)
        tell_shared(heap, 0, change);
    else if (rises && thread_counters_bytes(thread) > LOAD_RELAXED(thread->look_bytes))
        heap_tell_rise(heap, thread);
}

pages_result heap_refuse(struct heap *heap, enum block_refusal why)
{
    counter_increment(&heap->space->pages->counters->refused_blocks[why]);
    return PAGES_FOREIGN;
}

static uint64_t difference(uint64_t more, uint64_t less)
{
    return (int64_t)(more - less) > 0 ? more - less : 0;
}

bool heap_figures(struct heap *heap, struct heap_figures *figures)
{
    uint32_t number = atomic_load_explicit(&heap->number, memory_order_acquire);
    const uint64_t *counts;

    *figures = (struct heap_figures){
        .number = number,
        .executable = atomic_load_explicit(&heap->executable, memory_order_relaxed)};
    figures->inside = add_threads(heap, figures->counts);
    counts = figures->counts;
    figures->blocks =
        difference(counts[THREAD_ALLOCATED] + counts[THREAD_DEBUG_ALLOCATED], counts[THREAD_FREED]);
    figures->block_bytes = difference(counts[THREAD_ALLOCATED_BYTES], counts[THREAD_FREED_BYTES]);
    /* What is told now is never more than a peak that is told later. */
    if (number)
        raise_peaks(heap, number, figures->blocks, figures->block_bytes);
    figures->peak_blocks = heap_peak_of(LOAD_RELAXED(heap->peak_blocks));
    figures->peak_bytes = heap_peak_of(LOAD_RELAXED(heap->peak_bytes));
    figures->spare_bytes = (uint64_t)idle_slabs_count(heap->space, heap) * SLAB_SIZE;
    figures->cached_bytes = heap_live(&heap->cached);
    /* If the heap has ended meanwhile, some of the figures may be those of the next heap here. */
    atomic_thread_fence(memory_order_acquire);
    return number && heap_number(heap) == number;
}

uint64_t heap_ends(const struct heap_space *space)
{
    return atomic_load_explicit(&space->ends_done, memory_order_acquire);
}

bool heap_none_ended_since(const struct heap_space *space, uint64_t mark)
{
    atomic_thread_fence(memory_order_acquire);
    return atomic_load_explicit(&space->ends_begun, memory_order_relaxed) == mark;
}

/* ------------------------------------------------------------------------------------------------
 * The end
 * --------------------------------------------------------------------------------------------- */

static void add_calls(struct counters *counters, enum counted_method method, uint64_t calls)
{
    /* In this order: nobody is to see more calls ended than begun. */
    counter_add(&counters->calls[method].begun, calls);
    atomic_fetch_add_explicit(&counters->calls[method].ended, calls, memory_order_release);
}

void heap_close_thread_counters(struct heap *heap)
{
    struct counters *counters = heap->space->pages->counters;
    struct thread_counters *thread = LOAD_RELAXED(heap->threads);
    uint64_t counts[THREAD_COUNTS];

    add_threads(heap, counts);
    add_calls(counters, COUNTED_MALLOC_ALLOC, counts[THREAD_ALLOCATED]);
    add_calls(counters, COUNTED_MALLOC_DEBUG_ALLOC, counts[THREAD_DEBUG_ALLOCATED]);
    add_calls(counters, COUNTED_MALLOC_FREE, counts[THREAD_FREED]);
    while (thread) {
        struct thread_counters *next = LOAD_RELAXED(thread->next);

        STORE_RELAXED(thread->owner, 0);
        pool_give(&heap->space->threads, thread->index);
        thread = next;
    }
    STORE_RELAXED(heap->threads, NULL);
    thread_index_close(&heap->index_of_threads, &heap->space->thread_nodes);
    gauge_subtract(&heap->space->peak_blocks, heap_peak_of(atomic_exchange_explicit(
                                                  &heap->peak_blocks, 0, memory_order_relaxed)));
    gauge_subtract(&heap->space->peak_bytes, heap_peak_of(atomic_exchange_explicit(
                                                 &heap->peak_bytes, 0, memory_order_relaxed)));
}
