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
#include "slabs/index_set.h"
#include "slabs/size_class.h"
#include "heap/thread_index.h"
#include "pages/memory/pool.h"

/* Sets of active slabs: the threads of a heap are spread over them. */
#define HEAP_SETS (sizeof(void *) == 8 ? 8u : 4u)

struct heap_space;

/* Which heap of the system's a heap stands for, and whose that is; all zero: none. */
struct heap_origin {
    uint32_t kind; /* HOSTMEM_HEAP_KIND (hostmem/inspection.h) */
    uintptr_t handle;
    uintptr_t module; /* an address in it */
};

/* Slabs of a size class that can be found: see partial_slabs.h. */
struct slab_pile {
    _Atomic uint64_t stacks[2]; /* index of the first slab | count of changes << 32 */
    _Atomic uint32_t turn;      /* the stack that slabs are taken from */
    _Atomic uint32_t count;     /* slabs on it; of piles of scant slabs */
};

struct heap {
    struct pool_link link;
    _Atomic uint32_t number; /* 1 for the manager's first; 0: it does not live */
    struct heap_space *space;
    uint32_t index; /* in the space's pool */
    _Atomic bool executable;

    /* What it stands for: see heap_origin. Figures only; written before anybody asks for blocks. */
    _Atomic uint32_t kind;
    _Atomic uintptr_t handle;
    _Atomic uintptr_t module;

    /* See heap_visit.h. */
    _Atomic uint32_t visits;
    _Atomic bool ending;

    /* For heap_fast_path.h, in one place. */
    size_t fast_limit;          /* smaller requests may take the fast path */
    const uint8_t *fast_lookup; /* their size classes */
    const struct size_class *classes;
    struct slab *slabs;   /* the space's; the first has index 1 */
    uint32_t first_slabs; /* how many of them lie there one behind the other */

    /* What is the heap's, by its index in its pool: see heap_space.h. */
    struct index_set own_slabs;
    struct index_set own_regions; /* of large blocks */
    _Atomic bool sets_are_whole;

    /* See thread_counters.h. */
    struct thread_index index_of_threads;
    _Atomic uint32_t thread_count;             /* counters that are linked; + 2: shared ones */
    _Atomic(struct thread_counters *) threads; /* all of them; the list only grows */
    struct thread_counters shared;
    _Atomic int64_t told_blocks; /* the sum of the threads' parts */
    _Atomic int64_t told_bytes;
    _Atomic uint64_t peak_blocks; /* heap_peak_word */
    _Atomic uint64_t peak_bytes;
    struct gauge slab_bytes; /* empty ones included */
    struct gauge large_blocks;
    struct gauge large_bytes; /* asked for */

    _Atomic uint64_t live;   /* bytes: see heap_live.h */
    _Atomic uint64_t cached; /* bytes that its freed large blocks have left: see large_cache.h */
    struct slab_pile partial[CLASS_COUNT];
    struct slab_pile scant[CLASS_COUNT];
    _Atomic uint32_t ripe[CLASS_COUNT]; /* slabs on the pile of scant ones that are ripe */
    active_slab active_slabs[HEAP_SETS][CLASS_COUNT];
};

static inline uint32_t heap_number(const struct heap *heap)
{
    return atomic_load_explicit(&heap->number, memory_order_relaxed);
}

static inline struct heap_origin heap_origin(const struct heap *heap)
{
    return (struct heap_origin){LOAD_RELAXED(heap->kind), LOAD_RELAXED(heap->handle),
                                LOAD_RELAXED(heap->module)};
}

static inline void heap_set_origin(struct heap *heap, struct heap_origin origin)
{
    STORE_RELAXED(heap->kind, origin.kind);
    STORE_RELAXED(heap->handle, origin.handle);
    STORE_RELAXED(heap->module, origin.module);
}

/* A peak, with a mark of the number of the heap whose peak it is. 0: no heap's. */
static inline uint64_t heap_peak_word(uint32_t number, uint64_t peak)
{
    return (UINT64_C(0x8000) | (number & 0x7fffu)) << 48 | peak;
}

static inline uint64_t heap_peak_of(uint64_t word)
{
    return word & ((UINT64_C(1) << 48) - 1);
}

/* What Alloc or DebugAlloc was asked for. */
struct heap_request {
    size_t size; /* 0 gives a unique block */
    uint32_t critical_level;
    uint32_t line;
    const char *file;   /* copied; NULL: none */
    const void *caller; /* NULL: not known */
    bool debug;         /* by DebugAlloc: its history is kept */
    bool quiet;         /* the caller can do without: a refusal is not counted, nor told */
};

#endif
