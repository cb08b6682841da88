/*
 * test_span.c: bookkeeping memory that reserves little address space at first, and grows.
 */
#include "native.h"

#include "pages/memory/metadata.h"
#include "pages/memory/pool.h"

struct item {
    struct pool_link link;
    _Atomic uint32_t mine; /* the index, once it was taken */
    uint64_t contents;
    char rest[56]; /* 72 bytes: no whole number of them fills a granule */
};

#define MANY 40000u

struct fixture {
    struct gauge gauge;
    struct book_space books;
    struct pool pool;
};

static int begin(void **state)
{
    struct fixture *fixture = zeroed(sizeof(struct fixture));

    fixture->books.gauge = &fixture->gauge;
    assert_true(
        pool_init_with(&fixture->pool, sizeof(struct item), UINT32_C(1) << 24, 2, &fixture->books));
    *state = fixture;
    return 0;
}

static int end(void **state)
{
    struct fixture *fixture = *state;

    os_fault_at(OS_FAULT_METADATA, 0);
    pool_destroy(&fixture->pool);
    free(fixture);
    return 0;
}

/* Bytes of address space that the span has reserved: of each piece there is, in whole granules. */
static size_t reserved_by(const struct span *span)
{
    size_t reserved = 0;

    for (uint32_t piece = 0; piece < SPAN_PIECES; piece++) {
        size_t units = UINT32_C(1) << piece < span->first ? span->first : UINT32_C(1) << piece;

        if (span->pieces[piece])
            reserved += (units * span->unit + GRANULE - 1) / GRANULE * GRANULE;
    }
    return reserved;
}

static void address_space_is_reserved_in_proportion_to_what_is_used(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(reserved_by(&fixture->pool.span), GRANULE);
    for (uint32_t i = 1; i <= MANY; i++) {
        assert_int_equal(pool_take(&fixture->pool), i);
        if (i % 997 == 0)
            assert_in_range(reserved_by(&fixture->pool.span), i * sizeof(struct item),
                            2 * i * sizeof(struct item) + 32 * GRANULE);
    }
}

static void every_item_has_memory_of_its_own_and_keeps_its_place(void **state)
{
    struct fixture *fixture = *state;
    struct pool *pool = &fixture->pool;

    for (uint32_t i = 1; i <= MANY; i++) {
        struct item *item = pool_item(pool, pool_take(pool));

        assert_int_equal(item->mine, 0);
        item->mine = i;
        memset(item->rest, (int)i, sizeof(item->rest));
    }
    for (uint32_t i = 1; i <= MANY; i++) {
        struct item *item = pool_item(pool, i);

        assert_int_equal(item->mine, i);
        assert_int_equal((unsigned char)item->rest[55], i % 256);
        assert_int_equal(pool_index_of(pool, item), i);
    }
    assert_int_equal(pool_index_of(pool, pool_item(pool, 1000)), 1000);
    assert_int_equal(span_number_of(&pool->span, (char *)pool_item(pool, 9) + 1), pool->span.limit);
    assert_int_equal(span_number_of(&pool->span, fixture), pool->span.limit);
}

static void a_growth_that_fails_fails_that_call_alone(void **state)
{
    struct fixture *fixture = *state;
    struct pool *pool = &fixture->pool;

    pool_take(pool);
    pool_take(pool);
    for (int fault = 1; fault <= 2; fault++) { /* the reservation, then the commit in it */
        os_fault_at(OS_FAULT_METADATA, fault);
        assert_int_equal(pool_take(pool), 0);
        os_fault_at(OS_FAULT_METADATA, 0);
        assert_int_equal(pool_limit(pool), 2);
        assert_int_equal(gauge_now(&fixture->gauge), GRANULE);
    }
    assert_int_equal(pool_take(pool), 3);
    ((struct item *)pool_item(pool, 3))->contents = 1;
}

struct growth {
    struct pool *pool;
    _Atomic unsigned shared;
};

static void take_many(void *context, unsigned number)
{
    struct growth *growth = context;

    (void)number;
    for (uint32_t i = 0; i < MANY / THREADS; i++) {
        uint32_t index = pool_take(growth->pool);
        struct item *item = pool_item(growth->pool, index);

        if (atomic_exchange(&item->mine, index) != 0)
            atomic_fetch_add(&growth->shared, 1);
    }
}

static void threads_that_grow_a_pool_at_once_share_its_pieces(void **state)
{
    struct fixture *fixture = *state;
    struct growth growth = {.pool = &fixture->pool};

    crew_run(take_many, &growth, THREADS);
    assert_int_equal(growth.shared, 0);
    assert_int_equal(pool_limit(&fixture->pool), MANY / THREADS * THREADS);
    for (uint32_t i = 1; i <= pool_limit(&fixture->pool); i++)
        assert_int_equal(((struct item *)pool_item(&fixture->pool, i))->mine, i);
}

static void metadata_lies_in_one_piece_each(void **state)
{
    static const size_t sizes[] = {64, 3 * GRANULE, 192, 10 * GRANULE, 640, 40 * GRANULE, 64};
    struct fixture *fixture = *state;
    struct metadata metadata = {0};
    unsigned char *taken[COUNT_OF(sizes)];

    assert_true(metadata_init(&metadata, (size_t)256 << 20, &fixture->books));
    assert_int_equal(reserved_by(&metadata.span), SPAN_FIRST_SIZE);
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        taken[i] = metadata_take(&metadata, sizes[i]);
        assert_non_null(taken[i]);
        for (size_t at = 0; at < sizes[i]; at += 64)
            assert_int_equal(taken[i][at], 0);
        memset(taken[i], (int)i + 1, sizes[i]);
    }
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        assert_int_equal(taken[i][0], i + 1);
        assert_int_equal(taken[i][sizes[i] - 1], i + 1);
    }
    metadata_destroy(&metadata);
}

static void in_a_whole_space_the_items_follow_each_other(void **state)
{
    struct book_space books = {0};
    struct gauge gauge = {0};
    struct pool pool = {0};

    (void)state;
    assert_true(book_space_reserve_whole(&books));
    books.gauge = &gauge;
    assert_true(pool_init_with(&pool, sizeof(struct item), MANY, 2, &books));
    for (uint32_t i = 1; i <= MANY; i++) {
        struct item *item = pool_item(&pool, pool_take(&pool));

        assert_ptr_equal(item, pool.span.base + (i - 1) * sizeof(struct item));
        item->mine = i;
        assert_int_equal(pool_index_of(&pool, item), i);
    }
    assert_int_equal(pool_take(&pool), 0);
    pool_destroy(&pool);
    book_space_release(&books);
}

/* The first of the two would not fit into what is left of the first piece. */
static void in_a_whole_space_no_metadata_is_left_out(void **state)
{
    struct book_space books = {0};
    struct gauge gauge = {0};
    struct metadata metadata = {0};
    char *first;

    (void)state;
    assert_true(book_space_reserve_whole(&books));
    books.gauge = &gauge;
    assert_true(metadata_init(&metadata, (size_t)64 << 20, &books));
    first = metadata_take(&metadata, 64);
    assert_ptr_equal(metadata_take(&metadata, SPAN_FIRST_SIZE), first + 64);
    assert_ptr_equal(metadata_take(&metadata, 64), first + SPAN_FIRST_SIZE + 64);
    metadata_destroy(&metadata);
    book_space_release(&books);
}

#define fixture_test(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(address_space_is_reserved_in_proportion_to_what_is_used),
        fixture_test(every_item_has_memory_of_its_own_and_keeps_its_place),
        fixture_test(a_growth_that_fails_fails_that_call_alone),
        fixture_test(threads_that_grow_a_pool_at_once_share_its_pieces),
        fixture_test(metadata_lies_in_one_piece_each),
        cmocka_unit_test(in_a_whole_space_the_items_follow_each_other),
        cmocka_unit_test(in_a_whole_space_no_metadata_is_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
