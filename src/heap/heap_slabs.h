/*
 * heap_slabs.h: claiming a block in one of a heap's slabs, and making a slab where none has room.
 *
 * A thread looks for a free block first in the active slab of its set and size class, then in the
 * class's partial slabs (partial_slabs.h); when there are none, it makes a slab. Sets keep threads
 * out of each other's words. Any thread of a set may claim in its active slab, so no block is lost
 * when a thread ends or is suspended.
 */
#ifndef HOSTMEM_HEAP_HEAP_SLABS_H
#define HOSTMEM_HEAP_HEAP_SLABS_H

#include "heap/heap_space.h"
#include "heap/heap_state.h"

/* A pages_result of heap_claim's: there is no memory for a tracked slab's histories. */
#define HEAP_NO_HISTORY 0xf0000010u

/*
 * Claims a free block of the class; its field becomes `field`. Returns its address, and its slab
 * and number in *slab and *block; 0: no block can be had, and *result says why.
 */
uintptr_t heap_claim(struct heap *heap, const struct thread_counters *thread,
                     const struct size_class *size_class, uint32_t field, uint32_t critical_level,
                     struct slab **slab, uint32_t *block, pages_result *result);

#endif
