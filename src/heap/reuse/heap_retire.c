/*
 * heap_retire.c: see heap_retire.h.
 */
#include "heap/reuse/heap_retire.h"

#include "heap/check/heap_damage.h"
#include "heap/check/kept_region.h"
#include "heap/reuse/partial_slabs.h"
#include "heap/slab_memory.h"

/* Not if the program has protected pages of the slab. */
static void check_all_freed(struct heap *heap, struct slab *slab, const struct slab_view *view,
                            uintptr_t memory)
{
    if (!heap->space->checked || !kept_region_can_write(memory, memory + SLAB_SIZE))
        return;
    for (uint32_t block = 0; block < view->size_class->blocks; block++)
        heap_check_freed(heap, slab, view, block);
}

/* Takes a slab that is the caller's alone out of use. */
static size_t close(struct heap *heap, struct slab *slab, const struct slab_view *view,
                    uintptr_t *base)
{
    uintptr_t memory = slab_memory_begin(view);
    chunk_mark *mark = slab_memory_mark(heap, memory);
    size_t given = 0;
    uint64_t state;

    if (view->size_class->tracked)
        check_all_freed(heap, slab, view, memory);
    atomic_store_explicit(mark, 0, memory_order_release);
    slab_close(slab);
    if (base)
        *base = memory;
    else
        given = slab_memory_give(heap, view->heap, memory);
    state = atomic_exchange_explicit(&slab->state, slab_state_word(view->key, SLAB_GONE),
                                     memory_order_seq_cst);
    partial_slabs_retired(heap, slab, view->size_class, slab_state_of(state));
    return given;
}

bool heap_retire(struct heap *heap, struct slab *slab, const struct slab_view *view,
                 uintptr_t *base, size_t *given)
{
    *given = 0;
    if (slab_retire(slab, view)) {
        *given = close(heap, slab, view, base);
        return true;
    }
    /*
     * While slab_retire held some of the words, a thread may have made the slab FULL and counted no
     * free blocks in it.
     */
    partial_slabs_recount(heap, slab, view);
    return false;
}

void heap_retire_all(struct heap *heap)
{
    for (uint32_t index = 0; (index = heap_next_slab(heap, index + 1)) != 0;) {
        struct slab *slab = heap_slab(heap->space, index);
        struct slab_view view;
        size_t given;

        if (LOAD_RELAXED(slab->heap) != heap_number(heap) || !slab_view(slab, &view) ||
            view.heap != heap_number(heap))
            continue;
        slab_clear(slab, &view);
        heap_retire(heap, slab, &view, NULL, &given);
    }
}
