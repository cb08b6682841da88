/*
 * section.c: see section.h, where the protocol is.
 */
#include "pages/sections/section.h"

#include "counters/relaxed.h"
#include "os/os.h"

#define REFERENCES ((UINT64_C(1) << 24) - 1)
#define VERSION (UINT64_C(1) << 24)

#define COMMIT_BEGUN (UINT64_C(1) << 16)
#define COMMITS_UNDER_WAY (COMMIT_BEGUN - 1)

#define PAGES_PER_SLOT UINT64_C(32)

_Static_assert(SECTION_MOST <= SPARSE_MOST * PAGES_PER_SLOT * OS_PAGE_SIZE, "there are bits");

/* ------------------------------------------------------------------------------------------------
 * Life
 * --------------------------------------------------------------------------------------------- */

void section_write(struct section *section, const struct section_request *request, uint64_t size,
                   uint64_t sequence)
{
    /* A thread that sees one of the new fields must see that the section's former life has ended.
     */
    atomic_thread_fence(memory_order_release);
    STORE_RELAXED(section->reserved, request->reserved);
    STORE_RELAXED(section->size, size);
    STORE_RELAXED(section->committed, request->reserved ? 0 : size);
    STORE_RELAXED(section->handles, 0);
    STORE_RELAXED(section->views, 0);
    STORE_RELAXED(section->protect, request->protect);
    STORE_RELAXED(section->thread_id, os_thread_id());
    STORE_RELAXED(section->sequence, sequence);
    STORE_RELAXED(section->tick, os_tick_milliseconds());
    STORE_RELAXED(section->caller, request->caller);
    sparse_init(&section->pages, (size / OS_PAGE_SIZE + PAGES_PER_SLOT - 1) / PAGES_PER_SLOT);
}

void section_publish(struct section *section)
{
    uint64_t life = LOAD_RELAXED(section->life);

    atomic_store_explicit(&section->life, life + VERSION + 1, memory_order_release);
}

uint64_t section_life(const struct section *section)
{
    return atomic_load_explicit(&section->life, memory_order_acquire);
}

bool section_hold(struct section *section, uint64_t life)
{
    uint64_t now = life;

    while ((now & REFERENCES) && now / VERSION == life / VERSION) {
        if (atomic_compare_exchange_weak_explicit(&section->life, &now, now + 1,
                                                  memory_order_acq_rel, memory_order_acquire))
            return true;
    }
    return false;
}

bool section_let_go(struct section *section)
{
    return (atomic_fetch_sub_explicit(&section->life, 1, memory_order_acq_rel) & REFERENCES) == 1;
}

bool section_read(const struct section *section, struct section_facts *facts)
{
    uint64_t life = atomic_load_explicit(&section->life, memory_order_acquire);
    uint64_t before;

    do {
        if (!(life & REFERENCES))
            return false;
        before = life;
        *facts = (struct section_facts){
            .size = LOAD_RELAXED(section->size),
            .reserved = LOAD_RELAXED(section->reserved) != 0,
            .protect = LOAD_RELAXED(section->protect),
            .thread_id = LOAD_RELAXED(section->thread_id),
            .handles = LOAD_RELAXED(section->handles),
            .views = LOAD_RELAXED(section->views),
            .committed = LOAD_RELAXED(section->committed),
            .sequence = LOAD_RELAXED(section->sequence),
            .tick = LOAD_RELAXED(section->tick),
            .caller = LOAD_RELAXED(section->caller),
        };
        atomic_thread_fence(memory_order_acquire);
        life = LOAD_RELAXED(section->life);
    } while (life / VERSION != before / VERSION || !(life & REFERENCES));
    return true;
}

/* ------------------------------------------------------------------------------------------------
 * Pages
 * --------------------------------------------------------------------------------------------- */

/* The bits of pages [first, last) that are in the slot with that number. */
static uint32_t mask_of(uint64_t slot, uint64_t first, uint64_t last)
{
    uint64_t base = slot * PAGES_PER_SLOT;
    uint32_t mask = UINT32_MAX;

    if (first > base)
        mask &= UINT32_MAX << (first - base);
    if (last < base + PAGES_PER_SLOT)
        mask &= UINT32_MAX >> (base + PAGES_PER_SLOT - last);
    return mask;
}

bool section_ensure_pages(struct section *section, struct pool *nodes, uint64_t begin, uint64_t end)
{
    uint64_t slot = begin / OS_PAGE_SIZE / PAGES_PER_SLOT;
    uint64_t last = (end / OS_PAGE_SIZE - 1) / PAGES_PER_SLOT;

    while (slot <= last) {
        if (!sparse_ensure(&section->pages, nodes, slot))
            return false;
        slot += sparse_together(slot);
    }
    return true;
}

/* Counts the bits that are set (count), or sets them and counts those that were clear. */
static uint64_t apply(const struct section *section, const struct pool *nodes, uint64_t begin,
                      uint64_t end, bool count)
{
    uint64_t first = begin / OS_PAGE_SIZE, last = end / OS_PAGE_SIZE;
    uint64_t slot = first / PAGES_PER_SLOT;
    uint64_t sum = 0;

    while (slot * PAGES_PER_SLOT < last) {
        sparse_slot *words = sparse_find(&section->pages, nodes, slot);
        uint64_t stop = slot + sparse_together(slot);

        for (uint64_t at = slot; words && at < stop && at * PAGES_PER_SLOT < last; at++, words++) {
            uint32_t mask = mask_of(at, first, last);
            uint32_t bits = count ? LOAD_RELAXED(*words)
                                  : ~atomic_fetch_or_explicit(words, mask, memory_order_relaxed);

            sum += (uint64_t)__builtin_popcount(bits & mask);
        }
        slot = stop;
    }
    return sum;
}

uint64_t section_count_pages(const struct section *section, const struct pool *nodes,
                             uint64_t begin, uint64_t end)
{
    return LOAD_RELAXED(section->reserved) ? apply(section, nodes, begin, end, true)
                                           : (end - begin) / OS_PAGE_SIZE;
}

uint64_t section_set_pages(struct section *section, struct pool *nodes, uint64_t begin,
                           uint64_t end)
{
    return apply(section, nodes, begin, end, false);
}

/* The page of [first, last), all in slots that lie together, where a run of equal bits ends. */
static uint64_t run_in_words(const sparse_slot *words, uint64_t first, uint64_t last, bool set)
{
    uint64_t begin = first / PAGES_PER_SLOT;

    for (uint64_t slot = begin; slot * PAGES_PER_SLOT < last; slot++) {
        uint32_t bits = words ? LOAD_RELAXED(words[slot - begin]) : 0;
        uint32_t others = (set ? ~bits : bits) & mask_of(slot, first, last);

        if (others)
            return slot * PAGES_PER_SLOT + (uint64_t)__builtin_ctz(others);
    }
    return last;
}

uint64_t section_run(const struct section *section, const struct pool *nodes, uint64_t begin,
                     uint64_t end, bool *set)
{
    uint64_t page = begin / OS_PAGE_SIZE, last = end / OS_PAGE_SIZE;

    *set = section_count_pages(section, nodes, begin, begin + OS_PAGE_SIZE) != 0;
    if (!LOAD_RELAXED(section->reserved))
        return end;
    while (page < last) {
        uint64_t slot = page / PAGES_PER_SLOT;
        uint64_t together = (slot + sparse_together(slot)) * PAGES_PER_SLOT;
        uint64_t stop = together < last ? together : last;
        uint64_t found = run_in_words(sparse_find(&section->pages, nodes, slot), page, stop, *set);

        if (found < stop)
            return found * OS_PAGE_SIZE;
        page = stop;
    }
    return end;
}

void section_begin_commit(struct section *section)
{
    atomic_fetch_add_explicit(&section->commits, COMMIT_BEGUN + 1, memory_order_relaxed);
    /* Pairs with the fence in section_observe: what sees the commit's effects sees it begun. */
    atomic_thread_fence(memory_order_release);
}

void section_end_commit(struct section *section)
{
    atomic_fetch_sub_explicit(&section->commits, 1, memory_order_release);
}

bool section_observe(const struct section *section, uint64_t *word)
{
    atomic_thread_fence(memory_order_acquire);
    *word = atomic_load_explicit(&section->commits, memory_order_acquire);
    return !(*word & COMMITS_UNDER_WAY);
}
