/*
 * heap_resize.c: the sizes of blocks (heap.h): telling them, and changing them where the block
 * lies.
 */
#include "heap/heap.h"

#include "heap/check/heap_look.h"
#include "heap/check/heap_margins.h"
#include "heap/heap_counters.h"
#include "heap/heap_large.h"
#include "heap/heap_walk.h"
#include "heap/slab_memory.h"

bool heap_size_of(struct heap *heap, const void *memory, size_t *size)
{
    struct heap_block block;

    if (!heap_find_block(heap->space, (uintptr_t)memory, &block) ||
        block.address != (uintptr_t)memory || block.heap != heap_number(heap))
        return false;
    *size = block.size;
    return true;
}

/* The size that a block of the class can have: what was asked for, or with `shrink` a larger one.
 */
static size_t fitting(const struct size_class *size_class, size_t size, bool shrink)
{
    return shrink && size < size_class->smallest ? size_class->smallest : size;
}

/* Makes a live block with margins smaller: what it leaves is looked at from now on. */
static bool shrink_checked(struct heap *heap, struct slab *slab, const struct slab_view *view,
                           uintptr_t address, size_t size, struct slab_block *block)
{
    const struct heap_margins margins =
        heap_margins_of(heap->space, slab, view, block->index, (uint32_t)size);
    uint64_t life;
    bool done;

    /* What is wrong so far is told: the new margins are written over it. */
    heap_look_at(heap->space, address);
    life = heap_unwatch(slab, block->index);
    heap_margins_lay_rest(&margins);
    done = slab_change(slab, view, address, block,
                       slab_field_of(view->size_class, (uint32_t)size)) == SLAB_LIVE;
    heap_watch_again(slab, block->index, life);
    return done;
}

static bool change(struct heap *heap, struct slab *slab, const struct slab_view *view,
                   uintptr_t address, size_t size, struct slab_block *block)
{
    if (view->size_class->margin)
        return shrink_checked(heap, slab, view, address, size, block);
    return slab_change(slab, view, address, block,
                       slab_field_of(view->size_class, (uint32_t)size)) == SLAB_LIVE;
}

static bool resize_small(struct heap *heap, struct thread_counters *thread, struct slab *slab,
                         const struct slab_view *view, uintptr_t address, size_t size)
{
    const struct size_class *size_class = view->size_class;
    struct slab_block block;

    if (view->heap != heap_number(heap) || size < size_class->smallest ||
        size > size_class->largest || slab_look(slab, view, address, &block) != SLAB_LIVE ||
        !change(heap, slab, view, address, size, &block))
        return false;
    heap_count_resize(heap, thread, slab_requested(size_class, block.field), size);
    return true;
}

static bool resize(struct heap *heap, struct thread_counters *thread, uintptr_t address,
                   size_t size, bool shrink)
{
    struct slab *slab = heap_slab_of(heap, thread, address);
    struct slab_view view;

    if (!slab)
        return heap_resize_large(heap, thread, address, size, shrink);
    return slab_view(slab, &view) && address - view.base < SLAB_SIZE &&
           resize_small(heap, thread, slab, &view, address, fitting(view.size_class, size, shrink));
}

bool heap_resize(struct heap *heap, void *memory, size_t size)
{
    struct thread_counters *thread = heap_thread_counters(heap);
    bool done;

    heap_enter(heap, thread);
    /* From that size on a block has a guard page, which this one lacks. Margins do not move. */
    done = size <= heap->space->options.guard_above && !heap_has_margins(&heap->space->options) &&
           resize(heap, thread, (uintptr_t)memory, size, false);
    heap_leave(heap, thread);
    return done;
}

bool heap_shrink(struct heap *heap, void *memory, size_t size)
{
    struct thread_counters *thread = heap_thread_counters(heap);
    bool done;

    heap_enter(heap, thread);
    done = resize(heap, thread, (uintptr_t)memory, size, true);
    heap_leave(heap, thread);
    return done;
}
