/*
 * view.c: see view.h, where the protocol is.
 */
#include "pages/sections/view.h"

#include "counters/relaxed.h"
#include "pages/range.h"

#define FIRST_VIEWS 512u /* as in sections.c */
#define VIEW_LIMIT (sizeof(void *) == 8 ? (uint32_t)1 << 18 : (uint32_t)1 << 14)

bool views_init(struct sections *sections, struct book_space *books)
{
    return pool_init_with(&sections->views, sizeof(struct view), VIEW_LIMIT, FIRST_VIEWS, books);
}

void views_destroy(struct sections *sections)
{
    pool_destroy(&sections->views);
}

static uint32_t index_of(const struct sections *sections, const struct view *view)
{
    return pool_index_of(&sections->views, view);
}

/* ------------------------------------------------------------------------------------------------
 * The end of a view
 * --------------------------------------------------------------------------------------------- */

/* LEAVING or GONE -> FREE, by the one thread that has it. */
static void retire(struct sections *sections, struct view *view)
{
    struct view_facts facts = view_record_facts(view);
    uint64_t life = LOAD_RELAXED(view->life);

    gauge_subtract(&sections->counters->section_view_bytes, facts.size);
    gauge_subtract(&sections->counters->section_views, 1);
    atomic_fetch_sub_explicit(&sections_at(sections, facts.section)->views, 1,
                              memory_order_relaxed);
    atomic_store_explicit(&view->life, (life & ~(VIEW_STATE | VIEW_OPERATIONS)) | VIEW_FREE,
                          memory_order_release);
    pool_give(&sections->views, index_of(sections, view));
    sections_release(sections, facts.section);
}

/* LIVE -> `state`. *alone: no operation is under way. False: it does not hold the address. */
static bool claim(struct view *view, uintptr_t address, uint64_t state, bool *alone)
{
    uint64_t life = atomic_load_explicit(&view->life, memory_order_acquire);

    do {
        struct view_facts facts = view_record_facts(view);

        if ((life & VIEW_STATE) != VIEW_LIVE || address - facts.base >= facts.size)
            return false;
    } while (!atomic_compare_exchange_weak_explicit(&view->life, &life,
                                                    (life & ~VIEW_STATE) | state,
                                                    memory_order_acq_rel, memory_order_acquire));
    *alone = !(life & VIEW_OPERATIONS);
    return true;
}

/* True if the last operation on the view that held the address will unmap it. */
static bool is_handed_on(const struct sections *sections, uintptr_t address)
{
    struct view_facts facts;
    uint64_t life;

    return view_record_leaves(sections, address, &facts, &life) && (life & VIEW_OPERATIONS);
}

enum view_claim views_claim(struct sections *sections, uintptr_t address, uint32_t *index)
{
    struct view *view = view_record_find(sections, address, VIEW_LIVE);
    bool alone;

    *index = 0;
    if (!view || !claim(view, address, VIEW_LEAVING, &alone))
        return is_handed_on(sections, address) ? VIEW_GONE_BEFORE : VIEW_NOT_KNOWN;
    if (!alone)
        return VIEW_HANDED_ON;
    *index = index_of(sections, view);
    return VIEW_CLAIMED;
}

void views_unmapped(struct sections *sections, uint32_t index)
{
    retire(sections, view_record_at(sections, index));
}

void views_restore(struct sections *sections, uint32_t index)
{
    struct view *view = view_record_at(sections, index);

    atomic_store_explicit(&view->life, (LOAD_RELAXED(view->life) & ~VIEW_STATE) | VIEW_LIVE,
                          memory_order_release);
}

static void forget(struct sections *sections, struct view *view, uintptr_t address)
{
    bool alone;

    if (view && claim(view, address, VIEW_GONE, &alone) && alone)
        retire(sections, view);
}

/* Win32 has handed the address out: a view that holds it, and that the slot names, is not there. */
static void empty_slot(struct sections *sections, chunk_owner *slot, uintptr_t address)
{
    uint32_t index = atomic_load_explicit(slot, memory_order_acquire);

    if (!index)
        return;
    forget(sections, view_record_named(sections, slot, address, VIEW_LIVE), address);
    if (view_record_named(sections, slot, address, VIEW_LEAVING))
        atomic_compare_exchange_strong_explicit(slot, &index, 0, memory_order_relaxed,
                                                memory_order_relaxed);
}

void views_forget(struct sections *sections, uintptr_t begin, uintptr_t end)
{
    while (begin < end) {
        struct chunk_part part = chunk_table_part(sections->chunks, begin, end);
        chunk_owner *views =
            part.chunk ? atomic_load_explicit(&part.chunk->views, memory_order_acquire) : NULL;

        if (part.chunk)
            empty_slot(sections, &part.chunk->whole_view, begin);
        for (; views && begin < part.next; begin += OS_GRANULE_SIZE)
            empty_slot(sections, &views[begin % CHUNK_SIZE / OS_GRANULE_SIZE], begin);
        begin = part.next;
    }
}

/* ------------------------------------------------------------------------------------------------
 * Mapping
 * --------------------------------------------------------------------------------------------- */

uint32_t views_begin(struct sections *sections, uintptr_t handle, uint32_t *section)
{
    uint32_t index;

    *section = sections_hold(sections, handle);
    if (!*section)
        return 0;
    index = pool_take(&sections->views);
    if (!index) {
        sections_release(sections, *section);
        return 0;
    }
    /* A thread that sees the new field must see that the view's former life has ended. */
    atomic_thread_fence(memory_order_release);
    STORE_RELAXED(view_record_at(sections, index)->section, *section);
    return index;
}

void views_cancel(struct sections *sections, uint32_t index)
{
    uint32_t section = LOAD_RELAXED(view_record_at(sections, index)->section);

    pool_give(&sections->views, index);
    sections_release(sections, section);
}

/* Makes room for the view's index in the chunks of [begin, end). False: no memory. */
static bool ensure_slots(struct chunk_table *chunks, uintptr_t begin, uintptr_t end)
{
    while (begin < end) {
        struct chunk *chunk = chunk_table_ensure(chunks, chunk_number(begin));
        struct chunk_part part = chunk_table_part(chunks, begin, end);
        bool whole = part.next - begin == CHUNK_SIZE;

        if (!chunk || (!whole && !chunk_ensure_views(chunks, chunk)))
            return false;
        begin = part.next;
    }
    return true;
}

/* Writes the index for all granules of [begin, end). */
static void write_slots(struct sections *sections, uint32_t index, uintptr_t begin, uintptr_t end)
{
    while (begin < end) {
        struct chunk_part part = chunk_table_part(sections->chunks, begin, end);
        chunk_owner *views = atomic_load_explicit(&part.chunk->views, memory_order_acquire);

        if (part.next - begin == CHUNK_SIZE) {
            atomic_store_explicit(&part.chunk->whole_view, index, memory_order_release);
            begin = part.next;
        }
        for (; begin < part.next; begin += OS_GRANULE_SIZE)
            atomic_store_explicit(&views[begin % CHUNK_SIZE / OS_GRANULE_SIZE], index,
                                  memory_order_release);
    }
}

/* The bytes of the view that Win32 has mapped; 0: the section has no such part. */
static size_t size_of_view(const struct section *section, uint64_t offset, size_t size)
{
    uint64_t whole = LOAD_RELAXED(section->size);
    uint64_t rest = offset < whole ? whole - offset : 0;

    if (size > rest)
        return 0;
    return size ? range_round_down(size + OS_PAGE_SIZE - 1, OS_PAGE_SIZE) : (size_t)rest;
}

enum view_mapped views_map(struct sections *sections, uint32_t index, uintptr_t base,
                           uint64_t offset, size_t size)
{
    struct view *view = view_record_at(sections, index);
    uint32_t section_index = LOAD_RELAXED(view->section);
    struct section *section = sections_at(sections, section_index);
    size_t bytes = size_of_view(section, offset, size);

    if (!bytes)
        return VIEW_STRANGE;
    if (!ensure_slots(sections->chunks, base, base + bytes))
        return VIEW_NO_MEMORY;
    STORE_RELAXED(view->base, base);
    STORE_RELAXED(view->size, bytes);
    STORE_RELAXED(view->offset, offset);
    views_forget(sections, base, base + bytes);
    write_slots(sections, index, base, base + bytes);
    atomic_fetch_add_explicit(&section->views, 1, memory_order_relaxed);
    gauge_add(&sections->counters->section_views, 1);
    gauge_add(&sections->counters->section_view_bytes, bytes);
    atomic_store_explicit(&view->life,
                          (LOAD_RELAXED(view->life) / VIEW_VERSION + 1) * VIEW_VERSION | VIEW_LIVE,
                          memory_order_release);
    return VIEW_MAPPED;
}

/* ------------------------------------------------------------------------------------------------
 * Operations
 * --------------------------------------------------------------------------------------------- */

enum view_begun view_begin(struct sections *sections, uintptr_t address,
                           struct view_operation *operation)
{
    struct view *view = view_record_find(sections, address, VIEW_LIVE);
    uint64_t life = view ? atomic_load_explicit(&view->life, memory_order_acquire) : VIEW_FREE;

    do {
        if ((life & VIEW_STATE) != VIEW_LIVE)
            return VIEW_NOT_FOUND;
        operation->facts = view_record_facts(view);
        if (address - operation->facts.base >= operation->facts.size)
            return VIEW_NOT_FOUND;
        if ((life & VIEW_OPERATIONS) == VIEW_OPERATIONS)
            return VIEW_CROWDED;
    } while (!atomic_compare_exchange_weak_explicit(&view->life, &life, life + VIEW_OPERATION,
                                                    memory_order_acq_rel, memory_order_acquire));
    operation->view = view;
    operation->section = sections_at(sections, operation->facts.section);
    return VIEW_BEGUN;
}

void view_end(struct sections *sections, struct view_operation *operation)
{
    struct view *view = operation->view;
    uint64_t life = atomic_load_explicit(&view->life, memory_order_acquire);

    do {
        /* Claimed, and the last: nobody else changes the word any more. */
        if ((life & VIEW_STATE) != VIEW_LIVE && (life & VIEW_OPERATIONS) == VIEW_OPERATION) {
            if ((life & VIEW_STATE) == VIEW_LEAVING)
                os_unmap((void *)operation->facts.base);
            retire(sections, view);
            return;
        }
    } while (!atomic_compare_exchange_weak_explicit(&view->life, &life, life - VIEW_OPERATION,
                                                    memory_order_acq_rel, memory_order_acquire));
}
