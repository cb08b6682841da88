/*
 * thread_counters.h: a thread's part of a heap's figures.
 *
 * So that counting costs no atomic read-modify-write, each thread counts what it does in counters
 * of its own, by a load and a store: nobody else writes them. Sums over all threads are exact when
 * no call is under way.
 *
 * Peaks. The heap's peak is the most that the threads' sum has been. While one thread uses the
 * heap, its counters are the sum. With more, nobody adds all of them up: each thread has told the
 * heap of a part of its share, and the heap keeps the sum of the parts (heap.told_blocks). A part
 * is never more than the share, and never less by more than PEAK_BLOCKS_STEP blocks or
 * PEAK_BYTES_STEP bytes: a thread whose share leaves these bounds tells its part anew, by one
 * atomic addition. So the sum of the parts, from which the peak is raised, is never too large, and
 * the peak falls short of the truth by at most a step for each thread.
 *
 * Quiet. `inside` is above 0 while a call is under way: from before the call changes a slab's word
 * until the call has been counted. An observer that finds every `inside` 0, then counts the blocks
 * in the slabs, and then finds every `inside` still 0 and the counts unchanged, has met no call:
 * had it seen a call's change of a word, it would also see the call's store to `inside`, because
 * that change releases the store.
 *
 * A sum is no snapshot. What was freed is added up after what was allocated. So while calls are
 * under way a sum, and a peak that is taken from it, may be too small, and never too large.
 *
 * Owners. Counters belong to a key, os_thread_key, which no two living threads share. Nobody has to
 * learn that a thread has ended, or was terminated: its key is then the system's to give to a
 * thread that begins, and that one goes on with the counters. So a heap has as many counters as
 * threads that have used it were alive at once. (The keys are addresses of thread environment
 * blocks, and the system uses those of ended threads again before it makes others.) The counters
 * stay with the heap as long as it lives: thread_index.h finds them by their key, and `next` links
 * all of a heap's.
 *
 * A thread takes counters from the pool, clears them, adds them to the index, links them, and makes
 * `owner` the key: only then are they used. If it is terminated in between, the next thread with
 * that key finds counters there that are nobody's. That one, like a thread for which there is no
 * memory for counters, counts in the heap's shared ones, by atomic additions.
 */
#ifndef HOSTMEM_HEAP_THREAD_COUNTERS_H
#define HOSTMEM_HEAP_THREAD_COUNTERS_H

#include "counters/relaxed.h"
#include "os/os.h"
#include "pages/chunk_table.h"

#define PEAK_BLOCKS_STEP 8
#define PEAK_BYTES_STEP 4096

/* Where a share that has fallen below its part has room to fall further: half a step. */
#define PEAK_BLOCKS_SLACK (PEAK_BLOCKS_STEP / 2)
#define PEAK_BYTES_SLACK (PEAK_BYTES_STEP / 2)

enum thread_count {
    THREAD_ALLOCATED,       /* blocks, by Alloc */
    THREAD_FREED,           /* blocks */
    THREAD_ALLOCATED_BYTES, /* asked for */
    THREAD_FREED_BYTES,     /* asked for */
    THREAD_DEBUG_ALLOCATED, /* blocks, by DebugAlloc */
    THREAD_COUNTS
};

struct slab;

/* The slab of a size class in which the threads of a set look for a free block first, or NULL. */
typedef _Atomic(struct slab *) active_slab;

struct thread_counters {
    struct pool_link link;
    uint32_t index;                         /* in the space's pool */
    _Atomic(struct thread_counters *) next; /* of the same heap's */
    _Atomic uintptr_t key;                  /* its place in the index */
    _Atomic uintptr_t owner;                /* the key, when they may be used; 0: shared */
    active_slab *_Atomic active_slabs;      /* of its set, one slot for each class */
    _Alignas(64) _Atomic uint64_t counts[THREAD_COUNTS];
    _Atomic uint32_t inside; /* the owner's calls that are under way */

    /* The part of its share that the heap has been told, and the share above which to look again.
     */
    _Atomic int64_t told_blocks;
    _Atomic int64_t told_bytes;
    _Atomic int64_t look_blocks;
    _Atomic int64_t look_bytes;

    /* The chunk that the owner last freed a block in, and its marks. */
    _Atomic uintptr_t chunk;
    _Atomic(chunk_mark *) marks;
};

/* Release: a thread that sees a call counted sees what the call did. */
static inline void thread_counters_set(struct thread_counters *thread, enum thread_count counter,
                                       uint64_t value)
{
    atomic_store_explicit(&thread->counts[counter], value, memory_order_release);
}

static inline void thread_counters_add_shared(struct thread_counters *thread,
                                              enum thread_count counter, uint64_t amount)
{
    atomic_fetch_add_explicit(&thread->counts[counter], amount, memory_order_release);
}

static inline void thread_counters_enter(struct thread_counters *thread, bool shared)
{
    if (shared)
        atomic_fetch_add_explicit(&thread->inside, 1, memory_order_relaxed);
    else
        STORE_RELAXED(thread->inside, LOAD_RELAXED(thread->inside) + 1);
}

static inline void thread_counters_leave(struct thread_counters *thread, bool shared)
{
    if (shared)
        atomic_fetch_sub_explicit(&thread->inside, 1, memory_order_release);
    else
        atomic_store_explicit(&thread->inside, LOAD_RELAXED(thread->inside) - 1,
                              memory_order_release);
}

/* The thread's share of the heap's live blocks and bytes; negative if it frees others' blocks. */
static inline int64_t thread_counters_blocks(const struct thread_counters *thread)
{
    return (int64_t)(LOAD_RELAXED(thread->counts[THREAD_ALLOCATED]) +
                     LOAD_RELAXED(thread->counts[THREAD_DEBUG_ALLOCATED]) -
                     LOAD_RELAXED(thread->counts[THREAD_FREED]));
}

static inline int64_t thread_counters_bytes(const struct thread_counters *thread)
{
    return (int64_t)(LOAD_RELAXED(thread->counts[THREAD_ALLOCATED_BYTES]) -
                     LOAD_RELAXED(thread->counts[THREAD_FREED_BYTES]));
}

#endif
