/*
 * partial_slabs.c: see partial_slabs.h, where the protocol is.
 */
#include "heap/reuse/partial_slabs.h"

#include "heap/reuse/heap_live.h"

/* How many slabs of a pile a thread turns over when it looks for a ripe one. */
#define LOOK_STEPS 16u

/* How many when it has retired one. */
#define RETIRED_STEPS 4u

/* ------------------------------------------------------------------------------------------------
 * Piles
 * --------------------------------------------------------------------------------------------- */

static void push(struct heap *heap, struct slab_pile *pile, struct slab *slab)
{
    _Atomic uint64_t *stack = &pile->stacks[(LOAD_RELAXED(pile->turn) + 1) % 2];
    uint64_t head = atomic_load_explicit(stack, memory_order_relaxed);
    uint64_t changed;

    do {
        atomic_store_explicit(&slab->next, (uint32_t)head, memory_order_relaxed);
        changed = ((head >> 32) + 1) << 32 | heap_slab_index(heap->space, slab);
    } while (!atomic_compare_exchange_weak_explicit(stack, &head, changed, memory_order_acq_rel,
                                                    memory_order_relaxed));
}

static struct slab *pop_stack(struct heap *heap, _Atomic uint64_t *stack)
{
    uint64_t head = atomic_load_explicit(stack, memory_order_acquire);

    while ((uint32_t)head) {
        struct slab *slab = heap_slab(heap->space, (uint32_t)head);
        uint64_t next = atomic_load_explicit(&slab->next, memory_order_relaxed);
        uint64_t changed = ((head >> 32) + 1) << 32 | next;

        if (atomic_compare_exchange_weak_explicit(stack, &head, changed, memory_order_acq_rel,
                                                  memory_order_acquire))
            return slab;
    }
    return NULL;
}

static struct slab *pop(struct heap *heap, struct slab_pile *pile)
{
    uint32_t turn = LOAD_RELAXED(pile->turn);
    struct slab *slab = pop_stack(heap, &pile->stacks[turn % 2]);

    if (slab)
        return slab;
    slab = pop_stack(heap, &pile->stacks[(turn + 1) % 2]);
    if (slab) /* if two threads change it at once, it is as it was: that costs time only */
        STORE_RELAXED(pile->turn, turn + 1);
    return slab;
}

static void count(_Atomic uint32_t *figure, uint32_t change)
{
    atomic_fetch_add_explicit(figure, change, memory_order_relaxed);
}

/* ------------------------------------------------------------------------------------------------
 * Putting slabs on their piles
 * --------------------------------------------------------------------------------------------- */

static void push_partial(struct heap *heap, struct slab *slab, const struct size_class *size_class)
{
    push(heap, &heap->partial[size_class->index], slab);
}

/* An eighth of the slab's blocks is free: FULL -> PARTIAL, SCANT -> RIPE. */
static void ripen(struct heap *heap, struct slab *slab, const struct slab_view *view)
{
    if (slab_change_state(slab, view->key, SLAB_FULL, SLAB_PARTIAL)) {
        heap_live_subtract(heap, SLAB_SIZE);
        push_partial(heap, slab, view->size_class);
    } else if (slab_change_state(slab, view->key, SLAB_SCANT, SLAB_RIPE)) {
        heap_live_subtract(heap, SLAB_SIZE);
        count(&heap->ripe[view->size_class->index], 1);
    }
}

/* The slab, FULL or SCANT in the view's use, has that many free blocks by now. */
static void add(struct heap *heap, struct slab *slab, const struct slab_view *view, uint32_t room)
{
    if (room >= partial_slabs_threshold(view->size_class)) {
        ripen(heap, slab, view);
    } else if (room && slab_change_state(slab, view->key, SLAB_FULL, SLAB_SCANT)) {
        struct slab_pile *pile = &heap->scant[view->size_class->index];

        count(&pile->count, 1);
        push(heap, pile, slab);
    }
}

void partial_slabs_recount(struct heap *heap, struct slab *slab, const struct slab_view *view)
{
    uint32_t room = slab_room(slab, view);

    atomic_store_explicit(&slab->freed, (uint16_t)room, memory_order_relaxed);
    add(heap, slab, view, room);
}

void partial_slabs_count(struct heap *heap, struct slab *slab, const struct slab_view *view,
                         uint32_t word)
{
    uint64_t state = atomic_load_explicit(&slab->state, memory_order_seq_cst);
    uint32_t freed;

    if (state != slab_state_word(view->key, SLAB_FULL) &&
        state != slab_state_word(view->key, SLAB_SCANT))
        return;
    /* Two frees at once may count as one: the slab then becomes partial a little later. */
    freed = LOAD_RELAXED(slab->freed) + 1;
    atomic_store_explicit(&slab->freed, (uint16_t)freed, memory_order_relaxed);
    if (freed >= partial_slabs_threshold(view->size_class) || slab_word_is_empty(slab, view, word))
        ripen(heap, slab, view);
    else
        add(heap, slab, view, freed);
}

bool partial_slabs_put_back(struct heap *heap, struct slab *slab,
                            const struct size_class *size_class)
{
    uint64_t state = atomic_load_explicit(&slab->state, memory_order_acquire);

    if (slab_state_of(state) == SLAB_ACTIVE &&
        slab_change_state(slab, state, SLAB_ACTIVE, SLAB_PARTIAL)) {
        push_partial(heap, slab, size_class);
        return true;
    }
    heap_give_slab(heap->space, slab);
    return false;
}

/* ------------------------------------------------------------------------------------------------
 * Taking slabs off their piles
 * --------------------------------------------------------------------------------------------- */

/*
 * Makes a slab that the caller has taken off a pile ACTIVE if it is one of the wanted states, which
 * are bits. Returns the state it had.
 */
static enum slab_state activate(struct heap *heap, struct slab *slab, uint32_t class_index,
                                uint32_t wanted)
{
    uint64_t word = atomic_load_explicit(&slab->state, memory_order_acquire);
    enum slab_state state = slab_state_of(word);

    while (wanted & 1u << state && !slab_change_state(slab, word, state, SLAB_ACTIVE)) {
        word = atomic_load_explicit(&slab->state, memory_order_acquire);
        state = slab_state_of(word);
    }
    if (state == SLAB_GONE)
        heap_give_slab(heap->space, slab); /* no other thread can reach it any more */
    else if (state == SLAB_SCANT && wanted & 1u << SLAB_SCANT)
        heap_live_subtract(heap, SLAB_SIZE);
    else if (state == SLAB_RIPE && wanted & 1u << SLAB_RIPE)
        count(&heap->ripe[class_index], (uint32_t)-1);
    return state;
}

static struct slab *take_partial(struct heap *heap, uint32_t class_index)
{
    struct slab *slab;

    while ((slab = pop(heap, &heap->partial[class_index])) != NULL) {
        if (activate(heap, slab, class_index, 1u << SLAB_PARTIAL) == SLAB_PARTIAL)
            return slab;
    }
    return NULL;
}

/* Turns some of the pile of scant slabs over. A slab of a wanted state; NULL: none was met. */
static struct slab *take_scant(struct heap *heap, uint32_t class_index, uint32_t steps,
                               uint32_t wanted)
{
    struct slab_pile *pile = &heap->scant[class_index];

    while (steps--) {
        struct slab *slab = pop(heap, pile);
        enum slab_state state;

        if (!slab)
            return NULL;
        state = activate(heap, slab, class_index, wanted);
        if (state == SLAB_GONE || wanted & 1u << state)
            count(&pile->count, (uint32_t)-1);
        else
            push(heap, pile, slab);
        if (wanted & 1u << state)
            return slab;
    }
    return NULL;
}

struct slab *partial_slabs_take(struct heap *heap, const struct size_class *size_class)
{
    struct slab *slab = take_partial(heap, size_class->index);
    int32_t ripe = (int32_t)LOAD_RELAXED(heap->ripe[size_class->index]);

    if (slab || ripe <= 0 ||
        ripe < (int32_t)(LOAD_RELAXED(heap->scant[size_class->index].count) / 4))
        return slab;
    return take_scant(heap, size_class->index, LOOK_STEPS, 1u << SLAB_RIPE);
}

struct slab *partial_slabs_take_any(struct heap *heap, const struct size_class *size_class)
{
    struct slab *slab = take_partial(heap, size_class->index);

    return slab ? slab
                : take_scant(heap, size_class->index, UINT32_MAX,
                             1u << SLAB_RIPE | 1u << SLAB_SCANT);
}

/* ------------------------------------------------------------------------------------------------
 * Slabs that are retired
 * --------------------------------------------------------------------------------------------- */

/* Takes the slab out of the slot that it is in, if it still is. */
static void take_out_of_slot(struct heap *heap, struct slab *slab,
                             const struct size_class *size_class)
{
    for (uint32_t set = 0; set < HEAP_SETS; set++) {
        active_slab *slot = &heap->active_slabs[set][size_class->index];
        struct slab *expected = slab;

        /* Should the descriptor be in use again, and in the same slot, that slab goes on a pile. */
        if (atomic_load_explicit(slot, memory_order_seq_cst) == slab &&
            atomic_compare_exchange_strong_explicit(slot, &expected, NULL, memory_order_seq_cst,
                                                    memory_order_seq_cst)) {
            partial_slabs_put_back(heap, slab, size_class);
            return;
        }
    }
}

static void clean_partial(struct heap *heap, uint32_t class_index)
{
    struct slab_pile *pile = &heap->partial[class_index];

    for (uint32_t i = 0; i < RETIRED_STEPS; i++) {
        struct slab *slab = pop(heap, pile);

        if (!slab)
            return;
        if (activate(heap, slab, class_index, 0) != SLAB_GONE)
            push(heap, pile, slab);
    }
}

void partial_slabs_retired(struct heap *heap, struct slab *slab,
                           const struct size_class *size_class, enum slab_state before)
{
    switch (before) {
    case SLAB_FULL:
        heap_live_subtract(heap, SLAB_SIZE);
        heap_give_slab(heap->space, slab);
        return;
    case SLAB_ACTIVE:
        take_out_of_slot(heap, slab, size_class);
        return;
    case SLAB_PARTIAL:
        clean_partial(heap, size_class->index);
        return;
    case SLAB_SCANT:
        heap_live_subtract(heap, SLAB_SIZE);
        break;
    default:
        count(&heap->ripe[size_class->index], (uint32_t)-1);
    }
    take_scant(heap, size_class->index, RETIRED_STEPS, 0);
}

void partial_slabs_end(struct heap *heap)
{
    for (uint32_t class_index = 0; class_index < CLASS_COUNT; class_index++) {
        struct slab *slab;

        while ((slab = pop(heap, &heap->partial[class_index])) != NULL ||
               (slab = pop(heap, &heap->scant[class_index])) != NULL)
            heap_give_slab(heap->space, slab);
        for (uint32_t set = 0; set < HEAP_SETS; set++) {
            slab = LOAD_RELAXED(heap->active_slabs[set][class_index]);
            if (slab)
                heap_give_slab(heap->space, slab);
        }
    }
}
