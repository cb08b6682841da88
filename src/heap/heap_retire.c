/*
 * heap_retire.c: see heap_retire.h.
 */
#include "heap/heap_retire.h"

#include "heap/heap_damage.h"
#include "heap/partial_slabs.h"
#include "heap/slab_memory.h"

static void check_all_freed(struct heap *heap, struct slab *slab, const struct slab_view *view)
{
    for (uint32_t block = 0; block < view->size_class->blocks; block++)
        heap_check_freed(heap, slab, view, block);
}

/*
 * Takes a slab that is the caller's alone out of use. Returns how many bytes went back to the
 * system.
 */
static size_t close(struct heap *heap, struct slab *slab, const struct slab_view *view, bool keep)
{
    chunk_mark *mark = slab_memory_mark(heap, view->base);
    size_t given;
    uint64_t state;

    if (view->size_class->tracked)
        check_all_freed(heap, slab, view);
    atomic_store_explicit(mark, 0, memory_order_release);
    slab_close(slab);
    /* Nothing would find a late write to a spare. Without spares, such a write faults. */
    given = slab_memory_give(heap, view->base,
                             keep && !(heap->space->options.flags & HEAP_FILL_ON_FREE));
    state = atomic_exchange_explicit(&slab->state, slab_state_word(view->key, SLAB_GONE),
                                     memory_order_acq_rel);
    /* An active or partial slab: the thread that next meets it there gives the descriptor back. */
    if (slab_state_of(state) == SLAB_FULL)
        heap_give_slab(heap->space, slab);
    return given;
}

static size_t retire(struct heap *heap, struct slab *slab, const struct slab_view *view, bool keep)
{
    if (slab_retire(slab, view))
        return close(heap, slab, view, keep);
    /*
     * While slab_retire held some of the words, a thread may have made the slab FULL and counted no
     * free blocks in it.
     */
    partial_slabs_add(heap, slab, view);
    return 0;
}

/* One more block of a FULL slab is free. */
static void count_full(struct heap *heap, struct slab *slab, const struct slab_view *view,
                       bool word_is_empty)
{
    /* Two frees at once may count as one: the slab then becomes partial a little later. */
    uint32_t freed = LOAD_RELAXED(slab->freed) + 1;

    atomic_store_explicit(&slab->freed, freed, memory_order_relaxed);
    if (word_is_empty || freed >= partial_slabs_threshold(view->size_class))
        partial_slabs_add(heap, slab, view);
}

size_t heap_block_freed_elsewhere(struct heap *heap, struct slab *slab,
                                  const struct slab_view *view, uint32_t word)
{
    uint64_t state = atomic_load_explicit(&slab->state, memory_order_seq_cst);
    bool word_is_empty =
        (LOAD_RELAXED(slab->words[word]) ^ view->key) == size_class_empty(view->size_class, word);

    if (state == slab_state_word(view->key, SLAB_FULL)) {
        count_full(heap, slab, view, word_is_empty);
        state = atomic_load_explicit(&slab->state, memory_order_seq_cst);
    }
    if (word_is_empty && state == slab_state_word(view->key, SLAB_PARTIAL) &&
        slab_is_empty(slab, view))
        return retire(heap, slab, view, true);
    return 0;
}

size_t heap_retire_slabs(struct heap *heap, bool all)
{
    size_t given = 0;

    for (uint32_t index = 0; (index = heap_next_slab(heap, index + 1)) != 0;) {
        struct slab *slab = heap_slab(heap->space, index);
        struct slab_view view;
        bool open = slab_view(slab, &view);

        if (LOAD_RELAXED(slab->heap) != heap_number(heap))
            continue;
        if (all) {
            if (open)
                given += close(heap, slab, &view, false);
            /* No thread will look at this heap's slots and stacks again. */
            if (LOAD_RELAXED(slab->heap) == heap_number(heap))
                heap_give_slab(heap->space, slab);
        } else if (open && slab_is_empty(slab, &view)) {
            given += retire(heap, slab, &view, false);
        }
    }
    if (!all)
        partial_slabs_drain(heap);
    return given + slab_memory_give_spares(heap);
}
