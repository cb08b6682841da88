/*
 * partial_slabs.h: a heap's slabs with free blocks that no thread has as its active slab. The
 * states are slab.h's.
 *
 * Each size class has two piles: of partial slabs, which are used before a slab is made, and of
 * scant slabs, which are used when none can be made. A scant slab that has become ripe is used like
 * a partial one; so that it is found, a thread that looks for a slab turns a few of the pile over
 * when every fourth is ripe.
 *
 * Protocol. A pile is two Treiber stacks, like pool.c's: the head carries a count of changes
 * against ABA, and descriptors are type-stable, so `next` may be read at any time. Slabs are pushed
 * on one stack and taken from the other first; when that one is empty, `turn` changes their roles.
 * So a thread that turns the pile over, one slab at a time, comes to every slab. It never holds
 * more than one: a suspended thread hides one slab from the others.
 *
 * A slab that is retired while it is on a pile stays there, in the state GONE; the thread that pops
 * it gives its descriptor back. Who retires one turns four of the pile over, so that each of the
 * pile's slabs has been met before a quarter as many more are retired: for three slabs on a pile
 * that are in use hardly more than one is GONE. That bounds the descriptors, of 1 KiB, that the
 * pool lacks, by what lives (I12).
 *
 * Every slab on a pile that is not GONE has a free block, because only the thread that takes it off
 * the pile claims blocks in it.
 */
#ifndef HOSTMEM_HEAP_REUSE_PARTIAL_SLABS_H
#define HOSTMEM_HEAP_REUSE_PARTIAL_SLABS_H

#include "heap/heap_space.h"
#include "heap/heap_state.h"

/* How many free blocks make a full slab partial, or a scant one ripe. */
static inline uint32_t partial_slabs_threshold(const struct size_class *size_class)
{
    return (size_class->blocks + 7) / 8;
}

/* Counts the free blocks of a slab that is FULL, as it may be, and puts it where it belongs. */
void partial_slabs_recount(struct heap *heap, struct slab *slab, const struct slab_view *view);

/* A block of the slab has become free; word: the index of the word that was changed. */
void partial_slabs_count(struct heap *heap, struct slab *slab, const struct slab_view *view,
                         uint32_t word);

/* A partial or ripe slab, now ACTIVE and held by the caller; NULL: there is none. */
struct slab *partial_slabs_take(struct heap *heap, const struct size_class *size_class);

/* The same, whatever has a free block. For when no slab can be made. */
struct slab *partial_slabs_take_any(struct heap *heap, const struct size_class *size_class);

/*
 * The caller holds the slab, which is ACTIVE and in no slot: it becomes partial. If a thread has
 * retired it meanwhile, its descriptor goes back. False: that was so.
 */
bool partial_slabs_put_back(struct heap *heap, struct slab *slab,
                            const struct size_class *size_class);

/* The caller has made the slab GONE, which was `before`. */
void partial_slabs_retired(struct heap *heap, struct slab *slab,
                           const struct size_class *size_class, enum slab_state before);

/* At the end of a heap, whose slabs are all GONE, by the last thread that uses it. */
void partial_slabs_end(struct heap *heap);

#endif
