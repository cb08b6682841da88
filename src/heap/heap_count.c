/*
 * heap_count.c: lanes: see lane.h.
 */
#include "heap/heap_parts.h"

/* The owner's lane among those of its bucket; NULL: there is none. */
static struct lane *find_in_bucket(const struct heap *heap, uintptr_t key)
{
    uint32_t index =
        atomic_load_explicit(&heap->lanes[HEAP_LANE_BUCKET(key)], memory_order_acquire);

    while (index) {
        struct lane *lane = pool_item(&heap->space->lanes, index);

        if (LANE_LOAD(lane->owner) == key)
            return lane;
        index = LANE_LOAD(lane->next);
    }
    return NULL;
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

struct lane *heap_find_lane(struct heap *heap)
{
    uintptr_t key = os_thread_key();
    _Atomic uint32_t *bucket = &heap->lanes[HEAP_LANE_BUCKET(key)];
    struct lane *lane = find_in_bucket(heap, key);
    uint32_t index, first;

    if (lane)
        return lane;
    index = pool_take(&heap->space->lanes);
    if (!index)
        return &heap->shared;
    lane = pool_item(&heap->space->lanes, index);
    clear(lane);
    LANE_STORE(lane->owner, key);
    LANE_STORE(lane->number, atomic_fetch_add_explicit(&heap->lane_count, 1, memory_order_relaxed));
    first = LANE_LOAD(*bucket);
    do
        LANE_STORE(lane->next, first);
    while (!atomic_compare_exchange_weak_explicit(bucket, &first, index, memory_order_release,
                                                  memory_order_relaxed));
    return lane;
}

/* ------------------------------------------------------------------------------------------------
 * Sums and peaks
 * --------------------------------------------------------------------------------------------- */

/* The number of calls that were under way. */
static uint32_t add_lane(const struct lane *lane, uint64_t counters[LANE_COUNTERS])
{
    uint32_t inside = atomic_load_explicit(&lane->inside, memory_order_acquire);

    for (int counter = 0; counter < LANE_COUNTERS; counter++)
        counters[counter] += LANE_LOAD(lane->counters[counter]);
    return inside;
}

static uint32_t add_lanes(const struct heap *heap, uint64_t counters[LANE_COUNTERS])
{
    uint32_t inside;

    for (int counter = 0; counter < LANE_COUNTERS; counter++)
        counters[counter] = 0;
    inside = add_lane(&heap->shared, counters);
    for (uint32_t bucket = 0; bucket < LANE_BUCKETS; bucket++) {
        uint32_t index = atomic_load_explicit(&heap->lanes[bucket], memory_order_acquire);

        while (index) {
            const struct lane *lane = pool_item(&heap->space->lanes, index);

            inside += add_lane(lane, counters);
            index = LANE_LOAD(lane->next);
        }
    }
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

static uint64_t blocks_of(const uint64_t counters[LANE_COUNTERS])
{
    return counters[LANE_ALLOCATED] + counters[LANE_DEBUG_ALLOCATED] - counters[LANE_FREED];
}

static void raise_peaks_by(struct heap *heap, const uint64_t counters[LANE_COUNTERS])
{
    raise_peaks(heap, blocks_of(counters),
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

void heap_count_alloc_shared(struct heap *heap, enum lane_counter counter, size_t size)
{
    uint64_t counters[LANE_COUNTERS];

    lane_add_shared(&heap->shared, counter, 1);
    lane_add_shared(&heap->shared, LANE_ALLOCATED_BYTES, size);
    add_lanes(heap, counters);
    raise_peaks_by(heap, counters);
}

void heap_count_resize(struct heap *heap, struct lane *lane, size_t old, size_t size)
{
    uint64_t counters[LANE_COUNTERS];

    lane_add_shared(lane, size > old ? LANE_ALLOCATED_BYTES : LANE_FREED_BYTES,
                    size > old ? size - old : old - size);
    add_lanes(heap, counters);
    raise_peaks_by(heap, counters);
}

bool heap_figures(struct heap *heap, struct heap_figures *figures)
{
    uint32_t number = atomic_load_explicit(&heap->number, memory_order_acquire);

    if (!number)
        return false;
    *figures = (struct heap_figures){.number = number, .executable = heap->executable};
    figures->inside = add_lanes(heap, figures->counters);
    figures->blocks = blocks_of(figures->counters);
    figures->block_bytes =
        figures->counters[LANE_ALLOCATED_BYTES] - figures->counters[LANE_FREED_BYTES];
    raise_peaks_by(heap, figures->counters);
    figures->peak_blocks = LANE_LOAD(heap->peak_blocks);
    figures->peak_bytes = LANE_LOAD(heap->peak_bytes);
    for (uint32_t i = 0; i < HEAP_SPARES; i++)
        figures->spare_bytes += LANE_LOAD(heap->spares[i]) ? SLAB_SIZE : 0;
    return true;
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
        uint32_t index = LANE_LOAD(heap->lanes[bucket]);

        LANE_STORE(heap->lanes[bucket], 0);
        while (index) {
            struct lane *lane = pool_item(&heap->space->lanes, index);
            uint32_t next = LANE_LOAD(lane->next);

            LANE_STORE(lane->owner, 0);
            pool_give(&heap->space->lanes, index);
            index = next;
        }
    }
    gauge_subtract(&heap->space->peak_blocks, LANE_LOAD(heap->peak_blocks));
    gauge_subtract(&heap->space->peak_bytes, LANE_LOAD(heap->peak_bytes));
}
