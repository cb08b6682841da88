/*
 * book_space.h: the address space that a manager's books lie in.
 *
 * A manager reserves some address space when it is made. The manager, and the first pieces of its
 * spans (span.h), are cut from it. What they need more, the spans reserve as they grow.
 *
 * A whole space has room for all that the spans can ever have. They are cut from it one behind the
 * other, in an order that never changes. So where each span begins, counted from the start of the
 * space, depends on the build alone. A process that sees the same memory elsewhere needs no pointer
 * to find them (reader/). Memory that somebody else has reserved, a view of a section, is always
 * used so.
 * Cutting is for the one thread that makes the manager.
 */
#ifndef HOSTMEM_PAGES_MEMORY_BOOK_SPACE_H
#define HOSTMEM_PAGES_MEMORY_BOOK_SPACE_H

#include "counters/gauge.h"

#include <stdbool.h>
#include <stddef.h>

/* What the first pieces of a manager's spans take, and the manager. */
#define BOOK_SPACE_FIRST ((size_t)(sizeof(void *) == 8 ? 10240u : 2304u) << 10)

/* What a whole space takes: all that the spans can have. Only address space is spent on it. */
#define BOOK_SPACE_SIZE ((size_t)(sizeof(void *) == 8 ? 4640u : 52u) << 20)

struct book_space {
    char *base; /* NULL: each span reserves address space for itself, as tests of one pool do */
    size_t size;
    size_t used;   /* bytes from base on that have been cut off */
    bool is_own;   /* reserved here; else somebody else's */
    bool is_whole; /* it has BOOK_SPACE_SIZE bytes, and the spans lie in it with all they have */
    struct gauge *gauge; /* where committed bytes are counted */
};

/* Reserves what the books begin with, high in the address space. False: there is no room. */
bool book_space_reserve(struct book_space *space);

/* Reserves a whole space. */
bool book_space_reserve_whole(struct book_space *space);

/* True if spans of these books grow by themselves: their limits cost nothing then. */
static inline bool book_space_grows(const struct book_space *space)
{
    return !space->base || !space->is_whole;
}

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
