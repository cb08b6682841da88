/*
 * heap_counters.h: counting in a heap: each thread's counters, the sums over them, the peaks, and
 * why frees were refused. The protocol is thread_counters.h's.
 */
#ifndef HOSTMEM_HEAP_HEAP_COUNTERS_H
#define HOSTMEM_HEAP_HEAP_COUNTERS_H

#include "heap/heap_space.h"
#include "heap/heap_state.h"

/* ------------------------------------------------------------------------------------------------
 * The calling thread's counters
 * --------------------------------------------------------------------------------------------- */

/* The calling thread's counters; NULL: it has none yet. */
static inline struct thread_counters *heap_fast_thread_counters(const struct heap *heap)
{
    return thread_index_find(&heap->index_of_threads, os_thread_key());
}

/* Makes the calling thread's counters. Without memory for them, returns the heap's shared ones. */
struct thread_counters *heap_make_thread_counters(struct heap *heap);

static inline struct thread_counters *heap_thread_counters(struct heap *heap)
{
    struct thread_counters *thread = heap_fast_thread_counters(heap);

    return thread ? thread : heap_make_thread_counters(heap);
}

/* A call begins, and ends. */
static inline void heap_enter(struct heap *heap, struct thread_counters *thread)
{
    thread_counters_enter(thread, thread == &heap->shared);
}

static inline void heap_leave(struct heap *heap, struct thread_counters *thread)
{
    thread_counters_leave(thread, thread == &heap->shared);
}

/* ------------------------------------------------------------------------------------------------
 * Counting
 * --------------------------------------------------------------------------------------------- */

/*
 * To be called when the thread's share is above what it looks at, and when it is below its part:
 * tells the heap of the share, and raises the peaks.
 */
void heap_tell_rise(struct heap *heap, struct thread_counters *thread);
void heap_tell_fall(struct heap *heap, struct thread_counters *thread, int64_t blocks,
                    int64_t bytes);

/* Not for the shared counters. counter: THREAD_ALLOCATED or THREAD_DEBUG_ALLOCATED. */
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
    if (live > LOAD_RELAXED(thread->look_blocks) || live_bytes > LOAD_RELAXED(thread->look_bytes))
        heap_tell_rise(heap, thread);
}

static inline void heap_count_own_free(struct heap *heap, struct thread_counters *thread,
                                       size_t size)
{
    uint64_t blocks = LOAD_RELAXED(thread->counts[THREAD_FREED]) + 1;
    uint64_t bytes = LOAD_RELAXED(thread->counts[THREAD_FREED_BYTES]) + size;
    int64_t live = thread_counters_blocks(thread) - 1;
    int64_t live_bytes = (int64_t)(LOAD_RELAXED(thread->counts[THREAD_ALLOCATED_BYTES]) - bytes);

    /* First: the sum of the parts is never too large. */
    if (live < LOAD_RELAXED(thread->told_blocks) || live_bytes < LOAD_RELAXED(thread->told_bytes))
        heap_tell_fall(heap, thread, live, live_bytes);
    thread_counters_set(thread, THREAD_FREED, blocks);
    thread_counters_set(thread, THREAD_FREED_BYTES, bytes);
}

/* For any counters, the shared ones included. */
void heap_count_alloc(struct heap *heap, struct thread_counters *thread, size_t size, bool debug);
void heap_count_free(struct heap *heap, struct thread_counters *thread, size_t size);

/* A live block got another size. */
void heap_count_resize(struct heap *heap, struct thread_counters *thread, size_t old, size_t size);

/* Counts why a free was refused. Returns PAGES_FOREIGN. */
pages_result heap_refuse(struct heap *heap, enum block_refusal why);

/* At the heap's end: adds its counts to the manager's, and gives the threads' counters back. */
void heap_close_thread_counters(struct heap *heap);

/* ------------------------------------------------------------------------------------------------
 * Figures. Any thread at any time.
 * --------------------------------------------------------------------------------------------- */

struct heap_figures {
    uint32_t number;
    bool executable;
    uint64_t counts[THREAD_COUNTS];
    uint64_t blocks;
    uint64_t block_bytes;
    uint64_t peak_blocks;
    uint64_t peak_bytes;
    uint64_t spare_bytes;
    uint64_t cached_bytes;
    uint32_t inside; /* calls that were under way */
};

/* False: the heap does not live. A peak is never less than what was told as the figure before. */
bool heap_figures(struct heap *heap, struct heap_figures *figures);

/*
 * A mark of the heaps that have ended, and whether no heap has begun to end since. Between a mark
 * and a true answer, a heap's counts were in the heap or in the manager's counters, and not on
 * their way from one to the other.
 */
uint64_t heap_ends(const struct heap_space *space);
bool heap_none_ended_since(const struct heap_space *space, uint64_t mark);

#endif
