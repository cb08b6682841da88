/*
 * snapshot_take.c: asks the inspection interface about memory, and the board about the rest.
 */
#define COBJMACROS
#include "run/snapshot/snapshot_take.h"

#include "base/architecture.h"
#include "base/list.h"
#include "run/snapshot/block_groups.h"
#include "run/snapshot/runtime_facts.h"

#include <string.h>

#define IS_THERE(part) atomic_load_explicit(&(part).is_there, memory_order_relaxed)

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

static HRESULT CALLBACK add_section(void *list, const HOSTMEM_SECTION *section)
{
    return add(list, section);
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

static const char *copy_text(struct arena *arena, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = arena_alloc(arena, size);

    return copy ? memcpy(copy, text, size) : "";
}

static struct list list_of(struct snapshot *snapshot, size_t item_size)
{
    return (struct list){.arena = &snapshot->arena, .item_size = item_size};
}

static bool is_mapped(const struct board *board)
{
    return IS_THERE(board->closing);
}

/* The process's own audit asked the system. Without it the totals are compared with the records. */
static void take_audit(struct snapshot *snapshot, const struct board *board,
                       IHostMemInspection *inspection)
{
    const struct board_closing *closing = &board->closing;
    struct list differences = list_of(snapshot, sizeof(HOSTMEM_DIFFERENCE));

    snapshot->is_audited_inside = is_mapped(board);
    if (snapshot->is_audited_inside) {
        snapshot->audit = closing->audit;
        snapshot->audit_result = closing->audit_result;
        for (uint32_t i = 0; i < closing->difference_count; i++)
            list_add(&differences, &closing->differences[i]);
    } else {
        snapshot->audit.cbSize = sizeof(snapshot->audit);
        snapshot->audit_result =
            IHostMemInspection_Audit(inspection, &snapshot->audit, add_difference, &differences);
    }
    snapshot->differences = differences.items;
    snapshot->difference_count = differences.count;
}

/* At the end, by the process itself; else from outside, now or some time before the end. */
static void take_process(struct snapshot *snapshot, const struct board *board,
                         const struct ending *ending, const struct process_look *look)
{
    bool is_looked_at = look && look->is_there;

    snapshot->has_process = is_mapped(board) || is_looked_at;
    if (is_mapped(board)) {
        snapshot->process = board->closing.pages;
    } else if (is_looked_at) {
        snapshot->process = look->map;
        snapshot->is_earlier_look = ending != NULL;
        snapshot->look_milliseconds = GetTickCount64() - look->taken;
    }
}

static void take_pages(struct snapshot *snapshot, IHostMemInspection *inspection)
{
    struct list regions = list_of(snapshot, sizeof(HOSTMEM_REGION));
    struct list sections = list_of(snapshot, sizeof(HOSTMEM_SECTION));
    struct list ranges = list_of(snapshot, sizeof(HOSTMEM_MAPPED_RANGE));

    IHostMemInspection_EnumRegions(inspection, add_region, &regions);
    snapshot->regions = regions.items;
    snapshot->region_count = regions.count;
    IHostMemInspection_EnumSections(inspection, add_section, &sections);
    snapshot->sections = sections.items;
    snapshot->section_count = sections.count;
    IHostMemInspection_EnumMappedRanges(inspection, add_mapped_range, &ranges);
    snapshot->mapped_ranges = ranges.items;
    snapshot->mapped_range_count = ranges.count;
}

/* The name of the module whose each heap is. Heaps for which there is no memory are left out. */
static void name_heaps(struct snapshot *snapshot, const struct board *board)
{
    const struct module_names names = {board, &snapshot->arena};
    struct list modules = list_of(snapshot, sizeof(const char *));

    for (size_t i = 0; i < snapshot->heap_count; i++) {
        const void *address = snapshot->heaps[i].Module;
        const struct board_module *module = address ? module_names_find(&names, address) : NULL;
        const char *name = module ? copy_text(&snapshot->arena, module->name) : "";

        list_add(&modules, &name);
    }
    snapshot->heap_modules = modules.items;
    snapshot->heap_count = modules.count;
}

static void take_heaps(struct snapshot *snapshot, const struct board *board,
                       IHostMemInspection *inspection)
{
    struct list heaps = list_of(snapshot, sizeof(HOSTMEM_HEAP));
    struct list size_classes = list_of(snapshot, sizeof(struct heap_size_class));

    IHostMemInspection_EnumHeaps(inspection, add_heap, &heaps);
    snapshot->heaps = heaps.items;
    snapshot->heap_count = heaps.count;
    name_heaps(snapshot, board);
    for (size_t i = 0; i < snapshot->heap_count; i++) {
        struct size_class_list of_heap = {&size_classes, snapshot->heaps[i].Number};

        IHostMemInspection_EnumSizeClasses(inspection, of_heap.heap, add_size_class, &of_heap);
    }
    snapshot->size_classes = size_classes.items;
    snapshot->size_class_count = size_classes.count;
}

static struct damaged_block describe_damage(const struct board_damage *noted,
                                            const struct module_names *names)
{
    const HOSTMEM_DAMAGE *damage = &noted->damage;
    HOSTMEM_BLOCK block = damage->Block;
    struct block_origin origin;
    const char *text;

    block.FileName = *noted->file ? noted->file : NULL;
    origin = block_origin_of(&block);
    text = block_origin_text(&origin, names);
    return (struct damaged_block){.kind = (HOSTMEM_DAMAGE_KIND)damage->Kind,
                                  .address = (uintptr_t)damage->Address,
                                  .block = (uintptr_t)block.Address,
                                  .size = block.Size,
                                  .heap = block.Heap,
                                  .allocated_by = block.ThreadId,
                                  .freed_by = damage->FreedBy,
                                  .sequence = block.Sequence,
                                  .origin = text ? text : block_origin_not_kept};
}

static void take_damaged_blocks(struct snapshot *snapshot, const struct module_names *names)
{
    struct list blocks = list_of(snapshot, sizeof(struct damaged_block));

    for (int i = 0; i < BOARD_DAMAGES; i++) {
        if (IS_THERE(names->board->damages[i])) {
            const struct damaged_block block = describe_damage(&names->board->damages[i], names);

            list_add(&blocks, &block);
        }
    }
    snapshot->damaged_blocks = blocks.items;
    snapshot->damaged_block_count = blocks.count;
}

static void take_blocks(struct snapshot *snapshot, const struct board *board,
                        IHostMemInspection *inspection)
{
    const struct module_names names = {board, &snapshot->arena};
    struct block_groups groups;

    block_groups_begin(&groups, &snapshot->arena);
    IHostMemInspection_EnumBlocks(inspection, 0, add_block, &groups);
    snapshot->live_block_groups =
        block_groups_finish(&groups, &names, &snapshot->live_block_group_count);
    take_damaged_blocks(snapshot, &names);
}

/* ------------------------------------------------------------------------------------------------
 * What ran
 * --------------------------------------------------------------------------------------------- */

/* The names of modules that were redirected: of libraries, or of others. */
static struct list names_of(struct snapshot *snapshot, const struct board *board, bool libraries)
{
    struct list names = list_of(snapshot, sizeof(const char *));

    for (size_t i = 0; i < sizeof(board->redirected) / sizeof(board->redirected[0]); i++) {
        const struct board_redirected *redirected = &board->redirected[i];

        if (IS_THERE(*redirected) && redirected->result == S_OK &&
            redirected->kind != HostMemModuleHost &&
            (redirected->kind == HostMemModuleLibrary) == libraries) {
            const char *name = copy_text(&snapshot->arena, redirected->name);

            list_add(&names, &name);
        }
    }
    return names;
}

/* The parts of runtimes, and, where hostmem-host does not host one, the program itself. */
static void take_modules(struct snapshot *snapshot, const struct board *board)
{
    const struct list modules = names_of(snapshot, board, false);
    const struct list libraries = names_of(snapshot, board, true);

    snapshot->subject.modules = modules.items;
    snapshot->subject.module_count = modules.count;
    snapshot->subject.libraries = libraries.items;
    snapshot->subject.library_count = libraries.count;
}

static void take_subject(struct snapshot *snapshot, const struct board *board,
                         const struct ending *ending)
{
    const struct board_orders *orders = &board->orders;
    struct snapshot_subject *subject = &snapshot->subject;

    *subject = (struct snapshot_subject){
        .program = copy_text(&snapshot->arena, board->program),
        .process_id = board->process,
        .is_running = !ending,
        .architecture = ARCHITECTURE_NAME,
        .has_host_control = IS_THERE(board->runtime),
        .host_control = board->runtime.host_control,
        .manages_heaps = orders->redirect_flags & HOSTMEM_REDIRECT_HEAP,
        .keeps_callers = orders->manager_flags & HOSTMEM_TRACK_BLOCKS,
        .checks_blocks = orders->manager_flags & HOSTMEM_FILL_ON_FREE,
        .is_hardened = orders->manager_flags & HOSTMEM_HARDEN,
        .tells_pressure = !(orders->redirect_flags & HOSTMEM_REDIRECT_NO_STATUS),
        .guard_above = orders->guard_above,
    };
    if (ending)
        subject->ending = *ending;
    runtime_facts_take(subject, board, &snapshot->arena);
    take_modules(snapshot, board);
}

void snapshot_take(struct snapshot *snapshot, const struct board *board,
                   IHostMemInspection *inspection, const struct ending *ending,
                   const struct process_look *look)
{
    const struct snapshot empty = {.statistics = {.cbSize = sizeof(empty.statistics)},
                                   .limits = {.cbSize = sizeof(empty.limits)}};

    *snapshot = empty;
    take_audit(snapshot, board, inspection);
    IHostMemInspection_GetStatistics(inspection, &snapshot->statistics);
    IHostMemInspection_GetLimits(inspection, &snapshot->limits);
    take_pages(snapshot, inspection);
    take_heaps(snapshot, board, inspection);
    take_blocks(snapshot, board, inspection);
    take_process(snapshot, board, ending, look);
    take_subject(snapshot, board, ending);
}
