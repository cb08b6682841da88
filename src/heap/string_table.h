/*
 * string_table.h: the file names that DebugAlloc is told: each text kept once, for the manager's
 * life.
 *
 * Protocol. A fixed array of lists; a list grows by compare-and-swap at its head and never shrinks,
 * so a reader needs nothing but the head. Two threads may keep the same text twice at the same
 * moment, which costs its bytes and no more. Promise: lock-free, no system call but for metadata.
 */
#ifndef HOSTMEM_HEAP_STRING_TABLE_H
#define HOSTMEM_HEAP_STRING_TABLE_H

#include "pages/metadata.h"

#define STRING_TABLE_LISTS 64
#define STRING_TABLE_LENGTH ((size_t)1023) /* a longer text is cut off */

struct string;

struct string_table {
    struct metadata *metadata;
    _Atomic(struct string *) lists[STRING_TABLE_LISTS];
};

void string_table_init(struct string_table *names, struct metadata *metadata);

/* The kept copy of text; NULL: no memory. */
const char *string_table_intern(struct string_table *names, const char *text);

#endif
