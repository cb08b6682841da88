/*
 * span.h: bookkeeping memory for units of one size, numbered from 0, committed from the bottom up.
 *
 * All of hostmem's bookkeeping lives in spans. Pages are committed as they are needed, straight
 * from the operating system, and stay until the span is released. Memory that is handed out never
 * lies in a span (invariant I8).
 *
 * A span reserves little address space at first, and more as it grows. It consists of pieces: the
 * first holds a power of two of units, and each further one as many as all before it. So the number
 * of a unit's highest bit says in which piece it lies, and the unit is found by one multiplication
 * and one look-up. The first piece is cut from the manager's book space, and the others are
 * reserved one by one. In a book space that is whole (book_space.h) all pieces lie one behind the
 * other from the start.
 *
 * Protocol. `pieces` go from NULL to a reservation by compare-and-swap (release); a thread whose
 * swap fails releases its own. Every thread that commits in a piece writes the piece's bias, and
 * all write the same, before it raises `committed`. So who learns of a unit from a thread that has
 * committed it finds the bias.
 * `committed` only rises, by compare-and-swap, and only after the pages below the new value have
 * been committed. The thread that raises it counts the bytes. Committing a page twice is harmless,
 * so threads need not agree on which of them does it.
 */
#ifndef HOSTMEM_PAGES_MEMORY_SPAN_H
#define HOSTMEM_PAGES_MEMORY_SPAN_H

#include "pages/memory/book_space.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A unit's number has at most so many bits. */
#define SPAN_PIECES 26u

/* What the first piece of a span takes, if the span's user does not say. */
#define SPAN_FIRST_SIZE ((size_t)(sizeof(void *) == 8 ? 256u : 64u) << 10)

struct span {
    /* By the number of the highest bit: unit n of piece p is at biases[p] + n * unit. */
    _Atomic uintptr_t biases[SPAN_PIECES];
    _Atomic(char *) pieces[SPAN_PIECES];

    char *base;               /* of the first piece; NULL: the span was never reserved */
    size_t size;              /* bytes that it can have at most */
    size_t unit;              /* bytes */
    uint32_t first;           /* units in the first piece: a power of two, at least 2 */
    uint32_t first_mask;      /* first - 1 */
    uint32_t limit;           /* units that there can be at most */
    _Atomic size_t committed; /* bytes, counted piece after piece */
    struct gauge *gauge;      /* where committed bytes are counted */
    bool grows;               /* by pieces that it reserves itself */
    bool is_own;              /* so is the first */
};

/*
 * Room for `limit` units, at most 2 to the power of SPAN_PIECES. first: the least number of units
 * in the first piece; 0: as many as SPAN_FIRST_SIZE holds. False: there is no address space.
 */
bool span_reserve(struct span *span, size_t unit, uint32_t limit, uint32_t first,
                  struct book_space *books);

/* Makes the first `count` units usable (zero at first). False: no memory, or beyond the limit. */
bool span_commit(struct span *span, uint32_t count);

static inline uint32_t span_piece_of(const struct span *span, uint32_t number)
{
    return 31u ^ (uint32_t)__builtin_clz(number | span->first_mask);
}

/* A unit that has been made usable. The size is span->unit; a constant saves reading that. */
static inline void *span_at_sized(const struct span *span, uint32_t number, size_t unit)
{
    uint32_t piece = span_piece_of(span, number);

    return (void *)(atomic_load_explicit(&span->biases[piece], memory_order_relaxed) +
                    number * unit);
}

static inline void *span_at(const struct span *span, uint32_t number)
{
    return span_at_sized(span, number, span->unit);
}

/* The number of a usable unit, by its address; span->limit: there is none. */
uint32_t span_number_of(const struct span *span, const void *address);

/* The same of an address that is a unit's. `unit` is span->unit, as a constant. */
static inline uint32_t span_number_of_sized(const struct span *span, const void *address,
                                            size_t unit)
{
    size_t at = (size_t)((const char *)address - span->base);

    return at < span->first * unit ? (uint32_t)(at / unit) : span_number_of(span, address);
}

/*
 * No other thread may use the span any more. What was cut from a book space goes with that. Does
 * nothing to a span that was never reserved.
 */
void span_release(struct span *span);

#endif
