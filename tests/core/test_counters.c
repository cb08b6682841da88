/*
 * test_counters.c: counters of calls, whether all calls have ended, and gauges.
 */
#include "native.h"

#include "counters/counters.h"

static int begin(void **state)
{
    *state = zeroed(sizeof(struct counters));
    return 0;
}

static int end(void **state)
{
    free(*state);
    return 0;
}

/* ------------------------------------------------------------------------------------------------
 * Calls
 * --------------------------------------------------------------------------------------------- */

static void a_call_is_counted_with_its_method_and_its_success(void **state)
{
    struct counters *counters = *state;

    for (int method = 0; method < COUNTED_METHODS; method++) {
        counters_begin(counters, (enum counted_method)method);
        counters_end(counters, (enum counted_method)method, method % 2 == 0);
        assert_int_equal(counter_read(&counters->calls[method].begun), 1);
        assert_int_equal(counter_read(&counters->calls[method].ended), 1);
        assert_int_equal(counter_read(&counters->calls[method].failures), method % 2);
    }
}

static void counters_count_and_add(void **state)
{
    struct counters *counters = *state;

    counter_increment(&counters->refused_frees);
    counter_increment(&counters->refused_frees);
    counter_add(&counters->leaked_bytes, UINT64_C(1) << 40);
    assert_int_equal(counter_read(&counters->refused_frees), 2);
    assert_int_equal(counter_read(&counters->leaked_bytes), UINT64_C(1) << 40);
}

static void what_happens_again_keeps_when_and_in_which_order_it_was_first(void **state)
{
    struct counters *counters = *state;
    struct first_counter *first = &counters->notifications[0];
    struct first_counter *second = &counters->refused_requests[1];

    counters_count_first(counters, first, 0); /* a tick of 0 is not taken for never */
    counters_count_first(counters, second, 700);
    counters_count_first(counters, first, 900);
    assert_int_equal(counter_read(&first->count), 2);
    assert_int_equal(counter_read(&first->tick), 1);
    assert_int_equal(counter_read(&first->order), 1);
    assert_int_equal(counter_read(&second->count), 1);
    assert_int_equal(counter_read(&second->tick), 700);
    assert_int_equal(counter_read(&second->order), 2);
    assert_int_equal(counter_read(&counters->firsts), 2);
}

static void it_is_quiet_when_no_call_was_under_way(void **state)
{
    struct counters *counters = *state;

    assert_true(counters_are_quiet(counters, counters_mark(counters)));
    counters_begin(counters, COUNTED_VIRTUAL_ALLOC);
    counters_end(counters, COUNTED_VIRTUAL_ALLOC, false);
    assert_true(counters_are_quiet(counters, counters_mark(counters)));
}

static void a_call_of_any_method_under_way_is_not_quiet(void **state)
{
    struct counters *counters = *state;

    for (int method = 0; method < COUNTED_METHODS; method++) {
        counters_begin(counters, (enum counted_method)method);
        assert_false(counters_are_quiet(counters, counters_mark(counters)));
        counters_end(counters, (enum counted_method)method, true);
        assert_true(counters_are_quiet(counters, counters_mark(counters)));
    }
}

static void a_call_that_came_and_went_since_the_mark_is_not_quiet(void **state)
{
    struct counters *counters = *state;
    uint64_t mark = counters_mark(counters);

    counters_begin(counters, COUNTED_MALLOC_FREE);
    assert_false(counters_are_quiet(counters, mark));
    counters_end(counters, COUNTED_MALLOC_FREE, true);
    assert_false(counters_are_quiet(counters, mark));
}

static void a_call_that_ended_since_the_mark_is_not_quiet(void **state)
{
    struct counters *counters = *state;
    uint64_t mark;

    counters_begin(counters, COUNTED_VIRTUAL_FREE);
    mark = counters_mark(counters);
    counters_end(counters, COUNTED_VIRTUAL_FREE, true);
    assert_false(counters_are_quiet(counters, mark));
}

/* Two figures that a call changes by the same amount, one shortly after the other. */
struct pair {
    struct counters *counters;
    _Atomic uint64_t left;
    _Atomic uint64_t right;
    _Atomic unsigned quiet;
    _Atomic unsigned wrong;
    _Atomic unsigned working;
};

static void observe(struct pair *pair)
{
    uint64_t mark = counters_mark(pair->counters);
    uint64_t left = atomic_load_explicit(&pair->left, memory_order_relaxed);
    uint64_t right = atomic_load_explicit(&pair->right, memory_order_relaxed);

    if (!counters_are_quiet(pair->counters, mark))
        return;
    atomic_fetch_add(&pair->quiet, 1);
    if (left != right)
        atomic_fetch_add(&pair->wrong, 1);
}

static void change_or_observe(void *context, unsigned number)
{
    struct pair *pair = context;

    if (number == 0) {
        while (pair->working)
            observe(pair);
        observe(pair);
        return;
    }
    for (int i = 0; i < 20000; i++) {
        enum counted_method method = number % 2 ? COUNTED_VIRTUAL_ALLOC : COUNTED_VIRTUAL_FREE;

        counters_begin(pair->counters, method);
        atomic_fetch_add_explicit(&pair->left, 1, memory_order_relaxed);
        atomic_fetch_add_explicit(&pair->right, 1, memory_order_relaxed);
        counters_end(pair->counters, method, true);
    }
    atomic_fetch_sub(&pair->working, 1);
}

static void what_is_read_in_quiet_belongs_together(void **state)
{
    struct pair pair = {.counters = *state, .working = 3};

    crew_run(change_or_observe, &pair, 4);
    assert_int_equal(pair.wrong, 0);
    assert_true(pair.quiet > 0);
}

/* ------------------------------------------------------------------------------------------------
 * Gauges
 * --------------------------------------------------------------------------------------------- */

static void a_gauge_has_what_is_there_and_the_most_that_was(void **state)
{
    struct gauge gauge = {0};

    (void)state;
    gauge_add(&gauge, 10);
    gauge_add(&gauge, 20);
    gauge_subtract(&gauge, 25);
    assert_int_equal(gauge_now(&gauge), 5);
    assert_int_equal(gauge_peak(&gauge), 30);
    gauge_add(&gauge, 24);
    assert_int_equal(gauge_peak(&gauge), 30);
    gauge_add(&gauge, 2);
    assert_int_equal(gauge_peak(&gauge), 31);
}

/* A refund can be counted before its charge when the thread that charges is slow. */
static void a_gauge_below_zero_for_a_moment_has_no_peak_from_that(void **state)
{
    struct gauge gauge = {0};

    (void)state;
    gauge_subtract(&gauge, 30);
    gauge_add(&gauge, 10);
    assert_int_equal(gauge_peak(&gauge), 0);
    gauge_add(&gauge, 30);
    assert_int_equal(gauge_now(&gauge), 10);
    assert_int_equal(gauge_peak(&gauge), 10);
}

static void add_one_by_one(void *gauge, unsigned number)
{
    (void)number;
    for (int i = 0; i < 20000; i++)
        gauge_add(gauge, 3);
}

static void threads_that_add_reach_the_sum_as_their_peak(void **state)
{
    struct gauge gauge = {0};

    (void)state;
    crew_run(add_one_by_one, &gauge, THREADS);
    assert_int_equal(gauge_now(&gauge), THREADS * 20000 * 3);
    assert_int_equal(gauge_peak(&gauge), THREADS * 20000 * 3);
}

static void add_and_subtract(void *gauge, unsigned number)
{
    for (int i = 0; i < 20000; i++) {
        gauge_add(gauge, number + 1);
        gauge_subtract(gauge, number + 1);
    }
}

static void threads_that_add_and_subtract_end_where_they_began(void **state)
{
    struct gauge gauge = {0};

    (void)state;
    crew_run(add_and_subtract, &gauge, THREADS);
    assert_int_equal(gauge_now(&gauge), 0);
    assert_in_range(gauge_peak(&gauge), THREADS, THREADS * (THREADS + 1) / 2);
}

#define fixture_test(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_call_is_counted_with_its_method_and_its_success),
        fixture_test(counters_count_and_add),
        fixture_test(what_happens_again_keeps_when_and_in_which_order_it_was_first),
        fixture_test(it_is_quiet_when_no_call_was_under_way),
        fixture_test(a_call_of_any_method_under_way_is_not_quiet),
        fixture_test(a_call_that_came_and_went_since_the_mark_is_not_quiet),
        fixture_test(a_call_that_ended_since_the_mark_is_not_quiet),
        fixture_test(what_is_read_in_quiet_belongs_together),
        fixture_test(a_gauge_has_what_is_there_and_the_most_that_was),
        fixture_test(a_gauge_below_zero_for_a_moment_has_no_peak_from_that),
        fixture_test(threads_that_add_reach_the_sum_as_their_peak),
        fixture_test(threads_that_add_and_subtract_end_where_they_began),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
