/*
 * span.h: a span of reserved address space that is committed from its bottom up.
 *
 * What all of hostmem's bookkeeping lives in. Reserving is cheap and done once; pages are committed
 * as they are needed, straight from the operating system, and stay until the span is released.
 * Nothing that is handed out ever lies in a span (invariant I8).
 *
 * Protocol. `committed` only rises, by compare-and-swap, and only over pages that have been
 * committed before; who raises it counts the bytes. Committing a page twice is harmless, so threads
 * need not agree on who does it.
 */
#ifndef HOSTMEM_PAGES_SPAN_H
#define HOSTMEM_PAGES_SPAN_H

#include "counters/gauge.h"

#include <stdbool.h>
#include <stddef.h>

struct span {
    char *base;
    size_t size;
    _Atomic size_t committed; /* bytes from base on */
    struct gauge *gauge;      /* where committed bytes are counted */
};

/* False when the system has no such address space. */
bool span_reserve(struct span *span, size_t size, struct gauge *gauge);

/* Makes the first `needed` bytes usable (zero at first). False: no memory, or beyond the span. */
bool span_commit(struct span *span, size_t needed);

/* No other thread may use the span any more. Does nothing to a span that was never reserved. */
void span_release(struct span *span);

#endif
