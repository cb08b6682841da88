/*
 * books.h: the start of a manager's book space: a header, and the manager behind it.
 *
 * The header is for those who look at the books from outside (reader/). Its fields up to `size`
 * have the same place in every build. A pointer p that is found in the books leads to p - base.
 *
 * Protocol. `state` goes from 0 to BOOKS_MAKING by compare-and-swap: of several makers that are
 * handed one piece of memory, one gets it. It goes to BOOKS_READY (release) when all else has been
 * written, and to BOOKS_ENDED (release) when the last reference is gone; or back to 0 when the
 * manager could not be made. Between BOOKS_READY and BOOKS_ENDED manager.status says more.
 */
#ifndef HOSTMEM_HOSTING_BOOKS_H
#define HOSTMEM_HOSTING_BOOKS_H

#include "hosting/manager.h"

#define BOOKS_MAGIC UINT32_C(0x6b6f6f42) /* "Book" */

/* To be raised whenever anything in the books gets another place or another meaning. */
#define BOOKS_LAYOUT 1u

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

struct books {
    struct books_header header;
    struct manager manager;
};

static inline struct books *books_of(struct manager *manager)
{
    return CONTAINING_RECORD(manager, struct books, manager);
}

/*
 * The start of a book space: `memory`, or of a reservation if that is NULL. All zero, but for the
 * header, which says BOOKS_MAKING. S_OK; E_INVALIDARG: `memory` holds books already, or cannot be
 * written; E_OUTOFMEMORY.
 */
HRESULT books_begin(void *memory, struct book_space *space, struct books **books);

/* The books are complete. */
void books_publish(struct books *books);

/* The manager's last reference is gone, or it could not be made. The books may go. */
void books_end(struct books *books);

#endif
