/*
 * delayed_places.h: the places in which freed blocks wait (delayed_blocks.h).
 *
 * Protocol. A delayed block is pending (slab.h). Whoever takes it out of its place by
 * compare-and-swap makes it free: in a call of the block's heap, or during a visit of it
 * (heap_visit.h). The heap does not end before its blocks have left their places.
 */
#ifndef HOSTMEM_HEAP_REUSE_DELAYED_PLACES_H
#define HOSTMEM_HEAP_REUSE_DELAYED_PLACES_H

#include "heap/heap_space.h"
#include "heap/heap_state.h"

/* What stands in a place: the block, its slab, and the index of its heap. */
static inline uint64_t delayed_places_word(const struct heap *heap, const struct slab *slab,
                                           uint32_t block)
{
    return (uint64_t)heap->index << 48 | (uint64_t)block << 32 | heap_slab_index(heap->space, slab);
}

static inline uint32_t delayed_places_slab(uint64_t word)
{
    return (uint32_t)word;
}

static inline uint32_t delayed_places_block(uint64_t word)
{
    return (uint32_t)(word >> 32) & 0xffff;
}

static inline uint32_t delayed_places_heap(uint64_t word)
{
    return (uint32_t)(word >> 48);
}

/* False: the place has changed. */
bool delayed_places_take(struct delayed_blocks *delayed, uint32_t place, uint64_t word);

/* Makes a block that was taken free. Returns its slab, and a view of it. */
struct slab *delayed_places_settle(struct heap *heap, uint64_t word, struct slab_view *view);

/* Makes the delayed blocks of one slab free. The caller looks whether the slab is empty then. */
void delayed_places_empty(struct heap *heap, const struct slab *slab);

#endif
