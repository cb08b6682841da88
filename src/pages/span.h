/*
 * span.h: a span of reserved address space that is committed from its bottom up.
 *
 * All of hostmem's bookkeeping lives in spans, which are cut from the manager's book space. Pages
 * are committed as they are needed, straight from the operating system, and stay until the book
 * space is released. Memory that is handed out never lies in a span (invariant I8).
 *
 * Protocol. `committed` only rises, by compare-and-swap, and only after the pages below the new
 * value have been committed. The thread that raises it counts the bytes. Committing a page twice is
 * harmless, so threads need not agree on which of them does it.
 */
#ifndef HOSTMEM_PAGES_SPAN_H
#define HOSTMEM_PAGES_SPAN_H

#include "pages/book_space.h"

#include <stdbool.h>
#include <stddef.h>

struct span {
    char *base;
    size_t size;
    _Atomic size_t committed; /* bytes from base on */
    struct gauge *gauge;      /* where committed bytes are counted */
    bool is_own;              /* reserved by itself, and not cut from a book space */
};

/* False: there is not that much address space. */
bool span_reserve(struct span *span, size_t size, struct book_space *books);

/* Makes the first `needed` bytes usable (zero at first). False: no memory, or beyond the span. */
bool span_commit(struct span *span, size_t needed);

/*
 * No other thread may use the span any more. A span that was cut from a book space goes with that.
 * Does nothing to a span that was never reserved.
 */
void span_release(struct span *span);

#endif
