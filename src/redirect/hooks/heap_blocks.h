/*
 * heap_blocks.h: what the hooks of heap functions do with blocks of a manager: finding whose a
 * block is, and making, measuring, resizing and freeing blocks of the heap that a handle stands
 * for.
 *
 * Between binding_enter and binding_leave. What succeeds leaves the last error as it is.
 * Suspension-safe.
 */
#ifndef HOSTMEM_REDIRECT_HOOKS_HEAP_BLOCKS_H
#define HOSTMEM_REDIRECT_HOOKS_HEAP_BLOCKS_H

#include "heap/heap_walk.h"
#include "redirect/heap_table.h"

/*
 * The manager in whose memory the block lies, bound now or earlier; NULL: in none's. A block that
 * lies in a manager's must never reach Win32, which would take the bytes before it for a header.
 */
struct manager *heap_blocks_owner(const void *memory);

/* A new block; NULL: no memory. `caller` is kept if the manager keeps histories. */
void *heap_blocks_make(const struct served_heap *heap, SIZE_T size, const void *caller);

/* The size of a live block of the heap that the handle stands for. False: it is no such block. */
bool heap_blocks_size(const struct manager *manager, HANDLE handle, const void *memory,
                      size_t *size);

/*
 * Whether it is a live block of the heap that the handle stands for, and no damage is seen of it;
 * and whether none is seen of any block of that heap. Damage that has not been told is told.
 */
bool heap_blocks_is_valid(struct manager *manager, HANDLE handle, const void *memory);
bool heap_blocks_are_valid(HANDLE handle);

/*
 * Gives a live block of `old` bytes another size. HeapReAlloc's flags. NULL: no memory, and the
 * block is what it was. Never for a size that is not larger.
 */
void *heap_blocks_resize(const struct served_heap *heap, DWORD flags, void *memory, size_t old,
                         SIZE_T size, const void *caller);

/* False: it is no live block of the heap that the handle stands for. The refusal is counted. */
bool heap_blocks_free(struct manager *manager, HANDLE handle, void *memory);

/*
 * The live block behind `after`, in an order of the managers' own (NULL: the first), of the heaps
 * that a handle stands for. False: there is none, or `after` lies in no manager's memory.
 */
bool heap_blocks_next(HANDLE handle, const void *after, struct heap_block *block);

/* Counts a free that goes to Win32. A free of NULL does not count. manager may be NULL. */
void heap_blocks_count_passed(struct manager *manager, const void *memory);

/* Counts a call by which Win32 has given a new block, or one of another size. */
void heap_blocks_count_passed_call(SIZE_T size);

#endif
