/*
 * mapped.c: see mapped.h, where the protocol is.
 */
#include "pages/mapped.h"

#include "counters/relaxed.h"
#include "os/os.h"

#define RANGE_LIMIT ((uint32_t)1 << 16)
#define LIVE UINT64_C(1)

/* On x86, where address space is dear, a list may have 16 ranges, on x64 four. */
#define LISTS_SHIFT (sizeof(void *) == 8 ? 14u : 12u)
#define LISTS ((uint32_t)1 << LISTS_SHIFT)

#define LINK_DEAD (UINT64_C(1) << 32)
#define LINK_CHANGE (UINT64_C(1) << 33)

bool mapped_init(struct mapped *mapped, struct counters *counters, struct book_space *books)
{
    mapped->counters = counters;
    atomic_store_explicit(&mapped->sequence, 0, memory_order_relaxed);
    atomic_store_explicit(&mapped->lists, NULL, memory_order_relaxed);
    return pool_init(&mapped->ranges, sizeof(struct mapped_range), RANGE_LIMIT, books) &&
           span_reserve(&mapped->heads, sizeof(mapped_link), LISTS, LISTS, books);
}

void mapped_destroy(struct mapped *mapped)
{
    span_release(&mapped->heads);
    pool_destroy(&mapped->ranges);
}

/* ------------------------------------------------------------------------------------------------
 * Links
 * --------------------------------------------------------------------------------------------- */

/* False: no memory for the lists. */
static bool ensure_lists(struct mapped *mapped)
{
    if (!span_commit(&mapped->heads, LISTS))
        return false;
    atomic_store_explicit(&mapped->lists, (mapped_link *)mapped->heads.base, memory_order_release);
    return true;
}

/* The head of the list of that base; NULL: nothing has ever been added. */
static mapped_link *list_of(const struct mapped *mapped, uintptr_t base)
{
    mapped_link *lists = atomic_load_explicit(&mapped->lists, memory_order_acquire);
    uint64_t hash = (uint64_t)base * UINT64_C(0x9e3779b97f4a7c15);

    return lists ? &lists[hash >> (64 - LISTS_SHIFT)] : NULL;
}

/* What follows `before` in a link that leads to `index`. */
static uint64_t link_after(uint64_t before, uint32_t index)
{
    return (before / LINK_CHANGE + 1) * LINK_CHANGE | index;
}

static void link_range(struct mapped *mapped, uint32_t index, uintptr_t base)
{
    struct mapped_range *range = pool_item(&mapped->ranges, index);
    mapped_link *list = list_of(mapped, base);
    uint64_t head = atomic_load_explicit(list, memory_order_relaxed);

    do
        atomic_store_explicit(&range->next, link_after(LOAD_RELAXED(range->next), (uint32_t)head),
                              memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(list, &head, link_after(head, index),
                                                  memory_order_acq_rel, memory_order_relaxed));
}

static void mark_dead(struct mapped_range *range)
{
    uint64_t next = LOAD_RELAXED(range->next);

    while (!atomic_compare_exchange_weak_explicit(&range->next, &next,
                                                  link_after(next, (uint32_t)next) | LINK_DEAD,
                                                  memory_order_acq_rel, memory_order_relaxed))
        ;
}

bool mapped_add(struct mapped *mapped, uintptr_t base, size_t size)
{
    uint32_t index = ensure_lists(mapped) ? pool_take(&mapped->ranges) : 0;
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
    link_range(mapped, index, base);
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

/* What a walk through a list has found: the oldest live range of a base. */
struct found {
    uintptr_t base; /* sought */
    uint32_t index; /* 0: none */
    uint64_t life;
    struct mapped_facts facts;
};

static void consider(const struct mapped *mapped, uint32_t index, struct found *found)
{
    struct mapped_facts facts;
    uint64_t life;

    if (!read_range(pool_item(&mapped->ranges, index), &facts, &life) ||
        facts.base != found->base || (found->index && facts.sequence > found->facts.sequence))
        return;
    found->index = index;
    found->life = life;
    found->facts = facts;
}

/*
 * Takes one step through a list: *link leads to a range, and holds *word. Takes that range out, if
 * it is marked, or else goes past it. False: the link has changed; the walk must start again.
 */
static bool step(struct mapped *mapped, mapped_link **link, uint64_t *word, struct found *found)
{
    uint32_t index = (uint32_t)*word;
    struct mapped_range *range = pool_item(&mapped->ranges, index);
    uint64_t next = atomic_load_explicit(&range->next, memory_order_acquire);
    uint64_t without = link_after(*word, (uint32_t)next);
    uint64_t expected = *word;

    if (!(next & LINK_DEAD)) {
        consider(mapped, index, found);
        atomic_thread_fence(memory_order_acquire);
        if (LOAD_RELAXED(**link) != *word)
            return false;
        *link = &range->next;
        *word = next;
        return true;
    }
    if (!atomic_compare_exchange_strong_explicit(*link, &expected, without, memory_order_acq_rel,
                                                 memory_order_relaxed))
        return false;
    *word = without;
    pool_give(&mapped->ranges, index);
    return true;
}

/* Finds the oldest live range of found->base, and takes what is marked out of its list. */
static void walk_list(struct mapped *mapped, mapped_link *list, struct found *found)
{
    mapped_link *link;
    uint64_t word;

    do {
        found->index = 0;
        link = list;
        word = atomic_load_explicit(link, memory_order_acquire);
        while ((uint32_t)word && step(mapped, &link, &word, found))
            ;
    } while ((uint32_t)word);
}

/* False: the search met no range of that base. */
static bool remove_oldest(struct mapped *mapped, uintptr_t base)
{
    mapped_link *list = list_of(mapped, base);
    struct found found = {.base = base};
    struct mapped_range *range;

    if (!list)
        return false;
    for (;;) {
        walk_list(mapped, list, &found);
        if (!found.index)
            return false;
        range = pool_item(&mapped->ranges, found.index);
        /* life + 1: free, with the next version */
        if (atomic_compare_exchange_strong_explicit(&range->life, &found.life, found.life + 1,
                                                    memory_order_acq_rel, memory_order_relaxed))
            break;
    }
    gauge_subtract(&mapped->counters->mapped, found.facts.size);
    gauge_subtract(&mapped->counters->mapped_ranges, 1);
    mark_dead(range);
    walk_list(mapped, list, &found);
    return true;
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
