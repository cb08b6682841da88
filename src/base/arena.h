/*
 * arena.h: memory for hostmem-run's own needs. It is taken from the system in large pieces and
 * never given back: the process ends soon after it is used last.
 *
 * The report is written while the process ends, when a thread may have been stopped while it held a
 * heap's lock. An arena therefore has no lock, and only one thread at a time may use it.
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
