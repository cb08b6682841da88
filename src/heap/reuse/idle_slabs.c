/*
 * idle_slabs.c: see idle_slabs.h, where the protocol is.
 */
#include "heap/reuse/idle_slabs.h"

#include "heap/reuse/delayed_places.h"
#include "heap/reuse/heap_live.h"
#include "heap/check/freed_regions.h"
#include "heap/reuse/heap_retire.h"
#include "heap/reuse/heap_visit.h"
#include "heap/reuse/idle_places.h"

static uint64_t note_of(const struct heap *heap, const struct slab *slab)
{
    return (uint64_t)heap->index << 32 | heap_slab_index(heap->space, slab);
}

static struct heap *heap_of(const struct heap_space *space, uint64_t note)
{
    return pool_item(&space->heaps, (uint32_t)(note >> 32));
}

static bool is_of(uint64_t note, const struct heap *heap)
{
    return note && (!heap || note >> 32 == heap->index);
}

/* The slab that a note names, if it is in use by that heap. */
static struct slab *slab_of(const struct heap *heap, uint64_t note, struct slab_view *view)
{
    struct slab *slab = heap_slab(heap->space, (uint32_t)note);

    return slab_view(slab, view) && LOAD_RELAXED(slab->heap_item) == heap->index &&
                   slab_is_still(slab, view->key)
               ? slab
               : NULL;
}

static bool is_unused(const struct heap *heap, struct slab *slab, const struct slab_view *view)
{
    return slab_seems_empty(slab, view, heap->space->options.flags & HEAP_DELAY_REUSE);
}

/* ------------------------------------------------------------------------------------------------
 * Giving back
 * --------------------------------------------------------------------------------------------- */

/* Claims an empty slab, which is not noted. False: it is not empty, or delayed blocks stay in it.
 */
static bool claim(struct heap *heap, struct slab *slab, const struct slab_view *view,
                  uintptr_t *base, size_t *given)
{
    if (heap->space->options.flags & HEAP_DELAY_REUSE)
        delayed_places_empty(heap, slab);
    return slab_is_empty(slab, view) && heap_retire(heap, slab, view, base, given);
}

/*
 * If the slab is empty, notes that, or retires it if there is no place or the heap ends. True: it
 * was empty, and nobody had noted it.
 */
static bool make_note(struct heap *heap, struct slab *slab, const struct slab_view *view,
                      size_t *given)
{
    bool was_empty = false;

    *given = 0;
    while (is_unused(heap, slab, view) && slab_note_idle(slab, view)) {
        was_empty = true;
        if (!heap_is_ending(heap) && idle_places_put(&heap->space->idle, note_of(heap, slab)))
            break;
        slab_unnote_idle(slab, view);
        if (claim(heap, slab, view, NULL, given) || !slab_is_empty(slab, view))
            break;
    }
    return was_empty;
}

/* The slab's note has been taken away. True: it was retired. */
static bool retire(struct heap *heap, struct slab *slab, const struct slab_view *view,
                   uintptr_t *base, size_t *given)
{
    if (claim(heap, slab, view, base, given))
        return true;
    make_note(heap, slab, view, given);
    return false;
}

/*
 * Takes the note away, and gives its slab back if that is empty and `all` or the heap ends. The
 * caller visits the heap, or is in a call of it.
 */
static size_t settle(struct heap *heap, uint32_t place, uint64_t note, bool all)
{
    struct slab_view view;
    struct slab *slab;
    size_t given = 0;

    if (!idle_places_take(&heap->space->idle, place, note))
        return 0;
    slab = slab_of(heap, note, &view);
    if (!slab)
        return 0;
    slab_unnote_idle(slab, &view);
    if (all || heap_is_ending(heap))
        retire(heap, slab, &view, NULL, &given);
    else
        make_note(heap, slab, &view, &given);
    return given;
}

static size_t visit_and_settle(const struct heap_space *space, uint32_t place, uint64_t note,
                               bool all)
{
    struct heap *heap = heap_of(space, note);
    size_t given = 0;

    if (heap_visit(heap)) {
        given = settle(heap, place, note, all);
        heap_visit_end(heap);
    }
    return given;
}

size_t idle_slabs_give(struct heap_space *space, const struct heap *heap)
{
    size_t given = 0;

    FOR_EACH_IDLE_PLACE(&space->idle, place)
    {
        uint64_t note = idle_places_note(&space->idle, place);

        if (is_of(note, heap))
            given += visit_and_settle(space, place, note, true);
    }
    return given;
}

size_t idle_slabs_give_range(struct heap_space *space, struct range range)
{
    size_t given = 0;

    FOR_EACH_IDLE_PLACE(&space->idle, place)
    {
        uint64_t note = idle_places_note(&space->idle, place);
        struct slab_view view;

        if (note && slab_of(heap_of(space, note), note, &view) &&
            range_meets(range, view.base, SLAB_SIZE + OS_PAGE_SIZE)) /* with a guard page */
            given += visit_and_settle(space, place, note, true);
    }
    return given;
}

/* ------------------------------------------------------------------------------------------------
 * The bound
 * --------------------------------------------------------------------------------------------- */

static uint32_t allowed(uint64_t live, uint32_t constant)
{
    uint64_t more = live / HEAP_IDLE_SHARE / SLAB_SIZE;

    return constant + (more < IDLE_PLACES ? (uint32_t)more : IDLE_PLACES);
}

struct excess {
    uint32_t of_heap;
    uint32_t of_all;
};

static uint32_t above(uint32_t count, uint32_t bound)
{
    return count > bound ? count - bound : 0;
}

static struct excess find_excess(const struct heap *heap)
{
    const struct heap_space *space = heap->space;
    uint32_t count = 0, of_heap = 0;

    FOR_EACH_IDLE_PLACE(&space->idle, place)
    {
        uint64_t note = idle_places_note(&space->idle, place);

        count += note != 0;
        of_heap += is_of(note, heap);
    }
    return (struct excess){above(of_heap, allowed(heap_live(&heap->live), IDLE_HEAP)),
                           above(count, allowed(heap_live(&space->live), IDLE_ALL))};
}

/* True if the slab that the note names is not empty any more. */
static bool is_out_of_date(const struct heap_space *space, uint64_t note)
{
    const struct heap *heap = heap_of(space, note);
    struct slab_view view;
    struct slab *slab = slab_of(heap, note, &view);

    return !slab || !is_unused(heap, slab, &view);
}

/* Gives back what is too many, oldest first, of the heap or (NULL) of all. */
static size_t reduce(struct heap_space *space, const struct heap *heap, uint32_t too_many)
{
    struct idle_slabs *idle = &space->idle;
    uint32_t begin = LOAD_RELAXED(idle->cursor) + 1;
    size_t given = 0;

    for (uint32_t round = 0; round < 2; round++) {
        uint32_t end = round ? begin : IDLE_PLACES;

        for (uint32_t place = idle_places_next(idle, round ? 0 : begin); place < end && too_many;
             place = idle_places_next(idle, place + 1)) {
            uint64_t note = idle_places_note(idle, place);

            if (!is_of(note, heap))
                continue;
            given += visit_and_settle(space, place, note, true);
            too_many--;
        }
    }
    return given;
}

/* Takes away all notes that are out of date. */
static size_t clean(struct heap_space *space)
{
    size_t given = 0;

    FOR_EACH_IDLE_PLACE(&space->idle, place)
    {
        uint64_t note = idle_places_note(&space->idle, place);

        if (note && is_out_of_date(space, note))
            given += visit_and_settle(space, place, note, false);
    }
    return given;
}

static size_t keep_bound(struct heap *heap)
{
    struct excess excess = find_excess(heap);
    size_t given;

    if (!excess.of_heap && !excess.of_all)
        return 0;
    given = clean(heap->space);
    excess = find_excess(heap);
    given += reduce(heap->space, heap, excess.of_heap);
    return given + reduce(heap->space, NULL, above(excess.of_all, excess.of_heap));
}

/* ------------------------------------------------------------------------------------------------
 * Noting, and taking
 * --------------------------------------------------------------------------------------------- */

size_t idle_slabs_look(struct heap *heap, struct slab *slab, const struct slab_view *view)
{
    size_t given;

    /* Also if there was no place for the note: what may be held falls with what lives. */
    if (!make_note(heap, slab, view, &given))
        return given;
    freed_regions_keep_bound(heap->space);
    return given + keep_bound(heap);
}

uintptr_t idle_slabs_take(struct heap *heap)
{
    struct idle_slabs *idle = &heap->space->idle;
    uintptr_t base = 0;

    FOR_EACH_IDLE_PLACE(idle, place)
    {
        uint64_t note = idle_places_note(idle, place);
        struct slab_view view;
        struct slab *slab = is_of(note, heap) ? slab_of(heap, note, &view) : NULL;
        size_t given;

        if (!slab || slab_state_of(LOAD_RELAXED(slab->state)) == SLAB_ACTIVE ||
            !idle_places_take(idle, place, note))
            continue;
        slab_unnote_idle(slab, &view);
        if (retire(heap, slab, &view, &base, &given))
            return base;
    }
    return 0;
}

uint32_t idle_slabs_count(const struct heap_space *space, const struct heap *heap)
{
    uint32_t count = 0;

    FOR_EACH_IDLE_PLACE(&space->idle, place)
    {
        uint64_t note = idle_places_note(&space->idle, place);

        count += is_of(note, heap) && !is_out_of_date(space, note);
    }
    return count;
}
