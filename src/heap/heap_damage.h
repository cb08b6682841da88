/*
 * heap_damage.h: finding blocks that were written to after they were freed.
 *
 * With HEAP_FILL_ON_FREE a freed block is filled with HEAP_FILL_FREED. Before the block is handed
 * out again, and before its slab is retired, the block is checked: a byte of another value is
 * reported with the history of the block's last owner.
 */
#ifndef HOSTMEM_HEAP_HEAP_DAMAGE_H
#define HOSTMEM_HEAP_HEAP_DAMAGE_H

#include "heap/heap_space.h"
#include "heap/heap_state.h"

/*
 * Reports the block if it was written to after it was freed. The block must be pending, or its slab
 * be the caller's alone.
 */
void heap_check_freed(struct heap *heap, struct slab *slab, const struct slab_view *view,
                      uint32_t block);

#endif
