/*
 * module_names.h: which program or library an address of code belongs to.
 *
 * The loader is not asked: the thread that ends the process may hold the loader lock. Memory comes
 * from an arena (arena.h).
 */
#ifndef HOSTMEM_RUN_SNAPSHOT_MODULE_NAMES_H
#define HOSTMEM_RUN_SNAPSHOT_MODULE_NAMES_H

#include "base/list.h"

struct module_name {
    const void *base;
    const char *name; /* of its file, without a directory */
};

struct module_names {
    struct list modules; /* of struct module_name: those asked about so far */
};

void module_names_begin(struct module_names *names, struct arena *arena);

/* NULL: the address lies in no module, or there is no memory. Valid until the next call. */
const struct module_name *module_names_find(struct module_names *names, const void *address);

#endif
