/*
 * heap_visit.h: working on a heap without a call of it: giving back what it holds without use.
 *
 * Protocol. `visits` counts the heap's own life as one, and each thread that works on the heap from
 * outside. A thread begins a visit by compare-and-swap from a value above 0. The heap's end takes
 * its own one away. Whoever makes it 0 gives the item back to the pool, so an item is no other heap
 * while it is visited. Calls of the heap need no visit: the heap does not end before they have.
 *
 * A heap that ends sets `ending` and then retires every slab that it can. A visitor that leaves a
 * slab empty looks at `ending` afterwards. Both are sequentially consistent: one of the two retires
 * the slab, and at the last visit's end all are GONE.
 */
#ifndef HOSTMEM_HEAP_REUSE_HEAP_VISIT_H
#define HOSTMEM_HEAP_REUSE_HEAP_VISIT_H

#include "heap/heap_space.h"
#include "heap/heap_state.h"

/* False: the item is no heap. */
bool heap_visit(struct heap *heap);
void heap_visit_end(struct heap *heap);

static inline bool heap_is_ending(const struct heap *heap)
{
    return atomic_load_explicit(&heap->ending, memory_order_seq_cst);
}

#endif
