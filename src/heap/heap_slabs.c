/*
 * heap_slabs.c: see heap_slabs.h. The states of a slab are slab.h's.
 */
#include "heap/heap_slabs.h"

#include "heap/check/heap_margins.h"
#include "heap/reuse/heap_live.h"
#include "heap/reuse/idle_slabs.h"
#include "heap/reuse/partial_slabs.h"
#include "heap/slab_memory.h"

/* ------------------------------------------------------------------------------------------------
 * Making a slab
 * --------------------------------------------------------------------------------------------- */

/* Empty histories for the blocks of a tracked slab. False: there is no memory for them. */
static bool ensure_histories(struct heap_space *space, struct slab *slab,
                             const struct size_class *size_class)
{
    struct block_history *histories;
    uint32_t capacity;

    if (!size_class->tracked)
        return true;
    histories = history_pool_take(&space->histories, size_class->blocks, &capacity);
    if (!histories)
        return false;
    atomic_store_explicit(&slab->histories, histories, memory_order_relaxed);
    slab->history_capacity = (uint16_t)capacity;
    for (uint32_t block = 0; block < size_class->blocks; block++)
        atomic_store_explicit(&slab_history(slab, block)->life, 0, memory_order_relaxed);
    return true;
}

/*
 * Memory for a slab: that of an empty one of another size class, or from the system. A block that
 * waits for its reuse must not be used again for want of a slab, nothing would find a late write to
 * memory that serves another class, and nobody could look at freed blocks.
 */
static pages_result take_memory(struct heap *heap, uint32_t critical_level, uintptr_t *base)
{
    bool keeps_blocks = (heap->space->options.flags &
                         (HEAP_FILL_ON_ALLOC | HEAP_FILL_ON_FREE | HEAP_DELAY_REUSE)) != 0;

    *base = keeps_blocks ? 0 : idle_slabs_take(heap);
    return *base ? PAGES_OK : slab_memory_take(heap, critical_level, base);
}

/* Takes the slab's memory, and puts the descriptor into use. */
static pages_result furnish(struct heap *heap, struct slab *slab,
                            const struct size_class *size_class, uint32_t critical_level)
{
    struct slab_view view = {.size_class = size_class, .heap = heap_number(heap)};
    uintptr_t base;
    pages_result result = take_memory(heap, critical_level, &base);
    chunk_mark *mark;

    if (result)
        return result;
    mark = slab_memory_mark(heap, base);
    if (!mark) {
        slab_memory_give(heap, view.heap, base);
        return OS_ERROR_NOT_ENOUGH_MEMORY;
    }
    view.base = base + size_class->margin;
    if (size_class->margin)
        heap_margins_lay_slab(heap->space, &view);
    /*
     * The slab must be found by address before a block of it can be handed out. Until slab_open,
     * its key of 0 says that it is not in use.
     */
    atomic_store_explicit(mark, heap_slab_index(heap->space, slab), memory_order_release);
    view.key = heap_space_key(heap->space);
    slab_open(slab, &view, SLAB_ACTIVE);
    return PAGES_OK;
}

static pages_result make_slab(struct heap *heap, const struct size_class *size_class,
                              uint32_t critical_level, struct slab **slab)
{
    struct heap_space *space = heap->space;
    uint32_t index = heap_take_slab(heap);
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

    heap_live_add(heap, SLAB_SIZE); /* first: a thread may make it partial at once */
    if (slab_state_of(state) == SLAB_GONE ||
        !slab_change_state(slab, state, SLAB_ACTIVE, SLAB_FULL)) {
        heap_live_subtract(heap, SLAB_SIZE);
        heap_give_slab(heap->space, slab);
        return;
    }
    /* From here on the slab may be retired, and its descriptor be in use for another slab. */
    if (!slab_view(slab, &view) ||
        slab_state_word(view.key, SLAB_FULL) != slab_state_word(state, SLAB_FULL))
        return;
    partial_slabs_recount(heap, slab, &view);
}

/*
 * Another thread filled the slot first: the caller's ACTIVE slab, which is in no slot, becomes a
 * partial one. It may never have had a block.
 */
static void put_back(struct heap *heap, struct slab *slab, const struct size_class *size_class)
{
    struct slab_view view;
    bool open = slab_view(slab, &view);

    if (partial_slabs_put_back(heap, slab, size_class) && open)
        idle_slabs_look(heap, slab, &view);
}

/* A slab that was retired while the caller put it into its slot is taken out again. */
static void check_gone(struct heap *heap, active_slab *slot, struct slab *slab,
                       const struct size_class *size_class)
{
    struct slab *expected = slab;

    if (slab_state_of(atomic_load_explicit(&slab->state, memory_order_seq_cst)) == SLAB_GONE &&
        atomic_compare_exchange_strong_explicit(slot, &expected, NULL, memory_order_seq_cst,
                                                memory_order_relaxed))
        partial_slabs_put_back(heap, slab, size_class);
}

/* Replaces the active slab `old`, in which no block is free, or NULL, by the caller's. */
static void replace(struct heap *heap, active_slab *slot, struct slab *old, struct slab *slab,
                    const struct size_class *size_class)
{
    if (!atomic_compare_exchange_strong_explicit(slot, &old, slab, memory_order_seq_cst,
                                                 memory_order_relaxed)) {
        put_back(heap, slab, size_class);
        return;
    }
    check_gone(heap, slot, slab, size_class);
    if (old)
        leave(heap, old);
}

/* A slab that has room: a partial one, a new one, or if none can be made a scant one. */
static pages_result find_slab(struct heap *heap, const struct size_class *size_class,
                              uint32_t critical_level, struct slab **slab)
{
    pages_result result;

    *slab = partial_slabs_take(heap, size_class);
    if (*slab)
        return PAGES_OK;
    result = make_slab(heap, size_class, critical_level, slab);
    if (!result)
        return PAGES_OK;
    *slab = partial_slabs_take_any(heap, size_class);
    return *slab ? PAGES_OK : result;
}

/* ------------------------------------------------------------------------------------------------
 * Claiming a block
 * --------------------------------------------------------------------------------------------- */

__attribute__((noinline)) static uintptr_t claim_by_chance(struct heap *heap, struct slab *slab,
                                                           const struct size_class *size_class,
                                                           uint32_t field, uint32_t *block)
{
    return slab_claim_random(slab, heap_number(heap), size_class, field,
                             heap_random(&heap->space->secrets), block);
}

__attribute__((always_inline)) static inline uintptr_t claim_in(struct heap *heap,
                                                                struct slab *slab,
                                                                const struct size_class *size_class,
                                                                uint32_t field, uint32_t *block)
{
    if (heap->space->options.flags & HEAP_HARDEN)
        return claim_by_chance(heap, slab, size_class, field, block);
    return slab_claim_from(slab, heap_number(heap), size_class, field, 0, block);
}

/* A block in the active slab of another set: the last resort when there is no other slab. */
static uintptr_t claim_in_other_sets(struct heap *heap, const struct size_class *size_class,
                                     uint32_t field, struct slab **slab, uint32_t *block)
{
    for (uint32_t set = 0; set < HEAP_SETS; set++) {
        uintptr_t address = 0;

        *slab =
            atomic_load_explicit(&heap->active_slabs[set][size_class->index], memory_order_acquire);
        if (*slab)
            address = claim_in(heap, *slab, size_class, field, block);
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
        struct slab *found;

        *slab = atomic_load_explicit(slot, memory_order_acquire);
        if (*slab)
            address = claim_in(heap, *slab, size_class, field, block);
        if (address)
            return address;
        *result = find_slab(heap, size_class, critical_level, &found);
        if (!*result)
            replace(heap, slot, *slab, found, size_class);
    }
    return claim_in_other_sets(heap, size_class, field, slab, block);
}
