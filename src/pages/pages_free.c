/*
 * pages_free.c: the frees of pages.h: releasing regions, and decommitting pages in them. No memory
 * is touched before the ledger has said which region it belongs to.
 */
#include "pages/foreign.h"
#include "pages/region_operation.h"

#include "os/os.h"

/*
 * Other operations are under way on the claimed region: decommits its pages now. The last of them
 * releases the address space.
 */
static pages_result release_under_way(struct pages *pages, struct region_operation *operation)
{
    os_free((void *)operation->base, 0, OS_MEM_DECOMMIT);
    return operation_end_release(pages, operation);
}

static pages_result release_claimed(struct pages *pages, struct region_operation *operation)
{
    return operation->alone ? operation_finish_release(pages, operation)
                            : release_under_way(pages, operation);
}

static pages_result release_block_claimed(struct pages *pages, struct region_operation *operation)
{
    return !operation->alone && pages->keeps_looked_at ? operation_end_release(pages, operation)
                                                       : release_claimed(pages, operation);
}

static enum region_begun begin(struct region *region, uintptr_t address,
                               struct region_operation *operation, pages_result *result)
{
    enum region_begun begun = region_begin(region, address, operation);

    *result = begun == REGION_CROWDED ? OS_ERROR_NO_SYSTEM_RESOURCES : PAGES_FOREIGN;
    return begun;
}

/*
 * A request that frees nothing: the system says what is wrong with it. While an operation is under
 * way, the address cannot become anybody else's.
 */
static pages_result free_invalidly(struct pages *pages, struct region *region, uintptr_t address,
                                   size_t size, uint32_t type)
{
    struct region_operation operation;
    struct range range;
    pages_result result, ended;

    if (begin(region, address, &operation, &result) != REGION_BEGUN)
        return result;
    range = (struct range){operation.base, operation.base + operation.size};
    /* A release of the base is valid: another region has begun there since the claim failed. */
    if (size > range.end - address ||
        (type == OS_MEM_RELEASE && !size && address - range.begin < OS_PAGE_SIZE)) {
        ended = operation_end(pages, &operation);
        return operation_result(PAGES_FOREIGN, ended);
    }
    operation_concerns(pages, &operation, range);
    result = os_free((void *)address, size, type);
    ended = operation_end(pages, &operation);
    if (!result)
        operation_settle_owner(pages, range); /* the system knows a type more */
    return operation_result(result, ended);
}

static pages_result release(struct pages *pages, struct region *region, uintptr_t address,
                            size_t size)
{
    uintptr_t page = range_round_down(address, OS_PAGE_SIZE); /* as Win32 does */
    struct region_operation operation;

    if (!size && region_claim(region, page, 0, &operation))
        return release_claimed(pages, &operation);
    return free_invalidly(pages, region, address, size, OS_MEM_RELEASE);
}

/* The pages that a decommit of (address, size) means. Size 0 at the base means all. */
static bool decommit_range(const struct region_operation *operation, uintptr_t address, size_t size,
                           struct range *range)
{
    if (size == 0 && range_round_down(address, OS_PAGE_SIZE) == operation->base) {
        *range = (struct range){operation->base, operation->base + operation->size};
        return true;
    }
    return range_of_pages(address, size, range) && range_is_inside(operation, *range);
}

static pages_result decommit(struct pages *pages, struct region *region, uintptr_t address,
                             size_t size)
{
    struct region_operation operation;
    struct range range;
    pages_result result, ended;

    if (begin(region, address, &operation, &result) != REGION_BEGUN)
        return result;
    if (decommit_range(&operation, address, size, &range)) {
        operation_concerns(pages, &operation, range);
        result = os_free((void *)address, size, OS_MEM_DECOMMIT);
        if (!result)
            operation_book_decommit(pages, operation.region, range);
    } else {
        /* Size 0 inside a region is not foreign: the collector does it, and gets Win32's error. */
        result = size ? PAGES_FOREIGN : OS_ERROR_INVALID_ADDRESS;
    }
    ended = operation_end(pages, &operation);
    return operation_result(result, ended);
}

pages_result pages_free(struct pages *pages, void *address, size_t size, uint32_t type)
{
    struct region *region = region_table_find(&pages->table, (uintptr_t)address);

    if (!region)
        return PAGES_FOREIGN;
    switch (type) {
    case OS_MEM_RELEASE:
        return release(pages, region, (uintptr_t)address, size);
    case OS_MEM_DECOMMIT:
        return decommit(pages, region, (uintptr_t)address, size);
    default:
        return free_invalidly(pages, region, (uintptr_t)address, size, type);
    }
}

/* Forwards a free that does not release anything. */
static pages_result forward_free(struct pages *pages, void *address, size_t size, uint32_t type)
{
    uintptr_t page = range_round_down((uintptr_t)address, OS_PAGE_SIZE);
    struct range range = {page, page};
    pages_result result;

    if (size)
        range_of_pages((uintptr_t)address, size, &range);
    foreign_begin(pages);
    result = os_free(address, size, type);
    foreign_end(pages, range);
    counter_increment(&pages->counters->passed_frees);
    return result;
}

pages_result pages_free_foreign(struct pages *pages, void *address, size_t size, uint32_t type)
{
    uintptr_t page = range_round_down((uintptr_t)address, OS_PAGE_SIZE);
    bool was_owned = region_table_has_owned(&pages->table, page);

    if (was_owned && type == OS_MEM_RELEASE && !size)
        return foreign_release(pages, address);
    if (was_owned && !foreign_is(pages, page))
        return OS_ERROR_INVALID_ADDRESS;
    return forward_free(pages, address, size, type);
}

/* ------------------------------------------------------------------------------------------------
 * Heaps' blocks
 * --------------------------------------------------------------------------------------------- */

static pages_result release_block(struct pages *pages, struct region *region,
                                  const struct region_facts *seen, size_t *requested)
{
    struct region_operation operation;

    if (!region_claim_seen(region, seen, &operation))
        return PAGES_FOREIGN;
    /* Claimed: nobody writes the field before the region is retired. */
    *requested = atomic_load_explicit(&region->requested, memory_order_relaxed);
    return release_block_claimed(pages, &operation);
}

bool pages_hand_block_over(struct pages *pages, const void *block, uint32_t heap, uint32_t as)
{
    struct region *region = region_table_find(&pages->table, (uintptr_t)block);
    struct region_operation operation;
    bool done;

    if (!region || region_begin_settling(region, (uintptr_t)block, &operation) != REGION_BEGUN)
        return false;
    /* While the operation is under way, the record is no other region's. */
    done = atomic_load_explicit(&region->block, memory_order_relaxed) == (uintptr_t)block &&
           atomic_compare_exchange_strong_explicit(&region->heap, &heap, as, memory_order_acq_rel,
                                                   memory_order_relaxed);
    operation_end(pages, &operation);
    return done;
}

pages_result pages_release_block(struct pages *pages, void *block, uint32_t heap, size_t *requested)
{
    struct region *region = region_table_find(&pages->table, (uintptr_t)block);
    struct region_facts any = {.block = (uintptr_t)block, .heap = heap};

    return region ? release_block(pages, region, &any, requested) : PAGES_FOREIGN;
}

pages_result pages_release_block_at(struct pages *pages, uint32_t index,
                                    const struct region_facts *seen, size_t *requested)
{
    return release_block(pages, region_table_at(&pages->table, index), seen, requested);
}

pages_result pages_release_cached(struct pages *pages, uint32_t index)
{
    struct region_operation operation;

    if (!region_claim_spare(region_table_at(&pages->table, index), &operation))
        return OS_ERROR_NO_SYSTEM_RESOURCES; /* 65,535 operations are under way on it */
    return release_claimed(pages, &operation);
}
