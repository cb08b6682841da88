/*
 * heap_look.c: see heap_look.h, where the protocol is.
 */
#include "heap/check/heap_look.h"

#include "heap/check/freed_regions.h"
#include "heap/check/heap_damage.h"
#include "heap/check/heap_margins.h"
#include "heap/check/kept_region.h"
#include "heap/heap_state.h"
#include "heap/slab_memory.h"

/* ------------------------------------------------------------------------------------------------
 * Blocks of slabs
 * --------------------------------------------------------------------------------------------- */

static bool look_at_live(struct heap_space *space, const struct slab *slab,
                         const struct slab_view *view, uint32_t index, uint64_t life)
{
    struct block_history *history = slab_history(slab, index);
    struct heap_block block;
    struct heap_margins margins;
    uintptr_t damage;
    uint32_t size;

    if (!view->size_class->margin || !slab_read(slab, view, index, &size))
        return false;
    block = heap_block_of(history, view->heap, slab_block_address(view, index), size);
    damage = heap_margins_damage_of(space, slab, view, index, size, &margins);
    if (!damage)
        return false;
    /* What was read before is of the life that is swapped. */
    atomic_thread_fence(memory_order_acquire);
    if (block_life_of(life) == BLOCK_TOLD)
        return atomic_load_explicit(&history->life, memory_order_relaxed) == life;
    if (atomic_compare_exchange_strong_explicit(&history->life, &life,
                                                block_life_word(block.sequence, BLOCK_TOLD),
                                                memory_order_acq_rel, memory_order_acquire)) {
        heap_tell_margin(space, &block, damage);
        return true;
    }
    return life == block_life_word(block.sequence, BLOCK_TOLD);
}

static bool look_at_freed(struct heap_space *space, const struct slab *slab,
                          const struct slab_view *view, uint32_t index, uint64_t life)
{
    uintptr_t damage = heap_damage_of_freed(space, slab, view, index);

    return damage && heap_tell_freed(space, slab, view, index, life, damage);
}

static bool look_at_block(struct heap_space *space, const struct slab *slab,
                          const struct slab_view *view, uint32_t index)
{
    uint64_t life = atomic_load_explicit(&slab_history(slab, index)->life, memory_order_acquire);

    /* The history that was loaded is that of this use of the slab. */
    if (!slab_is_still(slab, view->key))
        return false;
    switch (block_life_of(life)) {
    case BLOCK_WATCHED:
    case BLOCK_TOLD:
        return look_at_live(space, slab, view, index, life);
    case BLOCK_ENDED:
        return look_at_freed(space, slab, view, index, life);
    default:
        return false;
    }
}

/*
 * Bytes which the block shares with that neighbour. `margins` are these bytes, as the neighbour's
 * alone. A free of the neighbour that is under way does what is left to do here.
 */
static void settle_shared(struct heap_space *space, const struct slab *slab,
                          const struct slab_view *view, uint32_t neighbour,
                          const struct heap_margins *margins)
{
    const _Atomic uint64_t *life = &slab_history(slab, neighbour)->life;

    if (!LOAD_RELAXED(*life) || !heap_margins_damage(margins))
        return;
    look_at_block(space, slab, view, neighbour);
    if (block_life_of(LOAD_RELAXED(*life)) == BLOCK_TOLD ||
        block_life_of(LOAD_RELAXED(*life)) == BLOCK_ENDED_TOLD)
        heap_margins_mend(margins);
}

void heap_look_around(struct heap_space *space, const struct slab *slab,
                      const struct slab_view *view, uint32_t block)
{
    uintptr_t begin = slab_block_address(view, block);
    uintptr_t end = begin + view->size_class->block_size;
    struct heap_margins behind = {.pattern = space->secrets.margin, .head = end, .block = end};
    struct heap_margins before = behind;

    before.tail = begin - CLASS_MARGIN;
    before.end = begin;
    behind.head = end - CLASS_MARGIN;
    if (block > 0)
        settle_shared(space, slab, view, block - 1, &before);
    if (block + 1 < view->size_class->blocks)
        settle_shared(space, slab, view, block + 1, &behind);
}

/* Looks at one block of the slab, or (UINT32_MAX) at all. */
static bool look_at_slab(struct heap_space *space, const struct slab *slab, uint32_t heap,
                         uint32_t only)
{
    struct kept_region kept;
    struct region *region;
    struct slab_view view;
    bool damaged = false;
    uintptr_t memory;

    if (!slab_view(slab, &view) || !slab_is_still(slab, view.key) || !view.size_class->tracked ||
        (heap && view.heap != heap))
        return false;
    memory = slab_memory_begin(&view);
    region = region_table_find(&space->pages->table, memory);
    if (!region || !kept_region_begin(space, region, &kept))
        return false;
    if (kept.facts.base == memory && slab_is_still(slab, view.key) &&
        kept_region_can_read(memory, memory + SLAB_SIZE)) {
        for (uint32_t i = 0; i < view.size_class->blocks; i++) {
            if ((only == UINT32_MAX || only == i) && look_at_block(space, slab, &view, i))
                damaged = true;
        }
    }
    kept_region_end(space, &kept);
    return damaged;
}

uint64_t heap_unwatch(struct slab *slab, uint32_t block)
{
    struct block_history *history = slab_history(slab, block);

    /* The caller owns the block, so only those who look change its life meanwhile. */
    return atomic_exchange_explicit(
        &history->life, block_life_word(LOAD_RELAXED(history->sequence), BLOCK_UNWATCHED),
        memory_order_acq_rel);
}

void heap_watch_again(struct slab *slab, uint32_t block, uint64_t life)
{
    struct block_history *history = slab_history(slab, block);
    uint64_t unwatched = block_life_word(LOAD_RELAXED(history->sequence), BLOCK_UNWATCHED);

    atomic_compare_exchange_strong_explicit(&history->life, &unwatched, life, memory_order_acq_rel,
                                            memory_order_relaxed);
}

/* ------------------------------------------------------------------------------------------------
 * Blocks that are regions
 * --------------------------------------------------------------------------------------------- */

/* The region's memory is kept. */
static bool look_at_kept(struct heap_space *space, struct region *region,
                         const struct region_facts *facts)
{
    uint32_t watch = atomic_load_explicit(&region->watch, memory_order_acquire);
    const struct heap_margins margins = heap_margins_of_region(space, facts);
    struct heap_block block = heap_block_of_region(facts);
    uintptr_t damage;

    if (watch == REGION_UNWATCHED || !kept_region_can_read(margins.head, margins.block) ||
        !kept_region_can_read(margins.tail, margins.end))
        return false;
    damage = heap_margins_damage(&margins);
    /* Handed over: it has been freed meanwhile, or before it was kept. */
    if (!damage || atomic_load_explicit(&region->heap, memory_order_acquire) != facts->heap)
        return false;
    if (watch == REGION_WATCHED &&
        atomic_compare_exchange_strong_explicit(&region->watch, &watch, REGION_TOLD,
                                                memory_order_acq_rel, memory_order_acquire))
        heap_tell_margin(space, &block, damage);
    return true;
}

bool heap_look_at_region(struct heap_space *space, struct region *region)
{
    struct kept_region kept;
    bool damaged;

    if (!space->checked || !kept_region_begin(space, region, &kept))
        return false;
    damaged = !(kept.facts.heap & REGION_IS_SLAB) && look_at_kept(space, region, &kept.facts);
    kept_region_end(space, &kept);
    return damaged;
}

/* ------------------------------------------------------------------------------------------------
 * All of them
 * --------------------------------------------------------------------------------------------- */

static uint32_t next_slab(const struct heap_space *space, const struct heap *heap, uint32_t from)
{
    if (heap)
        return heap_next_slab(heap, from);
    return from <= pool_limit(&space->slabs) ? from : 0;
}

static uint32_t next_region(const struct heap_space *space, const struct heap *heap, uint32_t from)
{
    if (heap)
        return heap_next_region(heap, from);
    return from <= region_table_limit(&space->pages->table) ? from : 0;
}

bool heap_look(struct heap_space *space, const struct heap *heap)
{
    uint32_t number = heap ? heap_number(heap) : 0;
    bool damaged = false;

    if (!space->checked)
        return false;
    for (uint32_t i = 0; (i = next_slab(space, heap, i + 1)) != 0;) {
        if (look_at_slab(space, heap_slab(space, i), number, UINT32_MAX))
            damaged = true;
    }
    for (uint32_t i = 0; (i = next_region(space, heap, i + 1)) != 0;) {
        struct region *region = region_table_at(&space->pages->table, i);

        if ((!number || LOAD_RELAXED(region->heap) == number) && heap_look_at_region(space, region))
            damaged = true;
    }
    return freed_regions_look(space, number) || damaged;
}

bool heap_look_at(struct heap_space *space, uintptr_t address)
{
    uint32_t index = slab_memory_index_at(space, address);
    struct region *region;
    struct slab_view view;

    if (!space->checked)
        return false;
    if (!index) {
        region = region_table_find(&space->pages->table, address);
        return region && heap_look_at_region(space, region);
    }
    if (!slab_view(heap_slab(space, index), &view) || address - view.base >= SLAB_SIZE)
        return false;
    return look_at_slab(space, heap_slab(space, index), 0,
                        (uint32_t)((address - view.base) / view.size_class->block_size));
}
