/*
 * block_groups.h: heap blocks grouped by their origin, and added up.
 *
 * Promise: memory comes from an arena alone (arena.h says why); a block costs the same however many
 * there are.
 */
#ifndef HOSTMEM_RUN_SNAPSHOT_BLOCK_GROUPS_H
#define HOSTMEM_RUN_SNAPSHOT_BLOCK_GROUPS_H

#include "base/list.h"
#include "run/snapshot/block_origin.h"

#include <stdint.h>

struct block_group {
    struct block_origin origin;
    const char *text; /* of the origin, by block_groups_finish */
    uint64_t blocks;
    uint64_t bytes; /* asked for in them */
};

struct block_groups {
    struct list list; /* of struct block_group */
    uint32_t *places; /* a hash table: the number of a group in the list, from 1; 0: none */
    size_t place_count;
};

void block_groups_begin(struct block_groups *groups, struct arena *arena);

/* False: there is no memory, and the block is not counted. */
bool block_groups_add(struct block_groups *groups, const HOSTMEM_BLOCK *block);

/*
 * Puts the origins into words and the groups in order, those of the most bytes first. Groups of
 * generated code become one. No block can be added any more.
 */
void block_groups_finish(struct block_groups *groups, struct module_names *names);

#endif
