/*
 * idle_slabs.h: a manager's empty slabs: how many there may be, and giving them back.
 *
 * An empty slab stays where it is, in its slot or on its pile, and is used again by whoever comes
 * there first. It is noted in one of the manager's places, so that it is found without looking at
 * any other slab. A note may be out of date: the slab may have blocks again, or be gone.
 *
 * The bound. A heap may have IDLE_HEAP empty slabs and one more for each eight that its live memory
 * fills; all heaps together IDLE_ALL, and one more for each eight. There are never more than
 * IDLE_PLACES. A thread that notes one too many gives others back. Besides, each thread that is
 * in the middle of a call may hold one slab that is not noted.
 *
 * The protocol is idle_places.h's.
 */
#ifndef HOSTMEM_HEAP_REUSE_IDLE_SLABS_H
#define HOSTMEM_HEAP_REUSE_IDLE_SLABS_H

#include "heap/heap_space.h"
#include "heap/heap_state.h"

#define IDLE_HEAP 32u
#define IDLE_ALL 64u

/*
 * The slab may have become empty. If it has, notes that, and keeps the bound. Returns how many
 * bytes went back to the system.
 */
size_t idle_slabs_look(struct heap *heap, struct slab *slab, const struct slab_view *view);

/* Memory of an empty slab of the heap for a new slab of it, from a pile; 0: there is none. */
uintptr_t idle_slabs_take(struct heap *heap);

/*
 * Gives back all empty slabs of the heap, or (NULL) of all heaps. Returns how many bytes went back
 * to the system.
 */
size_t idle_slabs_give(struct heap_space *space, const struct heap *heap);

/* The same for those of all heaps that lie in the range, or reach into it. */
size_t idle_slabs_give_range(struct heap_space *space, struct range range);

/* How many slabs of the heap, or (NULL) of all heaps, are noted and empty now. */
uint32_t idle_slabs_count(const struct heap_space *space, const struct heap *heap);

#endif
