/*
 * heap_counters.c: see heap_counters.h; the protocol is thread_counters.h's.
 */
#include "heap/heap_counters.h"

#include "heap/reuse/idle_slabs.h"

/* The counters of the thread with that key; NULL: there are none. */
static struct thread_counters *find_in_bucket(const struct heap *heap, uintptr_t key)
{
    struct thread_counters *thread =
        atomic_load_explicit(&heap->threads[HEAP_THREAD_BUCKET(key)], memory_order_acquire);

    while (thread && LOAD_RELAXED(thread->owner) != key)
        thread = LOAD_RELAXED(thread->next);
    return thread;
}

static void clear(struct thread_counters *thread)
{
    for (int counter = 0; counter < THREAD_COUNTS; counter++)
        STORE_RELAXED(thread->counts[counter], 0);
    STORE_RELAXED(thread->inside, 0);
    STORE_RELAXED(thread->low_blocks, 0);
    STORE_RELAXED(thread->low_bytes, 0);
    STORE_RELAXED(thread->marks, NULL);
}

/* From now on thread_count is never 1: the shared counters are one more part of the sum. */
static struct thread_counters *shared_counters(struct heap *heap)
{
    if (LOAD_RELAXED(heap->thread_count) < 2)
        atomic_fetch_add_explicit(&heap->thread_count, 2, memory_order_relaxed);
    return &heap->shared;
}

struct thread_counters *heap_find_thread_counters(struct heap *heap)
{
    uintptr_t key = os_thread_key();
    _Atomic(struct thread_counters *) *bucket = &heap->threads[HEAP_THREAD_BUCKET(key)];
    struct thread_counters *thread = find_in_bucket(heap, key);
    struct thread_counters *first;
    uint32_t index, number;

    if (thread)
        return thread;
    index = pool_take(&heap->space->threads);
    if (!index)
        return shared_counters(heap);
    thread = pool_item(&heap->space->threads, index);
    clear(thread);
    STORE_RELAXED(thread->owner, key);
    thread->index = index;
    number = atomic_fetch_add_explicit(&heap->thread_count, 1, memory_order_relaxed);
    STORE_RELAXED(thread->active_slabs, heap->active_slabs[number % HEAP_SETS]);
    first = LOAD_RELAXED(*bucket);
    do
        STORE_RELAXED(thread->next, first);
    while (!atomic_compare_exchange_weak_explicit(bucket, &first, thread, memory_order_release,
                                                  memory_order_relaxed));
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
    uint32_t inside = add_thread(&heap->shared, which, count, counts);

    for (uint32_t bucket = 0; bucket < THREAD_BUCKETS; bucket++) {
        const struct thread_counters *thread =
            atomic_load_explicit(&heap->threads[bucket], memory_order_acquire);

        for (; thread; thread = LOAD_RELAXED(thread->next))
            inside += add_thread(thread, which, count, counts);
    }
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

/* Raises a heap's peak, and the manager's sum of peaks by as much. */
static void raise_peak(_Atomic uint64_t *peak, uint64_t value, struct gauge *of_all)
{
    uint64_t before = LOAD_RELAXED(*peak);

    while ((int64_t)value > (int64_t)before) {
        if (atomic_compare_exchange_weak_explicit(peak, &before, value, memory_order_relaxed,
                                                  memory_order_relaxed)) {
            gauge_add(of_all, value - before);
            return;
        }
    }
}

static void raise_peaks(struct heap *heap, uint64_t blocks, uint64_t bytes)
{
    raise_peak(&heap->peak_blocks, blocks, &heap->space->peak_blocks);
    raise_peak(&heap->peak_bytes, bytes, &heap->space->peak_bytes);
}

static void raise_peaks_by(struct heap *heap, const uint64_t counts[THREAD_COUNTS])
{
    raise_peaks(heap,
                counts[THREAD_ALLOCATED] + counts[THREAD_DEBUG_ALLOCATED] - counts[THREAD_FREED],
                counts[THREAD_ALLOCATED_BYTES] - counts[THREAD_FREED_BYTES]);
}

void heap_update_peaks(struct heap *heap, struct thread_counters *thread)
{
    uint64_t counts[THREAD_COUNTS];

    if (LOAD_RELAXED(heap->thread_count) == 1) {
        raise_peaks(heap, (uint64_t)thread_counters_blocks(thread),
                    (uint64_t)thread_counters_bytes(thread));
        return;
    }
    add_threads(heap, counts);
    raise_peaks_by(heap, counts);
    STORE_RELAXED(thread->low_blocks, thread_counters_blocks(thread));
    STORE_RELAXED(thread->low_bytes, thread_counters_bytes(thread));
}

static void count_shared_alloc(struct heap *heap, size_t size, bool debug)
{
    uint64_t counts[THREAD_COUNTS];

    thread_counters_add_shared(&heap->shared, debug ? THREAD_DEBUG_ALLOCATED : THREAD_ALLOCATED, 1);
    thread_counters_add_shared(&heap->shared, THREAD_ALLOCATED_BYTES, size);
    add_threads(heap, counts);
    raise_peaks_by(heap, counts);
}

void heap_count_alloc(struct heap *heap, struct thread_counters *thread, size_t size, bool debug)
{
    if (thread == &heap->shared)
        count_shared_alloc(heap, size, debug);
    else
        heap_count_own_alloc(heap, thread, debug ? THREAD_DEBUG_ALLOCATED : THREAD_ALLOCATED, size);
}

void heap_count_free(struct heap *heap, struct thread_counters *thread, size_t size)
{
    if (thread == &heap->shared) {
        thread_counters_add_shared(thread, THREAD_FREED, 1);
        thread_counters_add_shared(thread, THREAD_FREED_BYTES, size);
        return;
    }
    heap_count_own_free(thread, size);
}

void heap_count_resize(struct heap *heap, struct thread_counters *thread, size_t old, size_t size)
{
    uint64_t counts[THREAD_COUNTS];

    thread_counters_add_shared(thread, size > old ? THREAD_ALLOCATED_BYTES : THREAD_FREED_BYTES,
                               size > old ? size - old : old - size);
    if (thread != &heap->shared) {
        heap_update_peaks(heap, thread);
        return;
    }
    add_threads(heap, counts);
    raise_peaks_by(heap, counts);
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
    if (number && heap_number(heap) == number)
        raise_peaks(heap, figures->blocks, figures->block_bytes);
    figures->peak_blocks = larger(LOAD_RELAXED(heap->peak_blocks), figures->blocks);
    figures->peak_bytes = larger(LOAD_RELAXED(heap->peak_bytes), figures->block_bytes);
    figures->spare_bytes = (uint64_t)idle_slabs_count(heap) * SLAB_SIZE;
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
    uint64_t counts[THREAD_COUNTS];

    add_threads(heap, counts);
    add_calls(counters, COUNTED_MALLOC_ALLOC, counts[THREAD_ALLOCATED]);
    add_calls(counters, COUNTED_MALLOC_DEBUG_ALLOC, counts[THREAD_DEBUG_ALLOCATED]);
    add_calls(counters, COUNTED_MALLOC_FREE, counts[THREAD_FREED]);
    for (uint32_t bucket = 0; bucket < THREAD_BUCKETS; bucket++) {
        struct thread_counters *thread = LOAD_RELAXED(heap->threads[bucket]);

        STORE_RELAXED(heap->threads[bucket], NULL);
        while (thread) {
            struct thread_counters *next = LOAD_RELAXED(thread->next);

            STORE_RELAXED(thread->owner, 0);
            pool_give(&heap->space->threads, thread->index);
            thread = next;
        }
    }
    gauge_subtract(&heap->space->peak_blocks, LOAD_RELAXED(heap->peak_blocks));
    gauge_subtract(&heap->space->peak_bytes, LOAD_RELAXED(heap->peak_bytes));
}
