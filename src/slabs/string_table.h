/*
 * string_table.h: copies of the file names that DebugAlloc is passed. Each text is kept once, for
 * the manager's life.
 *
 * Protocol. A hash table with a fixed number of lists. A list grows by compare-and-swap at its head
 * and never shrinks, so a reader needs nothing but the head. Two threads that keep the same text at
 * the same moment may keep it twice, which costs its bytes and nothing else. Promise: lock-free; no
 * system call but to commit metadata.
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

void string_table_init(struct string_table *table, struct metadata *metadata);

/* The kept copy of text; NULL: no memory. */
const char *string_table_intern(struct string_table *table, const char *text);

#endif
