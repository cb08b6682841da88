/*
 * string_table.h: copies of the file names that DebugAlloc is passed. Each text is kept once, for
 * the manager's life.
 *
 * The texts, and the hash table that finds them, lie in spans of their own. When these are full, or
 * the system has no memory, a text is not kept, and nothing else goes short: names are a debugging
 * aid, and the first to be given up.
 *
 * Protocol. A hash table with a fixed number of lists. A list grows by compare-and-swap at its head
 * and never shrinks, so a reader needs nothing but the head. Two threads that keep the same text at
 * the same moment may keep it twice, which costs its bytes and nothing else. Promise: lock-free; no
 * system call but to commit metadata.
 */
#ifndef HOSTMEM_HEAP_STRING_TABLE_H
#define HOSTMEM_HEAP_STRING_TABLE_H

#include "pages/memory/metadata.h"

#define STRING_TABLE_LISTS ((uint32_t)1 << (sizeof(void *) == 8 ? 15 : 12))
#define STRING_TABLE_LENGTH ((size_t)1023) /* a longer text is cut off */

struct string;

typedef _Atomic(struct string *) string_list;

struct string_table {
    struct metadata texts;
    struct span heads; /* of the lists */
};

/* limit: the most bytes of texts. False: there is not that much address space. */
bool string_table_init(struct string_table *table, size_t limit, struct book_space *books);
void string_table_destroy(struct string_table *table);

/* The kept copy of text; NULL: there is no memory for it. */
const char *string_table_intern(struct string_table *table, const char *text);

#endif
