/*
 * pages_trim.c: pages_trim_block_at (pages.h): decommitting the pages behind a heap's block that
 * has become smaller.
 */
#include "pages/region_operation.h"

#include "os/os.h"

static pages_result trim(struct pages *pages, struct region_operation *operation,
                         struct range range)
{
    pages_result result;

    if (range.begin >= range.end || !range_is_inside(operation, range))
        return PAGES_OK;
    operation_concerns(pages, operation, range);
    result = os_free((void *)range.begin, range.end - range.begin, OS_MEM_DECOMMIT);
    if (!result)
        operation_book_decommit(pages, operation->region, range);
    return result;
}

static bool is_seen(const struct region *region, const struct region_facts *seen)
{
    struct region_facts now;

    return region_read(region, &now) && now.sequence == seen->sequence &&
           now.block == seen->block && now.heap == seen->heap && !now.cached;
}

pages_result pages_trim_block_at(struct pages *pages, uint32_t index,
                                 const struct region_facts *seen, uintptr_t from)
{
    struct region *region = region_table_at(&pages->table, index);
    struct region_operation operation;
    struct range range;
    pages_result result, ended;

    if (region_begin_settling(region, seen->block, &operation) != REGION_BEGUN)
        return PAGES_FOREIGN;
    range = (struct range){range_round_down(from + OS_PAGE_SIZE - 1, OS_PAGE_SIZE),
                           operation.base + operation.size};
    /* While the operation is under way, the record is no other region's. */
    if (!is_seen(region, seen))
        result = PAGES_FOREIGN;
    else if (pages->keeps_looked_at && !region_began_alone(&operation))
        result = OS_ERROR_NO_SYSTEM_RESOURCES;
    else
        result = trim(pages, &operation, range);
    ended = operation_end(pages, &operation);
    return operation_result(result, ended);
}
