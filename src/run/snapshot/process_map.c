/*
 * process_map.c: the walk. Pages that change meanwhile are counted as the walk finds them.
 */
#define COBJMACROS
#include "run/snapshot/process_map.h"

#include <stdbool.h>

static bool is_owned(IHostMemInspection *inspection, const void *address)
{
    HOSTMEM_REGION region;

    return IHostMemInspection_FindRegion(inspection, address, &region) == S_OK;
}

static enum page_owner owner_of(const MEMORY_BASIC_INFORMATION *pages,
                                IHostMemInspection *inspection)
{
    if (pages->Type == MEM_IMAGE)
        return PAGE_OWNER_IMAGE;
    if (pages->Type == MEM_MAPPED)
        return PAGE_OWNER_FILE;
    return is_owned(inspection, pages->AllocationBase) ? PAGE_OWNER_HOSTMEM : PAGE_OWNER_OTHER;
}

static void count(struct page_count *counted, const MEMORY_BASIC_INFORMATION *pages)
{
    counted->reserved += pages->RegionSize;
    if (pages->State == MEM_COMMIT)
        counted->committed += pages->RegionSize;
    if (pages->BaseAddress == pages->AllocationBase)
        counted->allocations++;
}

void process_map_walk(struct process_map *map, IHostMemInspection *inspection)
{
    MEMORY_BASIC_INFORMATION pages;
    uintptr_t at = 0;

    ZeroMemory(map, sizeof(*map));
    while (VirtualQuery((const void *)at, &pages, sizeof(pages)) == sizeof(pages)) {
        uintptr_t next = (uintptr_t)pages.BaseAddress + pages.RegionSize;

        if (pages.State != MEM_FREE)
            count(&map->owners[owner_of(&pages, inspection)], &pages);
        if (next <= at)
            break;
        at = next;
    }
}
