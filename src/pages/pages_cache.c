/*
 * pages_cache.c: heaps' blocks whose memory is kept for other blocks (pages.h): caching a region
 * when its block is freed, and making another block of it.
 */
#include "pages/foreign.h"
#include "pages/request_facts.h"

#include "os/os.h"

/* True if all pages of a live region are committed, and protected as they were handed out. */
static bool is_as_handed_out(const struct region_facts *facts)
{
    struct os_range system;

    return facts->committed == facts->size && os_query_range(facts->base, &system) &&
           system.state == OS_MEM_COMMIT && system.protect == facts->protect &&
           system.allocation_base == facts->base && system.size >= facts->size;
}

bool pages_cache_block(struct pages *pages, uint32_t index, const struct region_facts *seen,
                       size_t *requested)
{
    struct region *region = region_table_at(&pages->table, index);
    uint64_t life = region_life(region); /* first: it proves that what follows was of one block */
    struct region_facts facts;

    if (!region_read(region, &facts) || !is_as_handed_out(&facts) ||
        !region_cache(region, life, seen))
        return false;
    /* It is the caller's: nobody writes the field before the caller has given it away. */
    *requested = atomic_load_explicit(&region->requested, memory_order_relaxed);
    return true;
}

bool pages_revive(struct pages *pages, uint32_t index, const struct pages_request *request,
                  void **memory)
{
    struct region *region = region_table_at(&pages->table, index);
    uint64_t before = foreign_requests(pages);
    uint64_t life = region_life(region);
    size_t size = atomic_load_explicit(&region->size, memory_order_relaxed);
    uintptr_t base = atomic_load_explicit(&region->base, memory_order_relaxed);
    struct region_operation operation;

    if (atomic_load_explicit(&region->committed, memory_order_relaxed) != size ||
        !region_claim_cached(region, life))
        return false;
    request_write_facts(pages, region, request, base, size);
    *memory = (void *)base; /* the record may be another's once it is published */
    atomic_store_explicit(&region->committed, size, memory_order_relaxed);
    region_publish(region, &operation);
    operation_end_making(pages, &operation, foreign_none_since(pages, before));
    return true;
}
