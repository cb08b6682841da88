/*
 * test_budget_frozen.c: the budget with one call frozen before any of its atomic accesses while
 * another runs from beginning to end. No byte is granted twice, no request is refused that fits,
 * and the system never holds more than is charged.
 */
#include "freezer.h"
#include "pages_world.h"
#include "system_calls.h"

static void clear_nothing(void *scene)
{
    (void)scene;
}

/* ------------------------------------------------------------------------------------------------
 * The budget alone
 * --------------------------------------------------------------------------------------------- */

#define ROOM 10u

static const struct budget_limit room = {ROOM, 0, 0};

struct budget_scene {
    struct budget budget;
    bool frozen;
    bool other;
};

static void set_budget(void *scene)
{
    struct budget_scene *s = scene;

    budget_init(&s->budget);
    budget_set_limit(&s->budget.reserved, &room);
    budget_set_limit(&s->budget.committed, &room);
}

static const struct budget_charge all_of_both = {.reserved = ROOM, .committed = ROOM};
static const struct budget_charge all_reserved = {.reserved = ROOM};

static void ask_for_all(void *scene)
{
    struct budget_scene *s = scene;

    s->frozen = budget_ask(&s->budget, all_of_both, BUDGET_TASK_CRITICAL);
}

static void ask_for_all_too(void *scene)
{
    struct budget_scene *s = scene;

    s->other = budget_ask(&s->budget, all_of_both, BUDGET_TASK_CRITICAL);
}

static void check_one_has_all(void *scene)
{
    struct budget_scene *s = scene;

    assert_int_equal(s->frozen + s->other, 1);
    assert_int_equal(atomic_load(&s->budget.reserved.charged), ROOM);
    assert_int_equal(atomic_load(&s->budget.committed.charged), ROOM);
}

static void of_two_that_ask_for_all_there_is_one_has_it(void **state)
{
    (void)state;
    perform(&(struct play){sizeof(struct budget_scene), set_budget, ask_for_all, ask_for_all_too,
                           check_one_has_all, clear_nothing});
}

static void ask_for_all_and_give_back(void *scene)
{
    ask_for_all_too(scene);
    if (((struct budget_scene *)scene)->other)
        budget_return(&((struct budget_scene *)scene)->budget, all_of_both);
}

/*
 * One of the two calls was served first. The other is served, too, only if the first had given the
 * memory back by then.
 */
static void check_somebody_had_all(void *scene)
{
    struct budget_scene *s = scene;
    uint64_t charged = s->frozen ? ROOM : 0;

    assert_true(s->frozen || s->other);
    assert_int_equal(atomic_load(&s->budget.reserved.charged), charged);
    assert_int_equal(atomic_load(&s->budget.committed.charged), charged);
}

static void a_call_that_is_refused_was_refused_for_one_that_was_served(void **state)
{
    const struct play play = {
        sizeof(struct budget_scene), set_budget,   ask_for_all, ask_for_all_and_give_back,
        check_somebody_had_all,      clear_nothing};

    (void)state;
    perform_twice(&play, ask_for_all_and_give_back);
}

static void ask_for_what_does_not_fit(void *scene)
{
    struct budget_scene *s = scene;
    const struct budget_charge charge = {.reserved = ROOM, .committed = ROOM + 1};

    s->frozen = budget_ask(&s->budget, charge, BUDGET_TASK_CRITICAL);
}

static void ask_for_all_reserved(void *scene)
{
    struct budget_scene *s = scene;

    s->other = budget_ask(&s->budget, all_reserved, BUDGET_TASK_CRITICAL);
}

static void check_other_only(void *scene)
{
    struct budget_scene *s = scene;

    assert_false(s->frozen);
    assert_true(s->other);
    assert_int_equal(atomic_load(&s->budget.reserved.charged), ROOM);
    assert_int_equal(atomic_load(&s->budget.committed.charged), 0);
}

static void nobody_is_refused_for_a_request_that_does_not_fit_itself(void **state)
{
    (void)state;
    perform(&(struct play){sizeof(struct budget_scene), set_budget, ask_for_what_does_not_fit,
                           ask_for_all_reserved, check_other_only, clear_nothing});
}

static void ask_for_too_much_reserved(void *scene)
{
    struct budget_scene *s = scene;
    const struct budget_charge charge = {.reserved = ROOM + 1};

    s->frozen = budget_ask(&s->budget, charge, BUDGET_TASK_CRITICAL);
}

static void nobody_is_refused_for_a_moments_charge_of_one_that_does_not_fit(void **state)
{
    (void)state;
    perform(&(struct play){sizeof(struct budget_scene), set_budget, ask_for_too_much_reserved,
                           ask_for_all_reserved, check_other_only, clear_nothing});
}

static void ask_for_all_committed(void *scene)
{
    struct budget_scene *s = scene;
    const struct budget_charge all_committed = {.committed = ROOM};

    s->other = budget_ask(&s->budget, all_committed, BUDGET_TASK_CRITICAL);
}

static void check_one_has_all_committed(void *scene)
{
    struct budget_scene *s = scene;

    assert_int_equal(s->frozen + s->other, 1);
    assert_int_equal(atomic_load(&s->budget.committed.charged), ROOM);
    assert_int_equal(atomic_load(&s->budget.reserved.charged), s->frozen ? ROOM : 0);
}

static void a_call_that_loses_the_second_kind_to_another_keeps_nothing_of_the_first(void **state)
{
    (void)state;
    perform(&(struct play){sizeof(struct budget_scene), set_budget, ask_for_all,
                           ask_for_all_committed, check_one_has_all_committed, clear_nothing});
}

static void set_all_granted(void *scene)
{
    set_budget(scene);
    budget_force(&((struct budget_scene *)scene)->budget, all_of_both);
}

static void refund_all(void *scene)
{
    budget_refund(&((struct budget_scene *)scene)->budget, all_of_both);
}

static void check_granted_is_charged(void *scene)
{
    const struct budget *budget = &((struct budget_scene *)scene)->budget;

    assert_true(budget_used(&budget->reserved) <= budget_charged(&budget->reserved));
    assert_true(budget_used(&budget->committed) <= budget_charged(&budget->committed));
}

static void check_nothing_is_left(void *scene)
{
    const struct budget *budget = &((struct budget_scene *)scene)->budget;

    assert_int_equal(budget_charged(&budget->reserved) + budget_used(&budget->reserved), 0);
    assert_int_equal(budget_charged(&budget->committed) + budget_used(&budget->committed), 0);
}

static void beside_a_frozen_refund_no_more_is_granted_than_charged(void **state)
{
    (void)state;
    perform(&(struct play){sizeof(struct budget_scene), set_all_granted, refund_all,
                           check_granted_is_charged, check_nothing_is_left, clear_nothing});
}

/* Both settings let app-domain-critical requests go as far. */
static const struct budget_limit settings[] = {{ROOM, 5, 0}, {ROOM + 5, 0, 5}};

static void set_first_setting(void *scene)
{
    set_budget(scene);
    budget_set_limit(&((struct budget_scene *)scene)->budget.committed, &settings[0]);
}

static void set_the_other_setting(void *scene)
{
    budget_set_limit(&((struct budget_scene *)scene)->budget.committed, &settings[1]);
}

static void set_both_settings(void *scene)
{
    set_the_other_setting(scene);
    budget_set_limit(&((struct budget_scene *)scene)->budget.committed, &settings[0]);
}

/* A byte beyond both settings, then as much as both allow. */
static void ask_at_the_bound(void *scene)
{
    struct budget_scene *s = scene;
    const struct budget_charge beyond = {.committed = ROOM + 6};
    const struct budget_charge up_to_it = {.committed = ROOM + 5};

    s->frozen = budget_ask(&s->budget, beyond, BUDGET_APP_DOMAIN_CRITICAL);
    s->other = budget_ask(&s->budget, up_to_it, BUDGET_APP_DOMAIN_CRITICAL);
}

static void check_at_the_bound(void *scene)
{
    struct budget_scene *s = scene;

    assert_false(s->frozen);
    assert_true(s->other);
}

static void a_request_beside_a_frozen_setting_meets_the_old_or_the_new_one(void **state)
{
    (void)state;
    perform(&(struct play){sizeof(struct budget_scene), set_first_setting, set_the_other_setting,
                           ask_at_the_bound, check_at_the_bound, clear_nothing});
}

static void a_frozen_request_meets_no_mixture_of_settings(void **state)
{
    const struct play play = {sizeof(struct budget_scene), set_first_setting,  ask_at_the_bound,
                              set_the_other_setting,       check_at_the_bound, clear_nothing};

    (void)state;
    perform_twice(&play, set_both_settings);
}

/* ------------------------------------------------------------------------------------------------
 * Through pages, at the full limit
 * --------------------------------------------------------------------------------------------- */

#define FULL 5u /* pages */

struct pages_scene {
    struct world world;
    char *first;  /* 16 pages, of which the first FULL are committed */
    char *second; /* the same, and none */
    pages_result result;
};

static void set_pages(void *scene)
{
    struct pages_scene *s = scene;

    assert_true(make_pages(&s->world));
    s->first = reserve(&s->world, GRANULE);
    s->second = reserve(&s->world, GRANULE);
    commit(&s->world, s->first, FULL * PAGE);
    commit(&s->world, s->second, PAGE); /* its bits are there */
    decommit(&s->world, s->second, PAGE);
    budget_set_limit(&s->world.pages.budget.committed,
                     &(struct budget_limit){FULL * PAGE, 0, BUDGET_ENDLESS});
}

static void clear_pages(void *scene)
{
    struct pages_scene *s = scene;
    struct region_facts facts;
    uint32_t cursor = 0;
    size_t committed;

    while (pages_next(&s->world.pages, &cursor, &facts, &committed))
        release(&s->world, (char *)facts.base);
    assert_books(&s->world, 0, 0, 0);
    pages_destroy(&s->world.pages);
}

static uint64_t system_committed(const char *base)
{
    uint64_t sum = 0;

    for (size_t page = 0; page < GRANULE / PAGE; page++)
        sum += system_at(base + page * PAGE).state == OS_MEM_COMMIT ? PAGE : 0;
    return sum;
}

static void look_at_the_system(void *scene)
{
    struct pages_scene *s = scene;
    uint64_t charged = atomic_load(&s->world.pages.budget.committed.charged);

    assert_true(system_committed(s->first) + system_committed(s->second) <= charged);
    assert_true(charged <= FULL * PAGE);
}

static void commit_one_page_more(void *scene)
{
    struct pages_scene *s = scene;
    struct pages_request request = {.address = s->second,
                                    .size = PAGE,
                                    .type = OS_MEM_COMMIT,
                                    .protect = OS_PAGE_READWRITE,
                                    .node = OS_ANY_NODE,
                                    .critical_level = BUDGET_TASK_CRITICAL};
    void *memory;

    s->result = try_request(&s->world, &request, &memory);
}

static void check_refused_and_exact(void *scene)
{
    struct pages_scene *s = scene;

    assert_int_equal(s->result, PAGES_REFUSED);
    assert_exact(&s->world);
    assert_int_equal(gauge_now(&s->world.pages.budget.committed.granted), FULL * PAGE);
}

static void check_exact(void *scene)
{
    look_at_the_system(scene);
    assert_exact(&((struct pages_scene *)scene)->world);
}

/* A request without a limit, for more than the system has. */
static void ask_for_nearly_everything(void *scene)
{
    struct pages_scene *s = scene;
    struct pages_request request = {.size = SIZE_MAX - 8 * PAGE,
                                    .type = RESERVE_COMMIT,
                                    .protect = OS_PAGE_READWRITE,
                                    .node = OS_ANY_NODE,
                                    .critical_level = BUDGET_PROCESS_CRITICAL};
    void *memory;

    assert_int_equal(try_request(&s->world, &request, &memory), OS_ERROR_INVALID_PARAMETER);
}

static void a_request_of_nearly_2_to_the_64_bytes_makes_no_room_for_others(void **state)
{
    (void)state;
    perform(&(struct play){sizeof(struct pages_scene), set_pages, ask_for_nearly_everything,
                           commit_one_page_more, check_refused_and_exact, clear_pages});
}

static void release_in_vain(void *scene)
{
    struct pages_scene *s = scene;

    refuse_releases(1);
    assert_int_equal(try_free(&s->world, s->first, 0, OS_MEM_RELEASE), RELEASE_REFUSED);
}

static void a_release_that_the_system_refuses_makes_no_room_for_others(void **state)
{
    (void)state;
    perform(&(struct play){sizeof(struct pages_scene), set_pages, release_in_vain,
                           commit_one_page_more, check_refused_and_exact, clear_pages});
}

static void release_first(void *scene)
{
    struct pages_scene *s = scene;

    release(&s->world, s->first);
}

static void decommit_first(void *scene)
{
    struct pages_scene *s = scene;

    decommit(&s->world, s->first, GRANULE);
}

/* Gives back what was committed first, then commits as much in another region. */
static void decommit_and_commit(void *scene)
{
    struct pages_scene *s = scene;
    struct pages_request request = {.address = s->second,
                                    .size = FULL * PAGE,
                                    .type = OS_MEM_COMMIT,
                                    .protect = OS_PAGE_READWRITE,
                                    .node = OS_ANY_NODE};
    void *memory;
    pages_result result;

    decommit_first(scene);
    result = try_request(&s->world, &request, &memory);
    assert_true(!result || !s->result); /* it is refused if the other call got there first */
}

static void set_pages_and_no_result(void *scene)
{
    set_pages(scene);
    ((struct pages_scene *)scene)->result = PAGES_REFUSED;
}

static void commit_that_the_system_fails(void *scene)
{
    struct pages_scene *s = scene;
    char *memory;

    decommit(&s->world, s->first, PAGE);
    os_fault_at(OS_FAULT_PAGES, 1);
    assert_int_equal(try_alloc(&s->world, s->second, PAGE, OS_MEM_COMMIT, &memory),
                     OS_ERROR_NOT_ENOUGH_MEMORY);
    os_fault_at(OS_FAULT_PAGES, 0);
}

static void beside_a_frozen_call_the_system_holds_no_more_than_is_charged(void **state)
{
    static scene_act *const calls[] = {release_in_vain,      release_first,
                                       decommit_first,       decommit_and_commit,
                                       commit_one_page_more, commit_that_the_system_fails};
    struct play play = {sizeof(struct pages_scene),
                        set_pages_and_no_result,
                        NULL,
                        look_at_the_system,
                        check_exact,
                        clear_pages};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        play.frozen = calls[i];
        perform(&play);
    }
}

static void beside_a_frozen_call_no_commit_passes_the_limit(void **state)
{
    static scene_act *const calls[] = {release_first, decommit_first, decommit_and_commit};
    struct play play = {sizeof(struct pages_scene),
                        set_pages_and_no_result,
                        NULL,
                        commit_one_page_more,
                        check_exact,
                        clear_pages};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        play.frozen = calls[i];
        perform(&play);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_two_that_ask_for_all_there_is_one_has_it),
        cmocka_unit_test(a_call_that_is_refused_was_refused_for_one_that_was_served),
        cmocka_unit_test(nobody_is_refused_for_a_request_that_does_not_fit_itself),
        cmocka_unit_test(nobody_is_refused_for_a_moments_charge_of_one_that_does_not_fit),
        cmocka_unit_test(a_call_that_loses_the_second_kind_to_another_keeps_nothing_of_the_first),
        cmocka_unit_test(beside_a_frozen_refund_no_more_is_granted_than_charged),
        cmocka_unit_test(a_request_beside_a_frozen_setting_meets_the_old_or_the_new_one),
        cmocka_unit_test(a_frozen_request_meets_no_mixture_of_settings),
        cmocka_unit_test(a_request_of_nearly_2_to_the_64_bytes_makes_no_room_for_others),
        cmocka_unit_test(a_release_that_the_system_refuses_makes_no_room_for_others),
        cmocka_unit_test(beside_a_frozen_call_the_system_holds_no_more_than_is_charged),
        cmocka_unit_test(beside_a_frozen_call_no_commit_passes_the_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
