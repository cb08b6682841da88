/*
 * sparse.h: arrays of 32-bit slots, of which most are never used: trees of nodes from a pool.
 *
 * A section of 2 TiB has a bit for each of its pages, and a handle may have any value below 2^29.
 * What is used of such an array costs its nodes, 2 KiB each; what is not used costs nothing.
 *
 * Protocol. All slots are 0 at first. A slot of a node above the lowest level holds the index of a
 * node one level below, and goes from 0 to it by one compare-and-swap (release); a thread whose
 * swap fails gives its own node back. Nodes stay until sparse_clear, so a slot that was found once
 * stays where it is until then. A node in the pool is all zero. What the slots of the lowest level
 * mean is for their user to say.
 *
 * A reader that keeps the array from being cleared by nothing (an audit) may be in a node that is
 * another array's by now: it is led to a slot of some node or to none, and has to find out from
 * elsewhere that what it read counts for nothing.
 *
 * Promise: lock-free; no system call but to commit metadata; a failed request leaves no trace but
 * nodes that later requests use (I6).
 */
#ifndef HOSTMEM_PAGES_SECTIONS_SPARSE_H
#define HOSTMEM_PAGES_SECTIONS_SPARSE_H

#include "pages/memory/pool.h"

#include <stdbool.h>
#include <stdint.h>

#define SPARSE_BITS 9u
#define SPARSE_FANOUT (UINT32_C(1) << SPARSE_BITS)
#define SPARSE_LEVELS 4u

/* The most slots that an array can have. */
#define SPARSE_MOST (UINT64_C(1) << (SPARSE_LEVELS * SPARSE_BITS))

typedef _Atomic uint32_t sparse_slot;

struct sparse_node {
    struct pool_link link;
    sparse_slot slots[SPARSE_FANOUT];
};

struct sparse {
    _Atomic uint32_t root;   /* index of a node; 0: nothing has been used yet */
    _Atomic uint32_t levels; /* of nodes */
};

/* An array of `count` slots, 1 to SPARSE_MOST. */
void sparse_init(struct sparse *sparse, uint64_t count);

/*
 * The slot; NULL: it was never used, and is 0. number: below the count. Of an array that is cleared
 * meanwhile: any slot that lies in a node, with those that follow it there, or NULL.
 */
sparse_slot *sparse_find(const struct sparse *sparse, const struct pool *nodes, uint64_t number);

/* The same, made when there is none. NULL: no memory. */
sparse_slot *sparse_ensure(struct sparse *sparse, struct pool *nodes, uint64_t number);

/* How many slots from this one on lie one behind the other. */
static inline uint32_t sparse_together(uint64_t number)
{
    return SPARSE_FANOUT - (uint32_t)(number % SPARSE_FANOUT);
}

/* Gives all nodes back. No other thread may use the array. */
void sparse_clear(struct sparse *sparse, struct pool *nodes);

#endif
