/*
 * span.c: see span.h, where the protocol is.
 */
#include "pages/memory/span.h"

#include "os/os.h"

#define COMMIT_STEP OS_GRANULE_SIZE

/* ------------------------------------------------------------------------------------------------
 * Pieces
 * --------------------------------------------------------------------------------------------- */

/* The number of a piece's first unit, and of the first one behind it. */
static uint32_t piece_begin(const struct span *span, uint32_t piece)
{
    return (UINT32_C(1) << piece) < span->first ? 0 : UINT32_C(1) << piece;
}

static uint32_t piece_end(const struct span *span, uint32_t piece)
{
    uint32_t end = UINT32_C(2) << piece;

    return end < span->limit ? end : span->limit;
}

/* Bytes. Pieces that lie apart are whole granules. */
static size_t piece_size(const struct span *span, uint32_t piece)
{
    size_t size = (piece_end(span, piece) - piece_begin(span, piece)) * span->unit;

    return span->grows ? (size + COMMIT_STEP - 1) / COMMIT_STEP * COMMIT_STEP : size;
}

static void set_piece(struct span *span, uint32_t piece, char *base)
{
    atomic_store_explicit(&span->biases[piece],
                          (uintptr_t)base - piece_begin(span, piece) * span->unit,
                          memory_order_release);
}

/* Makes sure that the piece is reserved. NULL: there is no address space. */
static char *need_piece(struct span *span, uint32_t piece)
{
    char *base = atomic_load_explicit(&span->pieces[piece], memory_order_acquire);
    char *made;

    if (!base) {
        made = os_metadata_reserve(piece_size(span, piece));
        if (!made)
            return NULL;
        if (atomic_compare_exchange_strong_explicit(&span->pieces[piece], &base, made,
                                                    memory_order_acq_rel, memory_order_acquire))
            base = made;
        else
            os_metadata_release(made);
    }
    set_piece(span, piece, base);
    return base;
}

/* ------------------------------------------------------------------------------------------------
 * Reserving
 * --------------------------------------------------------------------------------------------- */

/* The power of two that is the first piece's number of units. */
static uint32_t first_units(size_t unit, uint32_t limit, uint32_t least)
{
    uint32_t first = 2;

    while (first < limit && (least ? first < least : 2 * first * unit <= SPAN_FIRST_SIZE))
        first *= 2;
    return first;
}

/* In a book space that is whole, all pieces lie one behind the other. */
static void set_all_pieces(struct span *span)
{
    for (uint32_t piece = 0; piece < SPAN_PIECES; piece++)
        atomic_store_explicit(&span->biases[piece], (uintptr_t)span->base, memory_order_relaxed);
}

bool span_reserve(struct span *span, size_t unit, uint32_t limit, uint32_t first,
                  struct book_space *books)
{
    size_t size;

    span->unit = unit;
    span->limit = limit;
    span->first = first_units(unit, limit, first);
    span->first_mask = span->first - 1;
    span->size = (limit * unit + COMMIT_STEP - 1) / COMMIT_STEP * COMMIT_STEP;
    span->gauge = books->gauge;
    span->is_own = !books->base;
    span->grows = span->is_own || !books->is_whole;
    atomic_store_explicit(&span->committed, 0, memory_order_relaxed);
    size = span->grows ? piece_size(span, span_piece_of(span, 0)) : span->size;
    span->base = span->is_own ? os_metadata_reserve(size) : book_space_cut(books, size);
    if (!span->base)
        return false;
    if (!span->grows)
        set_all_pieces(span);
    atomic_store_explicit(&span->pieces[span_piece_of(span, 0)], span->base, memory_order_relaxed);
    set_piece(span, span_piece_of(span, 0), span->base);
    return true;
}

void span_release(struct span *span)
{
    uint32_t first;

    if (!span->base)
        return;
    first = span_piece_of(span, 0);
    for (uint32_t piece = first; piece < SPAN_PIECES; piece++) {
        char *base = atomic_load_explicit(&span->pieces[piece], memory_order_relaxed);

        if (base && (piece != first || span->is_own))
            os_metadata_release(base);
        atomic_store_explicit(&span->pieces[piece], NULL, memory_order_relaxed);
    }
    span->base = NULL;
}

/* ------------------------------------------------------------------------------------------------
 * Committing
 * --------------------------------------------------------------------------------------------- */

/* The bytes that the first `count` units take, counted piece after piece. */
static size_t size_of_units(const struct span *span, uint32_t count)
{
    uint32_t piece = span_piece_of(span, 0);
    size_t before = 0;

    if (!span->grows)
        return count * span->unit;
    while (count > piece_end(span, piece))
        before += piece_size(span, piece++);
    return before + (count - piece_begin(span, piece)) * span->unit;
}

/* Commits the bytes [begin, end), counted piece after piece. */
static bool commit_pieces(struct span *span, size_t begin, size_t end)
{
    size_t before = 0;

    if (!span->grows)
        return os_metadata_commit(span->base + begin, end - begin);
    for (uint32_t piece = span_piece_of(span, 0); before < end; piece++) {
        size_t size = piece_size(span, piece);

        if (begin < before + size) {
            size_t from = begin > before ? begin - before : 0;
            size_t to = end - before < size ? end - before : size;
            char *base = need_piece(span, piece);

            if (!base || !os_metadata_commit(base + from, to - from))
                return false;
        }
        before += size;
    }
    return true;
}

bool span_commit(struct span *span, uint32_t count)
{
    size_t committed = atomic_load_explicit(&span->committed, memory_order_acquire);
    size_t needed, goal;

    if (count > span->limit)
        return false;
    needed = size_of_units(span, count);
    if (needed <= committed)
        return true;
    goal = (needed + COMMIT_STEP - 1) / COMMIT_STEP * COMMIT_STEP;
    if (!commit_pieces(span, committed, goal))
        return false;
    while (goal > committed) {
        if (atomic_compare_exchange_weak_explicit(&span->committed, &committed, goal,
                                                  memory_order_acq_rel, memory_order_acquire)) {
            gauge_add(span->gauge, goal - committed);
            break;
        }
    }
    return true;
}

uint32_t span_number_of(const struct span *span, const void *address)
{
    for (uint32_t piece = span_piece_of(span, 0); piece < SPAN_PIECES; piece++) {
        const char *base = atomic_load_explicit(&span->pieces[piece], memory_order_relaxed);
        size_t size = span->grows ? piece_size(span, piece) : span->size;
        size_t at = (uintptr_t)address - (uintptr_t)base;

        if (base && at < size && at % span->unit == 0)
            return piece_begin(span, piece) + (uint32_t)(at / span->unit);
        if (!base || !span->grows || piece_end(span, piece) == span->limit)
            break;
    }
    return span->limit;
}
