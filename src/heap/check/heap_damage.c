/*
 * heap_damage.c: see heap_damage.h.
 */
#include "heap/check/heap_damage.h"

#include "heap/check/heap_margins.h"
#include "heap/heap_state.h"

struct heap_block heap_block_of(const struct block_history *history, uint32_t heap,
                                uintptr_t address, size_t size)
{
    return (struct heap_block){
        .address = address,
        .size = size,
        .file = LOAD_RELAXED(history->file),
        .caller = LOAD_RELAXED(history->caller),
        .line = LOAD_RELAXED(history->line),
        .heap = heap,
        .thread_id = LOAD_RELAXED(history->thread_id),
        .sequence = LOAD_RELAXED(history->sequence),
        .tick = LOAD_RELAXED(history->tick),
    };
}

struct heap_block heap_block_of_region(const struct region_facts *facts)
{
    return (struct heap_block){
        .address = facts->block,
        .size = facts->requested,
        .file = facts->file,
        .caller = facts->caller,
        .line = facts->line,
        .heap = facts->heap,
        .thread_id = facts->thread_id,
        .sequence = facts->sequence,
        .tick = facts->tick,
    };
}

void heap_tell_damage(struct heap_space *space, struct heap_block *block,
                      enum heap_damage_kind kind, uintptr_t damage)
{
    block->damage_kind = kind;
    block->damage = damage;
    counter_increment(&space->pages->counters->corrupted_blocks);
    if (space->options.damaged)
        space->options.damaged(space->options.context, block);
}

void heap_tell_margin(struct heap_space *space, struct heap_block *block, uintptr_t damage)
{
    heap_tell_damage(space, block,
                     damage < block->address ? HEAP_DAMAGE_BEFORE : HEAP_DAMAGE_BEHIND, damage);
}

/* ------------------------------------------------------------------------------------------------
 * After the free
 * --------------------------------------------------------------------------------------------- */

uintptr_t heap_damage_of_freed(const struct heap_space *space, const struct slab *slab,
                               const struct slab_view *view, uint32_t block)
{
    uint32_t size = heap_freed_size(view->size_class);
    uintptr_t address = slab_block_address(view, block);
    struct heap_change change = {0, 0};
    struct heap_margins margins;

    if (heap_fills_freed(&space->options))
        change = heap_find_change(address, address + size, heap_pattern_of(space->secrets.freed));
    if (change.first || !view->size_class->margin)
        return change.first;
    return heap_margins_damage_of(space, slab, view, block, size, &margins);
}

bool heap_tell_freed(struct heap_space *space, const struct slab *slab,
                     const struct slab_view *view, uint32_t block, uint64_t life, uintptr_t damage)
{
    struct block_history *history = slab_history(slab, block);
    struct heap_block freed = heap_block_of(history, view->heap, slab_block_address(view, block),
                                            LOAD_RELAXED(history->requested));

    freed.freed_by = LOAD_RELAXED(history->freed_by);
    /* What was read before is of the life that is swapped. */
    atomic_thread_fence(memory_order_acquire);
    if (!atomic_compare_exchange_strong_explicit(&history->life, &life,
                                                 block_life_word(freed.sequence, BLOCK_ENDED_TOLD),
                                                 memory_order_acq_rel, memory_order_acquire))
        return false;
    heap_tell_damage(space, &freed, HEAP_DAMAGE_FREED, damage);
    return true;
}

bool heap_check_freed(struct heap *heap, struct slab *slab, const struct slab_view *view,
                      uint32_t block)
{
    uint64_t life = LOAD_RELAXED(slab_history(slab, block)->life);
    struct heap_margins margins;
    uintptr_t damage;

    if (block_life_of(life) != BLOCK_ENDED && block_life_of(life) != BLOCK_ENDED_TOLD)
        return false;
    damage = heap_damage_of_freed(heap->space, slab, view, block);
    if (!damage)
        return false;
    if (view->size_class->margin) {
        margins =
            heap_margins_of(heap->space, slab, view, block, heap_freed_size(view->size_class));
        heap_margins_mend(&margins);
    }
    if (block_life_of(life) == BLOCK_ENDED)
        heap_tell_freed(heap->space, slab, view, block, life, damage);
    return true;
}

/* ------------------------------------------------------------------------------------------------
 * At the free
 * --------------------------------------------------------------------------------------------- */

void heap_check_ended(struct heap *heap, struct slab *slab, const struct slab_view *view,
                      uint32_t block, bool news)
{
    const struct block_history *history = slab_history(slab, block);
    uint32_t size = LOAD_RELAXED(history->requested);
    struct heap_margins margins;
    uintptr_t damage = heap_margins_damage_of(heap->space, slab, view, block, size, &margins);
    struct heap_block ended;

    if (!damage)
        return;
    heap_margins_mend(&margins);
    if (!news)
        return;
    ended = heap_block_of(history, heap_number(heap), margins.block, size);
    ended.freed_by = LOAD_RELAXED(history->freed_by);
    heap_tell_margin(heap->space, &ended, damage);
}
