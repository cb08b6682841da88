/*
 * heap_fast_path.h: the common cases of heap_alloc and heap_free, for callers to inline: a small
 * block without a history, the thread's counters and an active slab at hand, and no other thread
 * that changes the same word. In every other case nothing is done, and the caller calls the
 * function of heap.h.
 */
#ifndef HOSTMEM_HEAP_HEAP_FAST_PATH_H
#define HOSTMEM_HEAP_HEAP_FAST_PATH_H

#include "heap/reuse/block_freed.h"
#include "heap/heap.h"
#include "heap/heap_counters.h"

/* False: nothing was done; call heap_alloc. */
static inline bool heap_fast_alloc(struct heap *heap, size_t size, void **memory)
{
    struct thread_counters *thread = heap_fast_thread_counters(heap);
    const struct size_class *size_class;
    struct slab *slab;
    uintptr_t address;
    uint32_t class_index, block;

    if (size >= heap->fast_limit || !thread)
        return false;
    class_index = heap->fast_lookup[size];
    size_class = &heap->classes[class_index];
    slab = atomic_load_explicit(&LOAD_RELAXED(thread->active_slabs)[class_index],
                                memory_order_acquire);
    if (!slab)
        return false;
    thread_counters_enter(thread, false);
    address = slab_claim(slab, heap_number(heap), size_class,
                         slab_field_of(size_class, (uint32_t)size), &block);
    if (address) {
        *memory = (void *)address;
        heap_count_own_alloc(heap, thread, THREAD_ALLOCATED, size);
    }
    thread_counters_leave(thread, false);
    return address != 0;
}

/* The address's slab, if it lies in the chunk in which the thread last freed a block; else NULL. */
static inline struct slab *heap_fast_slab(const struct heap *heap,
                                          const struct thread_counters *thread, uintptr_t address)
{
    const chunk_mark *marks = LOAD_RELAXED(thread->marks);
    uint32_t index;

    if (LOAD_RELAXED(thread->chunk) != chunk_number(address) || !marks)
        return NULL;
    index =
        atomic_load_explicit(&marks[address % CHUNK_SIZE / OS_GRANULE_SIZE], memory_order_acquire);
    if (index - 1 < heap->first_slabs)
        return &heap->slabs[index - 1];
    return index ? heap_slab(heap->space, index) : NULL;
}

/* False: nothing was done; call heap_free. */
static inline bool heap_fast_free(struct heap *heap, void *memory)
{
    uintptr_t address = (uintptr_t)memory;
    struct thread_counters *thread = heap_fast_thread_counters(heap);
    struct slab *slab = thread ? heap_fast_slab(heap, thread, address) : NULL;
    struct slab_view view;
    struct slab_block block;
    bool freed;

    if (!slab || !slab_view(slab, &view) || address - view.base >= SLAB_SIZE ||
        view.heap != heap_number(heap) || view.size_class->tracked ||
        slab_look(slab, &view, address, &block) != SLAB_LIVE)
        return false;
    thread_counters_enter(thread, false);
    freed = slab_try_change(slab, &view, &block, 0);
    if (freed) {
        heap_count_own_free(heap, thread, slab_requested(view.size_class, block.field));
        block_freed(heap, slab, &view, block.index);
    }
    thread_counters_leave(thread, false);
    return freed;
}

#endif
