/*
 * snapshot_take.h: fills in a snapshot of this process.
 */
#ifndef HOSTMEM_RUN_SNAPSHOT_SNAPSHOT_TAKE_H
#define HOSTMEM_RUN_SNAPSHOT_SNAPSHOT_TAKE_H

#include "report/snapshot.h"
#include "run/launch/launch.h"

/* Takes no lock and no heap memory. launch->memory is open. */
void snapshot_take(struct snapshot *snapshot, const struct launch *launch,
                   const struct ending *ending);

#endif
