/*
 * block_origin.h: where a heap block was allocated, as far as hostmem.dll knows.
 */
#ifndef HOSTMEM_RUN_SNAPSHOT_BLOCK_ORIGIN_H
#define HOSTMEM_RUN_SNAPSHOT_BLOCK_ORIGIN_H

#include "run/snapshot/module_names.h"

#include <hostmem/hostmem.h>

#include <stdbool.h>

/* The caller if it was kept; else the file and line; else all is zero. */
struct block_origin {
    const void *caller;
    const char *file;
    int line;
};

struct block_origin block_origin_of(const HOSTMEM_BLOCK *block);

bool block_origin_is_equal(const struct block_origin *one, const struct block_origin *other);

unsigned block_origin_hash(const struct block_origin *origin);

/*
 * "coreclr.dll+0x1a2b3c", "file.cpp:123", or one of the two below; in the names' arena. NULL: there
 * is no memory.
 */
const char *block_origin_text(const struct block_origin *origin, const struct module_names *names);

extern const char block_origin_not_kept[];
extern const char block_origin_generated[]; /* the caller is in no module */

#endif
