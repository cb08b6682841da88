/*
 * process_map.h: finds the owner of each page of this process, by a walk with VirtualQuery.
 */
#ifndef HOSTMEM_RUN_SNAPSHOT_PROCESS_MAP_H
#define HOSTMEM_RUN_SNAPSHOT_PROCESS_MAP_H

#include "report/snapshot.h"

void process_map_walk(struct process_map *map, IHostMemInspection *inspection);

#endif
