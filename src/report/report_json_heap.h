/*
 * report_json_heap.h: what the report for machines says about heaps and their blocks.
 */
#ifndef HOSTMEM_REPORT_REPORT_JSON_HEAP_H
#define HOSTMEM_REPORT_REPORT_JSON_HEAP_H

#include "report/snapshot.h"

#include <jansson.h>

/* An object: how often IHostMalloc::Free refused, by the kind of the address. */
json_t *report_json_refused_blocks(const HOSTMEM_STATISTICS *statistics);

/* An array of the heaps, each with an array of its size classes. */
json_t *report_json_heaps(const struct snapshot *snapshot);

/* An array of groups of blocks, those of the most bytes first. */
json_t *report_json_live_blocks(const struct snapshot *snapshot);

/* An array of the first damaged blocks that were found. */
json_t *report_json_damaged_blocks(const struct snapshot *snapshot);

#endif
