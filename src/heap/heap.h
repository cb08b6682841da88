/*
 * heap.h: what is behind an IHostMalloc, without COM.
 *
 * Small blocks come from slabs (slab.h). Larger blocks, and blocks with a guard page, are regions
 * of their own; the memory of a freed one may serve another (large_cache.h). Either way the memory
 * comes from pages/, marked with the heap's number: it is owned, charged and audited like every
 * region.
 *
 * Promises. A pointer that is not the start of a live block of this heap is recognised without
 * being read. Of any number of threads that free one block at once, one succeeds. There is no lock
 * and no wait: a suspended thread keeps no other thread from allocating or freeing (I4). Figures
 * are exact when no call is under way; for peaks see thread_counters.h.
 *
 * What no allocator can tell apart, short of never using an address twice, is a late free. Thread A
 * frees a block and is suspended in the middle; thread B frees the same block, and it is handed out
 * again; A's free then ends the new block. That takes a program which frees a block twice, and
 * HEAP_DELAY_REUSE puts it off. If the address serves another size class or another heap by then,
 * the late free is refused.
 *
 * The other headers of a heap:
 *   heap_fast_path.h  the common cases of allocating and freeing, for callers to inline
 *   heap_walk.h       enumerating blocks, finding the block at an address, the audit
 *   heap_counters.h   figures
 */
#ifndef HOSTMEM_HEAP_HEAP_H
#define HOSTMEM_HEAP_HEAP_H

#include "heap/heap_space.h"
#include "heap/heap_state.h"

/* A new heap; NULL: no memory. */
struct heap *heap_create(struct heap_space *space, bool executable);

/* Calls back for each live block. Delayed blocks are freed for good before. */
void heap_report_blocks(struct heap *heap, heap_block_callback *callback, void *context);

/*
 * Calls back for each block still live, counts it as leaked, and gives everything back. No call of
 * this heap may be under way. callback may be NULL.
 */
void heap_destroy(struct heap *heap, heap_block_callback *callback, void *context);

/* Frees every live block of the heap, each by heap_free. */
void heap_free_all(struct heap *heap);

/* *memory is NULL on failure. */
pages_result heap_alloc(struct heap *heap, const struct heap_request *request, void **memory);

/*
 * PAGES_FOREIGN: not the start of a live block of this heap. The reason was counted, and nothing
 * was touched. NULL is fine.
 */
pages_result heap_free(struct heap *heap, void *memory);

/* The size asked for, of a live block of this heap. False: memory is not the start of one. */
bool heap_size_of(struct heap *heap, const void *memory, size_t *size);

/*
 * Gives a live block of this heap another size without moving it. False: it is no such block, or
 * the size does not fit where it lies, or the heap checks for overruns. The caller must own the
 * block.
 */
bool heap_resize(struct heap *heap, void *memory, size_t size);

/*
 * Gives a live block of this heap a smaller size without moving it, for when there is no memory to
 * move it to. Pages behind it go back to the system. What its place cannot tell, the block is
 * larger than asked: see heap_size_of. Its margins (check/heap_margins.h) are not looked at any
 * more. False: it is no such block. The caller must own the block.
 */
bool heap_shrink(struct heap *heap, void *memory, size_t size);

#endif
