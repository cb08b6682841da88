/*
 * heap_retire.h: retiring an empty slab: its blocks are claimed, all at once, its memory goes back
 * to the system or to the caller, and its descriptor to the pool. The states are slab.h's.
 */
#ifndef HOSTMEM_HEAP_REUSE_HEAP_RETIRE_H
#define HOSTMEM_HEAP_REUSE_HEAP_RETIRE_H

#include "heap/heap_space.h"
#include "heap/heap_state.h"

/*
 * Retires the slab if it is empty. *base: NULL, or where its memory goes instead of to the system.
 * Returns false if it is not; else, in *given, how many bytes went back to the system.
 */
bool heap_retire(struct heap *heap, struct slab *slab, const struct slab_view *view,
                 uintptr_t *base, size_t *given);

/* The heap ends, and none of its blocks is live: retires all slabs that no visitor is about to. */
void heap_retire_all(struct heap *heap);

#endif
