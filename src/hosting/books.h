/*
 * books.h: the header at the start of a manager's book space, and of the manager itself.
 *
 * It is for those who look at the books from outside (reader/). Its fields up to `size` have the
 * same place in every build. A pointer p that is found in the books leads to p - base.
 *
 * Protocol. `state` goes from 0 to BOOKS_MAKING by compare-and-swap: of several makers that are
 * handed one piece of memory, one gets it. It goes to BOOKS_READY (release) when all else has been
 * written, and to BOOKS_ENDED (release) when the last reference is gone; or back to 0 (release)
 * when the manager could not be made. Between BOOKS_READY and BOOKS_ENDED the manager's status says
 * more.
 */
#ifndef HOSTMEM_HOSTING_BOOKS_H
#define HOSTMEM_HOSTING_BOOKS_H

#include "pages/memory/book_space.h"

#include <hostmem/hostmem.h>

#include <stdatomic.h>
#include <stdint.h>

#define BOOKS_MAGIC UINT32_C(0x6b6f6f42) /* "Book" */

/* To be raised whenever anything in the books gets another place or another meaning. */
#define BOOKS_LAYOUT 4u

enum books_state {
    BOOKS_MAKING = 1,
    BOOKS_READY,
    BOOKS_ENDED
};

struct books_header {
    uint32_t magic;
    uint32_t layout;
    uint32_t version; /* HOSTMEM_VERSION */
    uint32_t pointer_size;
    uint64_t size;         /* BOOK_SPACE_SIZE */
    uint64_t manager_size; /* sizeof(struct manager): a mistake in BOOKS_LAYOUT may show by it */
    uint64_t base;         /* where the writer sees this header */
    uint64_t made;         /* when: a FILETIME */
    uint32_t process_id;   /* the writer's */
    _Atomic uint32_t state;
};

/*
 * A book space: `memory`, or a reservation if that is NULL. *header is its start, the first
 * manager_size bytes of which have been cut off and committed. They are all zero, but for the
 * header, which says BOOKS_MAKING. S_OK; E_INVALIDARG: `memory` holds books already, or cannot be
 * written; E_OUTOFMEMORY.
 */
HRESULT books_begin(void *memory, size_t manager_size, struct book_space *space,
                    struct books_header **header);

/* The books are complete. */
void books_publish(struct books_header *header);

/* The last reference is gone. False: they never were complete. */
bool books_end(struct books_header *header);

/* Takes back what books_begin has done to the memory, and what was written behind the header. */
void books_wipe(struct books_header *header);

#endif
