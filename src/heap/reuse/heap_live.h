/*
 * heap_live.h: how much lives in a heap, and in all heaps of a manager: what they may hold without
 * use is bounded by it. Counted without looking at blocks: full and scant slabs, of which at least
 * seven eighths are in use, and large blocks.
 */
#ifndef HOSTMEM_HEAP_REUSE_HEAP_LIVE_H
#define HOSTMEM_HEAP_REUSE_HEAP_LIVE_H

#include "heap/heap_space.h"
#include "heap/heap_state.h"

static inline void heap_live_add(struct heap *heap, size_t bytes)
{
    atomic_fetch_add_explicit(&heap->live, bytes, memory_order_relaxed);
    atomic_fetch_add_explicit(&heap->space->live, bytes, memory_order_relaxed);
}

static inline void heap_live_subtract(struct heap *heap, size_t bytes)
{
    atomic_fetch_sub_explicit(&heap->live, bytes, memory_order_relaxed);
    atomic_fetch_sub_explicit(&heap->space->live, bytes, memory_order_relaxed);
}

/* What is kept of a heap's large blocks: see large_cache.h. */
static inline void heap_kept_add(struct heap *heap, int64_t bytes)
{
    atomic_fetch_add_explicit(&heap->cached, (uint64_t)bytes, memory_order_relaxed);
    atomic_fetch_add_explicit(&heap->space->large.bytes, (uint64_t)bytes, memory_order_relaxed);
}

/* A figure that is negative for a moment is 0. */
static inline uint64_t heap_live(const _Atomic uint64_t *live)
{
    int64_t bytes = (int64_t)LOAD_RELAXED(*live);

    return bytes > 0 ? (uint64_t)bytes : 0;
}

#endif
