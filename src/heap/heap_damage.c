/*
 * heap_damage.c: see heap_damage.h.
 */
#include "heap/heap_damage.h"

/* The first byte that is not as HEAP_FILL_ON_FREE left it; 0: there is none. */
static uintptr_t find_damage(uintptr_t address, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (((const unsigned char *)address)[i] != HEAP_FILL_FREED)
            return address + i;
    }
    return 0;
}

static void report_damage(struct heap *heap, const struct block_history *history, uintptr_t address,
                          uintptr_t damage)
{
    const struct heap_options *options = &heap->space->options;
    struct heap_block block = {
        .address = address,
        .size = LOAD_RELAXED(history->requested),
        .file = LOAD_RELAXED(history->file),
        .caller = LOAD_RELAXED(history->caller),
        .line = LOAD_RELAXED(history->line),
        .heap = heap_number(heap),
        .thread_id = LOAD_RELAXED(history->thread_id),
        .sequence = LOAD_RELAXED(history->sequence),
        .tick = LOAD_RELAXED(history->tick),
        .freed_by = LOAD_RELAXED(history->freed_by),
        .damage = damage,
    };

    counter_increment(&heap->space->pages->counters->corrupted_blocks);
    if (options->damaged)
        options->damaged(options->context, &block);
}

void heap_check_freed(struct heap *heap, struct slab *slab, const struct slab_view *view,
                      uint32_t block)
{
    const struct block_history *history = slab_history(slab, block);
    uintptr_t address = slab_block_address(view, block);
    uintptr_t damage;

    if (!(heap->space->options.flags & HEAP_FILL_ON_FREE) || !LOAD_RELAXED(history->freed))
        return;
    damage = find_damage(address, view->size_class->block_size);
    if (damage)
        report_damage(heap, history, address, damage);
}
