/*
 * history_pool.h: the arrays of block histories (block_history.h) that slabs are not using.
 *
 * An array serves slabs with any number of blocks up to its capacity. Capacities rise by an eighth
 * of the last power of two, and each has a stack of free arrays. When there is none, memory is
 * taken from the span; when that is used up, a larger array.
 *
 * Protocol. The stacks are Treiber stacks, like pool.c's. An array is never anything else than
 * block histories, and a free one keeps its link in the first one's sequence number: whoever reads
 * that by a stale pointer reads a number. Behind what has been taken from the span, as much as the
 * largest array is always committed: a reader that has a stale index may look behind the end of an
 * array. Promise: lock-free; no system call but to commit metadata.
 */
#ifndef HOSTMEM_SLABS_HISTORY_POOL_H
#define HOSTMEM_SLABS_HISTORY_POOL_H

#include "pages/memory/metadata.h"
#include "slabs/block_history.h"

#define HISTORY_POOL_LARGEST 1024u /* blocks of a tracked slab, at most */
#define HISTORY_POOL_STACKS 64u

struct history_pool {
    struct metadata memory;
    _Atomic uint64_t free[HISTORY_POOL_STACKS]; /* place of an array, 0: none | changes << 32 */
};

/* limit: bytes. False: there is not that much address space. */
bool history_pool_init(struct history_pool *pool, size_t limit, struct book_space *books);
void history_pool_destroy(struct history_pool *pool);

/*
 * An array for that many histories, at most HISTORY_POOL_LARGEST; NULL, and
 * a capacity of 0: no memory.
 */
struct block_history *history_pool_take(struct history_pool *pool, uint32_t count,
                                        uint32_t *capacity);

/* Gives an array back. capacity: as history_pool_take told it. */
void history_pool_give(struct history_pool *pool, struct block_history *histories,
                       uint32_t capacity);

#endif
