/*
 * heap_large.h: blocks that are regions of their own: the large ones, and those with a guard page.
 *
 * A guarded block ends where its guard page begins, as nearly as its alignment allows: exactly
 * there if its size is a multiple of BLOCK_ALIGNMENT. The region's own protocol (region.h) decides
 * which of several frees wins: the one that makes the region cached, or claims its release. A block
 * of memory that is kept (large_cache.h) has a region that may be larger than it needs, and holds
 * what the former block left.
 */
#ifndef HOSTMEM_HEAP_HEAP_LARGE_H
#define HOSTMEM_HEAP_HEAP_LARGE_H

#include "heap/heap_space.h"
#include "heap/heap_state.h"

pages_result heap_alloc_large(struct heap *heap, const struct heap_request *request, void **memory);
pages_result heap_free_large(struct heap *heap, struct thread_counters *thread, void *memory);

/* At the heap's end: releases the region of a block that is live still. */
void heap_end_large(struct heap *heap, uint32_t region);

/*
 * Gives a block another size where it lies. False: it is no such block, or another place suits the
 * size better. With `shrink` any smaller size suits, and pages behind the block go back.
 */
bool heap_resize_large(struct heap *heap, struct thread_counters *thread, uintptr_t address,
                       size_t size, bool shrink);

#endif
