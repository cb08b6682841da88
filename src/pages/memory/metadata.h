/*
 * metadata.h: bookkeeping memory of any size. It is taken piece by piece, and given back only all
 * at once.
 *
 * A piece is zeroed, aligned to 64 bytes, and stays valid until metadata_destroy.
 * Promise: lock-free; a failed request leaves no trace (I6).
 */
#ifndef HOSTMEM_PAGES_MEMORY_METADATA_H
#define HOSTMEM_PAGES_MEMORY_METADATA_H

#include "pages/memory/span.h"

struct metadata {
    struct span span;
    _Atomic size_t used; /* bytes, counted piece of the span after piece */
};

/*
 * limit: the most bytes that can ever be taken, rounded up to granules. Nothing is spent on it.
 * What is taken lies in one piece of the span, so where pieces lie apart some bytes at the end of a
 * piece may stay unused.
 */
bool metadata_init(struct metadata *metadata, size_t limit, struct book_space *books);

/* The same. first: the least number of bytes that lie in one piece from the start (span.h). */
bool metadata_init_with(struct metadata *metadata, size_t limit, size_t first,
                        struct book_space *books);

/* NULL when the system has no memory, or the limit is reached. */
void *metadata_take(struct metadata *metadata, size_t size);

/* The same; `behind` bytes behind the piece can be read as well, and stay within the limit. */
void *metadata_take_with(struct metadata *metadata, size_t size, size_t behind);

/* No other thread may use any of it any more. */
void metadata_destroy(struct metadata *metadata);

#endif
