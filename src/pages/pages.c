/*
 * pages.c: see pages.h. Initialising a manager's pages, and looking at its regions.
 *
 * Review note for invariant I4: the code called from here is that of os/ (one system call each),
 * budget/, counters/ and pages/ (atomics and arithmetic). tests/checks/reach.cmake checks that on
 * the objects.
 */
#include "pages/pages.h"

#include "os/os.h"
#include "pages/sections/view.h"

/*
 * The most that directories, owners, bits and marks may ever take. Where all of it is reserved
 * from the start, it is less.
 */
#define METADATA_LIMIT ((size_t)(sizeof(void *) == 8 ? 2048u : 64u) << 20)
#define WHOLE_METADATA_LIMIT ((size_t)(sizeof(void *) == 8 ? 1024u : 2u) << 20)

bool pages_init(struct pages *pages, struct counters *counters, struct book_space *books)
{
    pages->counters = counters;
    pages->books = books;
    budget_init(&pages->budget);
    atomic_store_explicit(&pages->sequence, 0, memory_order_relaxed);
    atomic_store_explicit(&pages->foreign_requests, 0, memory_order_relaxed);
    atomic_store_explicit(&pages->foreign_released, 0, memory_order_relaxed);
    atomic_store_explicit(&pages->foreign_releasers, 0, memory_order_relaxed);
    for (unsigned slot = 0; slot < PAGES_FOREIGN_RELEASES; slot++)
        atomic_store_explicit(&pages->foreign_releases[slot], 0, memory_order_relaxed);
    if (!os_has_known_granularity())
        return false;
    if (metadata_init(&pages->metadata,
                      book_space_grows(books) ? METADATA_LIMIT : WHOLE_METADATA_LIMIT, books) &&
        region_table_init(&pages->table, &pages->metadata, books) &&
        sections_init(&pages->sections, counters, &pages->budget, &pages->table.chunks, books) &&
        views_init(&pages->sections, books)) {
        if (!places_init(&pages->places) || region_table_begin_resting(&pages->table))
            return true;
    }
    pages_destroy(pages);
    return false;
}

void pages_destroy(struct pages *pages)
{
    views_destroy(&pages->sections);
    sections_destroy(&pages->sections);
    region_table_destroy(&pages->table);
    metadata_destroy(&pages->metadata);
}

size_t pages_committed(const struct pages *pages, const struct region_facts *facts)
{
    return committed_count(&pages->table.chunks, facts->base, facts->base + facts->size) *
           OS_PAGE_SIZE;
}

bool pages_find(const struct pages *pages, const void *address, struct region_facts *facts,
                size_t *committed)
{
    const struct region *region = region_table_find(&pages->table, (uintptr_t)address);

    if (!region || !region_read(region, facts) || (uintptr_t)address - facts->base >= facts->size)
        return false;
    *committed = facts->committed;
    return true;
}

bool pages_is_own(const struct pages *pages, const void *address)
{
    struct os_range system;

    if (region_table_knows(&pages->table, (uintptr_t)address))
        return true;
    if (!region_table_has_owned(&pages->table, (uintptr_t)address))
        return false;
    /* Look in the books again: the system may have given this manager the address meanwhile. */
    return !os_query_range((uintptr_t)address, &system) || system.state != OS_MEM_COMMIT ||
           region_table_knows(&pages->table, (uintptr_t)address);
}

bool pages_next(const struct pages *pages, uint32_t *cursor, struct region_facts *facts,
                size_t *committed)
{
    uint32_t limit = region_table_limit(&pages->table);

    while (*cursor < limit) {
        if (region_read(region_table_at(&pages->table, ++*cursor), facts)) {
            *committed = facts->committed;
            return true;
        }
    }
    return false;
}
