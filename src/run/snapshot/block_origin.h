/*
 * origin.h: where a heap block comes from, as far as hostmem.dll was told and has kept it.
 */
#ifndef HOSTMEM_RUN_SNAPSHOT_ORIGIN_H
#define HOSTMEM_RUN_SNAPSHOT_ORIGIN_H

#include "run/snapshot/module_names.h"

#include <hostmem/hostmem.h>

#include <stdbool.h>

/* The caller if it was kept, else the file and line, else nothing: then all is zero. */
struct origin {
    const void *caller;
    const char *file;
    int line;
};

struct origin origin_of(const HOSTMEM_BLOCK *block);

bool origin_is_equal(const struct origin *one, const struct origin *other);

unsigned origin_hash(const struct origin *origin);

/*
 * "coreclr.dll+0x1a2b3c", "file.cpp:123", or one of those below; in the arena of the names. NULL:
 * there is no memory.
 */
const char *origin_text(const struct origin *origin, struct module_names *names);

extern const char origin_not_kept[];
extern const char
    origin_generated[]; /* the caller lies in no module: it was compiled at run time */

#endif
