/*
 * pool.c: see pool.h. A growing vector of items, and a stack of the free ones.
 *
 * Protocol. `fresh` moves up by compare-and-swap after the new item's memory is there.
 *
 * The free items are a Treiber stack. Its head carries a count of changes against ABA: a pop fails
 * if the item that it read `next` from has been popped and pushed again meanwhile. An item's `next`
 * may be read at any time, because an item's memory is never anything else. A push releases the
 * item's contents, a pop acquires them; the pops between keep that up because they are
 * read-modify-writes of the head (a release sequence).
 */
#include "pages/memory/pool.h"

bool pool_init(struct pool *pool, size_t item_size, uint32_t limit, struct book_space *books)
{
    return pool_init_with(pool, item_size, limit, 0, books);
}

bool pool_init_with(struct pool *pool, size_t item_size, uint32_t limit, uint32_t first,
                    struct book_space *books)
{
    pool->item_size = item_size;
    atomic_store_explicit(&pool->free, 0, memory_order_relaxed);
    atomic_store_explicit(&pool->fresh, 0, memory_order_relaxed);
    return span_reserve(&pool->span, item_size, limit, first, books);
}

uint32_t pool_limit(const struct pool *pool)
{
    return atomic_load_explicit(&pool->fresh, memory_order_acquire);
}

static uint32_t pop_free(struct pool *pool)
{
    uint64_t head = atomic_load_explicit(&pool->free, memory_order_acquire);

    while ((uint32_t)head) {
        const struct pool_link *item = pool_item(pool, (uint32_t)head);
        uint64_t next = atomic_load_explicit(&item->next, memory_order_relaxed);
        uint64_t changed = ((head >> 32) + 1) << 32 | next;

        if (atomic_compare_exchange_weak_explicit(&pool->free, &head, changed, memory_order_acq_rel,
                                                  memory_order_acquire))
            return (uint32_t)head;
    }
    return 0;
}

static uint32_t take_fresh(struct pool *pool)
{
    uint32_t fresh = atomic_load_explicit(&pool->fresh, memory_order_relaxed);

    do {
        if (!span_commit(&pool->span, fresh + 1))
            return 0;
    } while (!atomic_compare_exchange_weak_explicit(&pool->fresh, &fresh, fresh + 1,
                                                    memory_order_release, memory_order_relaxed));
    return fresh + 1;
}

uint32_t pool_take(struct pool *pool)
{
    uint32_t index = pop_free(pool);

    return index ? index : take_fresh(pool);
}

void pool_give(struct pool *pool, uint32_t index)
{
    struct pool_link *item = pool_item(pool, index);
    uint64_t head = atomic_load_explicit(&pool->free, memory_order_relaxed);
    uint64_t changed;

    do {
        atomic_store_explicit(&item->next, (uint32_t)head, memory_order_relaxed);
        changed = ((head >> 32) + 1) << 32 | index;
    } while (!atomic_compare_exchange_weak_explicit(&pool->free, &head, changed,
                                                    memory_order_acq_rel, memory_order_relaxed));
}

void pool_destroy(struct pool *pool)
{
    span_release(&pool->span);
}
