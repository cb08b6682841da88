/*
 * heap_slabs.c: see heap_slabs.h. The states of a slab are slab.h's.
 */
#include "heap/heap_slabs.h"

#include "heap/partial_slabs.h"
#include "heap/slab_memory.h"

/* ------------------------------------------------------------------------------------------------
 * Making a slab
 * --------------------------------------------------------------------------------------------- */

/* Empty histories for the blocks of a tracked slab. False: there is no memory for them. */
static bool ensure_histories(struct heap_space *space, struct slab *slab,
                             const struct size_class *size_class)
{
    if (!size_class->tracked)
        return true;
    if (slab->history_capacity < size_class->blocks) {
        struct block_history *histories =
            history_pool_take(&space->histories, size_class->blocks, &slab->history_capacity);

        if (!histories)
            return false;
        atomic_store_explicit(&slab->histories, histories, memory_order_relaxed);
    }
    for (uint32_t block = 0; block < size_class->blocks; block++)
        atomic_store_explicit(&slab_history(slab, block)->freed, 0, memory_order_relaxed);
    return true;
}

/* Takes the slab's memory, and puts the descriptor into use. */
static pages_result furnish(struct heap *heap, struct slab *slab,
                            const struct size_class *size_class, uint32_t critical_level)
{
    struct slab_view view = {.size_class = size_class, .heap = heap_number(heap)};
    pages_result result = slab_memory_take(heap, critical_level, &view.base);
    chunk_mark *mark;

    if (result)
        return result;
    mark = slab_memory_mark(heap, view.base);
    if (!mark) {
        slab_memory_give(heap, view.base, false);
        return OS_ERROR_NOT_ENOUGH_MEMORY;
    }
    /*
     * The slab must be found by address before a block of it can be handed out. Until slab_open,
     * its key of 0 says that it is not in use.
     */
    atomic_store_explicit(mark, heap_slab_index(heap->space, slab), memory_order_release);
    view.key = heap_space_key(heap->space);
    slab_open(slab, &view, SLAB_ACTIVE);
    return PAGES_OK;
}

static uint32_t take_descriptor(struct heap *heap)
{
    uint32_t index = heap_take_slab(heap);

    if (index)
        return index;
    partial_slabs_drain(heap);
    return heap_take_slab(heap);
}

static pages_result make_slab(struct heap *heap, const struct size_class *size_class,
                              uint32_t critical_level, struct slab **slab)
{
    struct heap_space *space = heap->space;
    uint32_t index = take_descriptor(heap);
    pages_result result = HEAP_NO_HISTORY;

    if (!index)
        return OS_ERROR_NOT_ENOUGH_MEMORY;
    *slab = heap_slab(space, index);
    slab_close(*slab); /* its key is 0 already; this orders what is written from now on */
    if (ensure_histories(space, *slab, size_class))
        result = furnish(heap, *slab, size_class, critical_level);
    if (result)
        heap_give_slab(space, *slab);
    return result;
}

/* ------------------------------------------------------------------------------------------------
 * Active slabs
 * --------------------------------------------------------------------------------------------- */

/* The caller has taken a slab without free blocks out of its slot of active slabs. */
static void leave(struct heap *heap, struct slab *slab)
{
    uint64_t state = atomic_load_explicit(&slab->state, memory_order_acquire);
    struct slab_view view;
    uint32_t room;

    if (slab_state_of(state) == SLAB_GONE ||
        !slab_change_state(slab, state, SLAB_ACTIVE, SLAB_FULL)) {
        heap_give_slab(heap->space, slab);
        return;
    }
    /* From here on the slab may be retired, and its descriptor be in use for another slab. */
    if (!slab_view(slab, &view) ||
        slab_state_word(view.key, SLAB_FULL) != slab_state_word(state, SLAB_FULL))
        return;
    room = slab_room(slab, &view);
    atomic_store_explicit(&slab->freed, room, memory_order_relaxed);
    if (room >= partial_slabs_threshold(view.size_class))
        partial_slabs_add(heap, slab, &view);
}

/*
 * Another thread filled the slot first: the caller's ACTIVE slab, which is in no slot, becomes a
 * partial one. A thread that retires it meanwhile leaves its descriptor to the caller.
 */
static void put_back(struct heap *heap, struct slab *slab, const struct size_class *size_class)
{
    uint64_t state = atomic_load_explicit(&slab->state, memory_order_acquire);

    if (slab_state_of(state) == SLAB_ACTIVE &&
        slab_change_state(slab, state, SLAB_ACTIVE, SLAB_PARTIAL))
        partial_slabs_push(heap, slab, size_class);
    else
        heap_give_slab(heap->space, slab);
}

/* Replaces the active slab `old`, in which no block is free, or NULL, by one that has room. */
static pages_result renew(struct heap *heap, active_slab *slot, struct slab *old,
                          const struct size_class *size_class, uint32_t critical_level)
{
    struct slab *slab = partial_slabs_take(heap, size_class);
    pages_result result = slab ? PAGES_OK : make_slab(heap, size_class, critical_level, &slab);

    if (result)
        return result;
    if (atomic_compare_exchange_strong_explicit(slot, &old, slab, memory_order_acq_rel,
                                                memory_order_relaxed)) {
        if (old)
            leave(heap, old);
    } else {
        put_back(heap, slab, size_class);
    }
    return PAGES_OK;
}

/* ------------------------------------------------------------------------------------------------
 * Claiming a block
 * --------------------------------------------------------------------------------------------- */

/* A block in any slab of the heap: the last resort when no slab can be made. */
static uintptr_t claim_anywhere(struct heap *heap, const struct size_class *size_class,
                                uint32_t field, struct slab **slab, uint32_t *block)
{
    for (uint32_t index = 0; (index = heap_next_slab(heap, index + 1)) != 0;) {
        uintptr_t address;

        *slab = heap_slab(heap->space, index);
        address = slab_claim_from(*slab, heap_number(heap), size_class, field, 0, block);
        if (address)
            return address;
    }
    return 0;
}

uintptr_t heap_claim(struct heap *heap, const struct thread_counters *thread,
                     const struct size_class *size_class, uint32_t field, uint32_t critical_level,
                     struct slab **slab, uint32_t *block, pages_result *result)
{
    active_slab *slot = &LOAD_RELAXED(thread->active_slabs)[size_class->index];

    *result = PAGES_OK;
    while (!*result) {
        uintptr_t address = 0;

        *slab = atomic_load_explicit(slot, memory_order_acquire);
        if (*slab)
            address = slab_claim_from(*slab, heap_number(heap), size_class, field, 0, block);
        if (address)
            return address;
        *result = renew(heap, slot, *slab, size_class, critical_level);
    }
    return claim_anywhere(heap, size_class, field, slab, block);
}
