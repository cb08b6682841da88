/*
 * metadata.c: see metadata.h.
 *
 * Protocol. `used` moves up by compare-and-swap, and only over bytes that the span has committed.
 * If they cannot be committed, it stays as it is.
 */
#include "pages/metadata.h"

#define ALIGNMENT ((size_t)64)

bool metadata_init(struct metadata *metadata, size_t limit, struct book_space *books)
{
    atomic_store_explicit(&metadata->used, 0, memory_order_relaxed);
    return span_reserve(&metadata->span, limit, books);
}

void *metadata_take_with(struct metadata *metadata, size_t size, size_t behind)
{
    size_t used = atomic_load_explicit(&metadata->used, memory_order_relaxed);

    if (size > metadata->span.size || behind > metadata->span.size)
        return NULL;
    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    do {
        if (size + behind > metadata->span.size - used ||
            !span_commit(&metadata->span, used + size + behind))
            return NULL;
    } while (!atomic_compare_exchange_weak_explicit(&metadata->used, &used, used + size,
                                                    memory_order_relaxed, memory_order_relaxed));
    return metadata->span.base + used;
}

void *metadata_take(struct metadata *metadata, size_t size)
{
    return metadata_take_with(metadata, size, 0);
}

void metadata_destroy(struct metadata *metadata)
{
    span_release(&metadata->span);
}
