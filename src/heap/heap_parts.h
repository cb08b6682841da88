/*
 * heap_parts.h: what the files of a heap have in common, and nobody else needs.
 */
#ifndef HOSTMEM_HEAP_HEAP_PARTS_H
#define HOSTMEM_HEAP_HEAP_PARTS_H

#include "heap/heap.h"

static inline uint32_t heap_number(const struct heap *heap)
{
    return atomic_load_explicit(&heap->number, memory_order_relaxed);
}

static inline struct slab *heap_slab(const struct heap_space *space, uint32_t index)
{
    return pool_item(&space->slabs, index);
}

/* ------------------------------------------------------------------------------------------------
 * heap_count.c: lanes, and what is counted in them
 * --------------------------------------------------------------------------------------------- */

#define HEAP_LANE_BUCKET(key) ((uint32_t)((key) >> 12) % LANE_BUCKETS)

/* The thread's lane, if it is the first in its bucket; NULL: heap_find_lane knows. */
static inline struct lane *heap_quick_lane(const struct heap *heap)
{
    uintptr_t key = os_thread_key();
    struct lane *lane =
        atomic_load_explicit(&heap->lanes[HEAP_LANE_BUCKET(key)], memory_order_acquire);

    return lane && LANE_LOAD(lane->owner) == key ? lane : NULL;
}

/* The thread's lane; the heap's shared one if it can have none. */
struct lane *heap_find_lane(struct heap *heap);

static inline struct lane *heap_lane(struct heap *heap)
{
    struct lane *lane = heap_quick_lane(heap);

    return lane ? lane : heap_find_lane(heap);
}

static inline void heap_enter(struct heap *heap, struct lane *lane)
{
    lane_enter(lane, lane == &heap->shared);
}

static inline void heap_leave(struct heap *heap, struct lane *lane)
{
    lane_leave(lane, lane == &heap->shared);
}

/* Raises the peaks to what all lanes add up to, and notes that the lane has looked. */
void heap_look_at_lanes(struct heap *heap, struct lane *lane);

/* A live block has another size. */
void heap_count_resize(struct heap *heap, struct lane *lane, size_t old, size_t size);

/* In a lane of the thread's own. counter: LANE_ALLOCATED or LANE_DEBUG_ALLOCATED. */
static inline void heap_count_own_alloc(struct heap *heap, struct lane *lane,
                                        enum lane_counter counter, size_t size)
{
    uint64_t blocks = LANE_LOAD(lane->counters[counter]) + 1;
    uint64_t bytes = LANE_LOAD(lane->counters[LANE_ALLOCATED_BYTES]) + size;
    int64_t live, live_bytes;

    lane_count(lane, counter, blocks);
    lane_count(lane, LANE_ALLOCATED_BYTES, bytes);
    live = lane_blocks(lane);
    live_bytes = (int64_t)(bytes - LANE_LOAD(lane->counters[LANE_FREED_BYTES]));
    if (LANE_LOAD(heap->lane_count) == 1
            ? live > (int64_t)LANE_LOAD(heap->peak_blocks) ||
                  live_bytes > (int64_t)LANE_LOAD(heap->peak_bytes)
            : live > LANE_LOAD(lane->low_blocks) + LANE_BLOCKS_STEP ||
                  live_bytes > LANE_LOAD(lane->low_bytes) + LANE_BYTES_STEP)
        heap_look_at_lanes(heap, lane);
}

static inline void heap_count_own_free(struct lane *lane, size_t size)
{
    uint64_t blocks = LANE_LOAD(lane->counters[LANE_FREED]) + 1;
    uint64_t bytes = LANE_LOAD(lane->counters[LANE_FREED_BYTES]) + size;
    int64_t live = lane_blocks(lane) - 1;
    int64_t live_bytes = (int64_t)(LANE_LOAD(lane->counters[LANE_ALLOCATED_BYTES]) - bytes);

    lane_count(lane, LANE_FREED, blocks);
    lane_count(lane, LANE_FREED_BYTES, bytes);
    if (live < LANE_LOAD(lane->low_blocks))
        LANE_STORE(lane->low_blocks, live);
    if (live_bytes < LANE_LOAD(lane->low_bytes))
        LANE_STORE(lane->low_bytes, live_bytes);
}

/* In whichever lane. */
void heap_count_alloc(struct heap *heap, struct lane *lane, size_t size, bool debug);
void heap_count_free(struct heap *heap, struct lane *lane, size_t size);

/* Adds the heap's counters to its manager's record, and gives the lanes back: at the heap's end. */
void heap_close_lanes(struct heap *heap);

/* ------------------------------------------------------------------------------------------------
 * heap_slabs.c: finding, making and giving back slabs
 * --------------------------------------------------------------------------------------------- */

/* The slab whose memory holds the address; NULL: none does. lane may be the shared one. */
struct slab *heap_slab_of(const struct heap *heap, struct lane *lane, uintptr_t address);

/* A block with that field, from a favourite of the lane or wherever there is one; 0: see *result.
 */
uintptr_t heap_claim(struct heap *heap, const struct lane *lane,
                     const struct size_class *size_class, uint32_t field, uint32_t critical_level,
                     struct slab **slab, uint32_t *block, pages_result *result);

/* What follows when a block of a slab that is no favourite has become free. */
size_t heap_block_freed_elsewhere(struct heap *heap, struct slab *slab,
                                  const struct slab_view *view, uint32_t word);

/* What follows when a block has become free: lists the slab, or gives it back: how many bytes. */
static inline size_t heap_block_freed(struct heap *heap, struct slab *slab,
                                      const struct slab_view *view, uint32_t block)
{
    uint64_t place = atomic_load_explicit(&slab->place, memory_order_seq_cst);
    uint32_t word = size_class_word(view->size_class, block);

    if (word < SLAB_LOAD(slab->hint))
        atomic_store_explicit(&slab->hint, word, memory_order_relaxed);
    return slab_place_of(place) == SLAB_FAVOURED
               ? 0
               : heap_block_freed_elsewhere(heap, slab, view, word);
}

/* Gives back every slab of the heap that is empty, or (at the heap's end) every one. In bytes. */
size_t heap_retire_slabs(struct heap *heap, bool all);

/* A pages_result of heap_claim's: there is no sheet for a tracked slab. */
#define HEAP_NO_SHEET 0xf0000010u

/* ------------------------------------------------------------------------------------------------
 * heap_tracked.c: blocks whose history is kept
 * --------------------------------------------------------------------------------------------- */

pages_result heap_alloc_tracked(struct heap *heap, struct lane *lane,
                                const struct heap_request *request, void **memory);

/* Frees a live block of a tracked slab. */
enum slab_answer heap_free_tracked(struct heap *heap, struct slab *slab,
                                   const struct slab_view *view, uintptr_t address,
                                   struct slab_block *block);

/* Lets the blocks whose reuse is delayed go. How many bytes went back to the system with them. */
size_t heap_flush_delayed(struct heap *heap);

/* Of a block of a tracked slab. */
static inline struct tag *heap_tag(const struct slab *slab, uint32_t block)
{
    return &SLAB_LOAD(slab->sheet)[block];
}

/* Reports a block of a slab that is the caller's alone, or pending, if it was written to. */
void heap_check_freed(struct heap *heap, struct slab *slab, const struct slab_view *view,
                      uint32_t block);

/* ------------------------------------------------------------------------------------------------
 * heap_large.c: blocks that are regions of their own
 * --------------------------------------------------------------------------------------------- */

pages_result heap_alloc_large(struct heap *heap, const struct heap_request *request, void **memory);
pages_result heap_free_large(struct heap *heap, struct lane *lane, void *memory);
bool heap_resize_large(struct heap *heap, struct lane *lane, uintptr_t address, size_t size);

/* Counts why a free was refused. */
pages_result heap_refuse(struct heap *heap, enum record_refusal why);

#endif
