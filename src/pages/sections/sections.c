/*
 * sections.c: see sections.h, where the protocol of handles is. Making and ending sections.
 */
#include "pages/sections/sections.h"

#include "counters/relaxed.h"

#define IS_X64 (sizeof(void *) == 8)

#define RECORD_LIMIT (IS_X64 ? (uint32_t)1 << 16 : (uint32_t)1 << 12)

/* Most programs make a few sections: what is there at first is little. */
#define FIRST_RECORDS 64u
#define FIRST_NODES 16u

/*
 * 2 KiB each: bits for 2 TiB that are committed, on x86 for 32 GiB, if the pages lie close
 * together. Each reserved section with a committed page has one at least, so x86 serves some 500 of
 * these. What the pools have no room for is refused for want of memory, though Win32 would grant
 * it.
 */
#define NODE_LIMIT (IS_X64 ? (uint32_t)1 << 15 : (uint32_t)1 << 9)

/* The system's handles are multiples of 4, and it ignores the two lowest bits. */
#define HANDLE_SHIFT 2u
#define HANDLE_SLOTS (UINT64_C(1) << 27)

/* ------------------------------------------------------------------------------------------------
 * The records' pools
 * --------------------------------------------------------------------------------------------- */

bool sections_init(struct sections *sections, struct counters *counters, struct budget *budget,
                   struct chunk_table *chunks, struct book_space *books)
{
    sections->counters = counters;
    sections->budget = budget;
    sections->chunks = chunks;
    STORE_RELAXED(sections->sequence, 0);
    sparse_init(&sections->handles, HANDLE_SLOTS);
    return pool_init_with(&sections->records, sizeof(struct section), RECORD_LIMIT, FIRST_RECORDS,
                          books) &&
           pool_init_with(&sections->nodes, sizeof(struct sparse_node), NODE_LIMIT, FIRST_NODES,
                          books);
}

void sections_destroy(struct sections *sections)
{
    pool_destroy(&sections->nodes);
    pool_destroy(&sections->records);
}

bool sections_next(const struct sections *sections, uint32_t *cursor, struct section_facts *facts)
{
    uint32_t limit = pool_limit(&sections->records);

    while (*cursor < limit) {
        if (section_read(sections_at(sections, ++*cursor), facts))
            return true;
    }
    return false;
}

/* ------------------------------------------------------------------------------------------------
 * Making and ending
 * --------------------------------------------------------------------------------------------- */

static struct budget_charge charge_of(const struct section *section)
{
    return (struct budget_charge){.committed = LOAD_RELAXED(section->committed)};
}

pages_result sections_begin(struct sections *sections, const struct section_request *request,
                            uint32_t *index)
{
    uint64_t size = (request->size + OS_PAGE_SIZE - 1) / OS_PAGE_SIZE * OS_PAGE_SIZE;
    struct budget_request wanted = {.level = (enum budget_level)request->critical_level,
                                    .section = true};
    struct section *section;
    pages_result result;

    *index = 0;
    if (!request->size || request->size > SECTION_MOST)
        return PAGES_FOREIGN;
    *index = pool_take(&sections->records);
    if (!*index)
        return OS_ERROR_NOT_ENOUGH_MEMORY;
    section = sections_at(sections, *index);
    section_write(section, request, size,
                  atomic_fetch_add_explicit(&sections->sequence, 1, memory_order_relaxed) + 1);
    wanted.charge = charge_of(section);
    result = pages_answer(budget_request(sections->budget, &wanted));
    if (!result)
        return PAGES_OK;
    pool_give(&sections->records, *index);
    *index = 0;
    return result;
}

void sections_unmade(struct sections *sections, uint32_t index)
{
    budget_return(sections->budget, charge_of(sections_at(sections, index)));
    pool_give(&sections->records, index);
}

static sparse_slot *find_slot(const struct sections *sections, uintptr_t handle)
{
    uintptr_t number = handle >> HANDLE_SHIFT;

    return number < HANDLE_SLOTS ? sparse_find(&sections->handles, &sections->nodes, number) : NULL;
}

static sparse_slot *ensure_slot(struct sections *sections, uintptr_t handle)
{
    uintptr_t number = handle >> HANDLE_SHIFT;

    return number < HANDLE_SLOTS ? sparse_ensure(&sections->handles, &sections->nodes, number)
                                 : NULL;
}

bool sections_made(struct sections *sections, uint32_t index, uintptr_t handle)
{
    struct section *section = sections_at(sections, index);
    struct budget_charge charge = charge_of(section);

    if (!ensure_slot(sections, handle))
        return false;
    budget_note(sections->budget, charge);
    gauge_add(&sections->counters->sections, 1);
    gauge_add(&sections->counters->section_bytes, charge.committed);
    section_publish(section);
    return sections_note_handle(sections, handle, index);
}

/* The last reference is gone: the record is this thread's. */
static void end(struct sections *sections, uint32_t index)
{
    struct section *section = sections_at(sections, index);
    struct budget_charge charge = charge_of(section);

    gauge_subtract(&sections->counters->section_bytes, charge.committed);
    gauge_subtract(&sections->counters->sections, 1);
    budget_refund(sections->budget, charge);
    sparse_clear(&section->pages, &sections->nodes);
    pool_give(&sections->records, index);
}

void sections_release(struct sections *sections, uint32_t index)
{
    if (section_let_go(sections_at(sections, index)))
        end(sections, index);
}

/* ------------------------------------------------------------------------------------------------
 * Handles
 * --------------------------------------------------------------------------------------------- */

bool sections_know(const struct sections *sections, uintptr_t handle)
{
    const sparse_slot *slot = find_slot(sections, handle);

    return slot && atomic_load_explicit(slot, memory_order_acquire);
}

uint32_t sections_hold(struct sections *sections, uintptr_t handle)
{
    const sparse_slot *slot = find_slot(sections, handle);
    uint32_t index;

    while (slot && (index = atomic_load_explicit(slot, memory_order_acquire)) != 0) {
        struct section *section = sections_at(sections, index);
        uint64_t life = section_life(section);

        /* While the slot leads to the section, it has a reference: the life is that section's. */
        if (atomic_load_explicit(slot, memory_order_acquire) == index &&
            section_hold(section, life))
            return index;
    }
    return 0;
}

/* A handle of that section is gone, and its reference with it. 0: there was none. */
static void lose_handle(struct sections *sections, uint32_t index)
{
    if (!index)
        return;
    atomic_fetch_sub_explicit(&sections_at(sections, index)->handles, 1, memory_order_relaxed);
    sections_release(sections, index);
}

bool sections_note_handle(struct sections *sections, uintptr_t handle, uint32_t index)
{
    sparse_slot *slot = ensure_slot(sections, handle);

    if (!slot)
        return false;
    atomic_fetch_add_explicit(&sections_at(sections, index)->handles, 1, memory_order_relaxed);
    lose_handle(sections, atomic_exchange_explicit(slot, index, memory_order_acq_rel));
    return true;
}

void sections_forget_handle(struct sections *sections, uintptr_t handle)
{
    sparse_slot *slot = find_slot(sections, handle);

    if (slot)
        lose_handle(sections, atomic_exchange_explicit(slot, 0, memory_order_acq_rel));
}

uint32_t sections_take_handle(struct sections *sections, uintptr_t handle)
{
    sparse_slot *slot = find_slot(sections, handle);
    uint32_t index = slot ? atomic_exchange_explicit(slot, 0, memory_order_acq_rel) : 0;

    if (index)
        atomic_fetch_sub_explicit(&sections_at(sections, index)->handles, 1, memory_order_relaxed);
    return index;
}

void sections_restore_handle(struct sections *sections, uintptr_t handle, uint32_t index)
{
    sparse_slot *slot = find_slot(sections, handle);
    uint32_t none = 0;

    atomic_fetch_add_explicit(&sections_at(sections, index)->handles, 1, memory_order_relaxed);
    if (!atomic_compare_exchange_strong_explicit(slot, &none, index, memory_order_acq_rel,
                                                 memory_order_relaxed))
        lose_handle(sections, index);
}
