/*
 * heap.c: see heap.h. Creating and destroying a heap, and allocating and freeing blocks.
 *
 * Review note for invariant I4: the code reached from here is that of heap/, slabs/, pages/,
 * budget/, counters/ and os/ (system calls and atomics). None of it locks, waits, or calls a heap
 * of the system's.
 */
#include "heap/heap.h"

#include "heap/check/freed_regions.h"
#include "heap/check/heap_look.h"
#include "heap/reuse/block_freed.h"
#include "heap/reuse/delayed_blocks.h"
#include "heap/heap_counters.h"
#include "heap/heap_large.h"
#include "heap/reuse/heap_live.h"
#include "heap/reuse/heap_retire.h"
#include "heap/heap_slabs.h"
#include "heap/heap_tracked.h"
#include "heap/reuse/heap_visit.h"
#include "heap/heap_walk.h"
#include "heap/reuse/idle_slabs.h"
#include "heap/reuse/large_cache.h"
#include "heap/reuse/reclaim.h"
#include "heap/slab_memory.h"

/* ------------------------------------------------------------------------------------------------
 * Creating and destroying
 * --------------------------------------------------------------------------------------------- */

static void clear_pile(struct slab_pile *pile)
{
    STORE_RELAXED(pile->stacks[0], 0);
    STORE_RELAXED(pile->stacks[1], 0);
    STORE_RELAXED(pile->turn, 0);
    STORE_RELAXED(pile->count, 0);
}

/* Clears what an earlier heap left in the item; no other thread uses it yet. */
static void clear(struct heap *heap)
{
    heap_set_origin(heap, (struct heap_origin){0});
    STORE_RELAXED(heap->thread_count, 0);
    STORE_RELAXED(heap->threads, NULL);
    thread_index_clear(&heap->index_of_threads);
    index_set_clear(&heap->own_slabs);
    index_set_clear(&heap->own_regions);
    STORE_RELAXED(heap->sets_are_whole, true);
    for (int i = 0; i < THREAD_COUNTS; i++)
        STORE_RELAXED(heap->shared.counts[i], 0);
    STORE_RELAXED(heap->shared.inside, 0);
    STORE_RELAXED(heap->shared.active_slabs, heap->active_slabs[0]);
    STORE_RELAXED(heap->told_blocks, 0);
    STORE_RELAXED(heap->told_bytes, 0);
    gauge_clear(&heap->slab_bytes);
    gauge_clear(&heap->large_blocks);
    gauge_clear(&heap->large_bytes);
    STORE_RELAXED(heap->live, 0);
    STORE_RELAXED(heap->cached, 0);
    for (uint32_t i = 0; i < CLASS_COUNT; i++) {
        clear_pile(&heap->partial[i]);
        clear_pile(&heap->scant[i]);
        STORE_RELAXED(heap->ripe[i], 0);
        for (uint32_t set = 0; set < HEAP_SETS; set++)
            STORE_RELAXED(heap->active_slabs[set][i], NULL);
    }
}

/*
 * What is the same for every heap that the item will ever be. An observer of an earlier heap may
 * read it at any time, so it is written once, before the item's first heap has a number.
 */
static void set_up_item(struct heap *heap, struct heap_space *space, uint32_t index)
{
    heap->space = space;
    heap->index = index;
    heap->classes = space->classes.classes;
    heap->slabs = (struct slab *)space->slabs.span.base;
    heap->first_slabs = space->slabs.span.first;
    heap->fast_lookup = space->classes.lookup;
    heap->fast_limit = space->options.flags ? 0 : CLASS_LOOKUP;
    if (heap->fast_limit > space->options.guard_above)
        heap->fast_limit = space->options.guard_above + 1;
}

struct heap *heap_create(struct heap_space *space, bool executable)
{
    struct reclaim_attempt attempt = reclaim_begin(space);
    struct heap *heap;
    uint32_t index, number;

    do
        index = pool_take(&space->heaps);
    while (!index && reclaim_again(&attempt, OS_ERROR_NOT_ENOUGH_MEMORY));
    if (!index)
        return NULL;
    heap = pool_item(&space->heaps, index);
    clear(heap);
    if (!heap->space)
        set_up_item(heap, space, index);
    atomic_store_explicit(&heap->executable, executable, memory_order_relaxed);
    atomic_store_explicit(&heap->ending, false, memory_order_relaxed);
    atomic_store_explicit(&heap->visits, 1, memory_order_release);
    gauge_add(&space->pages->counters->heaps, 1);
    number = atomic_fetch_add_explicit(&space->heap_number, 1, memory_order_relaxed) + 1;
    STORE_RELAXED(heap->peak_blocks, heap_peak_word(number, 0));
    STORE_RELAXED(heap->peak_bytes, heap_peak_word(number, 0));
    atomic_store_explicit(&heap->number, number, memory_order_release);
    return heap;
}

/* Reports the blocks that are still live, and releases those that are regions of their own. */
static void end_blocks(struct heap *heap, heap_block_callback *callback, void *context)
{
    struct counters *counters = heap->space->pages->counters;
    struct heap_cursor cursor = {0};
    struct heap_block block;

    while (heap_next_block(heap->space, heap_number(heap), &cursor, &block)) {
        if (callback)
            callback(context, &block);
        counter_increment(&counters->leaked_blocks);
        counter_add(&counters->leaked_bytes, block.size);
        if (cursor.region)
            heap_end_large(heap, cursor.region);
    }
}

void heap_free_all(struct heap *heap)
{
    struct heap_cursor cursor = {0};
    struct heap_block block;

    while (heap_next_block(heap->space, heap_number(heap), &cursor, &block))
        heap_free(heap, (void *)block.address);
}

void heap_report_blocks(struct heap *heap, heap_block_callback *callback, void *context)
{
    struct heap_cursor cursor = {0};
    struct heap_block block;

    delayed_blocks_give(heap->space, heap);
    while (heap_next_block(heap->space, heap_number(heap), &cursor, &block))
        callback(context, &block);
}

void heap_destroy(struct heap *heap, heap_block_callback *callback, void *context)
{
    struct heap_space *space = heap->space;
    struct counters *counters = space->pages->counters;

    /* From here to the end the counters and the blocks differ: an audit must not compare them. */
    thread_counters_enter(&heap->shared, true);
    delayed_blocks_give(space, heap);
    heap_look(space, heap);
    freed_regions_give(space, heap_number(heap));
    end_blocks(heap, callback, context);
    atomic_store_explicit(&heap->ending, true, memory_order_seq_cst);
    heap_retire_all(heap);
    idle_slabs_give(space, heap);
    large_cache_give(space, heap);
    atomic_fetch_sub_explicit(&space->large.live, gauge_now(&heap->large_bytes),
                              memory_order_relaxed);
    gauge_subtract(&heap->large_bytes, gauge_now(&heap->large_bytes));
    large_cache_keep_bound(heap);
    heap_live_subtract(heap, (size_t)heap_live(&heap->live));
    freed_regions_keep_bound(space);
    counters_begin(counters, COUNTED_HEAP_PAGES);
    atomic_fetch_add_explicit(&space->ends_begun, 1, memory_order_relaxed);
    /* A thread that sees what follows sees that the end has begun. */
    atomic_thread_fence(memory_order_release);
    atomic_store_explicit(&heap->number, 0, memory_order_release);
    heap_close_thread_counters(heap);
    atomic_fetch_add_explicit(&space->ends_done, 1, memory_order_release);
    gauge_subtract(&counters->heaps, 1);
    counters_end(counters, COUNTED_HEAP_PAGES, true);
    heap_visit_end(heap);
}

/* ------------------------------------------------------------------------------------------------
 * Allocating
 * --------------------------------------------------------------------------------------------- */

static pages_result alloc_plain(struct heap *heap, struct thread_counters *thread,
                                const struct heap_request *request, void **memory)
{
    const struct size_classes *classes = &heap->space->classes;
    const struct size_class *size_class =
        &classes->classes[size_class_plain(classes, request->size)];
    struct slab *slab;
    uint32_t block;
    pages_result result;
    uintptr_t address =
        heap_claim(heap, thread, size_class, slab_field_of(size_class, (uint32_t)request->size),
                   request->critical_level, &slab, &block, &result);

    if (!address)
        return result;
    *memory = (void *)address;
    return PAGES_OK;
}

static pages_result alloc(struct heap *heap, struct thread_counters *thread,
                          const struct heap_request *request, void **memory)
{
    pages_result result;

    if (request->size > heap->space->classes.small_limit ||
        request->size > heap->space->options.guard_above)
        return heap_alloc_large(heap, request, memory);
    if (!heap->space->options.flags && !request->debug)
        return alloc_plain(heap, thread, request, memory);
    result = heap_alloc_tracked(heap, thread, request, memory);
    /* Room for histories is limited; better a block without a history than none. */
    return result == HEAP_NO_HISTORY ? alloc_plain(heap, thread, request, memory) : result;
}

pages_result heap_alloc(struct heap *heap, const struct heap_request *request, void **memory)
{
    struct thread_counters *thread = heap_thread_counters(heap);
    struct reclaim_attempt attempt = reclaim_begin(heap->space);
    pages_result result;

    *memory = NULL;
    heap_enter(heap, thread);
    do
        result = alloc(heap, thread, request, memory);
    while (result && reclaim_again(&attempt, result));
    if (!result)
        heap_count_alloc(heap, thread, request->size, request->debug);
    else if (!request->quiet)
        reclaim_count_refusal(heap->space, request->critical_level, result);
    heap_leave(heap, thread);
    return result;
}

/* ------------------------------------------------------------------------------------------------
 * Freeing
 * --------------------------------------------------------------------------------------------- */

static pages_result refuse_answer(struct heap *heap, enum slab_answer answer)
{
    switch (answer) {
    case SLAB_INTERIOR:
        return heap_refuse(heap, BLOCK_REFUSED_INTERIOR);
    case SLAB_MISALIGNED:
        return heap_refuse(heap, BLOCK_REFUSED_MISALIGNED);
    default:
        return heap_refuse(heap, BLOCK_REFUSED_FREED);
    }
}

static pages_result free_small(struct heap *heap, struct thread_counters *thread, struct slab *slab,
                               const struct slab_view *view, uintptr_t address)
{
    struct slab_block block;
    enum slab_answer answer = slab_look(slab, view, address, &block);

    if (answer == SLAB_LIVE && view->heap != heap_number(heap))
        return heap_refuse(heap, BLOCK_REFUSED_OTHER_HEAP);
    if (answer == SLAB_LIVE)
        answer = view->size_class->tracked ? heap_free_tracked(heap, slab, view, address, &block)
                                           : slab_change(slab, view, address, &block, 0);
    if (answer != SLAB_LIVE)
        return refuse_answer(heap, answer);
    heap_count_free(heap, thread, slab_requested(view->size_class, block.field));
    if (!view->size_class->tracked)
        block_freed(heap, slab, view, block.index);
    return PAGES_OK;
}

static pages_result free_block(struct heap *heap, struct thread_counters *thread, uintptr_t address)
{
    struct slab *slab = heap_slab_of(heap, thread, address);
    struct slab_view view;

    if (!slab)
        return heap_free_large(heap, thread, (void *)address);
    /* A slab that is being made or retired has no live block. */
    if (!slab_view(slab, &view) || address - view.base >= SLAB_SIZE)
        return heap_refuse(heap, BLOCK_REFUSED_FREED);
    return free_small(heap, thread, slab, &view, address);
}

pages_result heap_free(struct heap *heap, void *memory)
{
    struct thread_counters *thread;
    pages_result result;

    if (!memory)
        return PAGES_OK;
    thread = heap_thread_counters(heap);
    heap_enter(heap, thread);
    result = free_block(heap, thread, (uintptr_t)memory);
    heap_leave(heap, thread);
    return result;
}
