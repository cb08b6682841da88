/*
 * full_books.h: a manager with something of every kind in its books.
 */
#ifndef HOSTMEM_TESTS_API_FULL_BOOKS_H
#define HOSTMEM_TESTS_API_FULL_BOOKS_H

#include "section.h"

struct full_books {
    struct subject subject;
    IHostMalloc *heaps[2]; /* the second is executable */
    void *regions[4];
    void *blocks[2][400];
};

/* flags: HOSTMEM_TRACK_BLOCKS and so on. */
void full_books_make(struct full_books *full, const struct shared_section *section, DWORD flags);
void full_books_end(struct full_books *full);

#endif
