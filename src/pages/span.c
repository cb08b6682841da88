/*
 * span.c: see span.h, where the protocol is.
 */
#include "pages/span.h"

#include "os/os.h"

#define COMMIT_STEP OS_GRANULE_SIZE

bool span_reserve(struct span *span, size_t size, struct book_space *books)
{
    span->size = (size + COMMIT_STEP - 1) / COMMIT_STEP * COMMIT_STEP;
    span->gauge = books->gauge;
    span->is_own = !books->base;
    atomic_store_explicit(&span->committed, 0, memory_order_relaxed);
    span->base = span->is_own ? os_metadata_reserve(span->size) : book_space_cut(books, span->size);
    return span->base != NULL;
}

bool span_commit(struct span *span, size_t needed)
{
    size_t committed = atomic_load_explicit(&span->committed, memory_order_acquire);
    size_t goal;

    if (needed <= committed)
        return true;
    if (needed > span->size)
        return false;
    goal = (needed + COMMIT_STEP - 1) / COMMIT_STEP * COMMIT_STEP;
    if (!os_metadata_commit(span->base + committed, goal - committed))
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

void span_release(struct span *span)
{
    if (span->base && span->is_own) {
        os_metadata_release(span->base);
        span->base = NULL;
    }
}
