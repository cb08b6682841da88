/*
 * partial_slabs.h: a heap's partial slabs: those with free blocks that no thread has as its active
 * slab. The states are slab.h's.
 *
 * Protocol. Each size class has one Treiber stack, like pool.c's: the head carries a count of
 * changes against ABA, and descriptors are type-stable, so `next` may be read at any time. A slab
 * that is retired while it is on a stack stays there, in the state GONE; the thread that pops it
 * gives its descriptor back.
 */
#ifndef HOSTMEM_HEAP_PARTIAL_SLABS_H
#define HOSTMEM_HEAP_PARTIAL_SLABS_H

#include "heap/heap_space.h"
#include "heap/heap_state.h"

/* How many free blocks make a full slab partial. */
static inline uint32_t partial_slabs_threshold(const struct size_class *size_class)
{
    return (size_class->blocks + 7) / 8;
}

/* Pushes a slab that the caller has just made PARTIAL. */
void partial_slabs_push(struct heap *heap, struct slab *slab, const struct size_class *size_class);

/* FULL -> PARTIAL, and onto the stack. Does nothing if the slab is no longer FULL in this use. */
void partial_slabs_add(struct heap *heap, struct slab *slab, const struct slab_view *view);

/* A slab from the stack, now ACTIVE and held by the caller; NULL: there is none. */
struct slab *partial_slabs_take(struct heap *heap, const struct size_class *size_class);

/* Gives back the descriptors of the slabs that were retired while they were on a stack. */
void partial_slabs_drain(struct heap *heap);

#endif
