/*
 * pages_trim.c: pages_trim_block (pages.h): decommitting the pages behind a heap's block that has
 * become smaller.
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

pages_result pages_trim_block(struct pages *pages, void *block, uint32_t heap, size_t size)
{
    uintptr_t end = (uintptr_t)block + size + OS_PAGE_SIZE - 1;
    struct region *region = region_table_find(&pages->table, (uintptr_t)block);
    struct region_operation operation;
    struct range range;
    pages_result result, ended;

    if (!region || region_begin_settling(region, (uintptr_t)block, &operation) != REGION_BEGUN)
        return PAGES_FOREIGN;
    range = (struct range){range_round_down(end, OS_PAGE_SIZE), operation.base + operation.size};
    result = atomic_load_explicit(&region->heap, memory_order_relaxed) == heap
                 ? trim(pages, &operation, range)
                 : PAGES_FOREIGN;
    ended = operation_end(pages, &operation);
    return operation_result(result, ended);
}
