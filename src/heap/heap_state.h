/*
 * heap_state.h: what a heap consists of.
 *
 * Heaps live in a type-stable pool of their heap_space, so that an enumeration may read any of
 * them at any time. `number` is 0 while the heap does not live.
 */
#ifndef HOSTMEM_HEAP_HEAP_STATE_H
#define HOSTMEM_HEAP_HEAP_STATE_H

#include "counters/gauge.h"
#include "counters/relaxed.h"
#include "slabs/size_class.h"
#include "slabs/slab_spares.h"
#include "heap/thread_counters.h"
#include "pages/pool.h"

/* How many further frees HEAP_DELAY_REUSE waits before a block is used again. */
#define HEAP_DELAYED 256u

/* Sets of active slabs: the threads of a heap are spread over them. */
#define HEAP_SETS (sizeof(void *) == 8 ? 8u : 4u)

struct heap_space;

struct heap {
    struct pool_link link;
    _Atomic uint32_t number; /* 1 for the manager's first; 0: it does not live */
    struct heap_space *space;
    uint32_t index; /* in the space's pool */
    _Atomic bool executable;

    /* For heap_fast_path.h, in one place. */
    size_t fast_limit;          /* smaller requests may take the fast path */
    const uint8_t *fast_lookup; /* their size classes */
    const struct size_class *classes;
    struct slab *slabs;   /* the space's; the first has index 1 */
    uint32_t first_slabs; /* how many of them lie there one behind the other */

    /* See thread_counters.h. */
    _Atomic uint32_t thread_count;
    _Atomic(struct thread_counters *) threads[THREAD_BUCKETS]; /* lists that only grow */
    struct thread_counters shared;
    _Atomic uint64_t peak_blocks;
    _Atomic uint64_t peak_bytes;
    struct gauge slab_bytes; /* spare ones included */
    struct gauge large_blocks;
    struct gauge large_bytes; /* asked for */

    _Atomic uint64_t stacks[CLASS_COUNT]; /* of partial slabs: index | count of changes << 32 */
    active_slab active_slabs[HEAP_SETS][CLASS_COUNT];
    struct slab_spares spares;
    _Atomic uint64_t delayed[HEAP_DELAYED]; /* block | index of its slab << 32; 0: none */
    _Atomic uint32_t delay_cursor;
};

static inline uint32_t heap_number(const struct heap *heap)
{
    return atomic_load_explicit(&heap->number, memory_order_relaxed);
}

/* What Alloc or DebugAlloc was asked for. */
struct heap_request {
    size_t size; /* 0 gives a unique block */
    uint32_t critical_level;
    uint32_t line;
    const char *file;   /* copied; NULL: none */
    const void *caller; /* NULL: not known */
    bool debug;         /* by DebugAlloc: its history is kept */
};

#endif
