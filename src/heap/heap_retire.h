/*
 * heap_retire.h: what follows when a block of a slab has become free: a full slab becomes partial,
 * an empty one is retired. The states of a slab are slab.h's.
 */
#ifndef HOSTMEM_HEAP_HEAP_RETIRE_H
#define HOSTMEM_HEAP_HEAP_RETIRE_H

#include "heap/heap_space.h"
#include "heap/heap_state.h"

/* heap_block_freed for a slab that is not active. word: the index of the word that was changed. */
size_t heap_block_freed_elsewhere(struct heap *heap, struct slab *slab,
                                  const struct slab_view *view, uint32_t word);

/* To be called after a block has become free. Returns how many bytes went back to the system. */
static inline size_t heap_block_freed(struct heap *heap, struct slab *slab,
                                      const struct slab_view *view, uint32_t block)
{
    uint64_t state = atomic_load_explicit(&slab->state, memory_order_seq_cst);
    uint32_t word = size_class_word(view->size_class, block);

    if (word < LOAD_RELAXED(slab->hint))
        atomic_store_explicit(&slab->hint, word, memory_order_relaxed);
    return slab_state_of(state) == SLAB_ACTIVE ? 0
                                               : heap_block_freed_elsewhere(heap, slab, view, word);
}

/*
 * Retires every slab of the heap that is empty, or every one (`all`: the heap ends), and gives the
 * spares back. Returns how many bytes went back to the system.
 */
size_t heap_retire_slabs(struct heap *heap, bool all);

#endif
