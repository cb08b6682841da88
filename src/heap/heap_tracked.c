/*
 * heap_tracked.c: see heap_tracked.h, where the protocol is.
 */
#include "heap/heap_tracked.h"

#include "heap/reuse/block_freed.h"
#include "heap/reuse/delayed_blocks.h"
#include "heap/heap_damage.h"
#include "heap/heap_slabs.h"

#include "os/os.h"

/* ------------------------------------------------------------------------------------------------
 * Allocating
 * --------------------------------------------------------------------------------------------- */

static void write_history(struct heap *heap, struct block_history *history,
                          const struct heap_request *request, const char *file)
{
    uint64_t sequence =
        atomic_fetch_add_explicit(&heap->space->pages->sequence, 1, memory_order_relaxed) + 1;

    /* A concurrent reader finds the number 0, or the same number before and after. */
    STORE_RELAXED(history->sequence, 0);
    atomic_thread_fence(memory_order_release);
    STORE_RELAXED(history->tick, os_tick_milliseconds());
    STORE_RELAXED(history->file, file);
    STORE_RELAXED(history->caller, request->caller);
    STORE_RELAXED(history->line, request->line);
    STORE_RELAXED(history->thread_id, os_thread_id());
    STORE_RELAXED(history->requested, (uint32_t)request->size);
    STORE_RELAXED(history->freed, 0);
    atomic_store_explicit(&history->sequence, sequence, memory_order_release);
}

/* Makes a pending block the caller's. */
static void hand_out(struct heap *heap, struct slab *slab, uint32_t block,
                     const struct heap_request *request, const char *file)
{
    struct slab_view view;

    slab_view(slab, &view);
    heap_check_freed(heap, slab, &view, block);
    write_history(heap, slab_history(slab, block), request, file);
    if (heap->space->options.flags & HEAP_FILL_ON_ALLOC)
        os_fill((void *)slab_block_address(&view, block), HEAP_FILL_ALLOCATED,
                view.size_class->block_size);
    slab_settle(slab, &view, block, slab_field_of(view.size_class, (uint32_t)request->size));
}

pages_result heap_alloc_tracked(struct heap *heap, struct thread_counters *thread,
                                const struct heap_request *request, void **memory)
{
    const struct size_classes *classes = &heap->space->classes;
    const struct size_class *size_class =
        &classes->classes[size_class_tracked(classes, request->size)];
    const char *file =
        request->file ? string_table_intern(&heap->space->file_names, request->file) : NULL;
    struct slab *slab;
    uint32_t block;
    pages_result result;
    uintptr_t address;

    address = heap_claim(heap, thread, size_class, slab_pending(size_class),
                         request->critical_level, &slab, &block, &result);
    if (!address)
        return result;
    hand_out(heap, slab, block, request, file);
    *memory = (void *)address;
    return PAGES_OK;
}

/* ------------------------------------------------------------------------------------------------
 * Freeing
 * --------------------------------------------------------------------------------------------- */

/* Makes a pending block free. */
static void let_go(struct heap *heap, struct slab *slab, uint32_t block)
{
    struct slab_view view;

    /* The pending block keeps the slab in use: the view is of this use. */
    slab_view(slab, &view);
    slab_settle(slab, &view, block, 0);
    block_freed(heap, slab, &view, block);
}

enum slab_answer heap_free_tracked(struct heap *heap, struct slab *slab,
                                   const struct slab_view *view, uintptr_t address,
                                   struct slab_block *block)
{
    uint32_t flags = heap->space->options.flags;
    enum slab_answer answer =
        slab_change(slab, view, address, block, slab_pending(view->size_class));
    struct block_history *history;

    if (answer != SLAB_LIVE)
        return answer;
    history = slab_history(slab, block->index);
    /* A thread that reads what is written below sees that the block is pending. */
    atomic_thread_fence(memory_order_release);
    STORE_RELAXED(history->freed_by, os_thread_id());
    STORE_RELAXED(history->requested, slab_requested(view->size_class, block->field));
    STORE_RELAXED(history->freed, LOAD_RELAXED(history->sequence));
    if (flags & HEAP_FILL_ON_FREE)
        os_fill((void *)address, HEAP_FILL_FREED, view->size_class->block_size);
    if (flags & HEAP_DELAY_REUSE)
        delayed_blocks_add(heap, slab, block->index);
    else
        let_go(heap, slab, block->index);
    return SLAB_LIVE;
}
