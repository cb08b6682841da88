/*
 * arena.h: memory for what is made once and read until all of it is done with: a snapshot, a
 * report.
 *
 * It is taken from the system in large pieces, and given back all at once. An arena has no lock,
 * and only one thread at a time may use it.
 */
#ifndef HOSTMEM_BASE_ARENA_H
#define HOSTMEM_BASE_ARENA_H

#include <stddef.h>

struct arena_piece;

struct arena {
    unsigned char *next; /* all zero: an empty arena */
    size_t left;
    struct arena_piece *piece; /* the one that was taken last */
};

/* Zeroed, aligned for anything; NULL when the system has no more. */
void *arena_alloc(struct arena *arena, size_t size);

/* Gives all of its memory back. */
void arena_empty(struct arena *arena);

#endif
