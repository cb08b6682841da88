/*
 * heap_resize.c: the sizes of blocks (heap.h): telling them, and changing them where the block
 * lies.
 */
#include "heap/heap.h"

#include "heap/check/heap_look.h"
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

static bool resize_small(struct heap *heap, struct thread_counters *thread, struct slab *slab,
                         const struct slab_view *view, uintptr_t address, size_t size)
{
    const struct size_class *size_class = view->size_class;
    struct slab_block block;

    if (view->heap != heap_number(heap) || size < size_class->smallest ||
        size > size_class->largest || slab_look(slab, view, address, &block) != SLAB_LIVE)
        return false;
    if (size_class->margin)
        heap_unwatch(slab, block.index);
    if (slab_change(slab, view, address, &block, slab_field_of(size_class, (uint32_t)size)) !=
        SLAB_LIVE)
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
