/*
 * heap_large.c: see heap_large.h.
 */
#include "heap/heap_large.h"

#include "heap/check/freed_regions.h"
#include "heap/check/heap_look.h"
#include "heap/check/heap_margins.h"
#include "heap/heap_counters.h"
#include "heap/reuse/heap_live.h"
#include "heap/reuse/large_cache.h"
#include "heap/reuse/large_places.h"
#include "heap/reuse/large_slack.h"

#include "os/os.h"

static size_t round_up(size_t size, size_t unit)
{
    return (size + unit - 1) & ~(unit - 1);
}

static bool is_guarded(const struct heap *heap, size_t requested)
{
    return requested > heap->space->options.guard_above;
}

/* Makes a block of memory that a freed one has left. 0: there is none that fits. */
static uint32_t revive(struct heap *heap, const struct pages_request *pages, void **memory)
{
    size_t region_size = round_up(pages->size, OS_PAGE_SIZE);
    uint32_t region;

    if (pages->guard || pages->size > LARGE_LARGEST || !large_cache_serves(heap, region_size))
        return 0;
    while ((region = large_cache_take(heap, region_size)) != 0 &&
           !pages_revive(heap->space->pages, region, pages, memory))
        large_cache_drop(heap->space, region);
    if (region)
        large_slack_note(heap, region);
    return region;
}

static pages_result make_region(struct heap *heap, const struct pages_request *pages, void **memory)
{
    struct counters *counters = heap->space->pages->counters;
    pages_result result = PAGES_OK;

    counters_begin(counters, COUNTED_HEAP_PAGES);
    *pages->region = revive(heap, pages, memory);
    if (!*pages->region)
        result = pages_alloc(heap->space->pages, pages, memory);
    counters_end(counters, COUNTED_HEAP_PAGES, !result);
    if (!result)
        *memory = (char *)*memory + pages->block_offset;
    /* Only the size can be wrong. */
    return result == OS_ERROR_INVALID_PARAMETER ? OS_ERROR_NOT_ENOUGH_MEMORY : result;
}

static pages_result make_block(struct heap *heap, const struct heap_request *request,
                               const char *file, void **memory, uint32_t *region)
{
    struct pages_request pages = {
        .type = OS_MEM_RESERVE | OS_MEM_COMMIT,
        .protect = LOAD_RELAXED(heap->executable) ? OS_PAGE_EXECUTE_READWRITE : OS_PAGE_READWRITE,
        .node = OS_ANY_NODE,
        .critical_level = request->critical_level,
        .heap = heap_number(heap),
        .line = request->line,
        .requested = request->size,
        .file = file,
        .caller = request->caller,
    };
    struct heap_room room;

    if (!heap_margins_room(&heap->space->options, request->size, &room))
        return OS_ERROR_NOT_ENOUGH_MEMORY;
    pages.region = region;
    pages.size = room.size;
    pages.block_offset = room.offset;
    pages.guard = room.guard;
    return make_region(heap, &pages, memory);
}

/* ------------------------------------------------------------------------------------------------
 * Figures of live blocks
 * --------------------------------------------------------------------------------------------- */

static void count_bytes(struct heap *heap, size_t bytes)
{
    gauge_add(&heap->large_bytes, bytes);
    atomic_fetch_add_explicit(&heap->space->large.live, bytes, memory_order_relaxed);
    heap_live_add(heap, bytes);
}

static void discount_bytes(struct heap *heap, size_t bytes)
{
    gauge_subtract(&heap->large_bytes, bytes);
    atomic_fetch_sub_explicit(&heap->space->large.live, bytes, memory_order_relaxed);
    heap_live_subtract(heap, bytes);
}

/* Less lives: less may be kept. */
static void keep_bounds(struct heap *heap)
{
    large_cache_keep_bound(heap);
    freed_regions_keep_bound(heap->space);
}

/* ------------------------------------------------------------------------------------------------
 * Allocating and freeing
 * --------------------------------------------------------------------------------------------- */

static struct region *record_of(const struct heap *heap, uint32_t region)
{
    return region_table_at(&heap->space->pages->table, region);
}

/* Writes the margins of a new block, which may be looked at from now on. */
static void watch(const struct heap *heap, struct region *region)
{
    struct region_facts facts;
    struct heap_margins margins;

    if (!region_read(region, &facts))
        return;
    margins = heap_margins_of_region(heap->space, &facts);
    heap_margins_lay(&margins);
    atomic_store_explicit(&region->watch, REGION_WATCHED, memory_order_release);
}

pages_result heap_alloc_large(struct heap *heap, const struct heap_request *request, void **memory)
{
    const char *file =
        request->file ? string_table_intern(&heap->space->file_names, request->file) : NULL;
    uint32_t region;
    pages_result result;

    large_cache_age(heap->space);
    result = make_block(heap, request, file, memory, &region);
    if (result)
        return result;
    heap_add_region(heap, region);
    gauge_add(&heap->large_blocks, 1);
    count_bytes(heap, request->size);
    if (heap->space->options.flags & HEAP_FILL_ON_ALLOC)
        os_fill(*memory, HEAP_FILL_ALLOCATED, request->size);
    if (heap->space->checked)
        watch(heap, record_of(heap, region));
    return PAGES_OK;
}

/* The index of the region of the heap's live block at the address; 0: there is no such block. */
static uint32_t region_of_block(const struct heap *heap, uintptr_t address,
                                struct region_facts *facts)
{
    const struct region_table *table = &heap->space->pages->table;
    const struct region *region = region_table_find(table, address);

    if (!region || !region_read(region, facts) || facts->cached || facts->block != address ||
        facts->heap != heap_number(heap))
        return 0;
    return region_table_index(table, region);
}

/* Why an address is not that of a live block, judged by what the books still know of it. */
static enum block_refusal why_refused(const struct heap *heap, uintptr_t address)
{
    struct region_facts facts;
    size_t committed;

    if (!pages_find(heap->space->pages, (const void *)address, &facts, &committed) || facts.cached)
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

/* Frees the block, and keeps its memory for another one. False: it cannot be kept, or freed. */
static bool keep_block(struct heap *heap, uint32_t region, const struct region_facts *facts,
                       size_t *size)
{
    if (is_guarded(heap, facts->requested) || !large_cache_serves(heap, facts->size) ||
        !large_cache_has_room(heap) || !pages_cache_block(heap->space->pages, region, facts, size))
        return false;
    discount_bytes(heap, *size);
    large_cache_keep(heap, region);
    return true;
}

/* PAGES_FOREIGN: another free has won. */
static pages_result release_block(struct heap *heap, uint32_t region,
                                  const struct region_facts *facts, size_t *size)
{
    struct counters *counters = heap->space->pages->counters;
    pages_result result;

    large_slack_drop(heap, region, facts);
    counters_begin(counters, COUNTED_HEAP_PAGES);
    if (heap_fills_freed(&heap->space->options))
        result = freed_regions_take(heap->space, (void *)facts->block, heap_number(heap), size);
    else
        result = pages_release_block_at(heap->space->pages, region, facts, size);
    counters_end(counters, COUNTED_HEAP_PAGES, !result);
    if (!result) {
        discount_bytes(heap, *size);
        keep_bounds(heap);
    }
    return result;
}

pages_result heap_free_large(struct heap *heap, struct thread_counters *thread, void *memory)
{
    struct region_facts facts;
    uint32_t region = region_of_block(heap, (uintptr_t)memory, &facts);
    pages_result result = PAGES_OK;
    size_t size;

    if (!region)
        return heap_refuse(heap, why_refused(heap, (uintptr_t)memory));
    large_cache_age(heap->space);
    heap_look_at_region(heap->space, record_of(heap, region));
    /* First: when the block is free, its region may be the heap's again at once. */
    heap_remove_region(heap, region);
    if (!keep_block(heap, region, &facts, &size))
        result = release_block(heap, region, &facts, &size);
    /* Another free has won, or the system has refused: the region may be that of a live block. */
    if (result)
        heap_add_region(heap, region);
    if (result == PAGES_FOREIGN)
        return heap_refuse(heap, why_refused(heap, (uintptr_t)memory));
    if (result)
        return result;
    gauge_subtract(&heap->large_blocks, 1);
    heap_count_free(heap, thread, size);
    return PAGES_OK;
}

void heap_end_large(struct heap *heap, uint32_t region)
{
    struct counters *counters = heap->space->pages->counters;
    struct region_facts facts;
    size_t size;

    if (!region_read(record_of(heap, region), &facts) || facts.heap != heap_number(heap))
        return;
    large_slack_drop(heap, region, &facts);
    counters_begin(counters, COUNTED_HEAP_PAGES);
    pages_release_block_at(heap->space->pages, region, &facts, &size);
    counters_end(counters, COUNTED_HEAP_PAGES, true);
}

/* ------------------------------------------------------------------------------------------------
 * Other sizes
 * --------------------------------------------------------------------------------------------- */

static size_t pages_of(size_t size)
{
    return round_up(size, OS_PAGE_SIZE);
}

/*
 * True if the block may have that size where it lies, with its slack if it needs more pages: at
 * least half of the pages that it has. The last page of a guarded block is its guard, and a block
 * that is checked has margins: such blocks only shrink for want of memory.
 */
static bool suits(const struct heap *heap, const struct region_facts *facts, size_t size,
                  bool shrink)
{
    if (shrink)
        return size <= facts->requested;
    return size > SMALL_LIMIT && !heap_has_margins(&heap->space->options) &&
           facts->base == facts->block && !is_guarded(heap, facts->requested) &&
           pages_of(size) <= facts->size && pages_of(size) >= pages_of(facts->requested) / 2;
}

/* Where a block ends, with what is checked behind it, if it is made that small. */
static uintptr_t end_of(const struct heap *heap, const struct region_facts *facts, size_t size)
{
    struct region_facts now = *facts;

    now.requested = size ? size : 1;
    return heap_margins_of_region(heap->space, &now).end;
}

/*
 * From here on nobody begins to look at the block; who has begun is at work in the region. Returns
 * what watch_again needs.
 */
static uint32_t unwatch(const struct heap *heap, struct region *region)
{
    if (!heap->space->checked)
        return REGION_UNWATCHED;
    /* What is wrong so far is told: the new margins are written over it. */
    heap_look_at_region(heap->space, region);
    return atomic_exchange_explicit(&region->watch, REGION_UNWATCHED, memory_order_acq_rel);
}

/*
 * Writes the margin behind the block's new end, which includes what is left of the old one. If
 * there is no room for it before the guard of a block that had a smaller one, the block is looked
 * at no more.
 */
static void watch_again(const struct heap *heap, struct region *region,
                        const struct region_facts *before, uint32_t watch)
{
    struct region_facts facts;
    struct heap_margins margins;

    if (watch == REGION_UNWATCHED || !region_read(region, &facts))
        return;
    margins = heap_margins_of_region(heap->space, &facts);
    if (margins.end > end_of(heap, before, before->requested))
        return;
    margins.head = margins.block;
    heap_margins_lay(&margins);
    atomic_store_explicit(&region->watch, watch, memory_order_release);
}

/* Gives the block the pages that it needs besides those it has. False: they are not there. */
static bool take_pages(struct heap *heap, uint32_t region, const struct region_facts *facts,
                       size_t size)
{
    size_t pages = pages_of(size), has = pages_of(facts->requested);

    return pages <= has || large_slack_use(heap, region, facts, pages - has);
}

/*
 * Gives back the pages that the block does not need any more; they stay until its free if a thread
 * may be reading them. False: it is not the heap's block any more.
 */
static bool give_pages(struct heap *heap, uint32_t region, const struct region_facts *facts,
                       size_t size)
{
    struct pages *pages = heap->space->pages;
    uintptr_t end = end_of(heap, facts, size);
    pages_result result;

    if (round_up(end, OS_PAGE_SIZE) >=
        round_up(end_of(heap, facts, facts->requested), OS_PAGE_SIZE))
        return true;
    large_slack_drop(heap, region, facts);
    counters_begin(pages->counters, COUNTED_HEAP_PAGES);
    result = pages_trim_block_at(pages, region, facts, end);
    counters_end(pages->counters, COUNTED_HEAP_PAGES, true);
    return result != PAGES_FOREIGN;
}

bool heap_resize_large(struct heap *heap, struct thread_counters *thread, uintptr_t address,
                       size_t size, bool shrink)
{
    struct region_facts facts;
    uint32_t region = region_of_block(heap, address, &facts), before;

    if (!region || !suits(heap, &facts, size, shrink) || !take_pages(heap, region, &facts, size))
        return false;
    before = unwatch(heap, record_of(heap, region));
    if (!give_pages(heap, region, &facts, size))
        return false;
    /* The caller owns the block: no other thread changes its size. */
    STORE_RELAXED(record_of(heap, region)->requested, size);
    watch_again(heap, record_of(heap, region), &facts, before);
    count_bytes(heap, size);
    discount_bytes(heap, facts.requested);
    if (size < facts.requested)
        keep_bounds(heap);
    heap_count_resize(heap, thread, facts.requested, size);
    return true;
}
