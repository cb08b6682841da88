/*
 * mapped.c: see mapped.h, where the protocol is.
 */
#include "pages/mapped.h"

#include "counters/relaxed.h"
#include "os/os.h"

#define RANGE_LIMIT ((uint32_t)1 << 16)
#define LIVE UINT64_C(1)

bool mapped_init(struct mapped *mapped, struct counters *counters, struct book_space *books)
{
    mapped->counters = counters;
    atomic_store_explicit(&mapped->sequence, 0, memory_order_relaxed);
    return pool_init(&mapped->ranges, sizeof(struct mapped_range), RANGE_LIMIT, books);
}

void mapped_destroy(struct mapped *mapped)
{
    pool_destroy(&mapped->ranges);
}

bool mapped_add(struct mapped *mapped, uintptr_t base, size_t size)
{
    uint32_t index = pool_take(&mapped->ranges);
    struct mapped_range *range;
    uint64_t life;

    if (!index)
        return false;
    range = pool_item(&mapped->ranges, index);
    life = LOAD_RELAXED(range->life);
    /* A thread that sees one of the new fields must see that the range's former life has ended. */
    atomic_thread_fence(memory_order_release);
    STORE_RELAXED(range->base, base);
    STORE_RELAXED(range->size, size);
    STORE_RELAXED(range->thread_id, os_thread_id());
    STORE_RELAXED(range->sequence,
                  atomic_fetch_add_explicit(&mapped->sequence, 1, memory_order_relaxed) + 1);
    gauge_add(&mapped->counters->mapped, size);
    gauge_add(&mapped->counters->mapped_ranges, 1);
    atomic_store_explicit(&range->life, life + LIVE, memory_order_release);
    atomic_fetch_add_explicit(&mapped->added, 1, memory_order_release);
    return true;
}

/* A consistent copy of a live range; *life is its word. */
static bool read_range(const struct mapped_range *range, struct mapped_facts *facts, uint64_t *life)
{
    do {
        *life = atomic_load_explicit(&range->life, memory_order_acquire);
        if (!(*life & LIVE))
            return false;
        facts->base = LOAD_RELAXED(range->base);
        facts->size = LOAD_RELAXED(range->size);
        facts->thread_id = LOAD_RELAXED(range->thread_id);
        facts->sequence = LOAD_RELAXED(range->sequence);
        atomic_thread_fence(memory_order_acquire);
    } while (LOAD_RELAXED(range->life) != *life);
    return true;
}

/* The oldest live range of that base; 0: there is none. */
static uint32_t find_oldest(const struct mapped *mapped, uintptr_t base,
                            struct mapped_facts *oldest, uint64_t *life)
{
    uint32_t limit = pool_limit(&mapped->ranges);
    uint32_t found = 0;

    for (uint32_t index = 1; index <= limit; index++) {
        struct mapped_facts facts;
        uint64_t word;

        if (read_range(pool_item(&mapped->ranges, index), &facts, &word) && facts.base == base &&
            (!found || facts.sequence < oldest->sequence)) {
            *oldest = facts;
            *life = word;
            found = index;
        }
    }
    return found;
}

/* False: the search met no range of that base. */
static bool remove_oldest(struct mapped *mapped, uintptr_t base)
{
    struct mapped_facts facts;
    uint64_t life;
    uint32_t index;

    while ((index = find_oldest(mapped, base, &facts, &life)) != 0) {
        struct mapped_range *range = pool_item(&mapped->ranges, index);

        /* life + 1: free, with the next version */
        if (atomic_compare_exchange_strong_explicit(&range->life, &life, life + 1,
                                                    memory_order_acq_rel, memory_order_relaxed)) {
            gauge_subtract(&mapped->counters->mapped, facts.size);
            gauge_subtract(&mapped->counters->mapped_ranges, 1);
            pool_give(&mapped->ranges, index);
            return true;
        }
    }
    return false;
}

bool mapped_remove(struct mapped *mapped, uintptr_t base)
{
    uint64_t added;

    do {
        added = atomic_load_explicit(&mapped->added, memory_order_acquire);
        if (remove_oldest(mapped, base))
            return true;
        atomic_thread_fence(memory_order_acquire);
    } while (LOAD_RELAXED(mapped->added) != added);
    return false;
}

bool mapped_next(const struct mapped *mapped, uint32_t *cursor, struct mapped_facts *facts)
{
    uint32_t limit = pool_limit(&mapped->ranges);
    uint64_t life;

    while (*cursor < limit) {
        if (read_range(pool_item(&mapped->ranges, ++*cursor), facts, &life))
            return true;
    }
    return false;
}
