/*
 * snapshot.c: asking the inspection interface, and the system for the rest.
 */
#define COBJMACROS
#include "snapshot.h"

enum {
    AUDIT_ATTEMPTS = 20, /* to meet a moment in which no other thread asks for memory */
    AUDIT_PAUSE_MILLISECONDS = 5
};

static HRESULT add(void *list, const void *item)
{
    return list_add(list, item) ? S_OK : E_OUTOFMEMORY;
}

static HRESULT CALLBACK add_region(void *list, const HOSTMEM_REGION *region)
{
    return add(list, region);
}

static HRESULT CALLBACK add_mapped_range(void *list, const HOSTMEM_MAPPED_RANGE *range)
{
    return add(list, range);
}

static HRESULT CALLBACK add_difference(void *list, const HOSTMEM_DIFFERENCE *difference)
{
    return add(list, difference);
}

/* Again, as long as all that is wrong is that other threads were at work. */
static void audit(struct snapshot *snapshot, IHostMemInspection *inspection)
{
    for (int attempt = 0; attempt < AUDIT_ATTEMPTS; attempt++) {
        HOSTMEM_AUDIT fresh = {.cbSize = sizeof(fresh)};

        if (attempt)
            Sleep(AUDIT_PAUSE_MILLISECONDS);
        snapshot->audit = fresh;
        snapshot->differences.count = 0;
        snapshot->audit_result = IHostMemInspection_Audit(inspection, &snapshot->audit,
                                                          add_difference, &snapshot->differences);
        if (snapshot->audit_result != S_OK)
            return;
        if (snapshot->audit.TotalsCompared && !snapshot->audit.Busy)
            return;
    }
}

void snapshot_take(struct snapshot *snapshot, IHostMemInspection *inspection, struct arena *arena)
{
    const struct snapshot empty = {
        .statistics = {.cbSize = sizeof(empty.statistics)},
        .differences = {.arena = arena, .item_size = sizeof(HOSTMEM_DIFFERENCE)},
        .regions = {.arena = arena, .item_size = sizeof(HOSTMEM_REGION)},
        .mapped_ranges = {.arena = arena, .item_size = sizeof(HOSTMEM_MAPPED_RANGE)}};

    *snapshot = empty;
    audit(snapshot, inspection);
    IHostMemInspection_GetStatistics(inspection, &snapshot->statistics);
    IHostMemInspection_EnumRegions(inspection, add_region, &snapshot->regions);
    IHostMemInspection_EnumMappedRanges(inspection, add_mapped_range, &snapshot->mapped_ranges);
    process_map_walk(&snapshot->process, inspection);
}
