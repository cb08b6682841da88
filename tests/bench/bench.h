/*
 * bench.h: the things that are compared. Each function measures one and adds its lines to the
 * table; it returns false, having said why, when something went wrong.
 */
#ifndef HOSTMEM_BENCH_BENCH_H
#define HOSTMEM_BENCH_BENCH_H

#include "table.h"

#include <hostmem/hostmem.h>

struct bench {
    IHostMemoryManager *manager;
    IHostMemInspection *inspection;
    struct effort effort;
    bool quick;
    json_t *lines; /* NULL: nobody wants them */
};

/* VirtualAlloc, VirtualFree, VirtualQuery. */
bool bench_pages(const struct bench *bench);

/* FindRegion, with few and many regions, beside VirtualQuery. */
bool bench_find(const struct bench *bench);

/* IHostMalloc, beside the process heap. */
bool bench_heap(const struct bench *bench);

/* Measures one comparison and adds its line. False, having said so, when the work went wrong. */
bool bench_compare(const struct bench *bench, const struct comparison *comparison);

#endif
