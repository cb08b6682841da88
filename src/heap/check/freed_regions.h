/*
 * freed_regions.h: large blocks that were freed and wait before their memory goes back: filled, so
 * that a late write to them is found (HEAP_FILL_ON_FREE); or without their pages, so that it faults
 * (HEAP_HARDEN alone).
 *
 * A region that waits serves the heap as a slab would, but holds no block: nothing enumerates it as
 * a block, a free of it is refused as one of a freed block, and the books have its pages. At most
 * FREED_PLACES wait, and FREED_BYTES and an eighth of what lives; a larger block goes back at once,
 * as does one whose pages the program has protected. They go back oldest first, before anything is
 * refused, by Trim, and when their heap ends. If the system refuses to take one it waits on; if
 * there is no place by then, it stays in the books, and nobody finds it any more.
 */
#ifndef HOSTMEM_HEAP_CHECK_FREED_REGIONS_H
#define HOSTMEM_HEAP_CHECK_FREED_REGIONS_H

#include "heap/heap_space.h"

#define FREED_BYTES ((uint64_t)4 << 20)

/*
 * Ends the life of that block of the heap of that number, which counts as live still, and lets its
 * memory wait or go back. *requested is what was asked for. PAGES_FOREIGN: it is no such block.
 * Other results: the system has refused to take its memory, and it lives on.
 */
pages_result freed_regions_take(struct heap_space *space, void *block, uint32_t heap,
                                size_t *requested);

/* To be called when more waits, or less lives: gives back what is too much by now. */
void freed_regions_keep_bound(struct heap_space *space);

/*
 * Gives back all that wait, of the heap of that number or (0) of all. Returns how many bytes were
 * committed; heap_space.given says whether any address space went back.
 */
size_t freed_regions_give(struct heap_space *space, uint32_t heap);

/* Looks at all that wait. Tells of damage that has not been told. True: there was such. */
bool freed_regions_look(struct heap_space *space, uint32_t heap);

#endif
