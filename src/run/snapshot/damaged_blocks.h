/*
 * damage.h: the first damaged heap blocks that hostmem.dll found, kept for the report.
 *
 * They are found by the runtime's own threads, inside their heap calls. Promise: noting one takes
 * no lock and no memory, and waits for nobody.
 */
#ifndef HOSTMEM_RUN_SNAPSHOT_DAMAGE_H
#define HOSTMEM_RUN_SNAPSHOT_DAMAGE_H

#include <hostmem/hostmem.h>

enum {
    DAMAGES_KEPT = 20 /* hostmem.dll counts them all */
};

/* A HOSTMEM_DAMAGE_CALLBACK. */
HRESULT CALLBACK damage_note(void *context, const HOSTMEM_DAMAGE *damage);

/* Copies those that are kept by now; returns how many. File names stay hostmem.dll's. */
size_t damages_copy(HOSTMEM_DAMAGE damages[DAMAGES_KEPT]);

#endif
