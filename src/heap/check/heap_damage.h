/*
 * heap_damage.h: finding small blocks that were written to after they were freed, or behind their
 * end, or before their beginning, and telling of damage.
 *
 * With HEAP_FILL_ON_FREE a freed block is filled with HEAP_FILL_FREED, with HEAP_HARDEN alone with
 * zeros; with HEAP_FILL_ON_ALLOC or HEAP_HARDEN each block has margins (heap_margins.h). A block is
 * checked when it is freed; when it is handed out again, and before its slab is retired; and while
 * it lives when somebody asks (heap_look.h). A byte of another value is reported with the history
 * of the block.
 */
#ifndef HOSTMEM_HEAP_CHECK_HEAP_DAMAGE_H
#define HOSTMEM_HEAP_CHECK_HEAP_DAMAGE_H

#include "heap/heap_space.h"

struct heap;

/*
 * The first byte that was changed in a freed block, or in its margins, after it was freed; 0: there
 * is none.
 */
uintptr_t heap_damage_of_freed(const struct heap_space *space, const struct slab *slab,
                               const struct slab_view *view, uint32_t block);

/* Reports such a byte, unless another thread does, or the block has another life by now. */
bool heap_tell_freed(struct heap_space *space, const struct slab *slab,
                     const struct slab_view *view, uint32_t block, uint64_t life, uintptr_t damage);

/*
 * Reports the block if it was written to after it was freed. True: it was, be it told already. The
 * block must be pending, or its slab be the caller's alone, and the heap be one that is checked.
 */
bool heap_check_freed(struct heap *heap, struct slab *slab, const struct slab_view *view,
                      uint32_t block);

/*
 * Reports the block, which the caller has just made pending to free it, if its margins are damaged
 * and that is `news`; and makes them whole.
 */
void heap_check_ended(struct heap *heap, struct slab *slab, const struct slab_view *view,
                      uint32_t block, bool news);

/* How much of a block of the class is filled when it is freed. */
static inline uint32_t heap_freed_size(const struct size_class *size_class)
{
    return size_class->block_size - size_class->margin;
}

/* A tracked block that is live, or was; by the history that the caller keeps others from writing.
 */
struct heap_block heap_block_of(const struct block_history *history, uint32_t heap,
                                uintptr_t address, size_t size);

/* The same of a large one. */
struct heap_block heap_block_of_region(const struct region_facts *facts);

/* Counts the block as damaged, and calls back: its byte at `damage` was changed. */
void heap_tell_damage(struct heap_space *space, struct heap_block *block,
                      enum heap_damage_kind kind, uintptr_t damage);

/* The same; which side was changed follows from where. */
void heap_tell_margin(struct heap_space *space, struct heap_block *block, uintptr_t damage);

#endif
