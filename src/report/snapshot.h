/*
 * snapshot.h: everything that a report tells about memory, taken at one moment.
 */
#ifndef HOSTMEM_REPORT_SNAPSHOT_H
#define HOSTMEM_REPORT_SNAPSHOT_H

#include "run/snapshot/block_groups.h"
#include "run/snapshot/damaged_blocks.h"
#include "run/snapshot/process_map.h"

#include <hostmem/hostmem.h>

struct heap_size_class {
    DWORD heap;
    HOSTMEM_SIZE_CLASS size_class;
};

struct snapshot {
    HOSTMEM_STATISTICS statistics;
    HOSTMEM_LIMITS limits;
    HOSTMEM_AUDIT audit;
    struct list differences;   /* of HOSTMEM_DIFFERENCE: what the audit found */
    struct list regions;       /* of HOSTMEM_REGION */
    struct list mapped_ranges; /* of HOSTMEM_MAPPED_RANGE */
    struct list heaps;         /* of HOSTMEM_HEAP */
    struct list size_classes;  /* of struct heap_size_class: one heap's after another's */
    struct block_groups live_blocks;
    size_t damage_count; /* of damages: the first that were found */
    HOSTMEM_DAMAGE damages[DAMAGED_BLOCKS_KEPT];
    const char *damage_origins[DAMAGED_BLOCKS_KEPT]; /* where the damaged blocks were allocated */
    struct process_map process;
    HRESULT audit_result;
};

/* The lists live in the arena; where it has no room left they end early. */
void snapshot_take(struct snapshot *snapshot, IHostMemInspection *inspection, struct arena *arena);

#endif
