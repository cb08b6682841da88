/*
 * census_work.c: see census_work.h.
 */
#include "census/census_work.h"

/* ------------------------------------------------------------------------------------------------
 * Allocations
 * --------------------------------------------------------------------------------------------- */

struct census_allocation *census_add(struct census_work *work, uintptr_t base)
{
    struct census_allocation *added;

    if (work->allocation_count == CENSUS_ALLOCATIONS) {
        work->is_cut = true;
        return NULL;
    }
    added = &work->allocations[work->allocation_count++];
    added->base = added->end = base;
    added->owner = PAGE_OWNER_UNKNOWN;
    return added;
}

void census_add_pages(struct census_allocation *allocation, const MEMORY_BASIC_INFORMATION *pages)
{
    bool is_committed = pages->State == MEM_COMMIT;

    if (allocation->end == allocation->base)
        allocation->is_plain =
            is_committed && !(pages->Protect & (PAGE_GUARD | PAGE_NOACCESS | PAGE_EXECUTE));
    allocation->end = (uintptr_t)pages->BaseAddress + pages->RegionSize;
    if (is_committed)
        allocation->committed += (uint32_t)(pages->RegionSize / CENSUS_PAGE);
}

struct census_allocation *census_find(struct census_work *work, uintptr_t address)
{
    size_t low = 0, high = work->allocation_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct census_allocation *at = &work->allocations[middle];

        if (address < at->base)
            high = middle;
        else if (address >= at->end)
            low = middle + 1;
        else
            return at;
    }
    return NULL;
}

struct census_allocation *census_find_base(struct census_work *work, uintptr_t base)
{
    struct census_allocation *found = census_find(work, base);

    return found && found->base == base ? found : NULL;
}

void census_know(struct census_allocation *allocation, enum page_owner owner)
{
    if (allocation && allocation->owner == PAGE_OWNER_UNKNOWN)
        allocation->owner = (uint8_t)owner;
}

/* ------------------------------------------------------------------------------------------------
 * Reading
 * --------------------------------------------------------------------------------------------- */

/*
 * What is read lies in descriptions of heaps, threads and the process, never in a guard page: a
 * read would change one. A read takes long under Wine, and most of what is asked for is in the same
 * few pages.
 */
static const struct census_page *page_at(struct census_work *work, uintptr_t address)
{
    struct census_page *page =
        &work->pages[(address / CENSUS_PAGE ^ address / CENSUS_PAGE / 64) & (CENSUS_PAGES - 1)];
    const struct census_allocation *allocation;
    SIZE_T done = 0;

    if (page->address == address)
        return page;
    allocation = census_find(work, address);
    page->address = address;
    page->is_there =
        allocation && (allocation->is_plain || address != allocation->base) &&
        ReadProcessMemory(work->process, (const void *)address, page->bytes, CENSUS_PAGE, &done) &&
        done == CENSUS_PAGE;
    return page;
}

bool census_read(struct census_work *work, uintptr_t address, void *to, size_t size)
{
    char *bytes = to;

    while (size) {
        size_t offset = address % CENSUS_PAGE;
        size_t part = size < CENSUS_PAGE - offset ? size : CENSUS_PAGE - offset;
        const struct census_page *page = page_at(work, address - offset);

        if (!page->is_there)
            return false;
        CopyMemory(bytes, page->bytes + offset, part);
        bytes += part;
        address += part;
        size -= part;
    }
    return true;
}
