/*
 * heap_slabs.c: finding, making and giving back slabs. The protocol is slab.h's.
 *
 * A thread looks for a free block first in the active slab of its set and class, then on the
 * class's stack of slabs that have free blocks, and makes a slab when there are none. Sets keep
 * threads out of each other's words; what one favours another may still claim in, so nothing is
 * lost when a thread ends or stands still.
 *
 * The stacks are Treiber stacks like pool.c's: a head with a count of changes, over descriptors
 * that are type-stable.
 */
#include "heap/heap_parts.h"

/* ------------------------------------------------------------------------------------------------
 * The stacks
 * --------------------------------------------------------------------------------------------- */

static uint32_t index_of(const struct heap_space *space, const struct slab *slab)
{
    return (uint32_t)((size_t)((const char *)slab - space->slabs.span.base) / sizeof(struct slab)) +
           1;
}

static void push(struct heap *heap, struct slab *slab, const struct size_class *size_class)
{
    _Atomic uint64_t *stack = &heap->stacks[size_class->index];
    uint64_t head = atomic_load_explicit(stack, memory_order_relaxed);
    uint64_t changed;

    do {
        atomic_store_explicit(&slab->next, (uint32_t)head, memory_order_relaxed);
        changed = ((head >> 32) + 1) << 32 | index_of(heap->space, slab);
    } while (!atomic_compare_exchange_weak_explicit(stack, &head, changed, memory_order_acq_rel,
                                                    memory_order_relaxed));
}

static struct slab *pop(struct heap *heap, const struct size_class *size_class)
{
    _Atomic uint64_t *stack = &heap->stacks[size_class->index];
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

static void give_descriptor(struct heap_space *space, struct slab *slab)
{
    atomic_store_explicit(&slab->heap, 0, memory_order_relaxed);
    pool_give(&space->slabs, index_of(space, slab));
}

/* Lists a slab that is parked, if it still is, in this use. */
static void list(struct heap *heap, struct slab *slab, const struct slab_view *view)
{
    if (slab_move(slab, view->key, SLAB_FULL, SLAB_PARTIAL))
        push(heap, slab, view->size_class);
}

/* A slab from the stack, active now; NULL: there is none. */
static struct slab *take_partial(struct heap *heap, const struct size_class *size_class)
{
    struct slab *slab;

    while ((slab = pop(heap, size_class)) != NULL) {
        uint64_t place = atomic_load_explicit(&slab->place, memory_order_acquire);

        if (slab_place_of(place) == SLAB_PARTIAL &&
            slab_move(slab, place, SLAB_PARTIAL, SLAB_ACTIVE))
            return slab;
        give_descriptor(heap->space, slab); /* gone: nobody else knows it any more */
    }
    return NULL;
}

/* Takes all of a stack, for this thread alone. */
static struct slab *pop_all(struct heap *heap, uint32_t class_index)
{
    _Atomic uint64_t *stack = &heap->stacks[class_index];
    uint64_t head = atomic_load_explicit(stack, memory_order_acquire);

    while ((uint32_t)head &&
           !atomic_compare_exchange_weak_explicit(stack, &head, ((head >> 32) + 1) << 32,
                                                  memory_order_acq_rel, memory_order_acquire))
        ;
    return (uint32_t)head ? heap_slab(heap->space, (uint32_t)head) : NULL;
}

/* Lets the descriptors go whose slabs were given back while they were on a stack. */
static void drain(struct heap *heap)
{
    for (uint32_t index = 0; index < CLASS_COUNT; index++) {
        struct slab *slab = pop_all(heap, index);

        while (slab) {
            uint32_t next = LOAD_RELAXED(slab->next);
            uint64_t place = atomic_load_explicit(&slab->place, memory_order_acquire);

            if (slab_place_of(place) == SLAB_GONE)
                give_descriptor(heap->space, slab);
            else
                push(heap, slab, &heap->classes[index]);
            slab = next ? heap_slab(heap->space, next) : NULL;
        }
    }
}

/* How many free blocks make a parked slab worth looking for blocks in. */
static uint32_t room_of_partial(const struct size_class *size_class)
{
    return (size_class->blocks + 7) / 8;
}

/* A slab that was an active slab is none any more, and this thread took it out of its slot. */
static void leave(struct heap *heap, struct slab *slab)
{
    uint64_t place = atomic_load_explicit(&slab->place, memory_order_acquire);
    struct slab_view view;
    uint32_t room;

    if (slab_place_of(place) == SLAB_GONE || !slab_move(slab, place, SLAB_ACTIVE, SLAB_FULL)) {
        give_descriptor(heap->space, slab);
        return;
    }
    /* From here on the slab may have been given back, and the descriptor be in use elsewhere. */
    if (!slab_view(slab, &view) ||
        slab_place_word(view.key, SLAB_FULL) != slab_place_word(place, SLAB_FULL))
        return;
    room = slab_room(slab, &view);
    atomic_store_explicit(&slab->freed, room, memory_order_relaxed);
    if (room >= room_of_partial(view.size_class))
        list(heap, slab, &view);
}

/* ------------------------------------------------------------------------------------------------
 * The memory of slabs
 * --------------------------------------------------------------------------------------------- */

static chunk_mark *mark_of(struct heap *heap, uintptr_t base)
{
    struct chunk_table *table = &heap->space->pages->table.chunks;
    struct chunk *chunk = chunk_table_find(table, chunk_number(base));

    if (!chunk || !chunk_ensure_marks(table, chunk))
        return NULL;
    return &atomic_load_explicit(&chunk->marks,
                                 memory_order_acquire)[base % CHUNK_SIZE / OS_GRANULE_SIZE];
}

static pages_result take_region(struct heap *heap, uint32_t critical_level, uintptr_t *base)
{
    struct counters *counters = heap->space->pages->counters;
    struct pages_request request = {
        .size = SLAB_SIZE,
        .type = OS_MEM_RESERVE | OS_MEM_COMMIT,
        .protect = atomic_load_explicit(&heap->executable, memory_order_relaxed)
                       ? OS_PAGE_EXECUTE_READWRITE
                       : OS_PAGE_READWRITE,
        .node = OS_ANY_NODE,
        .critical_level = critical_level,
        .heap = heap_number(heap) | REGION_IS_SLAB,
        .requested = SLAB_SIZE,
    };
    void *memory;
    pages_result result;

    counters_begin(counters, COUNTED_HEAP_PAGES);
    result = pages_alloc(heap->space->pages, &request, &memory);
    counters_end(counters, COUNTED_HEAP_PAGES, !result);
    if (!result) {
        gauge_add(&heap->slab_bytes, SLAB_SIZE);
        gauge_add(&counters->slab_bytes, SLAB_SIZE);
    }
    *base = (uintptr_t)memory;
    return result;
}

/* How many bytes went back. */
static size_t give_region(struct heap *heap, uintptr_t base)
{
    struct counters *counters = heap->space->pages->counters;
    size_t size;
    pages_result result;

    counters_begin(counters, COUNTED_HEAP_PAGES);
    result = pages_release_block(heap->space->pages, (void *)base,
                                 heap_number(heap) | REGION_IS_SLAB, &size);
    counters_end(counters, COUNTED_HEAP_PAGES, !result);
    if (result)
        return 0; /* it is in the books still */
    gauge_subtract(&heap->slab_bytes, SLAB_SIZE);
    gauge_subtract(&counters->slab_bytes, SLAB_SIZE);
    return SLAB_SIZE;
}

static pages_result take_memory(struct heap *heap, uint32_t critical_level, uintptr_t *base)
{
    for (uint32_t i = 0; i < HEAP_SPARES; i++) {
        if (!atomic_load_explicit(&heap->spares[i], memory_order_relaxed))
            continue;
        *base = atomic_exchange_explicit(&heap->spares[i], 0, memory_order_acq_rel);
        if (*base)
            return PAGES_OK;
    }
    return take_region(heap, critical_level, base);
}

/* Keeps the memory as a spare, or gives it back: how many bytes went back. */
static size_t give_memory(struct heap *heap, uintptr_t base, bool keep)
{
    for (uint32_t i = 0; keep && i < HEAP_SPARES; i++) {
        uintptr_t expected = 0;

        if (atomic_compare_exchange_strong_explicit(&heap->spares[i], &expected, base,
                                                    memory_order_acq_rel, memory_order_relaxed))
            return 0;
    }
    return give_region(heap, base);
}

static size_t give_spares(struct heap *heap)
{
    size_t given = 0;

    for (uint32_t i = 0; i < HEAP_SPARES; i++) {
        uintptr_t base = atomic_exchange_explicit(&heap->spares[i], 0, memory_order_acq_rel);

        if (base)
            given += give_memory(heap, base, false);
    }
    return given;
}

/* ------------------------------------------------------------------------------------------------
 * Making
 * --------------------------------------------------------------------------------------------- */

/* A clean histories for a tracked slab. False: there is no memory for one. */
static bool ensure_histories(struct heap_space *space, struct slab *slab,
                             const struct size_class *size_class)
{
    if (!size_class->tracked)
        return true;
    if (slab->history_capacity < size_class->blocks) {
        struct block_history *histories =
            metadata_take(&space->histories, size_class->blocks * sizeof(struct block_history));

        if (!histories)
            return false;
        atomic_store_explicit(&slab->histories, histories, memory_order_relaxed);
        slab->history_capacity = size_class->blocks;
    }
    for (uint32_t block = 0; block < size_class->blocks; block++)
        atomic_store_explicit(&heap_history(slab, block)->freed, 0, memory_order_relaxed);
    return true;
}

/* Gives the descriptor memory, and opens it. */
static pages_result furnish(struct heap *heap, struct slab *slab,
                            const struct size_class *size_class, uint32_t critical_level)
{
    struct slab_view view = {.size_class = size_class, .heap = heap_number(heap)};
    pages_result result = take_memory(heap, critical_level, &view.base);
    chunk_mark *mark;

    if (result)
        return result;
    mark = mark_of(heap, view.base);
    if (!mark) {
        give_memory(heap, view.base, false);
        return OS_ERROR_NOT_ENOUGH_MEMORY;
    }
    /* Found by address before a block of it can be handed out; not in use, by its key, until then.
     */
    atomic_store_explicit(mark, index_of(heap->space, slab), memory_order_release);
    view.key = heap_space_key(heap->space);
    slab_open(slab, &view, SLAB_ACTIVE);
    return PAGES_OK;
}

static uint32_t take_descriptor(struct heap *heap)
{
    uint32_t index = pool_take(&heap->space->slabs);

    if (index)
        return index;
    drain(heap);
    return pool_take(&heap->space->slabs);
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
    slab_close(*slab); /* it is out of use: this orders what is written from now on */
    if (ensure_histories(space, *slab, size_class))
        result = furnish(heap, *slab, size_class, critical_level);
    if (result)
        give_descriptor(space, *slab);
    return result;
}

/* ------------------------------------------------------------------------------------------------
 * Claiming a block
 * --------------------------------------------------------------------------------------------- */

/* A slab that was active and is in no slot yet goes onto the stack; who closes it may be at it.
 */
static void put_back(struct heap *heap, struct slab *slab, const struct size_class *size_class)
{
    uint64_t place = atomic_load_explicit(&slab->place, memory_order_acquire);

    if (slab_place_of(place) == SLAB_ACTIVE && slab_move(slab, place, SLAB_ACTIVE, SLAB_PARTIAL))
        push(heap, slab, size_class);
    else
        give_descriptor(heap->space, slab);
}

/* Puts another slab into the slot of active slabs that `old` was found without a free block in. */
static pages_result renew(struct heap *heap, active_slab *slot, struct slab *old,
                          const struct size_class *size_class, uint32_t critical_level)
{
    struct slab *slab = take_partial(heap, size_class);
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

/* A block in any slab of the heap: the last resort before there is none. */
static uintptr_t claim_anywhere(struct heap *heap, const struct size_class *size_class,
                                uint32_t field, struct slab **slab, uint32_t *block)
{
    uint32_t limit = pool_limit(&heap->space->slabs);

    for (uint32_t index = 1; index <= limit; index++) {
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

/* ------------------------------------------------------------------------------------------------
 * Finding by address
 * --------------------------------------------------------------------------------------------- */

static const chunk_mark *marks_at(const struct heap *heap, struct thread_counters *thread,
                                  uintptr_t number)
{
    const chunk_mark *marks = LOAD_RELAXED(thread->marks);

    if (marks && LOAD_RELAXED(thread->chunk) == number)
        return marks;
    marks = chunk_table_marks(&heap->space->pages->table.chunks, number);
    if (thread != &heap->shared) {
        STORE_RELAXED(thread->chunk, number);
        STORE_RELAXED(thread->marks, (chunk_mark *)marks);
    }
    return marks;
}

struct slab *heap_slab_of(const struct heap *heap, struct thread_counters *thread,
                          uintptr_t address)
{
    const chunk_mark *marks = marks_at(heap, thread, chunk_number(address));
    uint32_t index = marks ? atomic_load_explicit(&marks[address % CHUNK_SIZE / OS_GRANULE_SIZE],
                                                  memory_order_acquire)
                           : 0;

    return index ? heap_slab(heap->space, index) : NULL;
}

/* ------------------------------------------------------------------------------------------------
 * Giving back
 * --------------------------------------------------------------------------------------------- */

static void check_all_freed(struct heap *heap, struct slab *slab, const struct slab_view *view)
{
    for (uint32_t block = 0; block < view->size_class->blocks; block++)
        heap_check_freed(heap, slab, view, block);
}

/* The slab is the caller's alone: takes it out of use. How many bytes went back to the system. */
static size_t close(struct heap *heap, struct slab *slab, const struct slab_view *view, bool keep)
{
    chunk_mark *mark = mark_of(heap, view->base);
    size_t given;
    uint64_t place;

    if (view->size_class->tracked)
        check_all_freed(heap, slab, view);
    atomic_store_explicit(mark, 0, memory_order_release);
    slab_close(slab);
    /* What is written to a spare from now on nobody would look for: let it fault. */
    given =
        give_memory(heap, view->base, keep && !(heap->space->options.flags & HEAP_FILL_ON_FREE));
    place = atomic_exchange_explicit(&slab->place, slab_place_word(view->key, SLAB_GONE),
                                     memory_order_acq_rel);
    /* Where it was active or listed, somebody will come upon it. */
    if (slab_place_of(place) == SLAB_FULL)
        give_descriptor(heap->space, slab);
    return given;
}

static size_t retire(struct heap *heap, struct slab *slab, const struct slab_view *view, bool keep)
{
    if (slab_retire(slab, view))
        return close(heap, slab, view, keep);
    /* Who parked it meanwhile found no room, because its words were taken. */
    list(heap, slab, view);
    return 0;
}

/* A parked slab has a block more that is free. */
static void count_full(struct heap *heap, struct slab *slab, const struct slab_view *view,
                       bool word_is_empty)
{
    /* Two at once may count as one: then it is listed a little later. */
    uint32_t freed = LOAD_RELAXED(slab->freed) + 1;

    atomic_store_explicit(&slab->freed, freed, memory_order_relaxed);
    if (word_is_empty || freed >= room_of_partial(view->size_class))
        list(heap, slab, view);
}

size_t heap_block_freed_elsewhere(struct heap *heap, struct slab *slab,
                                  const struct slab_view *view, uint32_t word)
{
    uint64_t place = atomic_load_explicit(&slab->place, memory_order_seq_cst);
    bool word_is_empty =
        (LOAD_RELAXED(slab->words[word]) ^ view->key) == size_class_empty(view->size_class, word);

    if (place == slab_place_word(view->key, SLAB_FULL)) {
        count_full(heap, slab, view, word_is_empty);
        place = atomic_load_explicit(&slab->place, memory_order_seq_cst);
    }
    if (word_is_empty && place == slab_place_word(view->key, SLAB_PARTIAL) &&
        slab_is_empty(slab, view))
        return retire(heap, slab, view, true);
    return 0;
}

size_t heap_retire_slabs(struct heap *heap, bool all)
{
    uint32_t limit = pool_limit(&heap->space->slabs);
    size_t given = 0;

    for (uint32_t index = 1; index <= limit; index++) {
        struct slab *slab = heap_slab(heap->space, index);
        struct slab_view view;
        bool open = slab_view(slab, &view);

        if (LOAD_RELAXED(slab->heap) != heap_number(heap))
            continue;
        if (all) {
            if (open)
                given += close(heap, slab, &view, false);
            /* No slot and no stack will be looked at any more. */
            if (LOAD_RELAXED(slab->heap) == heap_number(heap))
                give_descriptor(heap->space, slab);
        } else if (open && slab_is_empty(slab, &view)) {
            given += retire(heap, slab, &view, false);
        }
    }
    if (!all)
        drain(heap);
    return given + give_spares(heap);
}
