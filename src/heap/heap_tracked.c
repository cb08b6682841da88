/*
 * heap_tracked.c: see heap_tracked.h, where the protocol is.
 */
#include "heap/heap_tracked.h"

#include "heap/reuse/block_freed.h"
#include "heap/reuse/delayed_blocks.h"
#include "heap/check/heap_damage.h"
#include "heap/check/heap_look.h"
#include "heap/check/heap_margins.h"
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
    STORE_RELAXED(history->life, 0);
    STORE_RELAXED(history->sequence, 0);
    atomic_thread_fence(memory_order_release);
    STORE_RELAXED(history->tick, os_tick_milliseconds());
    STORE_RELAXED(history->file, file);
    STORE_RELAXED(history->caller, request->caller);
    STORE_RELAXED(history->line, request->line);
    STORE_RELAXED(history->thread_id, os_thread_id());
    STORE_RELAXED(history->requested, (uint32_t)request->size);
    atomic_store_explicit(&history->sequence, sequence, memory_order_release);
}

/* Fills what is handed out of the block's room, and what is not. */
static void fill_allocated(const struct heap_space *space, const struct slab *slab,
                           const struct slab_view *view, uint32_t block, uint32_t size,
                           bool damaged)
{
    const struct heap_margins margins = heap_margins_of(space, slab, view, block, size);

    if (space->options.flags & HEAP_FILL_ON_ALLOC)
        os_fill((void *)margins.block, HEAP_FILL_ALLOCATED, size);
    else if (damaged)
        os_fill((void *)margins.block, space->secrets.freed, size);
    heap_margins_lay_rest(&margins);
}

/* Makes a pending block the caller's. */
static void hand_out(struct heap *heap, struct slab *slab, uint32_t block,
                     const struct heap_request *request, const char *file)
{
    struct block_history *history = slab_history(slab, block);
    struct slab_view view;
    bool damaged;

    slab_view(slab, &view);
    damaged = heap->space->checked && heap_check_freed(heap, slab, &view, block);
    if (view.size_class->margin && !LOAD_RELAXED(history->life))
        heap_look_around(heap->space, slab, &view, block);
    write_history(heap, history, request, file);
    if (view.size_class->margin)
        fill_allocated(heap->space, slab, &view, block, (uint32_t)request->size, damaged);
    atomic_store_explicit(&history->life,
                          block_life_word(LOAD_RELAXED(history->sequence), BLOCK_WATCHED),
                          memory_order_release);
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
    uint64_t life;

    if (answer != SLAB_LIVE)
        return answer;
    history = slab_history(slab, block->index);
    /* A thread that reads what is written below sees that the block is pending. */
    atomic_thread_fence(memory_order_release);
    life = atomic_exchange_explicit(&history->life,
                                    block_life_word(LOAD_RELAXED(history->sequence), BLOCK_ENDING),
                                    memory_order_acq_rel);
    STORE_RELAXED(history->freed_by, os_thread_id());
    STORE_RELAXED(history->requested, slab_requested(view->size_class, block->field));
    if (view->size_class->margin)
        heap_check_ended(heap, slab, view, block->index, block_life_of(life) == BLOCK_WATCHED);
    if (heap_fills_freed(&heap->space->options))
        os_fill((void *)address, heap->space->secrets.freed, heap_freed_size(view->size_class));
    atomic_store_explicit(&history->life,
                          block_life_word(LOAD_RELAXED(history->sequence), BLOCK_ENDED),
                          memory_order_release);
    if (flags & HEAP_DELAY_REUSE)
        delayed_blocks_add(heap, slab, block->index);
    else
        let_go(heap, slab, block->index);
    return SLAB_LIVE;
}
