/*
 * test_activity.c: activity.h on one thread: who has to settle what, and what an observer sees.
 */
#include "native.h"

#include "pages/activity.h"

#define BEGIN ((uintptr_t)(UINT64_C(777) * CHUNK_SIZE))
#define CHUNKS 130u /* one bit of `entered` stands for three: 0 to 2, 3 to 5, and so on */

struct world {
    struct gauge gauge;
    struct book_space books;
    struct metadata metadata;
    struct chunk_table table;
    size_t settled; /* bytes */
    struct range last;
};

static int begin_world(void **state)
{
    struct world *w = zeroed(sizeof(struct world));

    w->books.gauge = &w->gauge;
    assert_true(metadata_init(&w->metadata, (size_t)64 << 20, &w->books));
    assert_true(chunk_table_init(&w->table, &w->metadata, &w->books));
    for (unsigned i = 0; i < CHUNKS; i++)
        assert_non_null(chunk_table_ensure(&w->table, chunk_number(BEGIN) + i));
    *state = w;
    return 0;
}

static int end_world(void **state)
{
    struct world *w = *state;
    uint64_t mark;

    assert_true(
        activity_observe(&w->table, (struct range){BEGIN, BEGIN + CHUNKS * CHUNK_SIZE}, &mark));
    chunk_table_destroy(&w->table);
    metadata_destroy(&w->metadata);
    free(w);
    return 0;
}

static void make_words(struct world *w, unsigned chunk)
{
    assert_true(
        chunk_ensure_pages(&w->table, chunk_table_find(&w->table, chunk_number(BEGIN) + chunk)));
}

static void settle(void *context, struct range range)
{
    struct world *w = context;

    w->settled += range.end - range.begin;
    w->last = range;
}

static struct range of(uintptr_t first, uintptr_t size)
{
    return (struct range){BEGIN + first, BEGIN + first + size};
}

static size_t settled_at_end(struct world *w, const struct activity *activity)
{
    w->settled = 0;
    activity_end(&w->table, activity, settle, w);
    return w->settled;
}

static void one_alone_settles_nothing(void **state)
{
    struct world *w = *state;
    struct activity activity;

    make_words(w, 0);
    assert_true(activity_begin(&w->table, of(PAGE, 3 * GRANULE), false, &activity));
    assert_int_equal(settled_at_end(w, &activity), 0);
}

static void two_settle_their_own_pages_of_the_granules_that_they_share(void **state)
{
    struct world *w = *state;
    struct activity first, second;

    make_words(w, 0);
    activity_begin(&w->table, of(0, GRANULE + PAGE), false, &first);
    activity_begin(&w->table, of(GRANULE + 2 * PAGE, 2 * GRANULE), false, &second);
    assert_int_equal(settled_at_end(w, &first), PAGE);
    assert_int_equal(w->last.begin, BEGIN + GRANULE);
    assert_true(settled_at_end(w, &second) >= GRANULE - 2 * PAGE);
    /* The granule is empty: the next one is alone. */
    activity_begin(&w->table, of(0, 4 * GRANULE), false, &first);
    assert_int_equal(settled_at_end(w, &first), 0);
}

static void two_over_a_chunks_end_settle_what_they_share_behind_it(void **state)
{
    struct world *w = *state;
    struct activity first, second;

    make_words(w, 0);
    make_words(w, 1);
    activity_begin(&w->table, of(CHUNK_SIZE - PAGE, GRANULE + 2 * PAGE), false, &first);
    activity_begin(&w->table, of(CHUNK_SIZE + GRANULE, GRANULE), false, &second);
    /* Granules are left in batches, each within one chunk. */
    assert_int_equal(settled_at_end(w, &first), GRANULE + PAGE);
    assert_int_equal(w->last.begin, BEGIN + CHUNK_SIZE);
    assert_int_equal(settled_at_end(w, &second), GRANULE);
}

static void the_second_to_leave_settles_as_well(void **state)
{
    struct world *w = *state;
    struct activity first, second;

    make_words(w, 0);
    activity_begin(&w->table, of(0, PAGE), false, &first);
    activity_begin(&w->table, of(PAGE, PAGE), false, &second);
    assert_int_equal(settled_at_end(w, &second), PAGE);
    assert_int_equal(settled_at_end(w, &first), PAGE);
}

static void one_that_has_to_settle_does(void **state)
{
    struct world *w = *state;
    struct activity activity;

    make_words(w, 0);
    assert_true(activity_begin(&w->table, of(PAGE, PAGE), true, &activity));
    assert_int_equal(settled_at_end(w, &activity), PAGE);
}

static void one_that_finds_words_at_its_end_settles_there(void **state)
{
    struct world *w = *state;
    struct activity activity;

    assert_false(activity_begin(&w->table, of(0, CHUNK_SIZE), false, &activity));
    make_words(w, 0);
    assert_int_equal(settled_at_end(w, &activity), CHUNK_SIZE);
    /* Of several chunks, one whose neighbour has words is not entered, either. */
    make_words(w, 128);
    assert_false(activity_begin(&w->table, of(0, CHUNKS * CHUNK_SIZE), false, &activity));
    make_words(w, 64);
    assert_int_equal(settled_at_end(w, &activity), 3 * CHUNK_SIZE);
}

static void a_group_of_chunks_is_entered_if_all_of_them_have_words(void **state)
{
    struct world *w = *state;
    struct activity activity;

    for (unsigned chunk = 1; chunk <= 3; chunk++)
        make_words(w, chunk);
    /* Counted from the range's first chunk, these three are one group. */
    assert_false(
        activity_begin(&w->table, of(CHUNK_SIZE, (CHUNKS - 1) * CHUNK_SIZE), false, &activity));
    assert_int_equal(settled_at_end(w, &activity), 0);
    /* Counted from the one before, they are not. */
    assert_false(activity_begin(&w->table, of(0, CHUNKS * CHUNK_SIZE), false, &activity));
    make_words(w, 4);
    assert_int_equal(settled_at_end(w, &activity), 4 * CHUNK_SIZE);
    /* The first of a group says nothing about the others. */
    make_words(w, 126);
    assert_false(activity_begin(&w->table, of(0, CHUNKS * CHUNK_SIZE), false, &activity));
    make_words(w, 127);
    assert_int_equal(settled_at_end(w, &activity), 6 * CHUNK_SIZE);
}

static void no_two_groups_share_a_bit(void **state)
{
    struct world *w = *state;
    struct activity activity;

    make_words(w, 64);
    assert_false(activity_begin(&w->table, of(0, 65 * CHUNK_SIZE), false, &activity));
    make_words(w, 0);
    assert_int_equal(settled_at_end(w, &activity), CHUNK_SIZE);
    assert_int_equal(w->last.begin, BEGIN + CHUNK_SIZE - 32 * GRANULE);
}

static void an_observer_sees_what_is_under_way_and_what_has_been(void **state)
{
    struct world *w = *state;
    struct activity activity;
    uint64_t mark, later;

    make_words(w, 0);
    assert_true(activity_observe(&w->table, of(0, GRANULE), &mark));
    activity_begin(&w->table, of(PAGE, PAGE), false, &activity);
    assert_false(activity_observe(&w->table, of(0, GRANULE), &later));
    assert_false(activity_observe(&w->table, of(0, 2 * GRANULE), &later));
    assert_true(activity_observe(&w->table, of(GRANULE, GRANULE), &later));
    settled_at_end(w, &activity);
    assert_true(activity_observe(&w->table, of(0, GRANULE), &later));
    assert_true(later != mark);
    assert_true(activity_observe(&w->table, of(CHUNK_SIZE, GRANULE), &mark));
    make_words(w, 1);
    assert_true(activity_observe(&w->table, of(CHUNK_SIZE, GRANULE), &later));
    assert_true(later != mark);
    /* In any chunk of its range. */
    activity_begin(&w->table, of(CHUNK_SIZE, PAGE), false, &activity);
    assert_false(activity_observe(&w->table, of(0, 2 * CHUNK_SIZE), &later));
    settled_at_end(w, &activity);
}

#define world_test(test) cmocka_unit_test_setup_teardown(test, begin_world, end_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(one_alone_settles_nothing),
        world_test(two_settle_their_own_pages_of_the_granules_that_they_share),
        world_test(two_over_a_chunks_end_settle_what_they_share_behind_it),
        world_test(the_second_to_leave_settles_as_well),
        world_test(one_that_has_to_settle_does),
        world_test(one_that_finds_words_at_its_end_settles_there),
        world_test(a_group_of_chunks_is_entered_if_all_of_them_have_words),
        world_test(no_two_groups_share_a_bit),
        world_test(an_observer_sees_what_is_under_way_and_what_has_been),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
