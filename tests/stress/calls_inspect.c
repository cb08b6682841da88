/*
 * calls_inspect.c: see calls.h: inspection.
 */
#include "calls.h"

#include "calls_note.h"

HOSTMEM_STATISTICS call_statistics(struct caller *caller)
{
    HOSTMEM_STATISTICS statistics = {.cbSize = sizeof(statistics)};

    NOTE(caller, CALL_STATISTICS, 0,
         IHostMemInspection_GetStatistics(caller->inspection, &statistics));
    expect(caller, "the manager's status", statistics.Status, HostMemStatusOpen);
    return statistics;
}

HOSTMEM_REGION call_find_region(struct caller *caller, const void *address)
{
    HOSTMEM_REGION region = {0};

    NOTE(caller, CALL_FIND_REGION, ACCEPT_NOTHING,
         IHostMemInspection_FindRegion(caller->inspection, address, &region));
    return region;
}

HOSTMEM_BLOCK call_find_block(struct caller *caller, const void *address)
{
    HOSTMEM_BLOCK block = {0};

    NOTE(caller, CALL_FIND_BLOCK, ACCEPT_NOTHING,
         IHostMemInspection_FindBlock(caller->inspection, address, &block));
    return block;
}

/* ------------------------------------------------------------------------------------------------
 * Enumerations
 * --------------------------------------------------------------------------------------------- */

struct search {
    const void *base;
    unsigned found;
};

static HRESULT count_base(struct search *search, const void *base)
{
    search->found += !search->base || search->base == base;
    return S_OK;
}

static HRESULT CALLBACK count_region(void *context, const HOSTMEM_REGION *region)
{
    return count_base(context, region->Base);
}

static HRESULT CALLBACK count_range(void *context, const HOSTMEM_MAPPED_RANGE *range)
{
    return count_base(context, range->Base);
}

unsigned call_enum_regions(struct caller *caller, const void *base)
{
    struct search search = {base, 0};

    NOTE(caller, CALL_ENUM_REGIONS, 0,
         IHostMemInspection_EnumRegions(caller->inspection, count_region, &search));
    return search.found;
}

unsigned call_enum_mapped_ranges(struct caller *caller, const void *base)
{
    struct search search = {base, 0};

    NOTE(caller, CALL_ENUM_MAPPED_RANGES, 0,
         IHostMemInspection_EnumMappedRanges(caller->inspection, count_range, &search));
    return search.found;
}

struct count {
    unsigned now, most;
};

static HRESULT count_one(struct count *count)
{
    return ++count->now < count->most ? S_OK : S_FALSE;
}

static HRESULT CALLBACK count_block(void *context, const HOSTMEM_BLOCK *block)
{
    (void)block;
    return count_one(context);
}

unsigned call_enum_blocks(struct caller *caller, DWORD heap, unsigned most)
{
    struct count count = {0, most};

    NOTE(caller, CALL_ENUM_BLOCKS, ACCEPT_NOTHING,
         IHostMemInspection_EnumBlocks(caller->inspection, heap, count_block, &count));
    return count.now;
}

static HRESULT CALLBACK count_class(void *context, const HOSTMEM_SIZE_CLASS *size_class)
{
    (void)size_class;
    return count_one(context);
}

void call_enum_size_classes(struct caller *caller, unsigned most)
{
    struct count count = {0, most};

    NOTE(caller, CALL_ENUM_SIZE_CLASSES, ACCEPT_NOTHING,
         IHostMemInspection_EnumSizeClasses(caller->inspection, 0, count_class, &count));
}

static HRESULT CALLBACK copy_heap(void *context, const HOSTMEM_HEAP *heap)
{
    HOSTMEM_HEAP *wanted = context;

    if (heap->Number != wanted->Number)
        return S_OK;
    *wanted = *heap;
    return S_FALSE;
}

HOSTMEM_HEAP call_enum_heaps(struct caller *caller, DWORD number)
{
    HOSTMEM_HEAP heap = {.Number = number};

    if (NOTE(caller, CALL_ENUM_HEAPS, ACCEPT_NOTHING,
             IHostMemInspection_EnumHeaps(caller->inspection, copy_heap, &heap)))
        heap.Number = 0;
    return heap;
}

/* ------------------------------------------------------------------------------------------------
 * The rest
 * --------------------------------------------------------------------------------------------- */

HOSTMEM_AUDIT call_audit(struct caller *caller)
{
    HOSTMEM_AUDIT audit = {.cbSize = sizeof(audit)};

    NOTE(caller, CALL_AUDIT, 0, IHostMemInspection_Audit(caller->inspection, &audit, NULL, NULL));
    return audit;
}

void call_trim(struct caller *caller)
{
    SIZE_T bytes;

    NOTE(caller, CALL_TRIM, ACCEPT_NOTHING, IHostMemInspection_Trim(caller->inspection, &bytes));
}

void call_set_limits(struct caller *caller, ULONGLONG limit)
{
    HOSTMEM_LIMITS limits = {.cbSize = sizeof(limits), .Committed = {limit, limit / 4, 0}};

    NOTE(caller, CALL_SET_LIMITS, 0, IHostMemInspection_SetLimits(caller->inspection, &limits));
}

void call_get_limits(struct caller *caller)
{
    HOSTMEM_LIMITS limits = {.cbSize = sizeof(limits)};

    NOTE(caller, CALL_GET_LIMITS, 0, IHostMemInspection_GetLimits(caller->inspection, &limits));
    expect(caller, "LowPercent", limits.LowPercent, 90);
}

void call_set_redirected_level(struct caller *caller)
{
    NOTE(caller, CALL_SET_REDIRECTED_LEVEL, 0,
         IHostMemInspection_SetRedirectedLevel(caller->inspection, eTaskCritical));
}
