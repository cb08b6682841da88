/*
 * delayed_blocks.h: freed blocks that are not to be used again yet (HEAP_DELAY_REUSE).
 *
 * A block that is freed takes a place that is chosen by chance, and the block that had the place
 * becomes free. So a block waits for DELAYED_PLACES further frees on average, and nobody can tell
 * when its address comes back.
 *
 * What is delayed is bounded in bytes, for all heaps together: DELAYED_BYTES, and an eighth of what
 * lives. A slab of whose blocks none is live but some are delayed counts as empty, and is given
 * back like another empty one (idle_slabs.h). The protocol is delayed_places.h's.
 */
#ifndef HOSTMEM_HEAP_REUSE_DELAYED_BLOCKS_H
#define HOSTMEM_HEAP_REUSE_DELAYED_BLOCKS_H

#include "heap/heap_space.h"
#include "heap/heap_state.h"

#define DELAYED_BYTES ((uint64_t)1 << 20)

/* The caller has freed a block, which is pending. Returns how many bytes the system got. */
size_t delayed_blocks_add(struct heap *heap, struct slab *slab, uint32_t block);

/*
 * Makes all delayed blocks free, of the heap or (NULL) of all heaps. Returns how many bytes went
 * back to the system.
 */
size_t delayed_blocks_give(struct heap_space *space, const struct heap *heap);

#endif
