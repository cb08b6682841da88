/*
 * book_space.h: the address space that a manager's books lie in.
 *
 * A manager reserves address space once. The spans of its pools (span.h) are cut from it, one
 * behind the other, in an order that never changes. So where each span begins, counted from the
 * start of the space, depends on the build alone. A process that sees the same memory elsewhere
 * needs no pointer to find them (reader/).
 *
 * The space may be memory that somebody else has reserved: a view of a section.
 * Cutting is for the one thread that makes the manager.
 */
#ifndef HOSTMEM_PAGES_BOOK_SPACE_H
#define HOSTMEM_PAGES_BOOK_SPACE_H

#include "counters/gauge.h"

#include <stdbool.h>
#include <stddef.h>

/* What a manager's books can take at most. Only address space is spent on it. */
#define BOOK_SPACE_SIZE ((size_t)(sizeof(void *) == 8 ? 9984u : 47u) << 20)

struct book_space {
    char *base; /* NULL: each span reserves address space for itself, as tests of one pool do */
    size_t size;
    size_t used;         /* bytes from base on that have been cut off */
    bool is_own;         /* reserved here; else somebody else's */
    struct gauge *gauge; /* where committed bytes are counted */
};

/* Reserves the space, high in the address space. False: there is none. */
bool book_space_reserve(struct book_space *space);

/* Uses somebody else's memory, which book_space_is_whole has accepted. */
void book_space_borrow(struct book_space *space, void *memory);

/*
 * True if [memory, memory + size) is room for books: at the start of an allocation, aligned to
 * granules, and all of that one allocation. A look, no more: what is there may change.
 */
bool book_space_is_whole(const void *memory, size_t size);

/* The next `size` bytes, rounded up to granules; NULL: there are not as many left. */
void *book_space_cut(struct book_space *space, size_t size);

/* Gives a space of one's own back, and leaves somebody else's as it is. */
void book_space_release(struct book_space *space);

#endif
