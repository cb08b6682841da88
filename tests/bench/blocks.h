/*
 * blocks.h: what one side of a pattern of blocks has: its heap, and each thread's live blocks.
 */
#ifndef HOSTMEM_BENCH_BLOCKS_H
#define HOSTMEM_BENCH_BLOCKS_H

#include "pattern.h"

enum block_sizes {
    SIZES_EVEN, /* each of them as often as any other */
    SIZES_MIXED /* small ones more often: of two powers of two, the smaller; then within it evenly
                 */
};

struct block_parameters {
    uint32_t smallest;
    uint32_t largest;
    enum block_sizes sizes;
    uint32_t live; /* of each thread; 0: one block at a time */
    bool touched;  /* each block is written to, in every cache line or, from 4 KiB on, every page */
    bool near_limit;
    uint32_t crowd; /* threads that used the heap and ended before the first round */
    bool at_limit;  /* near it, and then blocks are taken until none of any size is granted */
};

struct block_slots {
    void **blocks; /* `live` of them, or NULL */
    uint32_t chance;
};

struct blocks {
    enum side side;
    const struct block_parameters *parameters;
    struct host host; /* of hostmem's side */
    void *ballast;    /* committed until little is left below the limit */
    void *chain;      /* blocks up to the limit; each holds the next one's address */
    unsigned threads;
    uint32_t live;
    struct block_slots slots[MOST_THREADS];
};

/* pattern->begin, with all slots filled; NULL, with nothing left behind, when it went wrong. */
void *blocks_begin(const struct pattern *pattern, enum side side, bool quick);

/* pattern->end: frees what lives. */
bool blocks_end(void *state);

/* The next size of these. */
static inline size_t blocks_size(const struct block_parameters *parameters, uint32_t *chance)
{
    uint32_t bottom = parameters->smallest;
    uint32_t bands = 1;
    uint32_t first, second;

    if (parameters->sizes == SIZES_EVEN)
        return bottom + next_chance(chance) % (parameters->largest - bottom + 1);
    while (bottom << (bands + 1) <= parameters->largest)
        bands++;
    first = next_chance(chance) % bands;
    second = next_chance(chance) % bands;
    bottom <<= first < second ? first : second;
    return bottom + next_chance(chance) % bottom;
}

#define BLOCK_LINE 64u
#define BLOCK_PAGE 4096u

static inline void blocks_touch(void *block, size_t size)
{
    size_t step = size < BLOCK_PAGE ? BLOCK_LINE : BLOCK_PAGE;

    for (size_t at = 0; at < size; at += step)
        ((volatile char *)block)[at] = 1;
}

#endif
