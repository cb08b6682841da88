/*
 * kept_region.c: see kept_region.h.
 */
#include "heap/check/kept_region.h"

#include "os/os.h"

/*
 * Who keeps a region may have to finish its release. That counts as a call under way: until then
 * the totals of the books are those of a region that an audit does not find.
 */
static void finish(struct heap_space *space, struct kept_region *kept)
{
    operation_end(space->pages, &kept->operation);
    counters_end(space->pages->counters, COUNTED_HEAP_PAGES, true);
}

bool kept_region_begin(struct heap_space *space, struct region *region, struct kept_region *kept)
{
    struct region_facts before;

    if (!region_read(region, &before) || !before.heap)
        return false;
    counters_begin(space->pages->counters, COUNTED_HEAP_PAGES);
    if (region_begin_settling(region, before.block, &kept->operation) != REGION_BEGUN) {
        counters_end(space->pages->counters, COUNTED_HEAP_PAGES, true);
        return false;
    }
    /* While the operation is under way, the record is of one region. It may be claimed by now. */
    if (region_read(region, &kept->facts) && kept->facts.sequence == before.sequence)
        return true;
    finish(space, kept);
    return false;
}

void kept_region_end(struct heap_space *space, struct kept_region *kept)
{
    finish(space, kept);
}

static bool has_access(uintptr_t begin, uintptr_t end, uint32_t wanted)
{
    struct os_range range;

    for (; begin < end; begin = range.base + range.size) {
        if (!os_query_range(begin, &range) || range.state != OS_MEM_COMMIT ||
            !(range.protect & wanted) || (range.protect & OS_PAGE_GUARD))
            return false;
    }
    return true;
}

bool kept_region_can_read(uintptr_t begin, uintptr_t end)
{
    return has_access(begin, end,
                      ~(uint32_t)(OS_PAGE_NOACCESS | OS_PAGE_EXECUTE) & OS_PAGE_ACCESS_MASK);
}

bool kept_region_can_write(uintptr_t begin, uintptr_t end)
{
    return has_access(begin, end, OS_PAGE_READWRITE | OS_PAGE_EXECUTE_READWRITE);
}
