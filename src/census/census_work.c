/*
 * census_work.c: a hash table with open addressing, at most three quarters full.
 */
#include "census/census_work.h"

/* Reading a guard page would change it, and a page that is not committed reads as zeros in Wine 8.
 */
static bool is_readable(const struct census_work *work, uintptr_t page)
{
    MEMORY_BASIC_INFORMATION pages;

    return VirtualQueryEx(work->process, (const void *)page, &pages, sizeof(pages)) ==
               sizeof(pages) &&
           pages.State == MEM_COMMIT && !(pages.Protect & (PAGE_GUARD | PAGE_NOACCESS));
}

/* A read takes long under Wine, and most of what is asked for is in the same few pages. */
static const struct census_page *page_at(struct census_work *work, uintptr_t address)
{
    struct census_page *page =
        &work->pages[(address / CENSUS_PAGE ^ address / CENSUS_PAGE / 64) & (CENSUS_PAGES - 1)];
    SIZE_T done = 0;

    if (page->address == address)
        return page;
    page->address = address;
    page->is_there =
        is_readable(work, address) &&
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

uintptr_t census_allocation(const struct census_work *work, uintptr_t address)
{
    MEMORY_BASIC_INFORMATION pages;

    if (VirtualQueryEx(work->process, (const void *)address, &pages, sizeof(pages)) !=
            sizeof(pages) ||
        pages.State == MEM_FREE || pages.Type != MEM_PRIVATE)
        return 0;
    return (uintptr_t)pages.AllocationBase;
}

uintptr_t census_size(HANDLE process, uintptr_t base)
{
    MEMORY_BASIC_INFORMATION pages;
    uintptr_t at = base;

    while (VirtualQueryEx(process, (const void *)at, &pages, sizeof(pages)) == sizeof(pages) &&
           pages.State != MEM_FREE && (uintptr_t)pages.AllocationBase == base &&
           at + pages.RegionSize > at)
        at += pages.RegionSize;
    return at - base;
}

/* Allocations begin at multiples of 64 KiB. */
static uint32_t place_of(uintptr_t base)
{
    return (uint32_t)((uint64_t)base >> 16) * 2654435761u >> 16 & (CENSUS_ALLOCATIONS - 1);
}

bool census_know(struct census_work *work, uintptr_t base, enum page_owner owner)
{
    uint32_t at = place_of(base);

    if (!base)
        return true;
    while (work->known[at] && work->known[at] != base)
        at = (at + 1) & (CENSUS_ALLOCATIONS - 1);
    if (work->known[at])
        return true;
    if (work->known_count == CENSUS_ALLOCATIONS / 4 * 3) {
        work->is_cut = true;
        return false;
    }
    work->known_count++;
    work->known[at] = base;
    work->known_owners[at] = (uint8_t)owner;
    return true;
}

enum page_owner census_owner(const struct census_work *work, uintptr_t base)
{
    for (uint32_t at = place_of(base); work->known[at]; at = (at + 1) & (CENSUS_ALLOCATIONS - 1))
        if (work->known[at] == base)
            return (enum page_owner)work->known_owners[at];
    return PAGE_OWNER_UNKNOWN;
}
