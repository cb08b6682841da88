/*
 * test_budget.c: the budget by itself, without pages, one call at a time: limits are exact to the
 * byte, each critical level may go as far as its reserve, and the charged and granted sums are
 * right after each step.
 */
#include "native.h"

#include "budget/budget.h"

enum kind {
    RESERVED,
    COMMITTED,
    KINDS
};

static int begin(void **state)
{
    struct budget *budget = zeroed(sizeof(struct budget));

    budget_init(budget);
    *state = budget;
    return 0;
}

static int end(void **state)
{
    free(*state);
    return 0;
}

static struct budget_charge charge_of(enum kind kind, uint64_t amount)
{
    return kind == RESERVED ? (struct budget_charge){.reserved = amount}
                            : (struct budget_charge){.committed = amount};
}

static struct budget_kind *kind_of(struct budget *budget, enum kind kind)
{
    return kind == RESERVED ? &budget->reserved : &budget->committed;
}

static bool ask_as(struct budget *budget, enum kind kind, uint64_t amount, enum budget_level level)
{
    return budget_ask(budget, charge_of(kind, amount), level);
}

static bool ask(struct budget *budget, enum kind kind, uint64_t amount)
{
    return ask_as(budget, kind, amount, BUDGET_TASK_CRITICAL);
}

static void set_limits(struct budget *budget, enum kind kind, uint64_t limit,
                       uint64_t app_domain_reserve, uint64_t process_reserve)
{
    budget_set_limit(kind_of(budget, kind),
                     &(struct budget_limit){limit, app_domain_reserve, process_reserve});
}

static void set_limit(struct budget *budget, enum kind kind, uint64_t limit)
{
    set_limits(budget, kind, limit, 0, 0);
}

static void assert_figures(struct budget *budget, enum kind kind, uint64_t charged,
                           uint64_t granted)
{
    assert_int_equal(atomic_load(&kind_of(budget, kind)->charged), charged);
    assert_int_equal(gauge_now(&kind_of(budget, kind)->granted), granted);
}

/* ------------------------------------------------------------------------------------------------
 * Limits, to the byte
 * --------------------------------------------------------------------------------------------- */

static void a_request_up_to_the_limit_is_served(void **state)
{
    struct budget *budget = *state;

    for (enum kind kind = RESERVED; kind < KINDS; kind++) {
        set_limit(budget, kind, 1000);
        assert_true(ask(budget, kind, 999));
        budget_return(budget, charge_of(kind, 999));
        assert_true(ask(budget, kind, 1000));
        assert_figures(budget, kind, 1000, 0);
    }
}

static void a_request_of_one_byte_more_is_refused_and_charges_nothing(void **state)
{
    struct budget *budget = *state;

    for (enum kind kind = RESERVED; kind < KINDS; kind++) {
        set_limit(budget, kind, 1000);
        assert_false(ask(budget, kind, 1001));
        assert_figures(budget, kind, 0, 0);
    }
}

static void the_last_byte_is_given_once(void **state)
{
    struct budget *budget = *state;

    for (enum kind kind = RESERVED; kind < KINDS; kind++) {
        set_limit(budget, kind, 1000);
        assert_true(ask(budget, kind, 999));
        assert_false(ask(budget, kind, 2));
        assert_true(ask(budget, kind, 1));
        assert_false(ask(budget, kind, 1));
        assert_figures(budget, kind, 1000, 0);
    }
}

static void a_limit_on_one_kind_bounds_nothing_of_the_other(void **state)
{
    struct budget *budget = *state;

    set_limit(budget, RESERVED, 1000);
    assert_true(ask(budget, COMMITTED, 5000));
    set_limit(budget, COMMITTED, 0);
    assert_true(ask(budget, RESERVED, 1000));
    assert_false(ask(budget, RESERVED, 1));
    assert_false(ask(budget, COMMITTED, 1));
}

static void a_request_for_nothing_is_served_beyond_the_limit_too(void **state)
{
    struct budget *budget = *state;

    for (enum kind kind = RESERVED; kind < KINDS; kind++) {
        budget_force(budget, charge_of(kind, 1001));
        set_limit(budget, kind, 1000);
    }
    assert_true(budget_ask(budget, (struct budget_charge){0}, BUDGET_TASK_CRITICAL));
}

static void what_committed_refuses_is_not_charged_as_reserved_either(void **state)
{
    struct budget *budget = *state;
    struct budget_charge charge = {.reserved = 500, .committed = 101};

    set_limit(budget, RESERVED, 1000);
    set_limit(budget, COMMITTED, 100);
    assert_false(budget_ask(budget, charge, BUDGET_TASK_CRITICAL));
    assert_figures(budget, RESERVED, 0, 0);
    assert_figures(budget, COMMITTED, 0, 0);
}

static void what_reserved_refuses_is_not_charged_as_committed_either(void **state)
{
    struct budget *budget = *state;
    struct budget_charge charge = {.reserved = 1001, .committed = 100};

    set_limit(budget, RESERVED, 1000);
    set_limit(budget, COMMITTED, 100);
    assert_false(budget_ask(budget, charge, BUDGET_TASK_CRITICAL));
    assert_figures(budget, RESERVED, 0, 0);
    assert_figures(budget, COMMITTED, 0, 0);
}

/* ------------------------------------------------------------------------------------------------
 * Figures that could overflow
 * --------------------------------------------------------------------------------------------- */

static void huge_requests_are_refused_and_do_not_wrap(void **state)
{
    struct budget *budget = *state;
    static const uint64_t amounts[] = {SIZE_MAX,          SIZE_MAX - 499,      UINT64_MAX,
                                       UINT64_MAX - 1,    UINT64_MAX - 499,    UINT64_MAX - 500,
                                       UINT64_MAX - 1000, (uint64_t)INT64_MAX, UINT64_C(1) << 63};

    for (enum kind kind = RESERVED; kind < KINDS; kind++) {
        set_limit(budget, kind, 1000);
        assert_true(ask(budget, kind, 500));
        for (size_t i = 0; i < COUNT_OF(amounts); i++) {
            assert_false(ask(budget, kind, amounts[i]));
            assert_figures(budget, kind, 500, 0);
        }
    }
}

static void a_huge_limit_is_exact(void **state)
{
    struct budget *budget = *state;

    set_limit(budget, COMMITTED, INT64_MAX);
    assert_true(ask(budget, COMMITTED, INT64_MAX - 1));
    assert_false(ask(budget, COMMITTED, 2));
    assert_false(ask(budget, COMMITTED, UINT64_MAX));
    assert_true(ask(budget, COMMITTED, 1));
    assert_false(ask(budget, COMMITTED, 1));
}

static void bounds_beyond_all_figures_are_endless(void **state)
{
    struct budget *budget = *state;
    static const struct {
        struct budget_limit limit;
        uint64_t bounds[BUDGET_LEVELS];
    } cases[] = {
        {{UINT64_MAX - 10, 4, 5}, {UINT64_MAX - 10, UINT64_MAX - 6, UINT64_MAX - 1}},
        {{UINT64_MAX - 10, 4, 7}, {UINT64_MAX - 10, UINT64_MAX - 6, BUDGET_ENDLESS}},
        {{UINT64_MAX - 10, 11, 0}, {UINT64_MAX - 10, BUDGET_ENDLESS, BUDGET_ENDLESS}},
        {{UINT64_MAX - 10, 0, 11}, {UINT64_MAX - 10, UINT64_MAX - 10, BUDGET_ENDLESS}},
        {{1000, BUDGET_ENDLESS, BUDGET_ENDLESS}, {1000, BUDGET_ENDLESS, BUDGET_ENDLESS}},
        {{1000, 100, UINT64_MAX - 1099}, {1000, 1100, BUDGET_ENDLESS}},
        {{BUDGET_ENDLESS, 1, 1}, {BUDGET_ENDLESS, BUDGET_ENDLESS, BUDGET_ENDLESS}},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        budget_set_limit(&budget->committed, &cases[i].limit);
        for (unsigned level = 0; level < BUDGET_LEVELS; level++)
            assert_int_equal(budget_bound(&budget->committed, (enum budget_level)level),
                             cases[i].bounds[level]);
    }
}

static void without_a_limit_nothing_is_refused(void **state)
{
    struct budget *budget = *state;
    static const uint64_t amounts[] = {1, INT64_MAX, UINT64_MAX - 1, UINT64_MAX};

    for (enum kind kind = RESERVED; kind < KINDS; kind++) {
        budget_force(budget, charge_of(kind, 12345));
        for (unsigned level = 0; level < BUDGET_LEVELS; level++) {
            for (size_t i = 0; i < COUNT_OF(amounts); i++) {
                assert_true(ask_as(budget, kind, amounts[i], (enum budget_level)level));
                budget_return(budget, charge_of(kind, amounts[i]));
                assert_figures(budget, kind, 12345, 12345);
            }
        }
    }
}

/* ------------------------------------------------------------------------------------------------
 * How far each critical level may go
 * --------------------------------------------------------------------------------------------- */

/*
 * Whether one byte more is granted while that much is in use: limit 1000, reserves 100 and
 * `process`.
 */
struct place {
    uint64_t process;
    uint64_t used;
    bool served[BUDGET_LEVELS];
};

static const struct place places[] = {
    {50, 0, {true, true, true}},                   /* below the limit */
    {50, 999, {true, true, true}},                 /* its last byte */
    {50, 1000, {false, true, true}},               /* at the limit */
    {50, 1050, {false, true, true}},               /* in the app-domain-critical reserve */
    {50, 1099, {false, true, true}},               /* its last byte */
    {50, 1100, {false, false, true}},              /* at its end */
    {50, 1120, {false, false, true}},              /* in the process-critical reserve */
    {50, 1149, {false, false, true}},              /* its last byte */
    {50, 1150, {false, false, false}},             /* at its end */
    {50, 1151, {false, false, false}},             /* beyond all */
    {BUDGET_ENDLESS, 1000, {false, true, true}},   /* a process-critical reserve without end */
    {BUDGET_ENDLESS, 1100, {false, false, true}},  /* */
    {BUDGET_ENDLESS, 99999, {false, false, true}}, /* */
};

static void each_level_goes_as_far_as_its_reserve(void **state)
{
    struct budget *budget = *state;

    for (size_t i = 0; i < COUNT_OF(places) * KINDS; i++) {
        const struct place *place = &places[i / KINDS];
        enum kind kind = (enum kind)(i % KINDS);

        set_limits(budget, kind, 1000, 100, place->process);
        budget_force(budget, charge_of(kind, place->used));
        for (unsigned level = 0; level < BUDGET_LEVELS; level++) {
            bool served = ask_as(budget, kind, 1, (enum budget_level)level);

            if (served != place->served[level])
                fail_msg("level %u with %llu in use: %s", level, (unsigned long long)place->used,
                         served ? "served" : "refused");
            if (served)
                budget_return(budget, charge_of(kind, 1));
        }
        budget_refund(budget, charge_of(kind, place->used));
        assert_figures(budget, kind, 0, 0);
    }
}

static void a_request_may_reach_from_below_the_limit_to_the_end_of_its_reserve(void **state)
{
    struct budget *budget = *state;

    set_limits(budget, COMMITTED, 1000, 100, 50);
    assert_false(ask_as(budget, COMMITTED, 1101, BUDGET_APP_DOMAIN_CRITICAL));
    assert_true(ask_as(budget, COMMITTED, 1100, BUDGET_APP_DOMAIN_CRITICAL));
    budget_return(budget, charge_of(COMMITTED, 1100));
    assert_false(ask_as(budget, COMMITTED, 1151, BUDGET_PROCESS_CRITICAL));
    assert_true(ask_as(budget, COMMITTED, 1150, BUDGET_PROCESS_CRITICAL));
}

/* ------------------------------------------------------------------------------------------------
 * Limits that change
 * --------------------------------------------------------------------------------------------- */

static void the_limits_are_those_that_were_set(void **state)
{
    struct budget *budget = *state;
    static const struct budget_limit limits[] = {
        {1000, 100, 50}, {1000, 0, BUDGET_ENDLESS}, {BUDGET_ENDLESS, 7, 8}, {0, 0, 0}};
    struct budget_limit limit = budget_get_limit(&budget->reserved);

    assert_int_equal(limit.limit, BUDGET_ENDLESS);
    for (size_t i = 0; i < COUNT_OF(limits); i++) {
        budget_set_limit(&budget->reserved, &limits[i]);
        limit = budget_get_limit(&budget->reserved);
        assert_memory_equal(&limit, &limits[i], sizeof(limit));
    }
}

static void a_limit_below_what_is_in_use_takes_nothing_away(void **state)
{
    struct budget *budget = *state;

    set_limit(budget, COMMITTED, 1000);
    assert_true(ask(budget, COMMITTED, 1000));
    budget_note(budget, charge_of(COMMITTED, 1000));
    set_limit(budget, COMMITTED, 600);
    assert_figures(budget, COMMITTED, 1000, 1000);
}

static void under_a_lowered_limit_a_level_is_refused_until_use_falls_below_its_bound(void **state)
{
    struct budget *budget = *state;

    budget_force(budget, charge_of(COMMITTED, 1000));
    set_limits(budget, COMMITTED, 600, 300, 200);
    assert_false(ask_as(budget, COMMITTED, 1, BUDGET_TASK_CRITICAL));
    assert_false(ask_as(budget, COMMITTED, 1, BUDGET_APP_DOMAIN_CRITICAL));
    assert_false(ask_as(budget, COMMITTED, 101, BUDGET_PROCESS_CRITICAL));
    assert_true(ask_as(budget, COMMITTED, 100, BUDGET_PROCESS_CRITICAL));
    budget_return(budget, charge_of(COMMITTED, 100));

    budget_refund(budget, charge_of(COMMITTED, 101)); /* 899 */
    assert_false(ask_as(budget, COMMITTED, 1, BUDGET_TASK_CRITICAL));
    assert_false(ask_as(budget, COMMITTED, 2, BUDGET_APP_DOMAIN_CRITICAL));
    assert_true(ask_as(budget, COMMITTED, 1, BUDGET_APP_DOMAIN_CRITICAL));
    budget_return(budget, charge_of(COMMITTED, 1));

    budget_refund(budget, charge_of(COMMITTED, 299)); /* 600 */
    assert_false(ask_as(budget, COMMITTED, 1, BUDGET_TASK_CRITICAL));
    budget_refund(budget, charge_of(COMMITTED, 1));
    assert_true(ask_as(budget, COMMITTED, 1, BUDGET_TASK_CRITICAL));
}

static void under_a_raised_limit_is_served_what_was_refused(void **state)
{
    struct budget *budget = *state;

    set_limit(budget, COMMITTED, 1000);
    assert_true(ask(budget, COMMITTED, 1000));
    assert_false(ask(budget, COMMITTED, 1));
    set_limit(budget, COMMITTED, 1001);
    assert_true(ask(budget, COMMITTED, 1));
    assert_false(ask(budget, COMMITTED, 1));
    set_limit(budget, COMMITTED, BUDGET_ENDLESS);
    assert_true(ask(budget, COMMITTED, 1));
}

/* ------------------------------------------------------------------------------------------------
 * What is charged and what is granted
 * --------------------------------------------------------------------------------------------- */

#define BOTH(amount) ((struct budget_charge){.reserved = (amount), .committed = 2 * (amount)})

static void assert_both(struct budget *budget, uint64_t charged, uint64_t granted)
{
    assert_figures(budget, RESERVED, charged, granted);
    assert_figures(budget, COMMITTED, 2 * charged, 2 * granted);
}

static void what_is_asked_for_is_charged_and_what_is_noted_granted(void **state)
{
    struct budget *budget = *state;

    assert_true(budget_ask(budget, BOTH(10), BUDGET_TASK_CRITICAL));
    assert_both(budget, 10, 0);
    budget_note(budget, BOTH(7));
    assert_both(budget, 10, 7);
    budget_return(budget, BOTH(3));
    assert_both(budget, 7, 7);
    budget_refund(budget, BOTH(7));
    assert_both(budget, 0, 0);
}

static void what_is_forced_is_charged_and_granted_whatever_the_limit(void **state)
{
    struct budget *budget = *state;

    set_limit(budget, RESERVED, 5);
    set_limit(budget, COMMITTED, 5);
    budget_force(budget, BOTH(10));
    assert_both(budget, 10, 10);
    budget_refund(budget, BOTH(10));
    assert_both(budget, 0, 0);
}

static void what_is_to_be_noted_anew_stays_charged(void **state)
{
    struct budget *budget = *state;

    budget_force(budget, BOTH(10));
    budget_unnote(budget, BOTH(10));
    assert_both(budget, 10, 0);
    budget_note(budget, BOTH(10));
    assert_both(budget, 10, 10);
}

static void use_is_what_is_granted(void **state)
{
    struct budget *budget = *state;

    assert_true(budget_ask(budget, BOTH(10), BUDGET_TASK_CRITICAL));
    assert_int_equal(budget_used(&budget->reserved), 0);
    budget_note(budget, BOTH(10));
    assert_int_equal(budget_used(&budget->reserved), 10);
    assert_int_equal(budget_used(&budget->committed), 20);
}

/* One thread can refund an amount before the thread that charged it has booked it as granted. */
static void use_is_never_negative(void **state)
{
    struct budget *budget = *state;

    budget_refund(budget, BOTH(10));
    assert_int_equal(budget_used(&budget->reserved), 0);
    assert_int_equal(budget_used(&budget->committed), 0);
    budget_force(budget, BOTH(11));
    assert_int_equal(budget_used(&budget->reserved), 1);
}

static void a_charge_that_is_negative_for_a_moment_gives_no_room_beyond_the_limit(void **state)
{
    struct budget *budget = *state;

    set_limit(budget, COMMITTED, 1000);
    budget_refund(budget, charge_of(COMMITTED, 100));
    assert_false(ask(budget, COMMITTED, 1001));
    assert_true(ask(budget, COMMITTED, 1000));
}

static void a_peak_does_not_show_what_was_returned(void **state)
{
    struct budget *budget = *state;

    budget_force(budget, BOTH(10));
    assert_true(budget_ask(budget, BOTH(1000), BUDGET_TASK_CRITICAL));
    budget_note(budget, BOTH(5));
    budget_return(budget, BOTH(995));
    budget_refund(budget, BOTH(15));
    assert_int_equal(gauge_peak(&budget->reserved.granted), 15);
    assert_int_equal(gauge_peak(&budget->committed.granted), 30);
}

#define fixture_test(test) cmocka_unit_test_setup_teardown(test, begin, end)

static void a_level_beyond_the_last_goes_as_far_as_the_last(void **state)
{
    struct budget *budget = *state;

    for (enum kind kind = RESERVED; kind < KINDS; kind++) {
        set_limits(budget, kind, 1000, 100, 10);
        assert_int_equal(budget_bound(kind_of(budget, kind), (enum budget_level)BUDGET_LEVELS),
                         1110);
        assert_true(ask_as(budget, kind, 1110, (enum budget_level)BUDGET_LEVELS));
    }
}

/* ------------------------------------------------------------------------------------------------
 * The host's own decision
 * --------------------------------------------------------------------------------------------- */

struct decider {
    struct budget *budget;
    unsigned asked;
    struct budget_request last;
    bool allows;
    uint64_t new_limit; /* on both kinds; 0: as it is */
};

static bool decide(void *context, const struct budget_request *request)
{
    struct decider *decider = context;

    decider->asked++;
    decider->last = *request;
    for (enum kind kind = RESERVED; decider->new_limit && kind < KINDS; kind++)
        set_limit(decider->budget, kind, decider->new_limit);
    return decider->allows;
}

static void have_decide(struct decider *decider)
{
    decider->budget->decide = decide;
    decider->budget->decide_context = decider;
}

static struct budget_request request_for(enum kind kind, uint64_t amount)
{
    return (struct budget_request){.charge = charge_of(kind, amount), .heap = 7};
}

static void a_request_that_the_host_denies_charges_nothing(void **state)
{
    struct decider decider = {.budget = *state};

    have_decide(&decider);
    for (enum kind kind = RESERVED; kind < KINDS; kind++) {
        struct budget_request request = request_for(kind, 100);

        assert_int_equal(budget_request(*state, &request), BUDGET_DENIED);
        assert_figures(*state, kind, 0, 0);
        assert_int_equal(decider.last.heap, 7);
    }
    assert_int_equal(decider.asked, 2);
}

static void a_request_that_the_host_allows_is_judged_by_the_limit(void **state)
{
    struct decider decider = {.budget = *state, .allows = true};
    struct budget_request fits = request_for(COMMITTED, 100);
    struct budget_request more = request_for(COMMITTED, 1);

    have_decide(&decider);
    set_limit(*state, COMMITTED, 100);
    assert_int_equal(budget_request(*state, &fits), BUDGET_CHARGED);
    assert_int_equal(budget_request(*state, &more), BUDGET_REFUSED);
    assert_figures(*state, COMMITTED, 100, 0);
}

static void the_host_may_make_room_when_it_is_asked(void **state)
{
    struct decider decider = {.budget = *state, .allows = true, .new_limit = 1000};
    struct budget_request request = request_for(COMMITTED, 1000);

    have_decide(&decider);
    set_limit(*state, COMMITTED, 100);
    assert_int_equal(budget_request(*state, &request), BUDGET_CHARGED);
    assert_figures(*state, COMMITTED, 1000, 0);
}

static void the_host_is_not_asked_about_nothing(void **state)
{
    struct decider decider = {.budget = *state};
    struct budget_request request = {.charge = {0}};

    have_decide(&decider);
    assert_int_equal(budget_request(*state, &request), BUDGET_CHARGED);
    assert_int_equal(decider.asked, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_request_up_to_the_limit_is_served),
        fixture_test(a_request_of_one_byte_more_is_refused_and_charges_nothing),
        fixture_test(the_last_byte_is_given_once),
        fixture_test(a_limit_on_one_kind_bounds_nothing_of_the_other),
        fixture_test(a_request_for_nothing_is_served_beyond_the_limit_too),
        fixture_test(what_committed_refuses_is_not_charged_as_reserved_either),
        fixture_test(what_reserved_refuses_is_not_charged_as_committed_either),
        fixture_test(huge_requests_are_refused_and_do_not_wrap),
        fixture_test(a_huge_limit_is_exact),
        fixture_test(bounds_beyond_all_figures_are_endless),
        fixture_test(without_a_limit_nothing_is_refused),
        fixture_test(each_level_goes_as_far_as_its_reserve),
        fixture_test(a_request_may_reach_from_below_the_limit_to_the_end_of_its_reserve),
        fixture_test(a_level_beyond_the_last_goes_as_far_as_the_last),
        fixture_test(the_limits_are_those_that_were_set),
        fixture_test(a_limit_below_what_is_in_use_takes_nothing_away),
        fixture_test(under_a_lowered_limit_a_level_is_refused_until_use_falls_below_its_bound),
        fixture_test(under_a_raised_limit_is_served_what_was_refused),
        fixture_test(what_is_asked_for_is_charged_and_what_is_noted_granted),
        fixture_test(what_is_forced_is_charged_and_granted_whatever_the_limit),
        fixture_test(what_is_to_be_noted_anew_stays_charged),
        fixture_test(use_is_what_is_granted),
        fixture_test(use_is_never_negative),
        fixture_test(a_charge_that_is_negative_for_a_moment_gives_no_room_beyond_the_limit),
        fixture_test(a_peak_does_not_show_what_was_returned),
        fixture_test(a_request_that_the_host_denies_charges_nothing),
        fixture_test(a_request_that_the_host_allows_is_judged_by_the_limit),
        fixture_test(the_host_may_make_room_when_it_is_asked),
        fixture_test(the_host_is_not_asked_about_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
