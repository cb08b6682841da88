/*
 * heap_count.c: lanes: see lane.h.
 */
#include "heap/heap_parts.h"

/* The owner's lane among those of its bucket; NULL: there is none. */
static struct lane *find_in_bucket(const struct heap *heap, uintptr_t key)
{
    struct lane *lane =
        atomic_load_explicit(&heap->lanes[HEAP_LANE_BUCKET(key)], memory_order_acquire);

    while (lane && LANE_LOAD(lane->owner) != key)
        lane = LANE_LOAD(lane->next);
    return lane;
}

static void clear(struct lane *lane)
{
    for (int counter = 0; counter < LANE_COUNTERS; counter++)
        LANE_STORE(lane->counters[counter], 0);
    LANE_STORE(lane->inside, 0);
    LANE_STORE(lane->low_blocks, 0);
    LANE_STORE(lane->low_bytes, 0);
    LANE_STORE(lane->marks, NULL);
}

/* No lane is the only one any more. */
static struct lane *shared_lane(struct heap *heap)
{
    if (LANE_LOAD(heap->lane_count) < 2)
        atomic_fetch_add_explicit(&heap->lane_count, 2, memory_order_relaxed);
    return &heap->shared;
}

struct lane *heap_find_lane(struct heap *heap)
{
    uintptr_t key = os_thread_key();
    _Atomic(struct lane *) *bucket = &heap->lanes[HEAP_LANE_BUCKET(key)];
    struct lane *lane = find_in_bucket(heap, key);
    struct lane *first;
    uint32_t index, number;

    if (lane)
        return lane;
    index = pool_take(&heap->space->lanes);
    if (!index)
        return shared_lane(heap);
    lane = pool_item(&heap->space->lanes, index);
    clear(lane);
    LANE_STORE(lane->owner, key);
    lane->index = index;
    number = atomic_fetch_add_explicit(&heap->lane_count, 1, memory_order_relaxed);
    LANE_STORE(lane->favourites, heap->favourites[number % HEAP_SETS]);
    first = LANE_LOAD(*bucket);
    do
        LANE_STORE(lane->next, first);
    while (!atomic_compare_exchange_weak_explicit(bucket, &first, lane, memory_order_release,
                                                  memory_order_relaxed));
    return lane;
}

/* ------------------------------------------------------------------------------------------------
 * Sums and peaks
 * --------------------------------------------------------------------------------------------- */

static const enum lane_counter allocated[] = {LANE_ALLOCATED, LANE_DEBUG_ALLOCATED,
                                              LANE_ALLOCATED_BYTES};
static const enum lane_counter freed[] = {LANE_FREED, LANE_FREED_BYTES};

/* Adds some of a lane's counters. The number of calls that were under way. */
static uint32_t add_lane(const struct lane *lane, const enum lane_counter *which, size_t count,
                         uint64_t counters[LANE_COUNTERS])
{
    uint32_t inside = atomic_load_explicit(&lane->inside, memory_order_acquire);

    for (size_t i = 0; i < count; i++)
        counters[which[i]] += atomic_load_explicit(&lane->counters[which[i]], memory_order_acquire);
    return inside;
}

static uint32_t add_some(const struct heap *heap, const enum lane_counter *which, size_t count,
                         uint64_t counters[LANE_COUNTERS])
{
    uint32_t inside = add_lane(&heap->shared, which, count, counters);

    for (uint32_t bucket = 0; bucket < LANE_BUCKETS; bucket++) {
        const struct lane *lane = atomic_load_explicit(&heap->lanes[bucket], memory_order_acquire);

        for (; lane; lane = LANE_LOAD(lane->next))
            inside += add_lane(lane, which, count, counters);
    }
    return inside;
}

/* What was freed is added up last: so what is live is never made out to be more than it was. */
static uint32_t add_lanes(const struct heap *heap, uint64_t counters[LANE_COUNTERS])
{
    uint32_t inside;

    for (int counter = 0; counter < LANE_COUNTERS; counter++)
        counters[counter] = 0;
    inside = add_some(heap, allocated, sizeof(allocated) / sizeof(allocated[0]), counters);
    inside += add_some(heap, freed, sizeof(freed) / sizeof(freed[0]), counters);
    return inside;
}

/* Raises a heap's peak; what it rises by is added to the manager's. */
static void raise_peak(_Atomic uint64_t *peak, uint64_t value, struct gauge *of_all)
{
    uint64_t before = LANE_LOAD(*peak);

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

static void raise_peaks_by(struct heap *heap, const uint64_t counters[LANE_COUNTERS])
{
    raise_peaks(heap,
                counters[LANE_ALLOCATED] + counters[LANE_DEBUG_ALLOCATED] - counters[LANE_FREED],
                counters[LANE_ALLOCATED_BYTES] - counters[LANE_FREED_BYTES]);
}

void heap_look_at_lanes(struct heap *heap, struct lane *lane)
{
    uint64_t counters[LANE_COUNTERS];

    if (LANE_LOAD(heap->lane_count) == 1) {
        raise_peaks(heap, (uint64_t)lane_blocks(lane), (uint64_t)lane_bytes(lane));
        return;
    }
    add_lanes(heap, counters);
    raise_peaks_by(heap, counters);
    LANE_STORE(lane->low_blocks, lane_blocks(lane));
    LANE_STORE(lane->low_bytes, lane_bytes(lane));
}

static void count_shared_alloc(struct heap *heap, size_t size, bool debug)
{
    uint64_t counters[LANE_COUNTERS];

    lane_add_shared(&heap->shared, debug ? LANE_DEBUG_ALLOCATED : LANE_ALLOCATED, 1);
    lane_add_shared(&heap->shared, LANE_ALLOCATED_BYTES, size);
    add_lanes(heap, counters);
    raise_peaks_by(heap, counters);
}

void heap_count_alloc(struct heap *heap, struct lane *lane, size_t size, bool debug)
{
    if (lane == &heap->shared)
        count_shared_alloc(heap, size, debug);
    else
        heap_count_own_alloc(heap, lane, debug ? LANE_DEBUG_ALLOCATED : LANE_ALLOCATED, size);
}

void heap_count_free(struct heap *heap, struct lane *lane, size_t size)
{
    if (lane == &heap->shared) {
        lane_add_shared(lane, LANE_FREED, 1);
        lane_add_shared(lane, LANE_FREED_BYTES, size);
        return;
    }
    heap_count_own_free(lane, size);
}

void heap_count_resize(struct heap *heap, struct lane *lane, size_t old, size_t size)
{
    uint64_t counters[LANE_COUNTERS];

    lane_add_shared(lane, size > old ? LANE_ALLOCATED_BYTES : LANE_FREED_BYTES,
                    size > old ? size - old : old - size);
    if (lane != &heap->shared) {
        heap_look_at_lanes(heap, lane);
        return;
    }
    add_lanes(heap, counters);
    raise_peaks_by(heap, counters);
}

static uint64_t difference(uint64_t more, uint64_t less)
{
    return (int64_t)(more - less) > 0 ? more - less : 0;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

bool heap_figures(const struct heap *heap, struct heap_figures *figures)
{
    uint32_t number = atomic_load_explicit(&heap->number, memory_order_acquire);
    const uint64_t *counters;

    *figures = (struct heap_figures){
        .number = number,
        .executable = atomic_load_explicit(&heap->executable, memory_order_relaxed)};
    figures->inside = add_lanes(heap, figures->counters);
    counters = figures->counters;
    figures->blocks =
        difference(counters[LANE_ALLOCATED] + counters[LANE_DEBUG_ALLOCATED], counters[LANE_FREED]);
    figures->block_bytes = difference(counters[LANE_ALLOCATED_BYTES], counters[LANE_FREED_BYTES]);
    figures->peak_blocks = larger(LANE_LOAD(heap->peak_blocks), figures->blocks);
    figures->peak_bytes = larger(LANE_LOAD(heap->peak_bytes), figures->block_bytes);
    for (uint32_t i = 0; i < HEAP_SPARES; i++)
        figures->spare_bytes += LANE_LOAD(heap->spares[i]) ? SLAB_SIZE : 0;
    /* Else some of it may be another heap's, which has the record or the lanes now. */
    atomic_thread_fence(memory_order_acquire);
    return number && heap_number(heap) == number;
}

/* ------------------------------------------------------------------------------------------------
 * The end
 * --------------------------------------------------------------------------------------------- */

static void add_calls(struct record *record, enum record_method method, uint64_t calls)
{
    /* In this order: what has ended has begun. */
    record_add(&record->calls[method].begun, calls);
    atomic_fetch_add_explicit(&record->calls[method].ended, calls, memory_order_release);
}

void heap_close_lanes(struct heap *heap)
{
    struct record *record = heap->space->pages->record;
    uint64_t counters[LANE_COUNTERS];

    add_lanes(heap, counters);
    add_calls(record, RECORD_MALLOC_ALLOC, counters[LANE_ALLOCATED]);
    add_calls(record, RECORD_MALLOC_DEBUG_ALLOC, counters[LANE_DEBUG_ALLOCATED]);
    add_calls(record, RECORD_MALLOC_FREE, counters[LANE_FREED]);
    for (uint32_t bucket = 0; bucket < LANE_BUCKETS; bucket++) {
        struct lane *lane = LANE_LOAD(heap->lanes[bucket]);

        LANE_STORE(heap->lanes[bucket], NULL);
        while (lane) {
            struct lane *next = LANE_LOAD(lane->next);

            LANE_STORE(lane->owner, 0);
            pool_give(&heap->space->lanes, lane->index);
            lane = next;
        }
    }
    gauge_subtract(&heap->space->peak_blocks, LANE_LOAD(heap->peak_blocks));
    gauge_subtract(&heap->space->peak_bytes, LANE_LOAD(heap->peak_bytes));
}
