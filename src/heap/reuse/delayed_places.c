/*
 * delayed_places.c: see delayed_places.h, where the protocol is.
 */
#include "heap/reuse/delayed_places.h"

#include "heap/reuse/partial_slabs.h"

bool delayed_places_take(struct delayed_blocks *delayed, uint32_t place, uint64_t word)
{
    return atomic_compare_exchange_strong_explicit(&delayed->places[place % DELAYED_PLACES], &word,
                                                   0, memory_order_acq_rel, memory_order_relaxed);
}

struct slab *delayed_places_settle(struct heap *heap, uint64_t word, struct slab_view *view)
{
    struct slab *slab = heap_slab(heap->space, delayed_places_slab(word));

    /* The pending block keeps the slab in use: the view is of this use. */
    slab_view(slab, view);
    atomic_fetch_sub_explicit(&heap->space->delayed.bytes, view->size_class->block_size,
                              memory_order_relaxed);
    slab_settle(slab, view, delayed_places_block(word), 0);
    return slab;
}

void delayed_places_empty(struct heap *heap, const struct slab *slab)
{
    struct delayed_blocks *delayed = &heap->space->delayed;
    uint32_t index = heap_slab_index(heap->space, slab);

    if (!LOAD_RELAXED(delayed->bytes))
        return;
    for (uint32_t place = 0; place < DELAYED_PLACES; place++) {
        uint64_t word = atomic_load_explicit(&delayed->places[place], memory_order_acquire);
        struct slab_view view;

        if (delayed_places_slab(word) == index && delayed_places_heap(word) == heap->index &&
            delayed_places_take(delayed, place, word)) {
            struct slab *settled = delayed_places_settle(heap, word, &view);

            partial_slabs_count(heap, settled, &view,
                                size_class_word(view.size_class, delayed_places_block(word)));
        }
    }
}
