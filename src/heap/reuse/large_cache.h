/*
 * large_cache.h: the memory of large blocks that were freed, kept for other large blocks.
 * Reserving, committing and releasing memory, and touching its pages for the first time, takes the
 * system a hundred times longer than handing out memory that is there.
 *
 * What is kept is a cached region (pages.h): it stays in the books, is charged and committed, and
 * is no block. It is told as held without use (struct heap_figures). Any heap of the manager may
 * make a block of it, with the contents that the former one left.
 *
 * What is not kept: memory of executable heaps, which never becomes data or the other way round;
 * blocks with a guard page; what is larger than LARGE_LARGEST; blocks whose pages the program has
 * decommitted or protected otherwise; and nothing of heaps whose
 * blocks have margins (HEAP_FILL_ON_ALLOC, HEAP_HARDEN), or with HEAP_FILL_ON_FREE or
 * HEAP_DELAY_REUSE: their freed blocks wait elsewhere (check/freed_regions.h), or are gone.
 *
 * Fitting. First comes the region that was kept last: the processor's caches hold its pages. While
 * the slack of all blocks (large_slack.h) is below LARGE_SLACK, it may be larger than asked by what
 * is left of that. Otherwise a request is served by a region that is at most a quarter larger than
 * the pages that it takes. The nearest bins are looked at first. Near the limit, regions must fit.
 * That a program has locked pages (VirtualLock) does not show; the next block has them locked.
 *
 * The bound. What is kept of a heap's blocks, the slack of live ones included, is at most
 * LARGE_KEPT and three quarters of what lives in the heap's large blocks; the same holds for all
 * heaps together. A thread that keeps too much releases others: first those whose age times size is
 * greatest. Near a limit (less than an eighth of it is left) nothing is added, and each free
 * releases another region besides. And what has not been used for some LARGE_AGE_MILLISECONDS is
 * released, a few regions at once, by the next threads that come by: those that allocate or free a
 * large block, or make a slab or a region.
 *
 * Why a quarter and three quarters: a simulation of 64 live blocks of 33 to 512 KiB that are
 * replaced at random finds nothing for one request in a hundred then, with 1.8 bytes committed for
 * each that lives. If regions may be an eighth larger only, it is one in thirty.
 *
 * The protocol is large_places.h's. All functions are lock-free, and may be called by any thread.
 */
#ifndef HOSTMEM_HEAP_REUSE_LARGE_CACHE_H
#define HOSTMEM_HEAP_REUSE_LARGE_CACHE_H

#include "heap/heap_space.h"
#include "heap/heap_state.h"

#define LARGE_KEPT ((uint64_t)4 << 20)
#define LARGE_SLACK ((size_t)1 << 20)
#define LARGE_AGE_MILLISECONDS 1024u

/* Whether the heap's blocks may use memory that is kept, and be kept, if their regions have the
 * size. */
bool large_cache_serves(const struct heap *heap, size_t region_size);

/* Whether more may be kept; if not, a region goes back to the system. In a call of the heap. */
bool large_cache_has_room(struct heap *heap);

/* To be called when less lives: releases what is too much by now. In a call of the heap. */
void large_cache_keep_bound(struct heap *heap);

/*
 * Keeps the cached region, which is the caller's, of a block of the heap, with its slack. In a call
 * of the heap. If there is no place, the region is released.
 */
void large_cache_keep(struct heap *heap, uint32_t region);

/*
 * A region that fits a block whose own region would have the size, the caller's now; 0: there is
 * none. In a call of the heap, which the cache serves for the size.
 */
uint32_t large_cache_take(struct heap *heap, size_t region_size);

/*
 * Releases a cached region that is the caller's. Returns how many bytes the system got. If it
 * refuses, the region stays in the books, and nobody finds it any more.
 */
size_t large_cache_drop(struct heap_space *space, uint32_t region);

/*
 * Releases all that is kept of the heap's blocks, in a call of it, or (NULL) of all heaps' blocks.
 * Returns how many bytes the system got.
 */
size_t large_cache_give(struct heap_space *space, struct heap *heap);

/* The same for regions of all heaps' blocks that lie in the range, or reach into it. */
size_t large_cache_give_range(struct heap_space *space, struct range range);

/*
 * To be called when more is committed: near a limit, releases all that is kept, and all slack. So
 * what is kept does not make memory low, as the runtime is told it.
 */
void large_cache_ease(struct heap_space *space);

/* Releases some of what has not been used for long. Costs a few instructions if nothing is due. */
void large_cache_age(struct heap_space *space);

#endif
