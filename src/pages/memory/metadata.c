/*
 * metadata.c: see metadata.h.
 *
 * Protocol. `used` moves up by compare-and-swap, and only over bytes that the span has committed.
 * If they cannot be committed, it stays as it is.
 */
#include "pages/memory/metadata.h"

#include "os/os.h"

#define ALIGNMENT ((size_t)64)

_Static_assert(SPAN_FIRST_SIZE % OS_GRANULE_SIZE == 0, "pieces without a gap between them");

bool metadata_init(struct metadata *metadata, size_t limit, struct book_space *books)
{
    return metadata_init_with(metadata, limit, 0, books);
}

bool metadata_init_with(struct metadata *metadata, size_t limit, size_t first,
                        struct book_space *books)
{
    size_t rounded = (limit + OS_GRANULE_SIZE - 1) / OS_GRANULE_SIZE * OS_GRANULE_SIZE;

    atomic_store_explicit(&metadata->used, 0, memory_order_relaxed);
    return span_reserve(&metadata->span, ALIGNMENT, (uint32_t)(rounded / ALIGNMENT),
                        (uint32_t)(first / ALIGNMENT), books);
}

/*
 * The first place from `at` on where `size` bytes lie in one piece. In a whole space the pieces
 * follow each other: so a copy of books takes as much as the books do, in whatever order (reader/).
 */
static size_t fit(const struct span *span, size_t at, size_t size)
{
    while (span->grows && at < span->size) {
        uint32_t piece = span_piece_of(span, (uint32_t)(at / ALIGNMENT));
        size_t end = ((size_t)2 << piece) * ALIGNMENT;

        if (size <= end - at)
            break;
        at = end;
    }
    return at;
}

void *metadata_take_with(struct metadata *metadata, size_t size, size_t behind)
{
    size_t used = atomic_load_explicit(&metadata->used, memory_order_relaxed);
    size_t begin;

    if (size > metadata->span.size || behind > metadata->span.size)
        return NULL;
    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    behind = (behind + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    do {
        begin = fit(&metadata->span, used, size + behind);
        if (begin > metadata->span.size || size + behind > metadata->span.size - begin ||
            !span_commit(&metadata->span, (uint32_t)((begin + size + behind) / ALIGNMENT)))
            return NULL;
    } while (!atomic_compare_exchange_weak_explicit(&metadata->used, &used, begin + size,
                                                    memory_order_relaxed, memory_order_relaxed));
    return span_at(&metadata->span, (uint32_t)(begin / ALIGNMENT));
}

void *metadata_take(struct metadata *metadata, size_t size)
{
    return metadata_take_with(metadata, size, 0);
}

void metadata_destroy(struct metadata *metadata)
{
    span_release(&metadata->span);
}
