/*
 * test_region_table.c: the address ledger: which region holds an address? The addresses are only
 * numbers here; the system has handed out none of them.
 */
#include "native.h"
#include "publish.h"

#include "pages/region_table.h"

#define METADATA_LIMIT ((size_t)64 << 20)

/* A chunk's first address, far from the ends of the address space. */
#define CHUNK ((uintptr_t)1000 * CHUNK_SIZE)

struct fixture {
    struct gauge gauge;
    struct book_space books;
    struct metadata metadata;
    struct region_table table;
};

static int begin(void **state)
{
    struct fixture *fixture = zeroed(sizeof(struct fixture));

    fixture->books.gauge = &fixture->gauge;
    assert_true(metadata_init(&fixture->metadata, METADATA_LIMIT, &fixture->books));
    assert_true(region_table_init(&fixture->table, &fixture->metadata, &fixture->books));
    *state = fixture;
    return 0;
}

static int end(void **state)
{
    struct fixture *fixture = *state;

    os_fault_at(OS_FAULT_METADATA, 0);
    region_table_destroy(&fixture->table);
    metadata_destroy(&fixture->metadata);
    free(fixture);
    return 0;
}

/* Puts a region into the books as pages_alloc.c does. */
static struct region *own(struct region_table *table, uintptr_t base, size_t size)
{
    struct region_facts facts = {.base = base, .block = base, .size = size};
    uint32_t index = region_table_take(table);
    struct region *region;

    assert_int_not_equal(index, 0);
    assert_int_equal(region_table_own(table, index, base, size), REGION_TABLE_OK);
    region = region_table_at(table, index);
    region_write(region, &facts);
    publish_at_rest(region);
    return region;
}

static void disown(struct region_table *table, struct region *region)
{
    struct region_operation operation;

    assert_true(region_claim(region, region->base, 0, &operation));
    region_retire(region);
    region_table_give(table, region_table_index(table, region));
}

/* First and last byte of each granule, and the bytes around the region. */
static void assert_owns(const struct region_table *table, const struct region *region)
{
    uintptr_t base = region->base;
    uintptr_t last = base + region->size - 1;

    for (uintptr_t at = base; at - base < region->size; at += GRANULE) {
        uintptr_t granule_last = at + GRANULE - 1 < last ? at + GRANULE - 1 : last;

        assert_ptr_equal(region_table_find(table, at), region);
        assert_ptr_equal(region_table_find(table, granule_last), region);
    }
    assert_ptr_not_equal(region_table_find(table, base - 1), region);
    assert_ptr_not_equal(region_table_find(table, last + 1), region);
}

/* ------------------------------------------------------------------------------------------------
 * Regions of all shapes
 * --------------------------------------------------------------------------------------------- */

static void an_empty_ledger_owns_no_address(void **state)
{
    struct fixture *fixture = *state;
    static const uintptr_t wild[] = {0, 1, GRANULE, CHUNK, CHUNK + 1, UINTPTR_MAX - 1, UINTPTR_MAX};

    for (size_t i = 0; i < COUNT_OF(wild); i++) {
        assert_null(region_table_find(&fixture->table, wild[i]));
        assert_false(region_table_knows(&fixture->table, wild[i]));
    }
}

static void a_region_is_found_by_every_byte_and_no_other(void **state)
{
    struct fixture *fixture = *state;
    struct region *region = own(&fixture->table, CHUNK + 3 * GRANULE, PAGE);

    for (uintptr_t at = CHUNK + 2 * GRANULE; at < CHUNK + 5 * GRANULE; at++)
        assert_ptr_equal(region_table_find(&fixture->table, at),
                         at - (CHUNK + 3 * GRANULE) < PAGE ? region : NULL);
}

static void regions_of_all_shapes_are_found_and_only_there(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        uintptr_t base;
        size_t size;
    } shapes[] = {
        {CHUNK, PAGE},
        {CHUNK + GRANULE, GRANULE},
        {CHUNK + CHUNK_SIZE - GRANULE, GRANULE},            /* the last granule of a chunk */
        {CHUNK + CHUNK_SIZE, CHUNK_SIZE},                   /* a chunk */
        {CHUNK + 2 * CHUNK_SIZE, CHUNK_SIZE - PAGE},        /* all of a chunk but a page */
        {CHUNK + 3 * CHUNK_SIZE, CHUNK_SIZE + PAGE},        /* a page more than a chunk */
        {CHUNK + 4 * CHUNK_SIZE + GRANULE, CHUNK_SIZE},     /* a chunk's size, across two */
        {CHUNK + 6 * CHUNK_SIZE - GRANULE, 3 * CHUNK_SIZE}, /* two whole chunks inside */
        {CHUNK + 9 * CHUNK_SIZE, 5 * CHUNK_SIZE + 5 * GRANULE},
    };
    struct region *regions[COUNT_OF(shapes)];

    for (size_t i = 0; i < COUNT_OF(shapes); i++)
        regions[i] = own(&fixture->table, shapes[i].base, shapes[i].size);
    for (size_t i = 0; i < COUNT_OF(shapes); i++)
        assert_owns(&fixture->table, regions[i]);
    for (size_t i = 0; i < COUNT_OF(shapes); i++) {
        disown(&fixture->table, regions[i]);
        assert_null(region_table_find(&fixture->table, shapes[i].base));
        assert_null(region_table_find(&fixture->table, shapes[i].base + shapes[i].size - 1));
        for (size_t j = i + 1; j < COUNT_OF(shapes); j++)
            assert_ptr_equal(region_table_find(&fixture->table, shapes[j].base), regions[j]);
    }
}

static void a_region_that_ends_with_the_address_space_is_found(void **state)
{
    struct fixture *fixture = *state;
    const uintptr_t top = (uintptr_t)1 << 57;
    struct region *region = own(&fixture->table, top - CHUNK_SIZE - GRANULE, CHUNK_SIZE + GRANULE);

    assert_owns(&fixture->table, region);
}

static void the_rest_of_a_regions_last_granule_is_nobodys(void **state)
{
    struct fixture *fixture = *state;

    own(&fixture->table, CHUNK, GRANULE + 3 * PAGE);
    assert_non_null(region_table_find(&fixture->table, CHUNK + GRANULE + 3 * PAGE - 1));
    assert_null(region_table_find(&fixture->table, CHUNK + GRANULE + 3 * PAGE));
    assert_null(region_table_find(&fixture->table, CHUNK + 2 * GRANULE - 1));
}

static void an_index_names_its_region(void **state)
{
    struct fixture *fixture = *state;

    for (uint32_t i = 1; i <= 1000; i++) {
        uint32_t index = region_table_take(&fixture->table);
        struct region *region = region_table_at(&fixture->table, index);

        assert_int_equal(region_table_index(&fixture->table, region), index);
    }
    assert_int_equal(region_table_limit(&fixture->table), 1000);
}

/* ------------------------------------------------------------------------------------------------
 * Lives and owners
 * --------------------------------------------------------------------------------------------- */

static void a_region_on_its_way_out_is_known_but_not_found(void **state)
{
    struct fixture *fixture = *state;
    struct region *region = own(&fixture->table, CHUNK, GRANULE);
    struct region_operation operation;

    assert_true(region_table_knows(&fixture->table, CHUNK));
    assert_true(region_claim(region, CHUNK, 0, &operation));
    assert_null(region_table_find(&fixture->table, CHUNK));
    assert_true(region_table_knows(&fixture->table, CHUNK));
    region_retire(region);
    assert_false(region_table_knows(&fixture->table, CHUNK));
}

static void a_region_is_not_found_before_it_is_published(void **state)
{
    struct fixture *fixture = *state;
    uint32_t index = region_table_take(&fixture->table);

    assert_int_equal(region_table_own(&fixture->table, index, CHUNK, GRANULE), REGION_TABLE_OK);
    assert_null(region_table_find(&fixture->table, CHUNK));
    assert_false(region_table_knows(&fixture->table, CHUNK));
}

/*
 * The owner entries that a region leaves behind name its record, which serves another region by
 * then.
 */
static void stale_owners_are_passed_over(void **state)
{
    struct fixture *fixture = *state;
    struct region *old = own(&fixture->table, CHUNK, 3 * CHUNK_SIZE + 5 * GRANULE);
    struct region *young;

    disown(&fixture->table, old);
    young = own(&fixture->table, CHUNK + CHUNK_SIZE + GRANULE, GRANULE);
    assert_ptr_equal(young, old); /* else this tests nothing */
    assert_owns(&fixture->table, young);
    assert_null(region_table_find(&fixture->table, CHUNK));
    assert_null(region_table_find(&fixture->table, CHUNK + CHUNK_SIZE));
    assert_null(region_table_find(&fixture->table, CHUNK + 2 * CHUNK_SIZE));
    assert_null(region_table_find(&fixture->table, CHUNK + 3 * CHUNK_SIZE + GRANULE));
}

static void an_address_has_its_youngest_owner_whatever_the_shapes(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        size_t offset;
        size_t size;
    } shapes[] = {{0, CHUNK_SIZE},     {0, GRANULE},           {GRANULE, CHUNK_SIZE},
                  {0, 2 * CHUNK_SIZE}, {0, CHUNK_SIZE - PAGE}, {5 * GRANULE, 3 * PAGE}};

    for (size_t i = 0; i < COUNT_OF(shapes); i++) {
        for (size_t j = 0; j < COUNT_OF(shapes); j++) {
            struct region *first = own(&fixture->table, CHUNK + shapes[i].offset, shapes[i].size);
            struct region *second;

            disown(&fixture->table, first);
            second = own(&fixture->table, CHUNK + shapes[j].offset, shapes[j].size);
            assert_owns(&fixture->table, second);
            disown(&fixture->table, second);
        }
    }
}

static void what_a_live_region_holds_cannot_be_owned_again(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        size_t offset;
        size_t size;
    } shapes[] = {{0, GRANULE},
                  {GRANULE, CHUNK_SIZE},
                  {0, CHUNK_SIZE},
                  {CHUNK_SIZE, CHUNK_SIZE},
                  {CHUNK_SIZE + 7 * GRANULE, PAGE},
                  {0, 4 * CHUNK_SIZE},
                  {2 * CHUNK_SIZE, PAGE}};
    struct region *region = own(&fixture->table, CHUNK, 2 * CHUNK_SIZE + PAGE);
    uint32_t index = region_table_take(&fixture->table);

    for (size_t i = 0; i < COUNT_OF(shapes); i++)
        assert_int_equal(
            region_table_own(&fixture->table, index, CHUNK + shapes[i].offset, shapes[i].size),
            REGION_TABLE_CONTRADICTED);
    assert_owns(&fixture->table, region);
    assert_int_equal(
        region_table_own(&fixture->table, index, CHUNK + 2 * CHUNK_SIZE + GRANULE, GRANULE),
        REGION_TABLE_OK);
}

static void a_fault_at_any_request_owns_nothing(void **state)
{
    struct fixture *fixture = *state;
    uint32_t index = region_table_take(&fixture->table);
    uint64_t n = 0;
    enum region_table_result result;

    do {
        /* What is committed already gives no fault: use it up. */
        while (fixture->metadata.used + 64 <= fixture->metadata.span.committed)
            metadata_take(&fixture->metadata, 64);
        os_fault_at(OS_FAULT_METADATA, ++n);
        result = region_table_own(&fixture->table, index, CHUNK + 100 * n * CHUNK_SIZE + GRANULE,
                                  20 * CHUNK_SIZE);
        if (result != REGION_TABLE_OK) {
            assert_int_equal(result, REGION_TABLE_NO_MEMORY);
            assert_int_equal(os_fault_requests(OS_FAULT_METADATA), n);
        }
    } while (result != REGION_TABLE_OK);
    assert_true(n > 1);
}

#define fixture_test(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(an_empty_ledger_owns_no_address),
        fixture_test(a_region_is_found_by_every_byte_and_no_other),
        fixture_test(regions_of_all_shapes_are_found_and_only_there),
        fixture_test(a_region_that_ends_with_the_address_space_is_found),
        fixture_test(the_rest_of_a_regions_last_granule_is_nobodys),
        fixture_test(an_index_names_its_region),
        fixture_test(a_region_on_its_way_out_is_known_but_not_found),
        fixture_test(a_region_is_not_found_before_it_is_published),
        fixture_test(stale_owners_are_passed_over),
        fixture_test(an_address_has_its_youngest_owner_whatever_the_shapes),
        fixture_test(what_a_live_region_holds_cannot_be_owned_again),
        fixture_test(a_fault_at_any_request_owns_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
