/*
 * names.h: the file names that DebugAlloc is told: each text kept once, for the manager's life.
 *
 * Protocol. A fixed array of lists; a list grows by compare-and-swap at its head and never shrinks,
 * so a reader needs nothing but the head. Two threads may keep the same text twice at the same
 * moment, which costs its bytes and no more. Promise: lock-free, no system call but for metadata.
 */
#ifndef HOSTMEM_HEAP_STRING_TABLE_H
#define HOSTMEM_HEAP_STRING_TABLE_H

#include "pages/metadata.h"

#define NAMES_LISTS 64
#define NAMES_LENGTH ((size_t)1023) /* a longer text is cut off */

struct name;

struct names {
    struct metadata *metadata;
    _Atomic(struct name *) lists[NAMES_LISTS];
};

void names_init(struct names *names, struct metadata *metadata);

/* The kept copy of text; NULL: no memory. */
const char *names_keep(struct names *names, const char *text);

#endif
