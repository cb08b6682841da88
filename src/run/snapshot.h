/*
 * snapshot.h: everything that a report tells about memory, taken at one moment.
 */
#ifndef HOSTMEM_RUN_SNAPSHOT_H
#define HOSTMEM_RUN_SNAPSHOT_H

#include "list.h"
#include "process_map.h"

#include <hostmem/hostmem.h>

struct snapshot {
    HOSTMEM_STATISTICS statistics;
    HOSTMEM_AUDIT audit;
    struct list differences;   /* of HOSTMEM_DIFFERENCE: what the audit found */
    struct list regions;       /* of HOSTMEM_REGION */
    struct list mapped_ranges; /* of HOSTMEM_MAPPED_RANGE */
    struct process_map process;
    HRESULT audit_result;
};

/* The lists live in the arena; where it has no room left they end early. */
void snapshot_take(struct snapshot *snapshot, IHostMemInspection *inspection, struct arena *arena);

#endif
