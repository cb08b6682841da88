/*
 * test_pool.c: pools of items with an index, and the memory under them (span.h, metadata.h).
 */
#include "native.h"

#include "pages/memory/metadata.h"
#include "pages/memory/pool.h"

struct item {
    struct pool_link link;
    _Atomic uint32_t holders;
    uint64_t contents;
    char rest[48];
};

/* One commit step's worth, so that the limit is exact. */
#define LIMIT ((uint32_t)(GRANULE / sizeof(struct item)))

struct fixture {
    struct gauge gauge;
    struct book_space books;
    struct pool pool;
    struct metadata metadata;
};

static int begin(void **state)
{
    struct fixture *fixture = zeroed(sizeof(struct fixture));

    fixture->books.gauge = &fixture->gauge;
    assert_true(pool_init(&fixture->pool, sizeof(struct item), LIMIT, &fixture->books));
    assert_true(metadata_init(&fixture->metadata, 4 * GRANULE, &fixture->books));
    *state = fixture;
    return 0;
}

static int end(void **state)
{
    struct fixture *fixture = *state;

    os_fault_at(OS_FAULT_METADATA, 0);
    metadata_destroy(&fixture->metadata);
    pool_destroy(&fixture->pool);
    free(fixture);
    return 0;
}

static void take_all(struct pool *pool, bool *taken)
{
    memset(taken, 0, LIMIT + 1);
    for (uint32_t i = 0; i < LIMIT; i++) {
        uint32_t index = pool_take(pool);

        assert_in_range(index, 1, LIMIT);
        assert_false(taken[index]);
        taken[index] = true;
    }
}

/* ------------------------------------------------------------------------------------------------
 * Pools
 * --------------------------------------------------------------------------------------------- */

static void no_index_is_0_or_given_out_twice(void **state)
{
    struct fixture *fixture = *state;
    bool taken[LIMIT + 1];

    take_all(&fixture->pool, taken);
}

static void an_exhausted_pool_gives_0_until_an_item_comes_back(void **state)
{
    struct fixture *fixture = *state;
    bool taken[LIMIT + 1];

    take_all(&fixture->pool, taken);
    assert_int_equal(pool_take(&fixture->pool), 0);
    pool_give(&fixture->pool, 7);
    assert_int_equal(pool_take(&fixture->pool), 7);
    assert_int_equal(pool_take(&fixture->pool), 0);
}

static void items_that_come_back_in_any_order_are_all_given_out_again(void **state)
{
    struct fixture *fixture = *state;
    bool taken[LIMIT + 1];

    take_all(&fixture->pool, taken);
    for (uint32_t i = 0; i < LIMIT; i++)
        pool_give(&fixture->pool, 1 + i * 389 % LIMIT); /* 389 is prime: each index once */
    take_all(&fixture->pool, taken);
    assert_int_equal(pool_take(&fixture->pool), 0);
}

static void an_item_is_zero_at_first_and_keeps_what_was_written(void **state)
{
    struct fixture *fixture = *state;
    uint32_t index = pool_take(&fixture->pool);
    struct item *item = pool_item(&fixture->pool, index);

    assert_int_equal(item->contents, 0);
    item->contents = 42;
    pool_give(&fixture->pool, index);
    assert_int_equal(item->contents, 42);
    assert_int_equal(pool_take(&fixture->pool), index);
    assert_int_equal(item->contents, 42);
}

static void the_limit_is_what_was_ever_given_out(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(pool_limit(&fixture->pool), 0);
    pool_take(&fixture->pool);
    pool_take(&fixture->pool);
    assert_int_equal(pool_limit(&fixture->pool), 2);
    pool_give(&fixture->pool, 1);
    pool_give(&fixture->pool, 2);
    assert_int_equal(pool_limit(&fixture->pool), 2);
    pool_take(&fixture->pool);
    assert_int_equal(pool_limit(&fixture->pool), 2);
}

static void without_memory_no_item_is_given_and_nothing_changes(void **state)
{
    struct fixture *fixture = *state;

    os_fault_at(OS_FAULT_METADATA, 1);
    assert_int_equal(pool_take(&fixture->pool), 0);
    assert_int_equal(pool_limit(&fixture->pool), 0);
    assert_int_equal(gauge_now(&fixture->gauge), 0);
    assert_int_equal(pool_take(&fixture->pool), 1);
}

static void a_pool_that_cannot_be_reserved_says_so(void **state)
{
    struct fixture *fixture = *state;
    struct pool pool = {0};

    os_fault_at(OS_FAULT_METADATA, 1);
    assert_false(pool_init(&pool, sizeof(struct item), LIMIT, &fixture->books));
    pool_destroy(&pool);
}

struct fight {
    struct pool *pool;
    _Atomic unsigned shared;
    _Atomic unsigned rounds;
};

/* Takes and gives a few items at a time; no other thread may hold an item that this one holds. */
static void take_and_give(void *context, unsigned number)
{
    struct fight *fight = context;
    struct chance chance = {number + 1};

    for (int round = 0; round < 20000; round++) {
        uint32_t held[4];
        size_t count = 1 + chance_below(&chance, COUNT_OF(held));

        for (size_t i = 0; i < count; i++) {
            struct item *item;

            held[i] = pool_take(fight->pool);
            item = pool_item(fight->pool, held[i]);
            if (atomic_fetch_add_explicit(&item->holders, 1, memory_order_relaxed) != 0)
                atomic_fetch_add(&fight->shared, 1);
            item->contents++; /* a race if another holds it too */
        }
        while (count--) {
            struct item *item = pool_item(fight->pool, held[count]);

            atomic_fetch_sub_explicit(&item->holders, 1, memory_order_relaxed);
            pool_give(fight->pool, held[count]);
        }
        atomic_fetch_add_explicit(&fight->rounds, 1, memory_order_relaxed);
    }
}

static void an_item_has_one_holder_at_a_time(void **state)
{
    struct fixture *fixture = *state;
    struct fight fight = {.pool = &fixture->pool};

    crew_run(take_and_give, &fight, THREADS);
    assert_int_equal(fight.rounds, THREADS * 20000);
    assert_int_equal(fight.shared, 0);
    assert_in_range(pool_limit(&fixture->pool), 1, THREADS * 4);
}

static void no_item_is_lost_by_threads_that_take_and_give(void **state)
{
    struct fixture *fixture = *state;
    struct fight fight = {.pool = &fixture->pool};
    bool taken[LIMIT + 1];

    crew_run(take_and_give, &fight, THREADS);
    take_all(&fixture->pool, taken);
    assert_int_equal(pool_take(&fixture->pool), 0);
}

/* ------------------------------------------------------------------------------------------------
 * Metadata of any size
 * --------------------------------------------------------------------------------------------- */

static void metadata_is_zero_aligned_and_nobody_elses(void **state)
{
    struct fixture *fixture = *state;
    static const size_t sizes[] = {1, 64, 65, 4096, GRANULE, 3};
    char *taken[COUNT_OF(sizes)];

    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        taken[i] = metadata_take(&fixture->metadata, sizes[i]);
        assert_non_null(taken[i]);
        assert_int_equal((uintptr_t)taken[i] % 64, 0);
        for (size_t byte = 0; byte < sizes[i]; byte++)
            assert_int_equal(taken[i][byte], 0);
        memset(taken[i], (int)i + 1, sizes[i]);
    }
    for (size_t i = 0; i < COUNT_OF(sizes); i++)
        for (size_t byte = 0; byte < sizes[i]; byte++)
            assert_int_equal(taken[i][byte], i + 1);
}

static void metadata_ends_exactly_at_its_limit(void **state)
{
    struct fixture *fixture = *state;

    assert_null(metadata_take(&fixture->metadata, 4 * GRANULE + 1));
    assert_null(metadata_take(&fixture->metadata, SIZE_MAX));
    assert_non_null(metadata_take(&fixture->metadata, 4 * GRANULE - 64));
    assert_null(metadata_take(&fixture->metadata, 65));
    assert_non_null(metadata_take(&fixture->metadata, 64));
    assert_null(metadata_take(&fixture->metadata, 1));
}

static void refused_metadata_leaves_no_trace(void **state)
{
    struct fixture *fixture = *state;
    char *first = metadata_take(&fixture->metadata, 64);

    os_fault_at(OS_FAULT_METADATA, 1);
    assert_null(metadata_take(&fixture->metadata, GRANULE));
    assert_int_equal(gauge_now(&fixture->gauge), GRANULE);
    assert_ptr_equal(metadata_take(&fixture->metadata, 64), first + 64);
}

static void committed_metadata_is_counted_in_whole_steps(void **state)
{
    struct fixture *fixture = *state;

    metadata_take(&fixture->metadata, 1);
    assert_int_equal(gauge_now(&fixture->gauge), GRANULE);
    metadata_take(&fixture->metadata, GRANULE);
    assert_int_equal(gauge_now(&fixture->gauge), 2 * GRANULE);
    metadata_take(&fixture->metadata, 3 * GRANULE - 64);
    assert_int_equal(gauge_now(&fixture->gauge), 4 * GRANULE);
    pool_take(&fixture->pool);
    assert_int_equal(gauge_now(&fixture->gauge), 5 * GRANULE);
}

struct scramble {
    struct metadata *metadata;
    _Atomic unsigned taken;
    _Atomic unsigned not_zero;
};

static void take_metadata(void *context, unsigned number)
{
    struct scramble *scramble = context;
    unsigned char *memory;

    (void)number;
    while ((memory = metadata_take(scramble->metadata, 192)) != NULL) {
        for (size_t byte = 0; byte < 192; byte++)
            if (memory[byte]++) /* not zero, or a race: another thread has it, too */
                atomic_fetch_add(&scramble->not_zero, 1);
        atomic_fetch_add(&scramble->taken, 1);
    }
}

static void threads_share_metadata_out_to_the_last_byte(void **state)
{
    struct fixture *fixture = *state;
    struct scramble scramble = {.metadata = &fixture->metadata};

    crew_run(take_metadata, &scramble, THREADS);
    assert_int_equal(scramble.taken, 4 * GRANULE / 192);
    assert_int_equal(scramble.not_zero, 0);
    assert_int_equal(gauge_now(&fixture->gauge), 4 * GRANULE);
}

#define fixture_test(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(no_index_is_0_or_given_out_twice),
        fixture_test(an_exhausted_pool_gives_0_until_an_item_comes_back),
        fixture_test(items_that_come_back_in_any_order_are_all_given_out_again),
        fixture_test(an_item_is_zero_at_first_and_keeps_what_was_written),
        fixture_test(the_limit_is_what_was_ever_given_out),
        fixture_test(without_memory_no_item_is_given_and_nothing_changes),
        fixture_test(a_pool_that_cannot_be_reserved_says_so),
        fixture_test(an_item_has_one_holder_at_a_time),
        fixture_test(no_item_is_lost_by_threads_that_take_and_give),
        fixture_test(metadata_is_zero_aligned_and_nobody_elses),
        fixture_test(metadata_ends_exactly_at_its_limit),
        fixture_test(refused_metadata_leaves_no_trace),
        fixture_test(committed_metadata_is_counted_in_whole_steps),
        fixture_test(threads_share_metadata_out_to_the_last_byte),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
