/*
 * damaged_blocks.h: the first damaged heap blocks that hostmem.dll found, kept for the report.
 *
 * The runtime's own threads find them, inside their heap calls. Promise: noting a block takes no
 * lock and no memory, and never waits.
 */
#ifndef HOSTMEM_RUN_SNAPSHOT_DAMAGED_BLOCKS_H
#define HOSTMEM_RUN_SNAPSHOT_DAMAGED_BLOCKS_H

#include <hostmem/hostmem.h>

enum {
    DAMAGED_BLOCKS_KEPT = 20 /* hostmem.dll counts them all */
};

/* A HOSTMEM_DAMAGE_CALLBACK. */
HRESULT CALLBACK damaged_blocks_note(void *context, const HOSTMEM_DAMAGE *damage);

/* Copies those noted so far, and returns their number. File names still belong to hostmem.dll. */
size_t damaged_blocks_copy(HOSTMEM_DAMAGE damages[DAMAGED_BLOCKS_KEPT]);

#endif
