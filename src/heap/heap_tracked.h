/*
 * heap_tracked.h: blocks of tracked size classes: their histories are kept, and the heap's options
 * fill their memory and delay their reuse.
 *
 * Protocol. Between the swap that makes a block's field pending and the operation that makes it
 * live or free, the block belongs to the thread that swapped: it writes the history, and fills or
 * checks the memory. A thread that is suspended there keeps one block out of use, and no other
 * thread waiting.
 */
#ifndef HOSTMEM_HEAP_HEAP_TRACKED_H
#define HOSTMEM_HEAP_HEAP_TRACKED_H

#include "heap/heap_space.h"
#include "heap/heap_state.h"

/* HEAP_NO_HISTORY (heap_slabs.h): no memory for histories; a plain block may still be possible. */
pages_result heap_alloc_tracked(struct heap *heap, struct thread_counters *thread,
                                const struct heap_request *request, void **memory);

/* Frees a live block of a tracked slab. block: as slab_look found it. */
enum slab_answer heap_free_tracked(struct heap *heap, struct slab *slab,
                                   const struct slab_view *view, uintptr_t address,
                                   struct slab_block *block);

#endif
