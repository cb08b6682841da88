/*
 * region_operation.c: see region_operation.h.
 */
#include "pages/region_operation.h"

#include "os/os.h"

static struct budget_charge committed_charge(size_t page_count)
{
    return (struct budget_charge){.committed = (uint64_t)page_count * OS_PAGE_SIZE};
}

static void concern(struct pages *pages, struct region_operation *operation, struct range range,
                    bool settling)
{
    operation->unentered =
        !activity_begin(&pages->table.chunks, range, settling, &operation->activity);
    if (operation->unentered)
        region_begin_unentered(operation->region);
}

void operation_concerns(struct pages *pages, struct region_operation *operation, struct range range)
{
    concern(pages, operation, range, false);
}

void operation_book_commit(struct pages *pages, struct region *region, struct range range,
                           uint64_t asked)
{
    size_t pages_changed = committed_set(&pages->table.chunks, range.begin, range.end);
    uint64_t changed = committed_charge(pages_changed).committed;
    struct budget_charge granted = {.committed = changed < asked ? changed : asked};
    struct budget_charge not_granted = {.committed = asked - granted.committed};
    struct budget_charge unasked = {.committed = changed - granted.committed};

    atomic_fetch_add_explicit(&region->committed, (size_t)changed, memory_order_relaxed);
    budget_note(&pages->budget, granted);
    budget_return(&pages->budget, not_granted);
    if (unasked.committed)
        budget_force(&pages->budget, unasked);
}

/* Clears the bits. Returns the charge that they stood for. */
static struct budget_charge clear_bits(struct pages *pages, struct region *region,
                                       struct range range)
{
    size_t pages_changed = committed_clear(&pages->table.chunks, range.begin, range.end);
    struct budget_charge charge = committed_charge(pages_changed);

    atomic_fetch_sub_explicit(&region->committed, (size_t)charge.committed, memory_order_relaxed);
    return charge;
}

void operation_book_decommit(struct pages *pages, struct region *region, struct range range)
{
    budget_refund(&pages->budget, clear_bits(pages, region, range));
}

/* ------------------------------------------------------------------------------------------------
 * Settling
 * --------------------------------------------------------------------------------------------- */

/*
 * How far from range.begin on the system has pages of one state; *committed: they are the region's,
 * and committed.
 */
static struct range system_run(const struct region_operation *operation, struct range range,
                               bool *committed)
{
    struct os_range system;
    bool known = os_query_range(range.begin, &system);

    *committed =
        known && system.state == OS_MEM_COMMIT && system.allocation_base == operation->base;
    if (known && system.base + system.size < range.end)
        range.end = system.base + system.size;
    return range;
}

/* Books a committed range, charged to `held` first. Returns how much of `held` it used. */
static uint64_t book_from(struct pages *pages, struct region *region, struct range range,
                          uint64_t held)
{
    uint64_t size = range.end - range.begin;
    uint64_t asked = held < size ? held : size;

    operation_book_commit(pages, region, range, asked);
    return asked;
}

/*
 * Brings the bits of the range into line with what the system says. `held`: bytes that are charged
 * but not noted as granted, for pages that may still be committed there; the rest is returned.
 */
static void settle(struct pages *pages, const struct region_operation *operation,
                   struct range range, uint64_t held)
{
    while (range.begin < range.end) {
        bool committed;
        struct range run = system_run(operation, range, &committed);

        /* There is room for the bits, unless a foreign request committed here. */
        if (committed && committed_ensure(&pages->table.chunks, run.begin, run.end))
            held -= book_from(pages, operation->region, run, held);
        else
            operation_book_decommit(pages, operation->region, run);
        range.begin = run.end;
    }
    budget_return(&pages->budget, (struct budget_charge){.committed = held});
}

/* What activity_settle needs to know. */
struct settling {
    struct pages *pages;
    const struct region_operation *operation;
};

static void settle_part(void *context, struct range range)
{
    const struct settling *settling = context;

    settle(settling->pages, settling->operation, range, 0);
}

void operation_must_settle(struct pages *pages, struct region_operation *operation,
                           struct range range)
{
    struct range rest = range;

    /* There must be words to enter (activity.h) wherever the system has committed pages. */
    while (rest.begin < rest.end) {
        bool committed;
        struct range run = system_run(operation, rest, &committed);

        if (committed)
            committed_ensure(&pages->table.chunks, run.begin, run.end);
        rest.begin = run.end;
    }
    concern(pages, operation, range, true);
}

/* Ends an operation on a claimed region with its pages settled. True: it is the last one. */
static bool end_claimed(struct pages *pages, struct region_operation *operation, struct range range)
{
    bool last;
    uint64_t before;

    do {
        before = region_before_settling(operation);
        settle(pages, operation, range, 0);
    } while (!region_end_claimed(operation, before, &last));
    return last;
}

/* Ends the operation with its pages' bits right. True: it is the last on a claimed region. */
static bool end_operation(struct pages *pages, struct region_operation *operation)
{
    struct settling settling = {pages, operation};

    activity_end(&pages->table.chunks, &operation->activity, settle_part, &settling);
    if (operation->unentered)
        region_end_unentered(operation->region);
    return !region_end(operation) && end_claimed(pages, operation, operation->activity.range);
}

/* ------------------------------------------------------------------------------------------------
 * Releasing
 * --------------------------------------------------------------------------------------------- */

static struct range all_of(const struct region_operation *operation)
{
    return (struct range){operation->base, operation->base + operation->size};
}

/*
 * The system has refused to release a region that the books have: restores the books. The charge is
 * kept until that is done, so that no other request is granted what the system still holds.
 * *last: since the region is live again, another thread has claimed it and left its release to this
 * one.
 */
static pages_result undo_release(struct pages *pages, struct region_operation *operation,
                                 uint32_t error, struct budget_charge charge, bool *last)
{
    struct os_range system;
    bool held =
        os_query_range(operation->base, &system) && system.allocation_base == operation->base;

    budget_unnote(&pages->budget, charge);
    settle(pages, operation, all_of(operation), charge.committed);
    region_restore(operation);
    atomic_thread_fence(memory_order_seq_cst); /* as foreign.h wants it */
    /*
     * A foreign request may have changed a page while it did not find the region live. And an audit
     * must notice that the bits were cleared for a while, which the words have to tell it.
     */
    operation_must_settle(pages, operation, all_of(operation));
    *last = end_operation(pages, operation);
    if (held)
        return error;
    counter_increment(&pages->counters->contradictions);
    return PAGES_CONTRADICTED;
}

/* Asks the system to release the region. *last: see undo_release. */
static pages_result give_back(struct pages *pages, struct region_operation *operation, bool *last)
{
    struct budget_charge charge;
    uint32_t error;

    *last = false;
    /* The bits go first: once Win32 has the address back, they belong to the next owner of it. */
    charge = clear_bits(pages, operation->region, all_of(operation));
    error = os_free((void *)operation->base, 0, OS_MEM_RELEASE);
    if (error)
        return undo_release(pages, operation, error, charge, last);
    charge.reserved = operation->size;
    budget_refund(&pages->budget, charge);
    gauge_subtract(&pages->counters->regions, 1);
    region_retire(operation->region);
    region_table_rest(&pages->table, region_table_index(&pages->table, operation->region));
    return PAGES_OK;
}

pages_result operation_finish_release(struct pages *pages, struct region_operation *operation)
{
    bool last;
    pages_result result = give_back(pages, operation, &last);

    /* Other threads have claimed the region meanwhile; their callers were answered already. */
    while (last)
        result = operation_result(result, give_back(pages, operation, &last));
    return result;
}

pages_result operation_end(struct pages *pages, struct region_operation *operation)
{
    return end_operation(pages, operation) ? operation_finish_release(pages, operation) : PAGES_OK;
}

pages_result operation_end_making(struct pages *pages, struct region_operation *operation,
                                  bool settled)
{
    if (!settled)
        operation_must_settle(pages, operation, all_of(operation));
    return operation_end(pages, operation);
}

pages_result operation_end_release(struct pages *pages, struct region_operation *operation)
{
    return end_claimed(pages, operation, all_of(operation))
               ? operation_finish_release(pages, operation)
               : PAGES_OK;
}

void operation_settle_owner(struct pages *pages, struct range range)
{
    struct region *region = region_table_find(&pages->table, range.begin);
    struct region_operation operation;

    if (!region || region_begin_settling(region, range.begin, &operation) != REGION_BEGUN)
        return;
    if (range.begin == range.end || !range_is_inside(&operation, range))
        range = all_of(&operation);
    operation_must_settle(pages, &operation, range);
    operation_end(pages, &operation);
}
