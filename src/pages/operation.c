/*
 * operation.c: see operation.h.
 */
#include "pages/operation.h"

#include "os/os.h"

static struct budget_charge committed_charge(size_t page_count)
{
    return (struct budget_charge){.committed = (uint64_t)page_count * OS_PAGE_SIZE};
}

/* Sets the bits of a range that is committed, and charges for those that were clear. */
void operation_book_commit(struct pages *pages, struct range range)
{
    size_t changed = committed_set(&pages->table.chunks, range.begin, range.end);

    budget_charge(&pages->budget, committed_charge(changed));
}

/* Clears the bits of a range that is not, and refunds those that were set. */
void operation_book_decommit(struct pages *pages, struct range range)
{
    size_t changed = committed_clear(&pages->table.chunks, range.begin, range.end);

    budget_refund(&pages->budget, committed_charge(changed));
}

/* Brings the bits of the range into line with what the system says. */
static void settle(struct pages *pages, const struct region_operation *operation,
                   struct range range)
{
    uintptr_t at = range.begin;

    while (at < range.end) {
        struct range run = {at, range.end};
        struct os_range system;
        bool known = os_query_range(at, &system);

        if (known && system.base + system.size < run.end)
            run.end = system.base + system.size;
        if (known && system.state == OS_MEM_COMMIT && system.allocation_base == operation->base)
            operation_book_commit(pages, run);
        else
            operation_book_decommit(pages, run);
        at = run.end;
    }
}

/* The system has refused to release what the books say is there: brings them back into line. */
static pages_result undo_release(struct pages *pages, const struct region_operation *operation,
                                 uint32_t error)
{
    struct os_range system;
    bool held =
        os_query_range(operation->base, &system) && system.allocation_base == operation->base;

    settle(pages, operation, (struct range){operation->base, operation->base + operation->size});
    region_restore(operation->region);
    return held ? error : PAGES_CONTRADICTED;
}

/* Gives a claimed region back to the system. The caller is the last on it. */
pages_result operation_finish_release(struct pages *pages, const struct region_operation *operation)
{
    struct budget_charge charge = {.reserved = operation->size};
    uint32_t error;

    /* The bits go first: once Win32 has the address back, they are its next owner's. */
    operation_book_decommit(pages,
                            (struct range){operation->base, operation->base + operation->size});
    error = os_free((void *)operation->base, 0, OS_MEM_RELEASE);
    if (error)
        return undo_release(pages, operation, error);
    budget_refund(&pages->budget, charge);
    gauge_subtract(&pages->record->regions, 1);
    region_retire(operation->region);
    region_table_give(&pages->table, region_table_index(&pages->table, operation->region));
    return PAGES_OK;
}

/* Ends an operation that may have changed the state of the pages of range. */
pages_result operation_end(struct pages *pages, struct region_operation *operation,
                           struct range range)
{
    bool last = false;

    if (!region_end_if_alone(operation, &last)) {
        uint64_t before;

        do {
            before = region_before_settling(operation);
            settle(pages, operation, range);
        } while (!region_end(operation, before, &last));
    }
    return last ? operation_finish_release(pages, operation) : PAGES_OK;
}
