/*
 * block_freed.h: what follows when a block of a slab has become free: a full slab can be found
 * again, an empty one is noted.
 */
#ifndef HOSTMEM_HEAP_REUSE_BLOCK_FREED_H
#define HOSTMEM_HEAP_REUSE_BLOCK_FREED_H

#include "heap/heap_space.h"
#include "heap/heap_state.h"

/* block_freed where there is something to do. word: the index of the word that was changed. */
size_t block_freed_elsewhere(struct heap *heap, struct slab *slab, const struct slab_view *view,
                             uint32_t word);

/* To be called after a block has become free. Returns how many bytes went back to the system. */
SLAB_INLINE size_t block_freed(struct heap *heap, struct slab *slab, const struct slab_view *view,
                               uint32_t block)
{
    uint64_t state = atomic_load_explicit(&slab->state, memory_order_seq_cst);
    uint32_t word = size_class_word(view->size_class, block);

    if (word < LOAD_RELAXED(slab->hint))
        atomic_store_explicit(&slab->hint, (uint8_t)word, memory_order_relaxed);
    if (slab_state_of(state) == SLAB_ACTIVE &&
        (slab_word_is_surely_used(slab, view, word) ||
         atomic_load_explicit(&slab->idle, memory_order_seq_cst) == slab_tag(view->key)))
        return 0;
    return block_freed_elsewhere(heap, slab, view, word);
}

#endif
