/*
 * lane.h: a thread's part of a heap's figures.
 *
 * So that counting costs no atomic operation, each thread counts what it does in a lane of its own,
 * and only there: a lane's counters are changed by its owner alone, by a load and a store. Sums
 * over all lanes are exact when no call is under way.
 *
 * Peaks. The heap's peak is the most that the lanes' sum has been. While one thread uses the heap
 * its lane is the sum. With more, a lane looks at all of them only when its own share has risen by
 * LANE_BLOCKS_STEP blocks or LANE_BYTES_STEP bytes above its lowest since it last looked. So no
 * lane is ever further than a step above what the last look saw, and the peak falls short of the
 * truth by at most a step for each lane.
 *
 * Quiet. A lane is marked while a call is under way, before the call changes a slab's word and
 * until it has counted. Who finds no lane marked, then counts blocks in the slabs, and then finds
 * the lanes unmarked and unchanged, has met no call: a change of a word that he saw releases the
 * mark.
 *
 * A sum is no snapshot. What was freed is added up after what was allocated, so while calls are
 * under way a sum, and a peak that is taken from it, may be too small, and never too large.
 *
 * Owners are known by os_thread_key, which a thread that begins may have from one that has ended:
 * it then goes on with its lane. Lanes stay with the heap as long as it lives. A thread for which
 * there is no memory for a lane counts in the heap's shared one, by atomic additions.
 */
#ifndef HOSTMEM_HEAP_THREAD_COUNTERS_H
#define HOSTMEM_HEAP_THREAD_COUNTERS_H

#include "os/os.h"
#include "pages/chunk_table.h"

#define LANE_BUCKETS 64u
#define LANE_BLOCKS_STEP 8
#define LANE_BYTES_STEP 4096

enum lane_counter {
    LANE_ALLOCATED,       /* blocks, by Alloc */
    LANE_FREED,           /* blocks */
    LANE_ALLOCATED_BYTES, /* asked for */
    LANE_FREED_BYTES,     /* asked for */
    LANE_DEBUG_ALLOCATED, /* blocks, by DebugAlloc */
    LANE_COUNTERS
};

struct slab;

/* A slab in which threads look for free blocks first; NULL: none. */
typedef _Atomic(struct slab *) heap_favourite;

struct lane {
    struct pool_link link;
    uint32_t index;                     /* in the space's pool */
    _Atomic(struct lane *) next;        /* in its bucket */
    _Atomic uintptr_t owner;            /* os_thread_key; 0: shared */
    heap_favourite *_Atomic favourites; /* slabs of its set, one for each class */
    _Alignas(64) _Atomic uint64_t counters[LANE_COUNTERS];
    _Atomic uint32_t inside;    /* calls of the owner's that are under way */
    _Atomic int64_t low_blocks; /* the lane's least share since it last looked */
    _Atomic int64_t low_bytes;

    /* The chunk that the owner last freed a block in, and its marks. */
    _Atomic uintptr_t chunk;
    _Atomic(chunk_mark *) marks;
};

#define LANE_LOAD(field) atomic_load_explicit(&(field), memory_order_relaxed)
#define LANE_STORE(field, value) atomic_store_explicit(&(field), value, memory_order_relaxed)

/* Release: who sees a call counted sees what it did. */
static inline void lane_count(struct lane *lane, enum lane_counter counter, uint64_t value)
{
    atomic_store_explicit(&lane->counters[counter], value, memory_order_release);
}

static inline void lane_add_shared(struct lane *lane, enum lane_counter counter, uint64_t amount)
{
    atomic_fetch_add_explicit(&lane->counters[counter], amount, memory_order_release);
}

static inline void lane_enter(struct lane *lane, bool shared)
{
    if (shared)
        atomic_fetch_add_explicit(&lane->inside, 1, memory_order_relaxed);
    else
        LANE_STORE(lane->inside, LANE_LOAD(lane->inside) + 1);
}

static inline void lane_leave(struct lane *lane, bool shared)
{
    if (shared)
        atomic_fetch_sub_explicit(&lane->inside, 1, memory_order_release);
    else
        atomic_store_explicit(&lane->inside, LANE_LOAD(lane->inside) - 1, memory_order_release);
}

/* The lane's share of the heap's live blocks and bytes; negative if it frees others' blocks. */
static inline int64_t lane_blocks(const struct lane *lane)
{
    return (int64_t)(LANE_LOAD(lane->counters[LANE_ALLOCATED]) +
                     LANE_LOAD(lane->counters[LANE_DEBUG_ALLOCATED]) -
                     LANE_LOAD(lane->counters[LANE_FREED]));
}

static inline int64_t lane_bytes(const struct lane *lane)
{
    return (int64_t)(LANE_LOAD(lane->counters[LANE_ALLOCATED_BYTES]) -
                     LANE_LOAD(lane->counters[LANE_FREED_BYTES]));
}

#endif
