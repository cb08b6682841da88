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
 * heap_counters.c: threads, and what is counted in them
 * --------------------------------------------------------------------------------------------- */

#define HEAP_THREAD_BUCKET(key) ((uint32_t)((key) >> 12) % THREAD_BUCKETS)

/* The thread's thread, if it is the first in its bucket; NULL: heap_find_thread knows. */
static inline struct thread_counters *heap_fast_thread(const struct heap *heap)
{
    uintptr_t key = os_thread_key();
    struct thread_counters *thread =
        atomic_load_explicit(&heap->threads[HEAP_THREAD_BUCKET(key)], memory_order_acquire);

    return thread && LOAD_RELAXED(thread->owner) == key ? thread : NULL;
}

/* The thread's thread; the heap's shared one if it can have none. */
struct thread_counters *heap_find_thread(struct heap *heap);

static inline struct thread_counters *heap_thread(struct heap *heap)
{
    struct thread_counters *thread = heap_fast_thread(heap);

    return thread ? thread : heap_find_thread(heap);
}

static inline void heap_enter(struct heap *heap, struct thread_counters *thread)
{
    thread_counters_enter(thread, thread == &heap->shared);
}

static inline void heap_leave(struct heap *heap, struct thread_counters *thread)
{
    thread_counters_leave(thread, thread == &heap->shared);
}

/* Raises the peaks to what all threads add up to, and notes that the thread has looked. */
void heap_update_peaks(struct heap *heap, struct thread_counters *thread);

/* A live block has another size. */
void heap_count_resize(struct heap *heap, struct thread_counters *thread, size_t old, size_t size);

/* In a thread of the thread's own. counter: THREAD_ALLOCATED or THREAD_DEBUG_ALLOCATED. */
static inline void heap_count_own_alloc(struct heap *heap, struct thread_counters *thread,
                                        enum thread_count counter, size_t size)
{
    uint64_t blocks = LOAD_RELAXED(thread->counts[counter]) + 1;
    uint64_t bytes = LOAD_RELAXED(thread->counts[THREAD_ALLOCATED_BYTES]) + size;
    int64_t live, live_bytes;

    thread_counters_set(thread, counter, blocks);
    thread_counters_set(thread, THREAD_ALLOCATED_BYTES, bytes);
    live = thread_counters_blocks(thread);
    live_bytes = (int64_t)(bytes - LOAD_RELAXED(thread->counts[THREAD_FREED_BYTES]));
    if (LOAD_RELAXED(heap->thread_count) == 1
            ? live > (int64_t)LOAD_RELAXED(heap->peak_blocks) ||
                  live_bytes > (int64_t)LOAD_RELAXED(heap->peak_bytes)
            : live > LOAD_RELAXED(thread->low_blocks) + PEAK_BLOCKS_STEP ||
                  live_bytes > LOAD_RELAXED(thread->low_bytes) + PEAK_BYTES_STEP)
        heap_update_peaks(heap, thread);
}

static inline void heap_count_own_free(struct thread_counters *thread, size_t size)
{
    uint64_t blocks = LOAD_RELAXED(thread->counts[THREAD_FREED]) + 1;
    uint64_t bytes = LOAD_RELAXED(thread->counts[THREAD_FREED_BYTES]) + size;
    int64_t live = thread_counters_blocks(thread) - 1;
    int64_t live_bytes = (int64_t)(LOAD_RELAXED(thread->counts[THREAD_ALLOCATED_BYTES]) - bytes);

    thread_counters_set(thread, THREAD_FREED, blocks);
    thread_counters_set(thread, THREAD_FREED_BYTES, bytes);
    if (live < LOAD_RELAXED(thread->low_blocks))
        STORE_RELAXED(thread->low_blocks, live);
    if (live_bytes < LOAD_RELAXED(thread->low_bytes))
        STORE_RELAXED(thread->low_bytes, live_bytes);
}

/* In whichever thread. */
void heap_count_alloc(struct heap *heap, struct thread_counters *thread, size_t size, bool debug);
void heap_count_free(struct heap *heap, struct thread_counters *thread, size_t size);

/* Adds the heap's counts to its manager's, and gives the threads' counters back: at the heap's end.
 */
void heap_close_threads(struct heap *heap);

/* ------------------------------------------------------------------------------------------------
 * heap_slabs.c: finding, making and giving back slabs
 * --------------------------------------------------------------------------------------------- */

/* The slab whose memory holds the address; NULL: none does. thread may be the shared one. */
struct slab *heap_slab_of(const struct heap *heap, struct thread_counters *thread,
                          uintptr_t address);

/* A block with that field, from an active slab of the thread or wherever there is one; 0: see
 * *result.
 */
uintptr_t heap_claim(struct heap *heap, const struct thread_counters *thread,
                     const struct size_class *size_class, uint32_t field, uint32_t critical_level,
                     struct slab **slab, uint32_t *block, pages_result *result);

/* What follows when a block of a slab that is no active slab has become free. */
size_t heap_block_freed_elsewhere(struct heap *heap, struct slab *slab,
                                  const struct slab_view *view, uint32_t word);

/* What follows when a block has become free: lists the slab, or gives it back: how many bytes. */
static inline size_t heap_block_freed(struct heap *heap, struct slab *slab,
                                      const struct slab_view *view, uint32_t block)
{
    uint64_t place = atomic_load_explicit(&slab->place, memory_order_seq_cst);
    uint32_t word = size_class_word(view->size_class, block);

    if (word < LOAD_RELAXED(slab->hint))
        atomic_store_explicit(&slab->hint, word, memory_order_relaxed);
    return slab_place_of(place) == SLAB_ACTIVE ? 0
                                               : heap_block_freed_elsewhere(heap, slab, view, word);
}

/* Gives back every slab of the heap that is empty, or (at the heap's end) every one. In bytes. */
size_t heap_retire_slabs(struct heap *heap, bool all);

/* A pages_result of heap_claim's: there is no histories for a tracked slab. */
#define HEAP_NO_HISTORY 0xf0000010u

/* ------------------------------------------------------------------------------------------------
 * heap_tracked.c: blocks whose history is kept
 * --------------------------------------------------------------------------------------------- */

pages_result heap_alloc_tracked(struct heap *heap, struct thread_counters *thread,
                                const struct heap_request *request, void **memory);

/* Frees a live block of a tracked slab. */
enum slab_answer heap_free_tracked(struct heap *heap, struct slab *slab,
                                   const struct slab_view *view, uintptr_t address,
                                   struct slab_block *block);

/* Lets the blocks whose reuse is delayed go. How many bytes went back to the system with them. */
size_t heap_flush_delayed(struct heap *heap);

/* Of a block of a tracked slab. */
static inline struct block_history *heap_history(const struct slab *slab, uint32_t block)
{
    return &LOAD_RELAXED(slab->histories)[block];
}

/* Reports a block of a slab that is the caller's alone, or pending, if it was written to. */
void heap_check_freed(struct heap *heap, struct slab *slab, const struct slab_view *view,
                      uint32_t block);

/* ------------------------------------------------------------------------------------------------
 * heap_large.c: blocks that are regions of their own
 * --------------------------------------------------------------------------------------------- */

pages_result heap_alloc_large(struct heap *heap, const struct heap_request *request, void **memory);
pages_result heap_free_large(struct heap *heap, struct thread_counters *thread, void *memory);
bool heap_resize_large(struct heap *heap, struct thread_counters *thread, uintptr_t address,
                       size_t size);

/* Counts why a free was refused. */
pages_result heap_refuse(struct heap *heap, enum block_refusal why);

#endif
