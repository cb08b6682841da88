/*
 * module_names.h: which module of the program an address lies in.
 */
#ifndef HOSTMEM_RUN_SNAPSHOT_MODULE_NAMES_H
#define HOSTMEM_RUN_SNAPSHOT_MODULE_NAMES_H

#include "base/arena.h"
#include "board/board.h"

/* The modules of a board that was copied, and the arena for texts about them. */
struct module_names {
    const struct board *board;
    struct arena *arena;
};

/* The module that was loaded at the address, also if it has been unloaded; NULL: none was. */
const struct board_module *module_names_find(const struct module_names *names, const void *address);

#endif
