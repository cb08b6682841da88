/*
 * arena.h: memory for hostmem-run's own needs, taken from the system in large pieces and never
 * given back: the process ends soon after the last of it is used.
 *
 * The report is written by a process that is coming down, in which a thread may have been stopped
 * while it held a heap's lock. An arena has no lock: one thread at a time uses it.
 */
#ifndef HOSTMEM_BASE_ARENA_H
#define HOSTMEM_BASE_ARENA_H

#include <stddef.h>

struct arena {
    unsigned char *next; /* all zero: an empty arena */
    size_t left;
};

/* Zeroed, aligned for anything; NULL when the system has no more. */
void *arena_alloc(struct arena *arena, size_t size);

#endif
