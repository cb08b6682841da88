/*
 * pool.h: type-stable pools of items of one size, each known by its index.
 *
 * An item is always memory of its type. An index, once given out, stays valid as long as the pool
 * does: a reader with a stale index reads a stale or a newer item, never something else. Index 0 is
 * no item. An item's contents survive being given back and taken again.
 *
 * Promise: lock-free; a failed request leaves no trace (I6).
 */
#ifndef HOSTMEM_PAGES_MEMORY_POOL_H
#define HOSTMEM_PAGES_MEMORY_POOL_H

#include "pages/memory/span.h"

#include <stdint.h>

/* Every item starts with this; it belongs to the pool. */
struct pool_link {
    _Atomic uint32_t next;
};

struct pool {
    struct span span; /* item n is its unit n - 1 */
    size_t item_size;
    _Atomic uint64_t free;  /* index of the first free item | count of changes << 32 */
    _Atomic uint32_t fresh; /* items 1 to fresh have been given out at least once */
};

/* limit: the most items there can ever be. Nothing is spent on it. */
bool pool_init(struct pool *pool, size_t item_size, uint32_t limit, struct book_space *books);

/* The same. `first` items, at least, lie one behind the other: item 1 is at pool->span.base. */
bool pool_init_with(struct pool *pool, size_t item_size, uint32_t limit, uint32_t first,
                    struct book_space *books);

/* The index of an item for the caller; 0: no memory. */
uint32_t pool_take(struct pool *pool);
void pool_give(struct pool *pool, uint32_t index);

/* The item; index must have been given out by this pool. */
static inline void *pool_item(const struct pool *pool, uint32_t index)
{
    return span_at(&pool->span, index - 1);
}

/* The index of an item, by its address. */
static inline uint32_t pool_index_of(const struct pool *pool, const void *item)
{
    return span_number_of(&pool->span, item) + 1;
}

/* Indices 1 to pool_limit have been given out at least once: what an enumeration walks. */
uint32_t pool_limit(const struct pool *pool);

/* No other thread may use the pool or its items any more. */
void pool_destroy(struct pool *pool);

#endif
