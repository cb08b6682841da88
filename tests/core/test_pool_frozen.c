/*
 * test_pool_frozen.c: a pool, and metadata below it, with one thread frozen before any of its
 * atomic accesses while another takes and gives items at the same place.
 */
#include "freezer.h"

#include "pages/memory/metadata.h"
#include "pages/memory/pool.h"

/* ------------------------------------------------------------------------------------------------
 * Pools
 * --------------------------------------------------------------------------------------------- */

struct pool_scene {
    struct gauge gauge;
    struct book_space books;
    struct pool pool;
    uint32_t frozen;
    uint32_t held[2];
};

struct pool_item {
    struct pool_link link;
};

/* Three free items, 3 on top of 2 on top of 1. */
static void set_pool(void *scene)
{
    struct pool_scene *s = scene;

    s->books.gauge = &s->gauge;
    assert_true(pool_init(&s->pool, sizeof(struct pool_item), 100, &s->books));
    for (uint32_t i = 1; i <= 3; i++)
        assert_int_equal(pool_take(&s->pool), i);
    for (uint32_t i = 1; i <= 3; i++)
        pool_give(&s->pool, i);
    pool_give(&s->pool, pool_take(&s->pool)); /* what is taken is counted, too */
}

static void clear_pool(void *scene)
{
    pool_destroy(&((struct pool_scene *)scene)->pool);
}

static void take_item(void *scene)
{
    struct pool_scene *s = scene;

    s->frozen = pool_take(&s->pool);
}

static void give_item(void *scene)
{
    struct pool_scene *s = scene;

    s->frozen = 0;
    pool_give(&s->pool, pool_take(&s->pool));
}

/* What was on top is on top again, but what was below it is not free any more. */
static void take_two_and_give_one_back(void *scene)
{
    struct pool_scene *s = scene;

    s->held[0] = pool_take(&s->pool);
    s->held[1] = pool_take(&s->pool);
    pool_give(&s->pool, s->held[0]);
    s->held[0] = 0;
}

/* Each item is the frozen thread's, the other's, or can be taken; none is two of these. */
static void check_pool(void *scene)
{
    struct pool_scene *s = scene;
    unsigned holders[100] = {0};
    uint32_t limit = pool_limit(&s->pool);
    uint32_t index;

    holders[s->frozen]++;
    holders[s->held[1]]++;
    while ((index = pool_take(&s->pool)) <= limit)
        holders[index]++;
    for (uint32_t i = 1; i <= limit; i++)
        assert_int_equal(holders[i], 1);
}

static void a_frozen_taker_takes_nothing_that_another_holds(void **state)
{
    (void)state;
    perform(&(struct play){sizeof(struct pool_scene), set_pool, take_item,
                           take_two_and_give_one_back, check_pool, clear_pool});
}

static void a_frozen_giver_loses_nothing(void **state)
{
    (void)state;
    perform(&(struct play){sizeof(struct pool_scene), set_pool, give_item,
                           take_two_and_give_one_back, check_pool, clear_pool});
}

static void set_empty_pool(void *scene)
{
    struct pool_scene *s = scene;

    s->books.gauge = &s->gauge;
    assert_true(pool_init(&s->pool, sizeof(struct pool_item), 100, &s->books));
}

static void take_fresh_item(void *scene)
{
    struct pool_scene *s = scene;

    s->held[1] = pool_take(&s->pool);
}

static void an_item_that_is_new_is_not_given_to_two(void **state)
{
    (void)state;
    perform(&(struct play){sizeof(struct pool_scene), set_empty_pool, take_item, take_fresh_item,
                           check_pool, clear_pool});
}

/* The next item needs another piece of address space. */
static void set_pool_at_its_growth(void *scene)
{
    struct pool_scene *s = scene;

    s->books.gauge = &s->gauge;
    assert_true(pool_init_with(&s->pool, PAGE, 100, 2, &s->books));
    for (uint32_t i = 1; i <= 2; i++)
        assert_int_equal(pool_take(&s->pool), i);
}

/* Whatever the frozen thread does later, the item stays where it was written. */
static void take_and_write(void *scene)
{
    struct pool_scene *s = scene;

    s->held[1] = pool_take(&s->pool);
    memset(pool_item(&s->pool, s->held[1]), 2, PAGE);
}

static void check_growth(void *scene)
{
    struct pool_scene *s = scene;

    assert_int_not_equal(s->frozen, 0);
    assert_int_not_equal(s->held[1], 0);
    assert_int_not_equal(s->frozen, s->held[1]);
    memset(pool_item(&s->pool, s->frozen), 1, PAGE);
    for (size_t i = 0; i < PAGE; i += 64)
        assert_int_equal(((char *)pool_item(&s->pool, s->held[1]))[i], 2);
    assert_int_equal(pool_index_of(&s->pool, pool_item(&s->pool, s->frozen)), s->frozen);
    assert_int_equal(gauge_now(&s->gauge), 2 * GRANULE);
}

static void a_pool_grows_beside_a_thread_that_is_frozen_while_it_grows(void **state)
{
    (void)state;
    perform(&(struct play){sizeof(struct pool_scene), set_pool_at_its_growth, take_item,
                           take_and_write, check_growth, clear_pool});
}

/* ------------------------------------------------------------------------------------------------
 * Metadata
 * --------------------------------------------------------------------------------------------- */

struct metadata_scene {
    struct gauge gauge;
    struct book_space books;
    struct metadata metadata;
    char *frozen;
    char *other;
};

static void set_metadata(void *scene)
{
    struct metadata_scene *s = scene;

    s->books.gauge = &s->gauge;
    assert_true(metadata_init(&s->metadata, 8 * GRANULE, &s->books));
}

static void clear_metadata(void *scene)
{
    metadata_destroy(&((struct metadata_scene *)scene)->metadata);
}

static void take_much_metadata(void *scene)
{
    struct metadata_scene *s = scene;

    s->frozen = metadata_take(&s->metadata, 3 * GRANULE);
}

static void take_some_metadata(void *scene)
{
    struct metadata_scene *s = scene;

    s->other = metadata_take(&s->metadata, GRANULE);
}

static void check_metadata(void *scene)
{
    struct metadata_scene *s = scene;

    assert_non_null(s->frozen);
    assert_non_null(s->other);
    memset(s->frozen, 1, 3 * GRANULE);
    for (size_t i = 0; i < GRANULE; i++)
        assert_int_equal(s->other[i], 0);
    assert_int_equal(s->metadata.used, 4 * GRANULE);
    assert_int_equal(gauge_now(&s->gauge), 4 * GRANULE);
}

static void metadata_taken_beside_a_frozen_taker_is_nobody_elses_and_counted_once(void **state)
{
    (void)state;
    perform(&(struct play){sizeof(struct metadata_scene), set_metadata, take_much_metadata,
                           take_some_metadata, check_metadata, clear_metadata});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frozen_taker_takes_nothing_that_another_holds),
        cmocka_unit_test(a_frozen_giver_loses_nothing),
        cmocka_unit_test(an_item_that_is_new_is_not_given_to_two),
        cmocka_unit_test(a_pool_grows_beside_a_thread_that_is_frozen_while_it_grows),
        cmocka_unit_test(metadata_taken_beside_a_frozen_taker_is_nobody_elses_and_counted_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
