/*
 * request_facts.h: what a region's record says of the request that has made it.
 */
#ifndef HOSTMEM_PAGES_REQUEST_FACTS_H
#define HOSTMEM_PAGES_REQUEST_FACTS_H

#include "pages/pages.h"

/* Writes the facts of a region at that place, with a new number in the manager's sequence. */
static inline void request_write_facts(struct pages *pages, struct region *region,
                                       const struct pages_request *request, uintptr_t base,
                                       size_t size)
{
    struct region_facts facts = {
        .base = base,
        .size = size,
        .allocation_type = request->type,
        .protect = request->protect,
        .critical_level = request->critical_level,
        .thread_id = os_thread_id(),
        .tick = os_tick_milliseconds(),
        .heap = request->heap,
        .line = request->line,
        .block = base + request->block_offset,
        .requested = request->requested,
        .file = request->file,
        .caller = request->caller,
    };

    facts.sequence = atomic_fetch_add_explicit(&pages->sequence, 1, memory_order_relaxed) + 1;
    region_write(region, &facts);
}

#endif
