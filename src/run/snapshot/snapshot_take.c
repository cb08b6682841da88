/*
 * snapshot.c: asking the inspection interface, and the system for the rest.
 */
#define COBJMACROS
#include "report/snapshot.h"

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

static HRESULT CALLBACK add_heap(void *list, const HOSTMEM_HEAP *heap)
{
    return add(list, heap);
}

static HRESULT CALLBACK add_block(void *groups, const HOSTMEM_BLOCK *block)
{
    return block_groups_add(groups, block) ? S_OK : E_OUTOFMEMORY;
}

struct size_class_list {
    struct list *list;
    DWORD heap;
};

static HRESULT CALLBACK add_size_class(void *context, const HOSTMEM_SIZE_CLASS *size_class)
{
    const struct size_class_list *of_heap = context;
    const struct heap_size_class item = {.heap = of_heap->heap, .size_class = *size_class};

    return add(of_heap->list, &item);
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

static void take_heaps(struct snapshot *snapshot, IHostMemInspection *inspection)
{
    const HOSTMEM_HEAP *heaps;

    IHostMemInspection_EnumHeaps(inspection, add_heap, &snapshot->heaps);
    heaps = snapshot->heaps.items;
    for (size_t i = 0; i < snapshot->heaps.count; i++) {
        struct size_class_list of_heap = {&snapshot->size_classes, heaps[i].Number};

        IHostMemInspection_EnumSizeClasses(inspection, heaps[i].Number, add_size_class, &of_heap);
    }
}

static void take_blocks(struct snapshot *snapshot, IHostMemInspection *inspection,
                        struct arena *arena)
{
    struct module_names names;

    module_names_begin(&names, arena);
    block_groups_begin(&snapshot->live_blocks, arena);
    IHostMemInspection_EnumBlocks(inspection, 0, add_block, &snapshot->live_blocks);
    block_groups_finish(&snapshot->live_blocks, &names);
    snapshot->damage_count = damaged_blocks_copy(snapshot->damages);
    for (size_t i = 0; i < snapshot->damage_count; i++) {
        const struct block_origin origin = block_origin_of(&snapshot->damages[i].Block);
        const char *text = block_origin_text(&origin, &names);

        snapshot->damage_origins[i] = text ? text : block_origin_not_kept;
    }
}

void snapshot_take(struct snapshot *snapshot, IHostMemInspection *inspection, struct arena *arena)
{
    const struct snapshot empty = {
        .statistics = {.cbSize = sizeof(empty.statistics)},
        .limits = {.cbSize = sizeof(empty.limits)},
        .differences = {.arena = arena, .item_size = sizeof(HOSTMEM_DIFFERENCE)},
        .regions = {.arena = arena, .item_size = sizeof(HOSTMEM_REGION)},
        .mapped_ranges = {.arena = arena, .item_size = sizeof(HOSTMEM_MAPPED_RANGE)},
        .heaps = {.arena = arena, .item_size = sizeof(HOSTMEM_HEAP)},
        .size_classes = {.arena = arena, .item_size = sizeof(struct heap_size_class)}};

    *snapshot = empty;
    audit(snapshot, inspection);
    IHostMemInspection_GetStatistics(inspection, &snapshot->statistics);
    IHostMemInspection_GetLimits(inspection, &snapshot->limits);
    IHostMemInspection_EnumRegions(inspection, add_region, &snapshot->regions);
    IHostMemInspection_EnumMappedRanges(inspection, add_mapped_range, &snapshot->mapped_ranges);
    take_heaps(snapshot, inspection);
    take_blocks(snapshot, inspection, arena);
    process_map_walk(&snapshot->process, inspection);
}
