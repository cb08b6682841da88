/*
 * heap_large.c: see heap_large.h.
 */
#include "heap/heap_large.h"

#include "heap/check/freed_regions.h"
#include "heap/check/heap_look.h"
#include "heap/check/heap_margins.h"
#include "heap/heap_counters.h"
#include "heap/reuse/heap_live.h"

#include "os/os.h"

static size_t round_up(size_t size, size_t unit)
{
    return (size + unit - 1) & ~(unit - 1);
}

static pages_result make_block(struct heap *heap, const struct heap_request *request,
                               const char *file, void **memory)
{
    struct pages_request pages = {
        .type = OS_MEM_RESERVE | OS_MEM_COMMIT,
        .protect = atomic_load_explicit(&heap->executable, memory_order_relaxed)
                       ? OS_PAGE_EXECUTE_READWRITE
                       : OS_PAGE_READWRITE,
        .node = OS_ANY_NODE,
        .critical_level = request->critical_level,
        .heap = heap_number(heap),
        .line = request->line,
        .requested = request->size,
        .file = file,
        .caller = request->caller,
    };
    struct counters *counters = heap->space->pages->counters;
    struct heap_room room;
    pages_result result;

    if (!heap_margins_room(&heap->space->options, request->size, &room))
        return OS_ERROR_NOT_ENOUGH_MEMORY;
    pages.size = room.size;
    pages.block_offset = room.offset;
    pages.guard = room.guard;
    counters_begin(counters, COUNTED_HEAP_PAGES);
    result = pages_alloc(heap->space->pages, &pages, memory);
    counters_end(counters, COUNTED_HEAP_PAGES, !result);
    if (result == OS_ERROR_INVALID_PARAMETER) /* only the size can be wrong */
        result = OS_ERROR_NOT_ENOUGH_MEMORY;
    if (!result)
        *memory = (char *)*memory + pages.block_offset;
    return result;
}

/* The index of the region of the heap's live block at the address; 0: there is no such block. */
static uint32_t region_of_block(const struct heap *heap, uintptr_t address)
{
    const struct region_table *table = &heap->space->pages->table;
    const struct region *region = region_table_find(table, address);
    struct region_facts facts;

    if (!region || !region_read(region, &facts) || facts.block != address ||
        facts.heap != heap_number(heap))
        return 0;
    return region_table_index(table, region);
}

/* Writes the margins of a new block, which may be looked at from now on. */
static void watch(const struct heap *heap, const void *memory)
{
    struct region *region = region_table_find(&heap->space->pages->table, (uintptr_t)memory);
    struct region_facts facts;
    struct heap_margins margins;

    if (!region || !region_read(region, &facts))
        return;
    margins = heap_margins_of_region(heap->space, &facts);
    heap_margins_lay(&margins);
    atomic_store_explicit(&region->watch, REGION_WATCHED, memory_order_release);
}

pages_result heap_alloc_large(struct heap *heap, const struct heap_request *request, void **memory)
{
    const char *file =
        request->file ? string_table_intern(&heap->space->file_names, request->file) : NULL;
    pages_result result;

    result = make_block(heap, request, file, memory);
    if (result)
        return result;
    heap_add_region(heap, region_of_block(heap, (uintptr_t)*memory));
    gauge_add(&heap->large_blocks, 1);
    gauge_add(&heap->large_bytes, request->size);
    heap_live_add(heap, request->size);
    if (heap->space->options.flags & HEAP_FILL_ON_ALLOC)
        os_fill(*memory, HEAP_FILL_ALLOCATED, request->size);
    if (heap_space_is_checked(heap->space))
        watch(heap, *memory);
    return PAGES_OK;
}

/* Why an address is not that of a live block, judged by what the books still know of it. */
static enum block_refusal why_refused(const struct heap *heap, uintptr_t address)
{
    struct region_facts facts;
    size_t committed;

    if (!pages_find(heap->space->pages, (const void *)address, &facts, &committed))
        return region_table_last_block(&heap->space->pages->table, address) ? BLOCK_REFUSED_FREED
                                                                            : BLOCK_REFUSED_FOREIGN;
    if (!facts.heap)
        return BLOCK_REFUSED_FOREIGN;
    if (facts.heap & REGION_IS_SLAB)
        return BLOCK_REFUSED_FREED; /* a spare's memory */
    if (facts.block != address)
        return (address % BLOCK_ALIGNMENT) ? BLOCK_REFUSED_MISALIGNED : BLOCK_REFUSED_INTERIOR;
    return facts.heap == heap_number(heap) ? BLOCK_REFUSED_FREED : BLOCK_REFUSED_OTHER_HEAP;
}

pages_result heap_free_large(struct heap *heap, struct thread_counters *thread, void *memory)
{
    struct counters *counters = heap->space->pages->counters;
    uint32_t region = region_of_block(heap, (uintptr_t)memory);
    size_t size;
    pages_result result;

    if (region) {
        heap_look_at_region(heap->space, region_table_at(&heap->space->pages->table, region));
        /* First: when the region has been released, its record may be the heap's again at once. */
        heap_remove_region(heap, region);
    }
    counters_begin(counters, COUNTED_HEAP_PAGES);
    if (heap_fills_freed(&heap->space->options))
        result = freed_regions_take(heap->space, memory, heap_number(heap), &size);
    else
        result = pages_release_block(heap->space->pages, memory, heap_number(heap), &size);
    counters_end(counters, COUNTED_HEAP_PAGES, !result);
    /* Another free has won, or the system has refused: the record may be that of a live block. */
    if (result && region)
        heap_add_region(heap, region);
    if (result == PAGES_FOREIGN)
        return heap_refuse(heap, why_refused(heap, (uintptr_t)memory));
    if (result)
        return result;
    gauge_subtract(&heap->large_blocks, 1);
    gauge_subtract(&heap->large_bytes, size);
    heap_live_subtract(heap, size);
    heap_count_free(heap, thread, size);
    return PAGES_OK;
}

/*
 * True if the block may have that size where it lies: it takes the same pages, or fewer and more
 * than half of the region. The last page of a guarded block is its guard, and a block that is
 * checked has margins: such blocks only shrink for want of memory.
 */
static bool suits(const struct heap *heap, const struct region_facts *facts, size_t size,
                  bool shrink)
{
    size_t pages = round_up(size, OS_PAGE_SIZE);

    if (shrink)
        return size <= facts->requested;
    return size > SMALL_LIMIT && !heap_has_margins(&heap->space->options) &&
           facts->requested <= heap->space->options.guard_above &&
           pages <= round_up(facts->requested, OS_PAGE_SIZE) && pages >= facts->size / 2;
}

bool heap_resize_large(struct heap *heap, struct thread_counters *thread, uintptr_t address,
                       size_t size, bool shrink)
{
    struct pages *pages = heap->space->pages;
    struct region *region = region_table_find(&pages->table, address);
    struct region_facts facts;

    if (!region || !region_read(region, &facts) || facts.block != address ||
        facts.heap != heap_number(heap) || !suits(heap, &facts, size, shrink))
        return false;
    atomic_store_explicit(&region->watch, REGION_UNWATCHED, memory_order_release);
    if (round_up(size, OS_PAGE_SIZE) < round_up(facts.requested, OS_PAGE_SIZE)) {
        counters_begin(pages->counters, COUNTED_HEAP_PAGES);
        pages_trim_block(pages, (void *)address, heap_number(heap), size ? size : 1);
        counters_end(pages->counters, COUNTED_HEAP_PAGES, true);
    }
    /* The caller owns the block: no other thread changes its size. */
    atomic_store_explicit(&region->requested, size, memory_order_relaxed);
    gauge_add(&heap->large_bytes, size);
    gauge_subtract(&heap->large_bytes, facts.requested);
    heap_live_add(heap, size);
    heap_live_subtract(heap, facts.requested);
    heap_count_resize(heap, thread, facts.requested, size);
    return true;
}
