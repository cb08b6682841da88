/*
 * large_places.h: the places in which the memory of freed large blocks waits for other blocks
 * (large_cache.h).
 *
 * Each place belongs to a bin, and each bin to the sizes between two of its kind: eight bins for
 * each doubling, from 32 KiB to 1 MiB. So a request finds memory that suits it by looking at a few
 * words, whatever else is kept.
 *
 * What stands in a place is a region that is cached (pages.h), the heap whose block it was, and a
 * stamp that grows with each place that is filled: its difference to now is the region's age.
 *
 * Protocol, that of idle_places.h: a place belongs to the thread that set its bit, until it has
 * written there. What stands there is taken by compare-and-swap to 0, during a visit of the heap
 * that it names (heap_visit.h) or a call of it; the taker then clears the bit. The region is the
 * taker's alone. A taker that was suspended before its swap may take a later word that happens to
 * be the same, of a region of another size: it looks at the size again.
 *
 * Nobody waits: a thread that is suspended between two steps keeps one place, and the region that
 * it has in hand, from the others.
 */
#ifndef HOSTMEM_HEAP_REUSE_LARGE_PLACES_H
#define HOSTMEM_HEAP_REUSE_LARGE_PLACES_H

#include "heap/heap_space.h"

#define LARGE_PLACES (LARGE_BINS * LARGE_BIN_PLACES)

/* The sizes of regions for which there are bins, in bytes. */
#define LARGE_SMALLEST ((size_t)32768)
#define LARGE_LARGEST ((size_t)1 << 20)

/* The bin of regions of that size, LARGE_SMALLEST to LARGE_LARGEST. */
uint32_t large_places_bin(size_t size);

#define LARGE_STAMP_BITS 24u
#define LARGE_STAMP_MASK ((1u << LARGE_STAMP_BITS) - 1)

static inline uint64_t large_places_word(uint32_t region, uint32_t heap, uint32_t stamp)
{
    return (uint64_t)(stamp & LARGE_STAMP_MASK) << 40 | (uint64_t)heap << 25 | region;
}

static inline uint32_t large_places_region(uint64_t word)
{
    return (uint32_t)word & ((1u << 25) - 1);
}

static inline uint32_t large_places_heap(uint64_t word)
{
    return (uint32_t)(word >> 25) & ((1u << 15) - 1);
}

static inline uint32_t large_places_stamp(uint64_t word)
{
    return (uint32_t)(word >> 40);
}

/* The first place from `from` on, before `end`, that is taken; else `end`. */
uint32_t large_places_next(const struct large_cache *cache, uint32_t from, uint32_t end);

/* What stands in the place. */
static inline uint64_t large_places_look(const struct large_cache *cache, uint32_t place)
{
    return atomic_load_explicit(&cache->places[place], memory_order_acquire);
}

/* Puts the word into a free place of the bin. False: there is none. */
bool large_places_put(struct large_cache *cache, uint32_t bin, uint64_t word, uint32_t *place);

/* Takes the word away. False: another thread has. */
bool large_places_take(struct large_cache *cache, uint32_t place, uint64_t word);

#endif
