/*
 * test_pressure_threads.c: threads race to tell a change of pressure: one of them tells it, the
 * changes come in order and one at a time, and the last one told is right.
 */
#include "pressure_world.h"

/* ------------------------------------------------------------------------------------------------
 * One teller
 * --------------------------------------------------------------------------------------------- */

struct crowd {
    struct listener *listener;
    bool refused;
    uint64_t tick;
    _Atomic unsigned tellers;
    enum pressure_state told;
};

/* The teller does not finish telling, so that no other thread can become the teller meanwhile. */
static void look(void *context, unsigned number)
{
    struct crowd *crowd = context;
    enum pressure_state told;

    if (!pressure_begin(&crowd->listener->pressure, crowd->refused,
                        (struct pressure_caller){SELF + number, crowd->tick}, &told))
        return;
    crowd->told = told;
    atomic_fetch_add(&crowd->tellers, 1);
}

static void assert_one_tells(struct crowd *crowd, enum pressure_state expected)
{
    enum pressure_state more;

    crowd->tellers = 0;
    crew_run(look, crowd, THREADS);
    assert_int_equal(crowd->tellers, 1);
    assert_int_equal(crowd->told, expected);
    assert_false(pressure_next(&crowd->listener->pressure, SELF_AT(crowd->tick), &more));
}

static void of_all_threads_that_see_a_change_one_tells_it(void **state)
{
    struct crowd crowd = {.listener = *state, .tick = 1};

    for (int round = 0; round < (is_long_form() ? 100 : 25); round++) {
        use_exactly(crowd.listener, 950);
        assert_one_tells(&crowd, PRESSURE_LOW);
        use_exactly(crowd.listener, 800);
        assert_one_tells(&crowd, PRESSURE_NEUTRAL);
        use_exactly(crowd.listener, 0);
        assert_one_tells(&crowd, PRESSURE_HIGH);
    }
}

static void of_all_threads_that_are_refused_one_reminds(void **state)
{
    struct crowd crowd = {.listener = *state, .refused = true, .tick = 1};

    use_exactly(crowd.listener, 950);
    assert_one_tells(&crowd, PRESSURE_LOW);
    for (int round = 0; round < (is_long_form() ? 300 : 60); round++) {
        crowd.tick += PRESSURE_REMINDER_MILLISECONDS;
        assert_one_tells(&crowd, PRESSURE_LOW);
    }
}

/*
 * Each teller finishes telling: while one thread tells, and after it has told, the others must not.
 */
static void be_refused(void *context, unsigned number)
{
    struct crowd *crowd = context;

    (void)number;
    for (uint64_t tick = 1; tick <= 4000; tick++)
        end_call(crowd->listener, true, tick * 100);
}

static void however_many_are_refused_low_is_told_once_a_second(void **state)
{
    struct listener *listener = *state;
    struct crowd crowd = {.listener = listener};

    use_exactly(listener, 950);
    crew_run(be_refused, &crowd, THREADS);
    assert_int_equal(listener->told_state, PRESSURE_LOW);
    assert_in_range(listener->told, 2, 400);
}

/* ------------------------------------------------------------------------------------------------
 * Up and down through the thresholds
 * --------------------------------------------------------------------------------------------- */

#define ROUNDS (is_long_form() ? 300u : 60u)
#define MOVES 400

/* What all threads are to have in use together in the end, and what it is then. */
static const struct {
    int64_t used;
    enum pressure_state state;
} endings[] = {{0, PRESSURE_HIGH}, {800, PRESSURE_NEUTRAL}, {1000, PRESSURE_LOW}};

struct swing {
    struct listener *listener;
    int64_t used;       /* by each, in the end */
    bool others_change; /* limit, thresholds and system too */
};

static void change_and_restore(struct listener *listener, struct chance *chance)
{
    switch (chance_below(chance, 3)) {
    case 0:
        set_limit(listener, 200 + 400 * chance_below(chance, 4));
        end_call(listener, false, 1);
        set_limit(listener, LIMIT);
        break;
    case 1:
        pressure_set_thresholds(&listener->pressure, 60, 10);
        end_call(listener, false, 1);
        pressure_set_thresholds(&listener->pressure, PRESSURE_LOW_PERCENT, PRESSURE_HIGH_PERCENT);
        break;
    default:
        pressure_set_system(&listener->pressure, true);
        end_call(listener, false, 1);
        pressure_set_system(&listener->pressure, false);
        break;
    }
    end_call(listener, false, 1);
}

static void swing(void *context, unsigned number)
{
    struct swing *swing = context;
    struct chance chance = {number + 1 + (uint64_t)swing->used};
    int64_t used = 0;

    for (int move = 0; move < MOVES; move++) {
        int64_t next = (int64_t)chance_below(&chance, 300);

        if (swing->others_change && number == 0) {
            change_and_restore(swing->listener, &chance);
            continue;
        }
        use(swing->listener, next - used);
        end_call(swing->listener, false, 1);
        used = next;
    }
    use(swing->listener, swing->used - used);
    end_call(swing->listener, false, 1);
}

static void assert_right_in_the_end(struct listener *listener, bool others_change)
{
    for (unsigned round = 0; round < ROUNDS; round++) {
        size_t ending = round % COUNT_OF(endings);
        struct swing context = {listener, endings[ending].used / THREADS, others_change};
        enum pressure_state left;

        crew_run(swing, &context, THREADS);
        assert_int_equal(budget_used(&listener->budget.committed), endings[ending].used);
        assert_int_equal(pressure_state(&listener->pressure), endings[ending].state);
        assert_int_equal(listener->told_state, endings[ending].state);
        assert_false(pressure_begin(&listener->pressure, false, SELF_AT(1), &left));
        use_exactly(listener, 0);
        end_call(listener, false, 1);
    }
    assert_true(listener->told > ROUNDS); /* else the thresholds were hardly crossed */
}

static void threads_that_change_use_are_told_what_is_right_in_the_end(void **state)
{
    assert_right_in_the_end(*state, false);
}

static void threads_that_change_all_there_is_are_told_what_is_right_in_the_end(void **state)
{
    assert_right_in_the_end(*state, true);
}

/* The callback itself uses memory, and gives it back: it is not entered by itself. */
static void use_and_give_back(struct listener *listener)
{
    use(listener, 500);
    end_call(listener, false, 1);
    use(listener, -500);
    end_call(listener, false, 1);
}

static void a_callback_that_calls_back_is_told_what_is_right_in_the_end(void **state)
{
    struct listener *listener = *state;

    listener->within = use_and_give_back;
    assert_right_in_the_end(listener, false);
}

#define fixture_test(test)                                                                         \
    cmocka_unit_test_setup_teardown(test, listener_set_up, listener_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(of_all_threads_that_see_a_change_one_tells_it),
        fixture_test(of_all_threads_that_are_refused_one_reminds),
        fixture_test(however_many_are_refused_low_is_told_once_a_second),
        fixture_test(threads_that_change_use_are_told_what_is_right_in_the_end),
        fixture_test(threads_that_change_all_there_is_are_told_what_is_right_in_the_end),
        fixture_test(a_callback_that_calls_back_is_told_what_is_right_in_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
