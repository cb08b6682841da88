/*
 * index_set.h: a set of a pool's indices: which slabs, and which regions, are a heap's.
 *
 * Indices have at most 25 bits. The set is a tree of three levels of nodes, the last of which hold
 * one bit for each of INDEX_SET_LEAF_BITS indices. So adding and removing take the same few steps
 * whatever the set holds, and a walk takes a step for each node.
 *
 * Protocol. A place of a node goes from 0 to a node's index by compare-and-swap (release), and
 * never changes again until the set is closed. Bits change by fetch-or (release) and fetch-and.
 * Nobody who knows an index needs more than its bit, so nothing is ever removed but bits. The set
 * keeps its nodes until it is closed: a node of bits for INDEX_SET_LEAF_BITS neighbouring indices
 * that it has ever held.
 *
 * A walk may go on while the set is closed. It may then meet any index, none of which belongs to
 * the set any more, and it ends.
 *
 * Promise: lock-free; no system call but to commit a node; a failed request leaves no trace but
 * nodes, which the set keeps.
 */
#ifndef HOSTMEM_SLABS_INDEX_SET_H
#define HOSTMEM_SLABS_INDEX_SET_H

#include "pages/memory/pool.h"

#define INDEX_SET_BITS 25u
#define INDEX_SET_LEAF_SHIFT 10u /* a leaf's share of an index */
#define INDEX_SET_NODE_SHIFT 5u  /* that of a node above leaves */
#define INDEX_SET_LEAF_BITS (1u << INDEX_SET_LEAF_SHIFT)
#define INDEX_SET_ROOT (1u << (INDEX_SET_BITS - INDEX_SET_LEAF_SHIFT - 2 * INDEX_SET_NODE_SHIFT))

struct index_set_node {
    struct pool_link link;
    _Atomic uint32_t next; /* of the same set's; 0: the last */
    union {
        _Atomic uint64_t bits[INDEX_SET_LEAF_BITS / 64];
        _Atomic uint32_t nodes[1u << INDEX_SET_NODE_SHIFT]; /* 0: none */
    };
};

struct index_set {
    _Atomic uint32_t root[INDEX_SET_ROOT];
    _Atomic uint32_t first; /* of its nodes */
};

/* No other thread uses it. */
void index_set_clear(struct index_set *set);

/* nodes: a pool of struct index_set_node. False: no memory. An index is added once, or again. */
bool index_set_add(struct index_set *set, struct pool *nodes, uint32_t index);

void index_set_remove(struct index_set *set, const struct pool *nodes, uint32_t index);

/* The smallest index that the set holds from `from` on; 0: there is none. */
uint32_t index_set_next(const struct index_set *set, const struct pool *nodes, uint32_t from);

/* Empties the set, and gives its nodes back. No other thread uses it any more. */
void index_set_close(struct index_set *set, struct pool *nodes);

#endif
