/*
 * heap_look.h: looking at the margins of live blocks (heap_margins.h), and at small blocks that
 * were freed, from any thread at any time.
 *
 * Protocol. While a thread looks at a slab or a large block, it keeps the memory (kept_region.h). A
 * thread that is suspended while it looks keeps one region, and nobody waiting.
 *
 * What was found counts if the history's `life` (block_history.h), or the region's `watch`, was the
 * same before, and can be swapped to told afterwards. So damage is told once, whoever finds it, and
 * never of a block that was freed, or whose place another took, while the thread looked.
 */
#ifndef HOSTMEM_HEAP_CHECK_HEAP_LOOK_H
#define HOSTMEM_HEAP_CHECK_HEAP_LOOK_H

#include "heap/heap_space.h"

struct heap;

/*
 * Looks at the blocks of the heap or (NULL) of all. Tells of damage that has not been told. True: a
 * live block is damaged, told or not, or a freed one that has not been told. No other thread may
 * end the heap meanwhile. The callback that is told may.
 */
bool heap_look(struct heap_space *space, const struct heap *heap);

/* The same for the live block that begins there. */
bool heap_look_at(struct heap_space *space, uintptr_t address);

/* The same for the large block of a region, which the caller may be about to free. */
bool heap_look_at_region(struct heap_space *space, struct region *region);

/*
 * A pending block is about to be handed out for the first time since its slab was made, so that
 * what is around it may be its doing from now on. Tells what its neighbours have done there, and
 * makes it whole. The class has margins.
 */
void heap_look_around(struct heap_space *space, const struct slab *slab,
                      const struct slab_view *view, uint32_t block);

/*
 * The block's owner makes it smaller where it lies. Between these two nobody begins to look at it;
 * `life` is what heap_unwatch returns. Who has begun before finds the old margins or the new ones
 * whole: the new ones include the old ones, and are written in between.
 */
uint64_t heap_unwatch(struct slab *slab, uint32_t block);
void heap_watch_again(struct slab *slab, uint32_t block, uint64_t life);

#endif
