/*
 * idle_places.h: the places in which a manager's empty slabs are noted (idle_slabs.h).
 *
 * Protocol. A place belongs to the thread that set its bit, until it has written its note there:
 * the slab and its heap. That is the thread that has put the tag into the slab (slab_note_idle). A
 * note is taken by compare-and-swap to 0, during a visit of the heap (heap_visit.h) or a call of
 * it; the taker then clears the bit. It takes the tag away first, then looks whether the slab is
 * empty, and retires it or leaves it alone. So a thread that empties the slab after that look makes
 * a new note.
 */
#ifndef HOSTMEM_HEAP_REUSE_IDLE_PLACES_H
#define HOSTMEM_HEAP_REUSE_IDLE_PLACES_H

#include "heap/heap_space.h"

/* The first place from `place` on that is taken; IDLE_PLACES: there is none. */
uint32_t idle_places_next(const struct idle_slabs *idle, uint32_t place);

#define FOR_EACH_IDLE_PLACE(idle, place)                                                           \
    for (uint32_t place = idle_places_next(idle, 0); place < IDLE_PLACES;                          \
         place = idle_places_next(idle, place + 1))

/* What stands in the place: 0, or a slab and its heap. */
static inline uint64_t idle_places_note(const struct idle_slabs *idle, uint32_t place)
{
    return atomic_load_explicit(&idle->places[place], memory_order_acquire);
}

/* Puts the note into a free place, the next one behind the cursor. False: there is none. */
bool idle_places_put(struct idle_slabs *idle, uint64_t note);

/* Takes the note away. False: another thread has. */
bool idle_places_take(struct idle_slabs *idle, uint32_t place, uint64_t note);

#endif
