/*
 * heap_walk.c: see heap_walk.h.
 */
#include "heap/heap_walk.h"

#include "heap/check/heap_damage.h"
#include "heap/heap_counters.h"
#include "heap/slab_memory.h"

struct heap *heap_next(const struct heap_space *space, uint32_t *cursor)
{
    uint32_t limit = pool_limit(&space->heaps);

    while (*cursor < limit) {
        struct heap *heap = pool_item(&space->heaps, ++*cursor);

        if (atomic_load_explicit(&heap->number, memory_order_acquire))
            return heap;
    }
    return NULL;
}

static bool is_wanted(uint32_t wanted, uint32_t heap)
{
    return heap && (!wanted || wanted == heap);
}

/* A view of a slab that is in use, in the heap wanted. */
static bool view_wanted(const struct slab *slab, uint32_t heap, struct slab_view *view)
{
    return slab_view(slab, view) && is_wanted(heap, view->heap) && slab_is_still(slab, view->key);
}

/* ------------------------------------------------------------------------------------------------
 * Blocks of slabs
 * --------------------------------------------------------------------------------------------- */

static void read_history(const struct block_history *history, struct heap_block *block)
{
    block->sequence = atomic_load_explicit(&history->sequence, memory_order_acquire);
    block->tick = LOAD_RELAXED(history->tick);
    block->file = LOAD_RELAXED(history->file);
    block->caller = LOAD_RELAXED(history->caller);
    block->line = LOAD_RELAXED(history->line);
    block->thread_id = LOAD_RELAXED(history->thread_id);
}

/* The slab's block of that index, with its history if one is kept. False: it is not live. */
static bool read_block(const struct slab *slab, const struct slab_view *view, uint32_t index,
                       struct heap_block *block)
{
    const struct block_history *history =
        view->size_class->tracked ? slab_history(slab, index) : NULL;
    uint32_t requested;

    do {
        if (!slab_read(slab, view, index, &requested))
            return false;
        *block = (struct heap_block){
            .address = view->base + (uintptr_t)index * view->size_class->block_size,
            .size = requested,
            .heap = view->heap,
        };
        if (!history)
            return true;
        read_history(history, block);
        atomic_thread_fence(memory_order_acquire);
        /* If number or size has changed, another block took its place. */
    } while (!block->sequence || LOAD_RELAXED(history->sequence) != block->sequence ||
             !slab_read(slab, view, index, &requested) || requested != block->size);
    return true;
}

/* ------------------------------------------------------------------------------------------------
 * Walking all of a kind, or one heap's
 * --------------------------------------------------------------------------------------------- */

/* cursor.slab, and cursor.heap: there are no more; there is no such heap. */
#define NO_MORE UINT32_MAX

/* The heap of that number, in cursor.heap. A copy's heaps have no sets: all of it is walked. */
static bool find_heap(const struct heap_space *space, uint32_t number, struct heap_cursor *cursor)
{
    struct heap *heap;
    uint32_t index = 0;

    if (!number || space->is_copy)
        return true;
    if (!cursor->heap) {
        do
            heap = heap_next(space, &index);
        while (heap && heap_number(heap) != number);
        cursor->heap = heap ? index : NO_MORE;
    }
    return cursor->heap != NO_MORE;
}

static uint32_t next_slab(const struct heap_space *space, uint32_t heap, uint32_t from)
{
    if (heap)
        return heap_next_slab(pool_item(&space->heaps, heap), from);
    return from <= pool_limit(&space->slabs) ? from : 0;
}

static uint32_t next_region(const struct heap_space *space, uint32_t heap, uint32_t from)
{
    if (heap)
        return heap_next_region(pool_item(&space->heaps, heap), from);
    return from <= region_table_limit(&space->pages->table) ? from : 0;
}

static bool next_in_slab(const struct slab *slab, uint32_t heap, struct heap_cursor *cursor,
                         struct heap_block *block)
{
    struct slab_view view;

    if (!view_wanted(slab, heap, &view))
        return false;
    while (cursor->block < view.size_class->blocks) {
        if (read_block(slab, &view, cursor->block++, block))
            return true;
    }
    return false;
}

static bool next_small(const struct heap_space *space, uint32_t heap, struct heap_cursor *cursor,
                       struct heap_block *block)
{
    uint32_t index = cursor->slab;

    if (index == NO_MORE)
        return false;
    for (index = next_slab(space, cursor->heap, index + !index); index;
         index = next_slab(space, cursor->heap, index + 1)) {
        if (index != cursor->slab) {
            cursor->slab = index;
            cursor->block = 0;
        }
        if (next_in_slab(heap_slab(space, index), heap, cursor, block))
            return true;
    }
    cursor->slab = NO_MORE;
    return false;
}

void heap_class_figures(const struct heap_space *space, uint32_t heap, uint32_t size_class,
                        struct heap_class_figures *figures)
{
    struct heap_cursor cursor = {0};

    *figures = (struct heap_class_figures){0};
    if (!find_heap(space, heap, &cursor))
        return;
    for (uint32_t index = 0; (index = next_slab(space, cursor.heap, index + 1)) != 0;) {
        const struct slab *slab = heap_slab(space, index);
        struct slab_view view;
        uint32_t requested;

        if (!view_wanted(slab, heap, &view) || view.size_class->index != size_class)
            continue;
        figures->slabs++;
        for (uint32_t block = 0; block < view.size_class->blocks; block++) {
            if (slab_read(slab, &view, block, &requested)) {
                figures->blocks++;
                figures->block_bytes += requested;
            }
        }
    }
}

/* ------------------------------------------------------------------------------------------------
 * Blocks that are regions
 * --------------------------------------------------------------------------------------------- */

static bool is_block(const struct region_facts *facts, uint32_t heap)
{
    return !facts->cached && !(facts->heap & REGION_IS_SLAB) && is_wanted(heap, facts->heap);
}

bool heap_next_block(const struct heap_space *space, uint32_t heap, struct heap_cursor *cursor,
                     struct heap_block *block)
{
    struct region_facts facts;
    uint32_t index;

    if (!find_heap(space, heap, cursor))
        return false;
    if (next_small(space, heap, cursor, block))
        return true;
    if (cursor->region == NO_MORE)
        return false;
    while ((index = next_region(space, cursor->heap, cursor->region + 1)) != 0) {
        cursor->region = index;
        if (region_read(region_table_at(&space->pages->table, index), &facts) &&
            is_block(&facts, heap)) {
            *block = heap_block_of_region(&facts);
            return true;
        }
    }
    return false;
}

struct heap_cursor heap_cursor_behind(const struct heap_space *space, uintptr_t address)
{
    uint32_t index = slab_memory_index_at(space, address);
    const struct region *region = region_table_find(&space->pages->table, address);
    struct heap_cursor cursor = {.slab = index};
    struct slab_view view;

    if (index && slab_view(heap_slab(space, index), &view) && address - view.base < SLAB_SIZE) {
        cursor.block = (uint32_t)((address - view.base) / view.size_class->block_size) + 1;
    } else if (!index) { /* blocks that are regions come after all slabs */
        cursor.slab = NO_MORE;
        cursor.region = region ? region_table_index(&space->pages->table, region) : NO_MORE;
    }
    return cursor;
}

/* ------------------------------------------------------------------------------------------------
 * Which block, and which manager, an address belongs to
 * --------------------------------------------------------------------------------------------- */

bool heap_owns(const struct heap_space *space, const void *memory)
{
    return slab_memory_index_at(space, (uintptr_t)memory) || pages_is_own(space->pages, memory);
}

/* A block of size 0 holds its own address. */
static bool holds(uintptr_t begin, size_t size, uintptr_t address)
{
    return address - begin < (size ? size : 1);
}

static bool find_small(const struct heap_space *space, uint32_t index, uintptr_t address,
                       struct heap_block *block)
{
    const struct slab *slab = heap_slab(space, index);
    struct slab_view view;
    uint32_t number;

    if (!slab_view(slab, &view) || address - view.base >= SLAB_SIZE)
        return false;
    number = (uint32_t)((address - view.base) / view.size_class->block_size);
    return number < view.size_class->blocks && read_block(slab, &view, number, block) &&
           holds(block->address, block->size, address);
}

bool heap_find_block(const struct heap_space *space, uintptr_t address, struct heap_block *block)
{
    uint32_t index = slab_memory_index_at(space, address);
    struct region_facts facts;
    size_t committed;

    if (index)
        return find_small(space, index, address, block);
    if (!pages_find(space->pages, (const void *)address, &facts, &committed) ||
        !is_block(&facts, 0) || !holds(facts.block, facts.requested, address))
        return false;
    *block = heap_block_of_region(&facts);
    return true;
}

/* ------------------------------------------------------------------------------------------------
 * The audit
 * --------------------------------------------------------------------------------------------- */

/*
 * What all heaps have counted, and in *mark a sum that changes whenever they count. False: a call
 * was under way.
 */
static bool add_heaps(const struct heap_space *space, struct heap_audit *audit, uint64_t *mark)
{
    struct heap_figures figures;
    uint32_t cursor = 0;
    struct heap *heap;
    bool quiet = true;

    *mark = audit->counted_blocks = audit->counted_bytes = 0;
    while ((heap = heap_next(space, &cursor)) != NULL) {
        quiet = heap_figures(heap, &figures) && quiet && !figures.inside;
        audit->counted_blocks += figures.blocks;
        audit->counted_bytes += figures.block_bytes;
        for (int counter = 0; counter < THREAD_COUNTS; counter++)
            *mark += figures.counts[counter];
        *mark += figures.number;
    }
    return quiet;
}

bool heap_audit(const struct heap_space *space, struct heap_audit *audit)
{
    struct heap_cursor cursor = {0};
    struct heap_block block;
    struct counters *counters = space->pages->counters;
    /* Heaps that end, and blocks that are regions, count in the manager's counters. */
    uint64_t mark = counters_mark(counters);
    uint64_t before, after;

    *audit = (struct heap_audit){0};
    if (!add_heaps(space, audit, &before))
        return false;
    while (heap_next_block(space, 0, &cursor, &block)) {
        audit->found_blocks++;
        audit->found_bytes += block.size;
    }
    atomic_thread_fence(memory_order_acquire);
    return add_heaps(space, audit, &after) && before == after && counters_are_quiet(counters, mark);
}
