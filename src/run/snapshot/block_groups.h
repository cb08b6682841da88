/*
 * block_groups.h: groups heap blocks by their origin, and adds them up.
 *
 * Promise: memory comes from an arena alone (arena.h says why), and adding a block takes constant
 * time.
 */
#ifndef HOSTMEM_RUN_SNAPSHOT_BLOCK_GROUPS_H
#define HOSTMEM_RUN_SNAPSHOT_BLOCK_GROUPS_H

#include "base/list.h"
#include "report/snapshot.h"
#include "run/snapshot/block_origin.h"

#include <stdint.h>

struct block_group {
    struct block_origin origin;
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
 * The groups with their origins as texts, those of the most bytes first. Groups of code generated
 * at run time become one. NULL: there are none, or there is no memory. No block can be added any
 * more.
 */
struct live_block_group *block_groups_finish(struct block_groups *groups,
                                             const struct module_names *names, size_t *count);

#endif
