/*
 * test_pressure.c: the state of pressure to the byte; each change is told once and in order, and
 * Low again while requests are refused.
 */
#include "pressure_world.h"

/* Whatever the test did, nothing must be left to tell. */
static int end(void **state)
{
    struct listener *listener = *state;
    enum pressure_state left;

    assert_false(pressure_begin(&listener->pressure, false, SELF_AT(0), &left));
    return listener_tear_down(state);
}

/* ------------------------------------------------------------------------------------------------
 * Thresholds
 * --------------------------------------------------------------------------------------------- */

/*
 * The use goes from `from` thousandths of the limit to another number of thousandths and some
 * bytes: which state is told then? `from` is reached from no use at all or, if `first` is not 0,
 * from `first` thousandths.
 */
struct crossing {
    uint64_t first, from, to;
    int64_t bytes;
    const char *told;
};

static const struct crossing crossings[] = {
    /* From High: left above 75 %, Low above 90 %. */
    {0, 0, 700, 0, ""},
    {0, 0, 750, 0, ""},
    {0, 0, 750, 1, "N"},
    {0, 0, 900, 0, "N"},
    {0, 0, 900, 1, "L"},
    {0, 0, 1000, 0, "L"},
    {0, 0, 3000, 0, "L"},
    /* From Neutral, entered from below and from above: High below 70 %, Low above 90 %. */
    {0, 800, 900, 0, ""},
    {0, 800, 900, 1, "L"},
    {0, 800, 750, 1, ""},
    {0, 800, 750, 0, ""},
    {0, 800, 700, 0, ""},
    {0, 800, 700, -1, "H"},
    {0, 800, 0, 0, "H"},
    {950, 800, 900, 0, ""},
    {950, 800, 900, 1, "L"},
    {950, 800, 850, 0, ""},
    {950, 800, 700, 0, ""},
    {950, 800, 700, -1, "H"},
    /* From Low: left below 85 %, High below 70 %. */
    {0, 950, 900, 1, ""},
    {0, 950, 900, 0, ""},
    {0, 950, 900, -1, ""},
    {0, 950, 850, 0, ""},
    {0, 950, 850, -1, "N"},
    {0, 950, 750, 1, "N"},
    {0, 950, 750, 0, "N"},
    {0, 950, 700, 0, "N"},
    {0, 950, 700, -1, "H"},
    {0, 950, 0, 0, "H"},
};

/* From limits of a thousand bytes to one near the end of the figures. */
static const uint64_t thousandths[] = {1, 4096, UINT64_C(1) << 40, UINT64_C(1) << 53};

static void play_crossing(struct listener *listener, const struct crossing *crossing, uint64_t unit)
{
    uint64_t to = crossing->to * unit + (uint64_t)crossing->bytes;
    const char *told;

    set_limit(listener, 1000 * unit);
    told_after(listener, 0);
    if (crossing->first)
        told_after(listener, crossing->first * unit);
    told_after(listener, crossing->from * unit);
    told = told_after(listener, to);
    if (strcmp(told, crossing->told) != 0)
        fail_msg("from %llu to %llu of %llu: told \"%s\", not \"%s\"",
                 (unsigned long long)(crossing->from * unit), (unsigned long long)to,
                 (unsigned long long)(1000 * unit), told, crossing->told);
}

static void each_threshold_is_crossed_at_its_byte(void **state)
{
    for (size_t i = 0; i < COUNT_OF(crossings); i++)
        for (size_t unit = 0; unit < COUNT_OF(thousandths); unit++)
            if (crossings[i].to <= 1000 || thousandths[unit] < UINT64_C(1) << 50)
                play_crossing(*state, &crossings[i], thousandths[unit]);
}

/* What the header promises, in figures that do not overflow. */
static enum pressure_state promised(uint64_t used, uint64_t limit, uint64_t low, uint64_t high,
                                    enum pressure_state now)
{
    uint64_t parts = 400 * used;
    uint64_t quarter = low - high;

    if (parts > 4 * low * limit || (now == PRESSURE_LOW && parts >= (4 * low - quarter) * limit))
        return PRESSURE_LOW;
    if (parts < 4 * high * limit || (now == PRESSURE_HIGH && parts <= (4 * high + quarter) * limit))
        return PRESSURE_HIGH;
    return PRESSURE_NEUTRAL;
}

static void assert_promised(struct listener *listener, uint64_t limit, uint32_t low, uint32_t high)
{
    for (uint64_t from = 0; from <= limit + 1; from++) {
        for (uint64_t to = 0; to <= limit + 1; to++) {
            enum pressure_state now;

            told_after(listener, from);
            now = pressure_state(&listener->pressure);
            told_after(listener, to);
            if (pressure_state(&listener->pressure) != promised(to, limit, low, high, now))
                fail_msg("from %llu to %llu of %llu, with %u and %u: %d", (unsigned long long)from,
                         (unsigned long long)to, (unsigned long long)limit, low, high,
                         pressure_state(&listener->pressure));
        }
    }
}

/* Where no threshold is a whole number of bytes, too. */
static void tiny_limits_and_other_thresholds_are_exact(void **state)
{
    struct listener *listener = *state;
    static const uint32_t thresholds[][2] = {{90, 70}, {50, 10}, {75, 74}, {100, 99},
                                             {100, 0}, {1, 0},   {33, 7},  {100, 1}};

    for (size_t i = 0; i < COUNT_OF(thresholds); i++) {
        pressure_set_thresholds(&listener->pressure, thresholds[i][0], thresholds[i][1]);
        for (uint64_t limit = 1; limit <= 41; limit++) {
            set_limit(listener, limit);
            assert_promised(listener, limit, thresholds[i][0], thresholds[i][1]);
        }
    }
}

static void the_last_byte_of_a_tiny_limit_is_low_and_none_of_it_high(void **state)
{
    set_limit(*state, 1);
    assert_string_equal(told_after(*state, 1), "L");
    assert_string_equal(told_after(*state, 0), "H");
}

static void the_largest_limit_is_exact(void **state)
{
    struct listener *listener = *state;
    const uint64_t low = UINT64_C(8301034833169298226); /* 90 % of 2^63 - 1, rounded down */

    set_limit(listener, INT64_MAX);
    assert_string_equal(told_after(listener, low), "N");
    assert_string_equal(told_after(listener, low + 1), "L");
    assert_string_equal(told_after(listener, INT64_MAX), "");
    set_limit(listener, UINT64_MAX - 1);
    assert_string_equal(told_after(listener, INT64_MAX), "H");
}

static void without_a_limit_it_is_high(void **state)
{
    struct listener *listener = *state;

    assert_string_equal(told_after(listener, 950), "L");
    set_limit(listener, BUDGET_ENDLESS);
    assert_string_equal(told_by(listener, false, 1), "H");
    assert_string_equal(told_after(listener, INT64_MAX), "");
}

/* Charges that other threads have yet to book as granted. */
static void less_than_nothing_in_use_is_high(void **state)
{
    struct listener *listener = *state;

    assert_string_equal(told_after(listener, 950), "L");
    use(listener, -1950);
    assert_string_equal(told_by(listener, false, 1), "H");
}

static void it_begins_high_and_not_low_for_the_system(void **state)
{
    struct listener *listener = *state;

    memset(&listener->pressure, 0xff, sizeof(listener->pressure));
    pressure_init(&listener->pressure, &listener->budget.committed);
    assert_int_equal(pressure_state(&listener->pressure), PRESSURE_HIGH);
    assert_string_equal(told_by(listener, true, 5000), "");
}

/* ------------------------------------------------------------------------------------------------
 * What else changes the state
 * --------------------------------------------------------------------------------------------- */

static void thresholds_that_are_set_hold_at_once(void **state)
{
    struct listener *listener = *state;
    uint32_t low, high;

    assert_string_equal(told_after(listener, 800), "N");
    pressure_set_thresholds(&listener->pressure, 75, 50);
    assert_string_equal(told_by(listener, false, 1), "L");
    pressure_get_thresholds(&listener->pressure, &low, &high);
    assert_int_equal(low, 75);
    assert_int_equal(high, 50);
    pressure_set_thresholds(&listener->pressure, 90, 70);
    assert_string_equal(told_by(listener, false, 1), "N");
    pressure_set_thresholds(&listener->pressure, 95, 85);
    assert_string_equal(told_by(listener, false, 1), "H");
}

static void a_limit_that_is_lowered_or_raised_moves_the_state(void **state)
{
    struct listener *listener = *state;

    assert_string_equal(told_after(listener, 500), "");
    set_limit(listener, 600);
    assert_string_equal(told_by(listener, false, 1), "N");
    set_limit(listener, 400);
    assert_string_equal(told_by(listener, false, 1), "L");
    set_limit(listener, 700);
    assert_string_equal(told_by(listener, false, 1), "N");
    set_limit(listener, 2000);
    assert_string_equal(told_by(listener, false, 1), "H");
    set_limit(listener, 500);
    assert_string_equal(told_by(listener, false, 1), "L");
}

/*
 * The thresholds are percentages of the limit alone. The reserves lie beyond it, for requests of
 * the higher critical levels.
 */
static void reserves_do_not_move_the_state(void **state)
{
    struct listener *listener = *state;

    assert_string_equal(told_after(listener, 950), "L");
    budget_set_limit(&listener->budget.committed,
                     &(struct budget_limit){LIMIT, 5000, BUDGET_ENDLESS});
    assert_string_equal(told_by(listener, false, 1), "");
}

static void a_system_that_is_short_of_memory_makes_it_low(void **state)
{
    struct listener *listener = *state;

    pressure_set_system(&listener->pressure, true);
    assert_string_equal(told_by(listener, false, 1), "L");
    assert_string_equal(told_after(listener, 800), "");
    pressure_set_system(&listener->pressure, false);
    assert_string_equal(told_by(listener, false, 1), "N");
    set_limit(listener, BUDGET_ENDLESS);
    assert_string_equal(told_by(listener, false, 1), "H");
    pressure_set_system(&listener->pressure, true);
    assert_string_equal(told_by(listener, false, 1), "L");
    pressure_set_system(&listener->pressure, false);
    assert_string_equal(told_by(listener, false, 1), "H");
}

/* ------------------------------------------------------------------------------------------------
 * One teller
 * --------------------------------------------------------------------------------------------- */

static void what_has_been_told_is_not_told_again(void **state)
{
    assert_string_equal(told_after(*state, 950), "L");
    assert_string_equal(told_by(*state, false, 100000), "");
    assert_string_equal(told_after(*state, 960), "");
}

static void use_800(struct listener *listener)
{
    listener->within = NULL;
    use_exactly(listener, 800);
    end_call(listener, false, 1);
}

static void use_0(struct listener *listener)
{
    listener->within = NULL;
    use_exactly(listener, 0);
    end_call(listener, false, 1);
}

static void use_800_then_950(struct listener *listener)
{
    use_800(listener);
    use_exactly(listener, 950);
    end_call(listener, false, 1);
}

static void use_800_then_0(struct listener *listener)
{
    use_800(listener);
    use_0(listener);
}

/* By another thread, or by the callback itself. */
static void a_change_while_one_is_told_is_told_after_it(void **state)
{
    struct listener *listener = *state;

    listener->within = use_800;
    assert_string_equal(told_after(listener, 950), "LN");
    listener->within = use_0;
    assert_string_equal(told_after(listener, 950), "LH");
}

static void a_thread_that_makes_a_change_while_one_is_told_does_not_tell(void **state)
{
    struct listener *listener = *state;
    enum pressure_state told, other;

    use_exactly(listener, 950);
    assert_true(pressure_begin(&listener->pressure, false, SELF_AT(1), &told));
    assert_int_equal(told, PRESSURE_LOW);
    use_exactly(listener, 0);
    assert_false(pressure_begin(&listener->pressure, false, SELF_AT(1), &other));
    assert_int_equal(pressure_state(&listener->pressure), PRESSURE_HIGH);
    assert_true(pressure_next(&listener->pressure, SELF_AT(1), &told));
    assert_int_equal(told, PRESSURE_HIGH);
    assert_false(pressure_next(&listener->pressure, SELF_AT(1), &told));
}

static void the_place_of_a_teller_that_has_ended_can_be_taken_once(void **state)
{
    const struct pressure_caller other = {SELF + 1, 1}, third = {SELF + 2, 1};
    struct listener *listener = *state;
    enum pressure_state told;

    use_exactly(listener, 950);
    assert_int_equal(pressure_teller(&listener->pressure), 0);
    assert_true(pressure_begin(&listener->pressure, false, SELF_AT(1), &told));
    assert_int_equal(pressure_teller(&listener->pressure), SELF);
    assert_true(pressure_take_over(&listener->pressure, SELF, other, &told));
    assert_int_equal(told, PRESSURE_LOW);
    assert_int_equal(pressure_teller(&listener->pressure), other.thread);
    assert_false(pressure_take_over(&listener->pressure, SELF, third, &told));
    use_exactly(listener, 800);
    assert_true(pressure_take_over(&listener->pressure, other.thread, third, &told));
    assert_int_equal(told, PRESSURE_NEUTRAL);
    assert_false(pressure_next(&listener->pressure, third, &told));
    assert_int_equal(pressure_teller(&listener->pressure), 0);
}

static void changes_that_cancel_out_while_one_is_told_are_not_told(void **state)
{
    struct listener *listener = *state;

    listener->within = use_800_then_950;
    assert_string_equal(told_after(listener, 950), "L");
}

static void of_changes_while_one_is_told_the_last_is_told(void **state)
{
    struct listener *listener = *state;

    listener->within = use_800_then_0;
    assert_string_equal(told_after(listener, 950), "LH");
}

static void a_change_that_nobody_has_looked_at_yet_is_told_by_the_teller(void **state)
{
    struct listener *listener = *state;
    enum pressure_state told;

    use_exactly(listener, 950);
    assert_true(pressure_begin(&listener->pressure, false, SELF_AT(1), &told));
    use_exactly(listener, 800);
    assert_true(pressure_next(&listener->pressure, SELF_AT(1), &told));
    assert_int_equal(told, PRESSURE_NEUTRAL);
    assert_false(pressure_next(&listener->pressure, SELF_AT(1), &told));
}

/* ------------------------------------------------------------------------------------------------
 * Reminders
 * --------------------------------------------------------------------------------------------- */

#define NOW UINT64_C(5000)

static const char *told_low_at(struct listener *listener, uint64_t tick)
{
    use_exactly(listener, 950);
    return told_by(listener, true, tick);
}

static void low_is_told_again_after_a_second_while_requests_are_refused(void **state)
{
    assert_string_equal(told_low_at(*state, NOW), "L");
    assert_string_equal(told_by(*state, true, NOW), "");
    assert_string_equal(told_by(*state, true, NOW + 999), "");
    assert_string_equal(told_by(*state, true, NOW + 1000), "L");
    assert_string_equal(told_by(*state, true, NOW + 1000), "");
    assert_string_equal(told_by(*state, true, NOW + 1999), "");
    assert_string_equal(told_by(*state, true, NOW + 123456), "L");
    assert_string_equal(told_by(*state, true, NOW + 123456 + 999), "");
}

static void low_is_not_told_again_while_nothing_is_refused(void **state)
{
    assert_string_equal(told_low_at(*state, NOW), "L");
    assert_string_equal(told_by(*state, false, NOW + 50000), "");
}

static void only_low_is_told_again(void **state)
{
    assert_string_equal(told_by(*state, true, NOW), "");
    assert_string_equal(told_after(*state, 800), "N");
    assert_string_equal(told_by(*state, true, NOW + 50000), "");
}

/*
 * The second between reminders counts from when Low was told last, not from when it was told first.
 */
static void low_that_was_left_and_is_told_anew_is_not_due_again_for_a_second(void **state)
{
    assert_string_equal(told_low_at(*state, NOW), "L");
    assert_string_equal(told_after(*state, 800), "N");
    assert_string_equal(told_low_at(*state, NOW + 900), "L");
    assert_string_equal(told_by(*state, true, NOW + 1500), "");
    assert_string_equal(told_by(*state, true, NOW + 1900), "L");
}

static void a_clock_that_is_behind_brings_no_reminder(void **state)
{
    assert_string_equal(told_low_at(*state, NOW), "L");
    assert_string_equal(told_by(*state, true, 0), "");
    assert_string_equal(told_by(*state, true, NOW - 1), "");
}

/* A thread that was slow had read that time before. */
static void a_teller_whose_clock_is_behind_brings_no_reminder_forward(void **state)
{
    assert_string_equal(told_low_at(*state, NOW), "L");
    assert_string_equal(told_after(*state, 800), "N");
    assert_string_equal(told_low_at(*state, NOW - 800), "L");
    assert_string_equal(told_by(*state, true, NOW + 999), "");
    assert_string_equal(told_by(*state, true, NOW + 1000), "L");
}

static void a_change_while_one_is_reminded_is_told_after_it(void **state)
{
    struct listener *listener = *state;

    assert_string_equal(told_low_at(listener, NOW), "L");
    listener->within = use_0;
    assert_string_equal(told_by(listener, true, NOW + 1000), "LH");
}

static void be_refused_later(struct listener *listener)
{
    end_call(listener, true, NOW + 50000);
}

static void there_is_no_reminder_while_one_is_told(void **state)
{
    struct listener *listener = *state;

    listener->within = be_refused_later;
    assert_string_equal(told_low_at(listener, NOW), "L");
    listener->within = NULL;
}

#define fixture_test(test) cmocka_unit_test_setup_teardown(test, listener_set_up, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(each_threshold_is_crossed_at_its_byte),
        fixture_test(tiny_limits_and_other_thresholds_are_exact),
        fixture_test(the_last_byte_of_a_tiny_limit_is_low_and_none_of_it_high),
        fixture_test(the_largest_limit_is_exact),
        fixture_test(without_a_limit_it_is_high),
        fixture_test(less_than_nothing_in_use_is_high),
        fixture_test(it_begins_high_and_not_low_for_the_system),
        fixture_test(thresholds_that_are_set_hold_at_once),
        fixture_test(a_limit_that_is_lowered_or_raised_moves_the_state),
        fixture_test(reserves_do_not_move_the_state),
        fixture_test(a_system_that_is_short_of_memory_makes_it_low),
        fixture_test(what_has_been_told_is_not_told_again),
        fixture_test(a_change_while_one_is_told_is_told_after_it),
        fixture_test(a_thread_that_makes_a_change_while_one_is_told_does_not_tell),
        fixture_test(changes_that_cancel_out_while_one_is_told_are_not_told),
        fixture_test(the_place_of_a_teller_that_has_ended_can_be_taken_once),
        fixture_test(of_changes_while_one_is_told_the_last_is_told),
        fixture_test(a_change_that_nobody_has_looked_at_yet_is_told_by_the_teller),
        fixture_test(low_is_told_again_after_a_second_while_requests_are_refused),
        fixture_test(low_is_not_told_again_while_nothing_is_refused),
        fixture_test(only_low_is_told_again),
        fixture_test(low_that_was_left_and_is_told_anew_is_not_due_again_for_a_second),
        fixture_test(a_clock_that_is_behind_brings_no_reminder),
        fixture_test(a_teller_whose_clock_is_behind_brings_no_reminder_forward),
        fixture_test(a_change_while_one_is_reminded_is_told_after_it),
        fixture_test(there_is_no_reminder_while_one_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
