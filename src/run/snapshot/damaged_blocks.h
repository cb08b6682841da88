/*
 * damage.h: the first damaged heap blocks that hostmem.dll found, kept for the report.
 *
 * They are found by the runtime's own threads, inside their heap calls. Promise: noting one takes
 * no lock and no memory, and waits for nobody.
 */
#ifndef HOSTMEM_RUN_SNAPSHOT_DAMAGED_BLOCKS_H
#define HOSTMEM_RUN_SNAPSHOT_DAMAGED_BLOCKS_H

#include <hostmem/hostmem.h>

enum {
    DAMAGED_BLOCKS_KEPT = 20 /* hostmem.dll counts them all */
};

/* A HOSTMEM_DAMAGE_CALLBACK. */
HRESULT CALLBACK damaged_blocks_note(void *context, const HOSTMEM_DAMAGE *damage);

/* Copies those that are kept by now; returns how many. File names stay hostmem.dll's. */
size_t damaged_blocks_copy(HOSTMEM_DAMAGE damages[DAMAGED_BLOCKS_KEPT]);

#endif
