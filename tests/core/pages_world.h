/*
 * pages_world.h: a manager's pages without its COM objects, for tests of the core, and the checks
 * of the books that must hold between calls. Calls are counted as the COM methods count them.
 */
#ifndef HOSTMEM_TESTS_PAGES_WORLD_H
#define HOSTMEM_TESTS_PAGES_WORLD_H

#include "native.h"

#include "pages/audit/audit.h"
#include "pages/pages.h"

struct world {
    struct counters counters;
    struct book_space books; /* each span has address space of its own */
    struct pages pages;
};

/* ------------------------------------------------------------------------------------------------
 * Calls
 * --------------------------------------------------------------------------------------------- */

static inline pages_result try_request(struct world *world, const struct pages_request *request,
                                       void **memory)
{
    pages_result result;

    counters_begin(&world->counters, COUNTED_VIRTUAL_ALLOC);
    result = pages_alloc(&world->pages, request, memory);
    counters_end(&world->counters, COUNTED_VIRTUAL_ALLOC, !result);
    return result;
}

static inline pages_result try_alloc(struct world *world, void *address, size_t size, uint32_t type,
                                     char **memory)
{
    struct pages_request request = {.address = address,
                                    .size = size,
                                    .type = type,
                                    .protect = OS_PAGE_READWRITE,
                                    .node = OS_ANY_NODE,
                                    .critical_level = 1};
    void *made = &request;
    pages_result result = try_request(world, &request, &made);

    *memory = made;
    return result;
}

static inline pages_result try_free(struct world *world, void *address, size_t size, uint32_t type)
{
    pages_result result;

    counters_begin(&world->counters, COUNTED_VIRTUAL_FREE);
    result = pages_free(&world->pages, address, size, type);
    counters_end(&world->counters, COUNTED_VIRTUAL_FREE, !result);
    return result;
}

/* A request that must be refused, and its answer. */
static inline pages_result refusal(struct world *world, void *address, size_t size, uint32_t type)
{
    char *memory;
    pages_result result = try_alloc(world, address, size, type, &memory);

    assert_int_not_equal(result, PAGES_OK);
    assert_null(memory);
    return result;
}

static inline char *alloc(struct world *world, void *address, size_t size, uint32_t type)
{
    char *memory;

    assert_int_equal(try_alloc(world, address, size, type, &memory), PAGES_OK);
    assert_non_null(memory);
    return memory;
}

static inline char *reserve(struct world *world, size_t size)
{
    return alloc(world, NULL, size, OS_MEM_RESERVE);
}

static inline void commit(struct world *world, char *address, size_t size)
{
    alloc(world, address, size, OS_MEM_COMMIT);
}

static inline void decommit(struct world *world, char *address, size_t size)
{
    assert_int_equal(try_free(world, address, size, OS_MEM_DECOMMIT), PAGES_OK);
}

static inline void release(struct world *world, char *address)
{
    assert_int_equal(try_free(world, address, 0, OS_MEM_RELEASE), PAGES_OK);
}

/* ------------------------------------------------------------------------------------------------
 * What must hold
 * --------------------------------------------------------------------------------------------- */

/*
 * Uses up the bookkeeping memory that is committed already, so that the next request for more
 * reaches the system.
 */
static inline void exhaust_metadata(struct world *world)
{
    struct metadata *metadata = &world->pages.metadata;

    while (metadata->used + 64 <= metadata->span.committed)
        assert_non_null(metadata_take(metadata, 64));
}

/* An address that is free, with a granule free on each side. */
static inline char *free_granule(void)
{
    void *memory;

    assert_int_equal(
        os_alloc(NULL, 3 * GRANULE, OS_MEM_RESERVE, OS_PAGE_READWRITE, OS_ANY_NODE, &memory), 0);
    assert_int_equal(os_free(memory, 0, OS_MEM_RELEASE), 0);
    return (char *)memory + GRANULE;
}

static inline struct os_range system_at(const void *address)
{
    struct os_range range;

    assert_true(os_query_range((uintptr_t)address, &range));
    return range;
}

static inline bool print_difference(void *context, const struct audit_difference *difference)
{
    (void)context;
    print_error("audit: kind %d at %p: books %llu, system %llu\n", (int)difference->kind,
                (void *)difference->address, (unsigned long long)difference->books,
                (unsigned long long)difference->system);
    return true;
}

/* Checks that the books agree with the system, region by region and in total. */
static inline void assert_exact(struct world *world)
{
    struct audit audit;

    assert_true(audit_run(&world->pages, &audit, print_difference, NULL));
    assert_int_equal(audit.differences, 0);
    assert_int_equal(audit.busy, 0);
    assert_true(audit.totals_compared);
    assert_int_equal(audit.committed, gauge_now(&world->pages.budget.committed.granted));
    assert_int_equal(audit.reserved, gauge_now(&world->pages.budget.reserved.granted));
    assert_int_equal(audit.committed, atomic_load(&world->pages.budget.committed.charged));
    assert_int_equal(audit.reserved, atomic_load(&world->pages.budget.reserved.charged));

    /* What each record says of itself adds up, too, and no operation is under way any more. */
    assert_true(audit_records(&world->pages, &audit, print_difference, NULL));
    assert_int_equal(audit.differences, 0);
    assert_int_equal(audit.busy, 0);
    assert_true(audit.totals_compared);
}

static inline void assert_books(struct world *world, uint64_t regions, uint64_t reserved,
                                uint64_t committed)
{
    assert_int_equal(gauge_now(&world->counters.regions), regions);
    assert_int_equal(gauge_now(&world->pages.budget.reserved.granted), reserved);
    assert_int_equal(gauge_now(&world->pages.budget.committed.granted), committed);
    assert_exact(world);
}

/* ------------------------------------------------------------------------------------------------
 * Setup and teardown of a test
 * --------------------------------------------------------------------------------------------- */

static inline bool make_pages(struct world *world)
{
    world->books = (struct book_space){.gauge = &world->counters.metadata};
    return pages_init(&world->pages, &world->counters, &world->books);
}

static inline int begin_world(void **state)
{
    struct world *world = zeroed(sizeof(struct world));

    assert_true(make_pages(world));
    *state = world;
    return 0;
}

/* A test that passes leaves nothing in the books. */
static inline int end_world(void **state)
{
    struct world *world = *state;

    os_fault_at(OS_FAULT_METADATA, 0);
    os_fault_at(OS_FAULT_PAGES, 0);
    assert_books(world, 0, 0, 0);
    pages_destroy(&world->pages);
    free(world);
    return 0;
}

#define world_test(test) cmocka_unit_test_setup_teardown(test, begin_world, end_world)

#endif
