/*
 * foreign.c: see foreign.h, where the protocols are.
 */
#include "pages/foreign.h"

#include "os/os.h"

/* ------------------------------------------------------------------------------------------------
 * Commits and decommits
 * --------------------------------------------------------------------------------------------- */

/* The form of foreign_requests: how many have begun, above how many go on now. */
#define UNDER_WAY UINT64_C(0xffff)
#define ONE_BEGINS (UINT64_C(0x10000) + 1)

uint64_t foreign_requests(const struct pages *pages)
{
    return atomic_load_explicit(&pages->foreign_requests, memory_order_seq_cst);
}

bool foreign_none_since(const struct pages *pages, uint64_t before)
{
    atomic_thread_fence(memory_order_seq_cst);
    return foreign_requests(pages) == before && !(before & UNDER_WAY);
}

void foreign_begin(struct pages *pages)
{
    atomic_fetch_add_explicit(&pages->foreign_requests, ONE_BEGINS, memory_order_seq_cst);
}

void foreign_end(struct pages *pages, struct range range)
{
    atomic_thread_fence(memory_order_seq_cst);
    operation_settle_owner(pages, range);
    atomic_fetch_sub_explicit(&pages->foreign_requests, 1, memory_order_release);
}

/* ------------------------------------------------------------------------------------------------
 * Whose it is
 * --------------------------------------------------------------------------------------------- */

static bool begins_at(uintptr_t address, uintptr_t allocation)
{
    struct os_range system;

    return os_query_range(address, &system) && system.allocation_base == allocation;
}

/* Whether the system has one allocation there, from the range's begin to its end. */
static bool is_allocation(struct range range)
{
    return begins_at(range.begin, range.begin) &&
           begins_at(range.end - OS_PAGE_SIZE, range.begin) && !begins_at(range.end, range.begin);
}

bool foreign_is(const struct pages *pages, uintptr_t page)
{
    struct range leaving;
    bool leaves = region_table_leaving(&pages->table, page, &leaving);
    bool left;

    /* What the system tells may be of a region that leaves just then: once that is gone, it is
     * asked again. */
    do {
        struct os_range system;

        left = leaves;
        if (!os_query_range(page, &system) || system.state == OS_MEM_FREE ||
            region_table_has(&pages->table, page))
            return false;
        leaves = region_table_leaving(&pages->table, page, &leaving);
    } while (left && !leaves);
    return !leaves || !is_allocation(leaving);
}

/* ------------------------------------------------------------------------------------------------
 * Releases
 * --------------------------------------------------------------------------------------------- */

enum slot_state {
    LOOKING = 1,
    RELEASING,
    DENIED,
    ABANDONED
};

#define LOOKS 4

typedef _Atomic uintptr_t release_slot;

/* A slot's word: the page, and in its low bits the state, and how often memory was abandoned. */
#define STATE_MASK ((uintptr_t)7)
#define ONE_ABANDONED (STATE_MASK + 1)
#define ABANDONED_MASK (OS_PAGE_SIZE - ONE_ABANDONED)

static uintptr_t slot_word(uintptr_t page, enum slot_state state)
{
    return page | (uintptr_t)state;
}

static enum slot_state state_of(uintptr_t word)
{
    return (enum slot_state)(word & STATE_MASK);
}

static uintptr_t in_state(uintptr_t word, enum slot_state state)
{
    return (word & ~STATE_MASK) | (uintptr_t)state;
}

static bool swap_word(release_slot *slot, uintptr_t word, uintptr_t next)
{
    return atomic_compare_exchange_strong_explicit(slot, &word, next, memory_order_seq_cst,
                                                   memory_order_seq_cst);
}

/* The slot's number; PAGES_FOREIGN_RELEASES: all are taken. */
static unsigned take_slot(struct pages *pages, uintptr_t page)
{
    unsigned number;

    for (number = 0; number < PAGES_FOREIGN_RELEASES; number++) {
        release_slot *slot = &pages->foreign_releases[number];
        uintptr_t none = 0;

        if (!atomic_load_explicit(slot, memory_order_relaxed) &&
            atomic_compare_exchange_strong_explicit(slot, &none, slot_word(page, LOOKING),
                                                    memory_order_seq_cst, memory_order_relaxed))
            break;
    }
    return number;
}

static pages_result forward(struct pages *pages, void *address)
{
    uintptr_t page = range_round_down((uintptr_t)address, OS_PAGE_SIZE);
    pages_result result;

    foreign_begin(pages);
    result = os_free(address, 0, OS_MEM_RELEASE);
    foreign_end(pages, (struct range){page, page});
    counter_increment(&pages->counters->passed_frees);
    return result;
}

/*
 * foreign_is, for a release. A thread that makes a region may have been handed the memory and not
 * have entered it in the books yet. While a call is under way that may be such a thread's, a few
 * more looks give it time. If it needs longer, it finds the slot and abandons the memory.
 */
static bool is_foreign_still(const struct pages *pages, uintptr_t page)
{
    for (int look = 0; look < LOOKS; look++) {
        if (!foreign_is(pages, page))
            return false;
        if (!counters_under_way(pages->counters, COUNTED_VIRTUAL_ALLOC) &&
            !counters_under_way(pages->counters, COUNTED_HEAP_PAGES))
            break;
    }
    return true;
}

/*
 * Releases the memory that is abandoned to a release, until none is. The release has asked the
 * system once. *freed counts its requests that have succeeded; this function adds its own. Returns
 * how often memory was abandoned to it.
 */
static uintptr_t release_abandoned(struct pages *pages, release_slot *slot, uintptr_t page,
                                   uintptr_t *freed)
{
    uintptr_t word = atomic_load_explicit(slot, memory_order_seq_cst);

    /* The system may hand out the address to several makers, one after the other. */
    while (!(state_of(word) == RELEASING && swap_word(slot, word, in_state(word, DENIED)))) {
        word = atomic_load_explicit(slot, memory_order_seq_cst);
        if (state_of(word) != ABANDONED || !swap_word(slot, word, in_state(word, RELEASING)))
            continue;
        if (begins_at(page, page))
            *freed += !os_free((void *)page, 0, OS_MEM_RELEASE);
        atomic_fetch_add_explicit(&pages->foreign_released, 1, memory_order_seq_cst);
        word = atomic_load_explicit(slot, memory_order_seq_cst);
    }
    return (word & ABANDONED_MASK) / ONE_ABANDONED;
}

static pages_result release_in_slot(struct pages *pages, release_slot *slot, void *address)
{
    uintptr_t page = range_round_down((uintptr_t)address, OS_PAGE_SIZE);
    uintptr_t freed;
    pages_result result;

    atomic_thread_fence(memory_order_seq_cst);
    if (!is_foreign_still(pages, page) ||
        !swap_word(slot, slot_word(page, LOOKING), slot_word(page, RELEASING)))
        return OS_ERROR_INVALID_ADDRESS;
    result = forward(pages, address);
    freed = !result;
    /* A thread that finds the slot empty must find it counted. */
    atomic_fetch_add_explicit(&pages->foreign_released, 1, memory_order_seq_cst);
    if (release_abandoned(pages, slot, page, &freed) >= freed)
        return result ? result : OS_ERROR_INVALID_ADDRESS;
    return result;
}

pages_result foreign_release(struct pages *pages, void *address)
{
    uintptr_t page = range_round_down((uintptr_t)address, OS_PAGE_SIZE);
    pages_result result;
    unsigned number;

    atomic_fetch_add_explicit(&pages->foreign_releasers, 1, memory_order_seq_cst);
    number = take_slot(pages, page);
    if (number < PAGES_FOREIGN_RELEASES) {
        release_slot *slot = &pages->foreign_releases[number];

        result = release_in_slot(pages, slot, address);
        atomic_store_explicit(slot, 0, memory_order_release);
    } else {
        /* Not wrongly refused, but not watched either. */
        result = foreign_is(pages, page) ? forward(pages, address) : OS_ERROR_INVALID_ADDRESS;
    }
    atomic_fetch_sub_explicit(&pages->foreign_releasers, 1, memory_order_release);
    return result;
}

uint64_t foreign_releases(const struct pages *pages)
{
    return atomic_load_explicit(&pages->foreign_released, memory_order_seq_cst);
}

/* Whether the release of a slot leaves the range to the thread that makes a region of it. */
static bool slot_spares(release_slot *slot, struct range range)
{
    uintptr_t word = atomic_load_explicit(slot, memory_order_seq_cst);
    uintptr_t page = range_round_down(word, OS_PAGE_SIZE);

    if (page < range.begin || page >= range.end)
        return true;
    if (word == slot_word(page, LOOKING) && swap_word(slot, word, slot_word(page, DENIED)))
        return true;
    word = atomic_load_explicit(slot, memory_order_seq_cst);
    /* If it is abandoned to already, it looks once more: this memory, too, is its own then. */
    while (range_round_down(word, OS_PAGE_SIZE) == page &&
           (state_of(word) == RELEASING || state_of(word) == ABANDONED)) {
        uintptr_t one = (word & ABANDONED_MASK) == ABANDONED_MASK ? 0 : ONE_ABANDONED;

        if (swap_word(slot, word, in_state(word, ABANDONED) + one))
            return false;
        word = atomic_load_explicit(slot, memory_order_seq_cst);
    }
    return true;
}

bool foreign_releases_spare(struct pages *pages, struct range range, uint64_t before)
{
    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_load_explicit(&pages->foreign_releasers, memory_order_seq_cst)) {
        for (unsigned i = 0; i < PAGES_FOREIGN_RELEASES; i++) {
            if (!slot_spares(&pages->foreign_releases[i], range))
                return false;
        }
    }
    return foreign_releases(pages) == before || is_allocation(range);
}
