/*
 * delayed_blocks.c: see delayed_blocks.h.
 */
#include "heap/reuse/delayed_blocks.h"

#include "heap/reuse/block_freed.h"
#include "heap/reuse/delayed_places.h"
#include "heap/reuse/heap_live.h"
#include "heap/reuse/heap_visit.h"
#include "heap/reuse/idle_slabs.h"

/* splitmix64, whose steps any number of threads may take at once. */
static uint64_t next_random(struct delayed_blocks *delayed)
{
    uint64_t value = atomic_fetch_add_explicit(&delayed->chance, UINT64_C(0x9e3779b97f4a7c15),
                                               memory_order_relaxed);

    value += (uintptr_t)delayed;
    value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
    return value ^ value >> 31;
}

static uint64_t load_place(const struct delayed_blocks *delayed, uint32_t place)
{
    return atomic_load_explicit(&delayed->places[place % DELAYED_PLACES], memory_order_acquire);
}

/* Takes a block, of whatever heap, out of its place, and makes it free. */
static size_t release(struct heap_space *space, uint32_t place, uint64_t word)
{
    struct heap *heap = pool_item(&space->heaps, delayed_places_heap(word));
    size_t given = 0;

    if (!heap_visit(heap))
        return 0;
    if (delayed_places_take(&space->delayed, place, word)) {
        struct slab_view view;
        struct slab *slab = delayed_places_settle(heap, word, &view);

        given = block_freed(heap, slab, &view, delayed_places_block(word));
    }
    heap_visit_end(heap);
    return given;
}

static bool is_too_much(const struct heap_space *space)
{
    int64_t bytes = (int64_t)LOAD_RELAXED(space->delayed.bytes);

    return bytes > (int64_t)(DELAYED_BYTES + heap_live(&space->live) / HEAP_IDLE_SHARE);
}

/* Releases the first block at or behind a place that is chosen by chance. False: there is none. */
static bool release_one(struct heap_space *space, size_t *given)
{
    uint32_t place = (uint32_t)next_random(&space->delayed);

    for (uint32_t i = 0; i < DELAYED_PLACES; i++, place++) {
        uint64_t word = load_place(&space->delayed, place);

        if (word) {
            *given += release(space, place, word);
            return true;
        }
    }
    return false;
}

size_t delayed_blocks_add(struct heap *heap, struct slab *slab, uint32_t block)
{
    struct heap_space *space = heap->space;
    _Atomic uint64_t *place =
        &space->delayed.places[(uint32_t)next_random(&space->delayed) % DELAYED_PLACES];
    uint64_t before = 0;
    struct slab_view view;
    size_t given = 0;

    slab_view(slab, &view);
    atomic_fetch_add_explicit(&space->delayed.bytes, view.size_class->block_size,
                              memory_order_relaxed);
    while (!atomic_compare_exchange_strong_explicit(place, &before,
                                                    delayed_places_word(heap, slab, block),
                                                    memory_order_acq_rel, memory_order_acquire)) {
        given += release(space, (uint32_t)(place - space->delayed.places), before);
        before = 0;
    }
    while (is_too_much(space) && release_one(space, &given))
        ;
    /* By now the block may be free, and its slab in use for others. Then this finds nothing. */
    return given + idle_slabs_look(heap, slab, &view);
}

size_t delayed_blocks_give(struct heap_space *space, const struct heap *heap)
{
    size_t given = 0;

    if (!LOAD_RELAXED(space->delayed.bytes))
        return 0;
    for (uint32_t place = 0; place < DELAYED_PLACES; place++) {
        uint64_t word = load_place(&space->delayed, place);

        if (word && (!heap || delayed_places_heap(word) == heap->index))
            given += release(space, place, word);
    }
    return given;
}
