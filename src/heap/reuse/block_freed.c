/*
 * block_freed.c: see block_freed.h.
 */
#include "heap/reuse/block_freed.h"

#include "heap/reuse/idle_slabs.h"
#include "heap/reuse/partial_slabs.h"

size_t block_freed_elsewhere(struct heap *heap, struct slab *slab, const struct slab_view *view,
                             uint32_t word)
{
    partial_slabs_count(heap, slab, view, word);
    return slab_word_is_empty(slab, view, word) ? idle_slabs_look(heap, slab, view) : 0;
}
