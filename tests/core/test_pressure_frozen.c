/*
 * test_pressure_frozen.c: one call frozen before any of its atomic accesses, or in the callback,
 * while another call changes the use, the limit or the system's state, and a third does so later.
 * In every case the state that was told last is the right one.
 */
#include "freezer.h"
#include "pressure_world.h"

void moment(void); /* interleaved.h */

#define BEFORE UINT64_C(1)
#define NOW UINT64_C(3000) /* a reminder is due */

enum move {
    USE_MORE,
    USE_LESS,
    USE_A_LITTLE_MORE,
    USE_A_LITTLE_LESS,
    USES,
    SWING = USES, /* down and up again */
    RAISE_LIMIT,
    SYSTEM_LOW,
    BE_REFUSED,
    MOVES
};

static const char *const move_names[MOVES] = {"use more",          "use less",  "use a little more",
                                              "use a little less", "swing",     "raise the limit",
                                              "a low system",      "be refused"};

static const int64_t changes[USES] = {950, -950, 120, -120};

/* What is used when the first call begins, for each state. */
static const uint64_t starts[] = {0, 800, 1000};

static struct {
    uint64_t start;
    enum move frozen, within, other, later; /* within: what the first callback does in a duet */
} scene_plan;

static void pause_in_callback(struct listener *listener)
{
    (void)listener;
    moment();
}

static void set_listener(void *scene)
{
    struct listener *listener = scene;

    listener_init(listener);
    set_limit(listener, LIMIT);
    use_exactly(listener, scene_plan.start);
    end_call(listener, false, BEFORE);
    listener->within = pause_in_callback;
}

static void clear_listener(void *scene)
{
    (void)scene;
}

static void use_and_end(struct listener *listener, int64_t change)
{
    use(listener, change);
    end_call(listener, false, NOW);
}

static void make_move(struct listener *listener, enum move move)
{
    if (move < USES) {
        use_and_end(listener, changes[move]);
        return;
    }
    switch (move) {
    case SWING:
        use_and_end(listener, -200);
        use_and_end(listener, 200);
        return;
    case RAISE_LIMIT:
        set_limit(listener, 2 * LIMIT);
        break;
    case SYSTEM_LOW:
        pressure_set_system(&listener->pressure, true);
        break;
    default:
        break;
    }
    end_call(listener, move == BE_REFUSED, NOW);
}

static void frozen_move(void *scene)
{
    make_move(scene, scene_plan.frozen);
}

static void other_move(void *scene)
{
    make_move(scene, scene_plan.other);
}

static void later_move(void *scene)
{
    make_move(scene, scene_plan.later);
}

/* True if the state may be that one, by the default thresholds and however it was reached. */
static bool may_be(enum pressure_state state, uint64_t used, uint64_t limit)
{
    switch (state) {
    case PRESSURE_LOW:
        return used * 100 >= limit * 85;
    case PRESSURE_NEUTRAL:
        return used * 100 >= limit * 70 && used * 100 <= limit * 90;
    default:
        return used * 100 <= limit * 75;
    }
}

static bool is_right(const struct listener *listener, enum pressure_state state)
{
    const struct budget_kind *committed = &listener->budget.committed;

    if (atomic_load(&listener->pressure.system_is_low))
        return state == PRESSURE_LOW;
    return may_be(state, budget_used(committed), budget_bound(committed, BUDGET_TASK_CRITICAL));
}

static void assert_right(struct listener *listener, bool holds)
{
    if (!holds)
        fail_msg("with %llu, %s (within: %s) beside %s and %s: told \"%s\", is %d, %u repeated, "
                 "%u entered twice",
                 (unsigned long long)scene_plan.start, move_names[scene_plan.frozen],
                 move_names[scene_plan.within], move_names[scene_plan.other],
                 move_names[scene_plan.later], listener->last_told,
                 pressure_state(&listener->pressure), listener->repeated, listener->entered_twice);
}

static void check_listener(void *scene)
{
    struct listener *listener = scene;
    enum pressure_state state = pressure_state(&listener->pressure);
    enum pressure_state left;

    assert_right(listener, is_right(listener, state) && listener->told_state == state);
    assert_right(listener, !pressure_begin(&listener->pressure, false, SELF_AT(NOW), &left));
    assert_right(listener, !listener->repeated && !listener->entered_twice);
}

/* ------------------------------------------------------------------------------------------------
 * One call frozen
 * --------------------------------------------------------------------------------------------- */

static void perform_all(struct play play)
{
    for (size_t start = 0; start < COUNT_OF(starts); start++) {
        scene_plan.start = starts[start];
        for (unsigned plan = 0; plan < MOVES * MOVES * MOVES; plan++) {
            scene_plan.frozen = (enum move)(plan % MOVES);
            scene_plan.other = (enum move)(plan / MOVES % MOVES);
            scene_plan.later = (enum move)(plan / MOVES / MOVES);
            perform_twice(&play, later_move);
        }
    }
}

static void beside_a_call_frozen_anywhere_what_was_told_last_is_right(void **state)
{
    (void)state;
    perform_all((struct play){sizeof(struct listener), set_listener, frozen_move, other_move,
                              check_listener, clear_listener});
}

/* Another one, in the callback. */
static void set_telling_listener(void *scene)
{
    struct listener *listener = scene;
    enum pressure_state told;

    set_listener(scene);
    use_exactly(listener, scene_plan.start == 800 ? 0 : 800);
    assert_true(pressure_begin(&listener->pressure, false, SELF_AT(BEFORE), &told));
    note_told(listener, told, BEFORE);
    use_exactly(listener, scene_plan.start);
    end_call(listener, false, BEFORE);
}

static void check_telling_listener(void *scene)
{
    struct listener *listener = scene;
    enum pressure_state told;

    assert_right(listener, is_right(listener, pressure_state(&listener->pressure)));
    while (pressure_next(&listener->pressure, SELF_AT(NOW), &told))
        tell(listener, told, NOW);
    check_listener(scene);
}

static void beside_a_teller_that_is_frozen_the_state_is_right(void **state)
{
    (void)state;
    perform_all((struct play){sizeof(struct listener), set_telling_listener, frozen_move,
                              other_move, check_telling_listener, clear_listener});
}

/* Another thread was terminated before it called back, or in the callback. */
static void set_listener_with_ended_teller(void *scene)
{
    struct listener *listener = scene;
    enum pressure_state told;

    set_listener(scene);
    use_exactly(listener, scene_plan.start == 800 ? 0 : 800);
    listener->ended = SELF + 1;
    assert_true(pressure_begin(&listener->pressure, false,
                               (struct pressure_caller){listener->ended, BEFORE}, &told));
    use_exactly(listener, scene_plan.start);
}

static void beside_a_teller_that_has_ended_what_was_told_last_is_right(void **state)
{
    (void)state;
    perform_all((struct play){sizeof(struct listener), set_listener_with_ended_teller, frozen_move,
                              other_move, check_listener, clear_listener});
}

/* ------------------------------------------------------------------------------------------------
 * Two calls frozen
 * --------------------------------------------------------------------------------------------- */

/* The callback changes something itself, the first time. */
static void move_in_callback(struct listener *listener)
{
    listener->within = pause_in_callback;
    make_move(listener, scene_plan.within);
}

static void set_moving_listener(void *scene)
{
    set_listener(scene);
    ((struct listener *)scene)->within = move_in_callback;
}

static void play_all_uses(void (*perform_plan)(void))
{
    for (size_t start = 0; start < COUNT_OF(starts); start++) {
        scene_plan.start = starts[start];
        for (unsigned plan = 0; plan < USES * USES * USES * USES; plan++) {
            scene_plan.frozen = (enum move)(plan % USES);
            scene_plan.other = (enum move)(plan / USES % USES);
            scene_plan.within = (enum move)(plan / USES / USES % USES);
            scene_plan.later = (enum move)(plan / USES / USES / USES);
            perform_plan();
        }
    }
}

static void perform_two_frozen(void)
{
    const struct duet duet = {sizeof(struct listener),
                              1000,
                              set_moving_listener,
                              frozen_move,
                              other_move,
                              later_move,
                              clear_listener,
                              check_listener,
                              clear_listener};

    perform_duet(&duet);
}

static void beside_two_calls_frozen_anywhere_what_was_told_last_is_right(void **state)
{
    (void)state;
    play_all_uses(perform_two_frozen);
}

/* After a change in the callback, another thread makes one, and is frozen before it looks. */
static void move_and_change_unseen(struct listener *listener)
{
    move_in_callback(listener);
    use(listener, changes[scene_plan.other]);
}

static void set_listener_with_unseen_change(void *scene)
{
    set_listener(scene);
    ((struct listener *)scene)->within = move_and_change_unseen;
}

static void move_later_and_look(void *scene)
{
    later_move(scene);
    end_call(scene, false, NOW);
}

static void perform_one_before_its_look(void)
{
    const struct play play = {sizeof(struct listener),
                              set_listener_with_unseen_change,
                              frozen_move,
                              move_later_and_look,
                              check_listener,
                              clear_listener};

    perform(&play);
}

static void beside_a_call_frozen_between_change_and_look_what_was_told_last_is_right(void **state)
{
    (void)state;
    play_all_uses(perform_one_before_its_look);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(beside_a_call_frozen_anywhere_what_was_told_last_is_right),
        cmocka_unit_test(beside_a_teller_that_is_frozen_the_state_is_right),
        cmocka_unit_test(beside_a_teller_that_has_ended_what_was_told_last_is_right),
        cmocka_unit_test(beside_two_calls_frozen_anywhere_what_was_told_last_is_right),
        cmocka_unit_test(beside_a_call_frozen_between_change_and_look_what_was_told_last_is_right),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
