/*
 * snapshot_take.c: asks the inspection interface about memory, the launch about what ran, and the
 * system for the rest.
 */
#define COBJMACROS
#include "run/snapshot/snapshot_take.h"

#include "base/architecture.h"
#include "base/list.h"
#include "run/snapshot/block_groups.h"
#include "run/snapshot/damaged_blocks.h"
#include "run/snapshot/process_map.h"

#include <string.h>

enum {
    AUDIT_ATTEMPTS = 20, /* to meet a moment in which no other thread asks for memory */
    AUDIT_PAUSE_MILLISECONDS = 5
};

/* ------------------------------------------------------------------------------------------------
 * The enumerations' callbacks: each copies what it is given
 * --------------------------------------------------------------------------------------------- */

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

/* ------------------------------------------------------------------------------------------------
 * Memory
 * --------------------------------------------------------------------------------------------- */

static struct list list_of(struct snapshot *snapshot, size_t item_size)
{
    return (struct list){.arena = &snapshot->arena, .item_size = item_size};
}

/* Repeats the audit while other threads keep it from comparing everything. */
static void take_audit(struct snapshot *snapshot, IHostMemInspection *inspection)
{
    struct list differences = list_of(snapshot, sizeof(HOSTMEM_DIFFERENCE));

    for (int attempt = 0; attempt < AUDIT_ATTEMPTS; attempt++) {
        HOSTMEM_AUDIT fresh = {.cbSize = sizeof(fresh)};

        if (attempt)
            Sleep(AUDIT_PAUSE_MILLISECONDS);
        snapshot->audit = fresh;
        differences.count = 0;
        snapshot->audit_result =
            IHostMemInspection_Audit(inspection, &snapshot->audit, add_difference, &differences);
        if (snapshot->audit_result != S_OK ||
            (snapshot->audit.TotalsCompared && !snapshot->audit.Busy))
            break;
    }
    snapshot->differences = differences.items;
    snapshot->difference_count = differences.count;
}

static void take_pages(struct snapshot *snapshot, IHostMemInspection *inspection)
{
    struct list regions = list_of(snapshot, sizeof(HOSTMEM_REGION));
    struct list ranges = list_of(snapshot, sizeof(HOSTMEM_MAPPED_RANGE));

    IHostMemInspection_EnumRegions(inspection, add_region, &regions);
    snapshot->regions = regions.items;
    snapshot->region_count = regions.count;
    IHostMemInspection_EnumMappedRanges(inspection, add_mapped_range, &ranges);
    snapshot->mapped_ranges = ranges.items;
    snapshot->mapped_range_count = ranges.count;
}

static void take_heaps(struct snapshot *snapshot, IHostMemInspection *inspection)
{
    struct list heaps = list_of(snapshot, sizeof(HOSTMEM_HEAP));
    struct list size_classes = list_of(snapshot, sizeof(struct heap_size_class));

    IHostMemInspection_EnumHeaps(inspection, add_heap, &heaps);
    snapshot->heaps = heaps.items;
    snapshot->heap_count = heaps.count;
    for (size_t i = 0; i < snapshot->heap_count; i++) {
        struct size_class_list of_heap = {&size_classes, snapshot->heaps[i].Number};

        IHostMemInspection_EnumSizeClasses(inspection, of_heap.heap, add_size_class, &of_heap);
    }
    snapshot->size_classes = size_classes.items;
    snapshot->size_class_count = size_classes.count;
}

static struct damaged_block describe_damage(const HOSTMEM_DAMAGE *damage,
                                            struct module_names *names)
{
    const HOSTMEM_BLOCK *block = &damage->Block;
    const struct block_origin origin = block_origin_of(block);
    const char *text = block_origin_text(&origin, names);

    return (struct damaged_block){.address = (uintptr_t)damage->Address,
                                  .block = (uintptr_t)block->Address,
                                  .size = block->Size,
                                  .heap = block->Heap,
                                  .allocated_by = block->ThreadId,
                                  .freed_by = damage->FreedBy,
                                  .sequence = block->Sequence,
                                  .origin = text ? text : block_origin_not_kept};
}

static void take_damaged_blocks(struct snapshot *snapshot, struct module_names *names)
{
    struct list blocks = list_of(snapshot, sizeof(struct damaged_block));
    HOSTMEM_DAMAGE damages[DAMAGED_BLOCKS_KEPT];
    size_t count = damaged_blocks_copy(damages);

    for (size_t i = 0; i < count; i++) {
        const struct damaged_block block = describe_damage(&damages[i], names);

        list_add(&blocks, &block);
    }
    snapshot->damaged_blocks = blocks.items;
    snapshot->damaged_block_count = blocks.count;
}

static void take_blocks(struct snapshot *snapshot, IHostMemInspection *inspection)
{
    struct block_groups groups;
    struct module_names names;

    module_names_begin(&names, &snapshot->arena);
    block_groups_begin(&groups, &snapshot->arena);
    IHostMemInspection_EnumBlocks(inspection, 0, add_block, &groups);
    snapshot->live_block_groups =
        block_groups_finish(&groups, &names, &snapshot->live_block_group_count);
    take_damaged_blocks(snapshot, &names);
}

/* ------------------------------------------------------------------------------------------------
 * What ran
 * --------------------------------------------------------------------------------------------- */

/* text may be NULL: the process can end before its runtime, or the runtime's version, is known. */
static const char *copy_text(struct arena *arena, const char *text)
{
    size_t size;
    char *copy;

    if (!text)
        return "";
    size = strlen(text) + 1;
    copy = arena_alloc(arena, size);
    return copy ? memcpy(copy, text, size) : "";
}

static void take_modules(struct snapshot *snapshot, const struct memory_manager *memory)
{
    struct list names = list_of(snapshot, sizeof(const char *));

    for (int i = 0; i < MEMORY_MANAGER_MODULES && memory->modules[i]; i++) {
        const char *name = copy_text(&snapshot->arena, memory->modules[i]);

        list_add(&names, &name);
    }
    snapshot->subject.modules = names.items;
    snapshot->subject.module_count = names.count;
}

static void take_subject(struct snapshot *snapshot, const struct launch *launch,
                         const struct ending *ending)
{
    const struct memory_manager_options *options = &launch->memory.options;
    const struct runtime *runtime = &launch->runtime;
    struct arena *arena = &snapshot->arena;

    snapshot->subject = (struct snapshot_subject){
        .program = copy_text(arena, launch->program.path_utf8),
        .ending = *ending,
        .runtime_family = copy_text(arena, runtime->family),
        .runtime_version = copy_text(arena, runtime->version),
        .runtime_directory = copy_text(arena, runtime->directory_utf8),
        .architecture = ARCHITECTURE_NAME,
        .host_control = launch->memory.control_result,
        .manages_heaps = options->redirect_flags & HOSTMEM_REDIRECT_HEAP,
        .keeps_callers = options->manager_flags & HOSTMEM_TRACK_BLOCKS,
        .checks_blocks = options->manager_flags & HOSTMEM_FILL_ON_FREE,
        .tells_pressure = !(options->redirect_flags & HOSTMEM_REDIRECT_NO_STATUS),
        .guard_above = options->guard_above,
    };
    take_modules(snapshot, &launch->memory);
}

void snapshot_take(struct snapshot *snapshot, const struct launch *launch,
                   const struct ending *ending)
{
    const struct snapshot empty = {.statistics = {.cbSize = sizeof(empty.statistics)},
                                   .limits = {.cbSize = sizeof(empty.limits)}};
    IHostMemInspection *inspection = launch->memory.inspection;

    *snapshot = empty;
    take_audit(snapshot, inspection);
    IHostMemInspection_GetStatistics(inspection, &snapshot->statistics);
    IHostMemInspection_GetLimits(inspection, &snapshot->limits);
    take_pages(snapshot, inspection);
    take_heaps(snapshot, inspection);
    take_blocks(snapshot, inspection);
    process_map_walk(&snapshot->process, inspection);
    take_subject(snapshot, launch, ending);
}
