/*
 * test_pages_litmus.c: any two calls on one address in every order of their steps (litmus.h). One
 * free wins, no answer is wrong, and afterwards the books agree with the system.
 */
#include "litmus.h"
#include "pages_world.h"
#include "system_calls.h"

#define PAGES 4
#define HEAP 9u
#define MOST 1000 /* orders of the third kind, of each pair */

static struct stage {
    struct world *world;
    char *base;
    char *elsewhere;

    /* Of one order. */
    bool has_elsewhere;
    unsigned made;
    unsigned releases; /* calls that succeeded, of the kinds that nothing else is counted of */
    unsigned refused;  /* calls that returned the system's refusal */
    unsigned losers;
    unsigned tries; /* releases that were asked for */
    bool told_falsely;
    bool contradicted;
} stage;

/* ------------------------------------------------------------------------------------------------
 * Scenes
 * --------------------------------------------------------------------------------------------- */

static void set_nothing(void *scene)
{
    struct stage *s = scene;

    s->made = s->releases = s->refused = s->losers = s->tries = 0;
    s->told_falsely = s->contradicted = s->has_elsewhere = false;
}

static void set_reserved(void *scene)
{
    struct stage *s = scene;

    set_nothing(scene);
    alloc(s->world, s->base, PAGES * PAGE, OS_MEM_RESERVE);
    s->made = 1;
}

static void set_committed(void *scene)
{
    struct stage *s = scene;

    set_reserved(scene);
    commit(s->world, s->base, 2 * PAGE);
}

static void set_refusing(void *scene)
{
    set_committed(scene);
    refuse_releases(1);
}

/* ------------------------------------------------------------------------------------------------
 * Calls
 * --------------------------------------------------------------------------------------------- */

static void judge(struct stage *s, pages_result result)
{
    if (result == PAGES_CONTRADICTED)
        s->contradicted = true;
}

static void call_release(void *scene)
{
    struct stage *s = scene;
    pages_result result = try_free(s->world, s->base, 0, OS_MEM_RELEASE);

    s->tries++;
    s->releases += result == PAGES_OK;
    s->refused += result == RELEASE_REFUSED;
    s->losers += result == PAGES_FOREIGN;
    judge(s, result);
}

/*
 * The same by a module that is redirected, and may mean memory that is somebody else's. That it is
 * told success for memory that another call is just making a region of cannot be ruled out
 * (foreign.h).
 */
static void call_release_perhaps_foreign(void *scene)
{
    struct stage *s = scene;

    judge(s, pages_free_foreign(&s->world->pages, s->base, 0, OS_MEM_RELEASE));
}

static void reserve_as(struct stage *s, uint32_t type)
{
    char *memory;
    pages_result result = try_alloc(s->world, s->base, PAGES * PAGE, type, &memory);

    s->made += result == PAGES_OK;
    judge(s, result);
}

static void call_reserve(void *scene)
{
    reserve_as(scene, OS_MEM_RESERVE);
}

static void call_reserve_and_commit(void *scene)
{
    reserve_as(scene, RESERVE_COMMIT);
}

static void call_commit(void *scene)
{
    struct stage *s = scene;
    char *memory;

    judge(s, try_alloc(s->world, s->base, PAGE, OS_MEM_COMMIT, &memory));
}

static void call_commit_more(void *scene)
{
    struct stage *s = scene;
    char *memory;

    judge(s, try_alloc(s->world, s->base, 3 * PAGE, OS_MEM_COMMIT, &memory));
}

static void call_decommit(void *scene)
{
    struct stage *s = scene;

    judge(s, try_free(s->world, s->base, PAGE, OS_MEM_DECOMMIT));
}

static void call_decommit_all(void *scene)
{
    struct stage *s = scene;

    judge(s, try_free(s->world, s->base, 0, OS_MEM_DECOMMIT));
}

/* If a region is found, it is one of those that have existed. */
static void call_find(void *scene)
{
    struct stage *s = scene;
    struct region_facts facts;
    size_t committed;

    if (!pages_find(&s->world->pages, s->base + PAGE, &facts, &committed))
        return;
    if (facts.base != (uintptr_t)s->base || facts.size != PAGES * PAGE ||
        facts.block != facts.base || committed > facts.size)
        s->told_falsely = true;
}

static bool note_difference(void *context, const struct audit_difference *difference)
{
    struct stage *s = context;

    s->told_falsely = true;
    return print_difference(NULL, difference);
}

static void call_audit(void *scene)
{
    struct stage *s = scene;
    struct audit audit;

    audit_run(&s->world->pages, &audit, note_difference, s);
}

/* Takes the address as soon as it is free. */
static void call_release_and_reserve(void *scene)
{
    call_release(scene);
    call_reserve_and_commit(scene);
}

/* Has the region's record used again, for another address. */
static void call_release_and_reserve_elsewhere(void *scene)
{
    struct stage *s = scene;
    char *memory;

    call_release(scene);
    judge(s, try_alloc(s->world, s->elsewhere, PAGES * PAGE, RESERVE_COMMIT, &memory));
    s->made += memory != NULL;
    s->has_elsewhere = memory != NULL;
}

/* ------------------------------------------------------------------------------------------------
 * What must hold
 * --------------------------------------------------------------------------------------------- */

/*
 * A release can be ended by another call. If the system refused it then, the release has already
 * returned success: that many regions can exist again.
 */
static void check_with(struct stage *s, unsigned revived)
{
    unsigned live = (unsigned)gauge_now(&s->world->counters.regions);

    refuse_releases(0);
    assert_false(s->told_falsely);
    assert_false(s->contradicted);
    assert_exact(s->world);
    assert_int_equal(s->releases + s->refused + s->losers, s->tries);
    assert_int_equal(s->made + revived - s->releases, live);
    assert_int_equal(live - s->has_elsewhere, system_at(s->base).state != OS_MEM_FREE);
    assert_int_equal(atomic_load(&s->world->pages.foreign_requests) & 0xffff, 0);
    assert_int_equal(atomic_load(&s->world->pages.foreign_releasers), 0);
}

static void check(void *scene)
{
    check_with(scene, 0);
}

static void check_released(void *scene)
{
    struct stage *s = scene;

    check(scene);
    assert_int_equal(s->releases, 1);
    assert_int_equal(system_at(s->base).state, OS_MEM_FREE);
    assert_books(s->world, 0, 0, 0);
}

/* Checks that a region made in its place is as its owner made it. */
static void check_elsewhere(void *scene)
{
    struct stage *s = scene;

    check(scene);
    assert_int_equal(s->releases, 1);
    assert_true(s->has_elsewhere);
    assert_int_equal(system_at(s->base).state, OS_MEM_FREE);
    assert_int_equal(system_at(s->elsewhere).state, OS_MEM_COMMIT);
    assert_books(s->world, 1, PAGES * PAGE, PAGES * PAGE);
}

/* Checks that one release was refused in all, whichever call asked the system for it. */
static void check_refused(void *scene)
{
    struct stage *s = scene;
    unsigned live = (unsigned)gauge_now(&s->world->counters.regions);

    check_with(scene, s->refused == 0);
    assert_int_equal(live, s->tries == 1 || s->releases == 0 || s->refused == 0);
}

static void clear(void *scene)
{
    struct stage *s = scene;

    if (s->has_elsewhere)
        release(s->world, s->elsewhere);
    if (gauge_now(&s->world->counters.regions))
        release(s->world, s->base);
    assert_books(s->world, 0, 0, 0);
    assert_int_equal(system_at(s->base).state, OS_MEM_FREE);
}

/* ------------------------------------------------------------------------------------------------
 * Pairs
 * --------------------------------------------------------------------------------------------- */

static void run(const char *name, scene_act *set, scene_act *first, scene_act *second,
                scene_act *check_order)
{
    litmus_run(&(struct litmus){name, MOST, &stage, set, first, second, check_order, clear});
}

static void of_two_releases_one_wins(void **state)
{
    (void)state;
    run("release, release", set_committed, call_release, call_release, check_released);
}

static void a_release_wins_over_what_is_done_in_the_region(void **state)
{
    (void)state;
    run("release, commit", set_reserved, call_release, call_commit, check_released);
    run("release, decommit", set_committed, call_release, call_decommit, check_released);
    run("release, decommit all", set_committed, call_release, call_decommit_all, check_released);
}

static void a_reader_beside_a_release_finds_the_region_or_nothing(void **state)
{
    (void)state;
    run("release, find", set_committed, call_release, call_find, check_released);
    run("release, audit", set_committed, call_release, call_audit, check_released);
}

static void a_call_that_takes_a_released_address_owns_it(void **state)
{
    (void)state;
    run("release, reserve", set_committed, call_release, call_reserve_and_commit, check);
    run("release, release and reserve", set_committed, call_release, call_release_and_reserve,
        check);
    run("commit, release and reserve", set_reserved, call_commit, call_release_and_reserve, check);
    run("decommit, release and reserve", set_committed, call_decommit, call_release_and_reserve,
        check);
    run("find, release and reserve", set_committed, call_find, call_release_and_reserve, check);
    run("audit, release and reserve", set_committed, call_audit, call_release_and_reserve, check);
}

static void a_late_release_by_a_module_leaves_the_next_region_whole(void **state)
{
    (void)state;
    run("foreign release, release", set_committed, call_release_perhaps_foreign, call_release,
        check);
    run("foreign release, release and reserve", set_committed, call_release_perhaps_foreign,
        call_release_and_reserve, check);
    run("foreign release, reserve", set_nothing, call_release_perhaps_foreign,
        call_reserve_and_commit, check);
}

static void a_late_call_does_not_touch_what_the_record_is_used_for_next(void **state)
{
    (void)state;
    run("release, release and reserve elsewhere", set_committed, call_release,
        call_release_and_reserve_elsewhere, check_elsewhere);
    run("commit, release and reserve elsewhere", set_reserved, call_commit,
        call_release_and_reserve_elsewhere, check_elsewhere);
    run("decommit, release and reserve elsewhere", set_committed, call_decommit_all,
        call_release_and_reserve_elsewhere, check_elsewhere);
    run("find, release and reserve elsewhere", set_committed, call_find,
        call_release_and_reserve_elsewhere, check_elsewhere);
    run("audit, release and reserve elsewhere", set_committed, call_audit,
        call_release_and_reserve_elsewhere, check_elsewhere);
}

static void a_region_that_is_being_made_is_whole_for_all_others(void **state)
{
    (void)state;
    run("reserve, find", set_nothing, call_reserve, call_find, check);
    run("reserve, audit", set_nothing, call_reserve_and_commit, call_audit, check);
    run("reserve, commit", set_nothing, call_reserve, call_commit, check);
    run("reserve, decommit", set_nothing, call_reserve_and_commit, call_decommit, check);
    run("reserve, release", set_nothing, call_reserve_and_commit, call_release, check);
    run("reserve, reserve", set_nothing, call_reserve, call_reserve_and_commit, check);
}

static void a_refused_release_leaves_the_region_to_all_others(void **state)
{
    (void)state;
    run("refused release, commit", set_refusing, call_release, call_commit_more, check_refused);
    run("refused release, decommit", set_refusing, call_release, call_decommit, check_refused);
    run("refused release, find", set_refusing, call_release, call_find, check_refused);
    run("refused release, audit", set_refusing, call_release, call_audit, check_refused);
    run("refused release, release", set_refusing, call_release, call_release, check_refused);
    run("refused release, reserve", set_refusing, call_release, call_reserve, check_refused);
}

static void calls_on_the_same_page_leave_its_bit_right(void **state)
{
    (void)state;
    run("commit, commit", set_reserved, call_commit, call_commit_more, check);
    run("commit, decommit", set_committed, call_commit_more, call_decommit, check);
    run("decommit, commit", set_reserved, call_decommit_all, call_commit, check);
    run("decommit, decommit", set_committed, call_decommit, call_decommit_all, check);
    run("commit, audit", set_reserved, call_commit, call_audit, check);
    run("decommit, audit", set_committed, call_decommit, call_audit, check);
}

static int begin_stage(void **state)
{
    begin_world(state);
    memset(&stage, 0, sizeof(stage));
    stage.world = *state;
    stage.base = free_granule();
    stage.elsewhere = stage.base + GRANULE; /* free, too */
    return 0;
}

static int end_stage(void **state)
{
    litmus_tell_failure();
    return end_world(state);
}

#define stage_test(test) cmocka_unit_test_setup_teardown(test, begin_stage, end_stage)

int main(void)
{
    const struct CMUnitTest tests[] = {
        stage_test(of_two_releases_one_wins),
        stage_test(a_release_wins_over_what_is_done_in_the_region),
        stage_test(a_reader_beside_a_release_finds_the_region_or_nothing),
        stage_test(a_call_that_takes_a_released_address_owns_it),
        stage_test(a_late_release_by_a_module_leaves_the_next_region_whole),
        stage_test(a_late_call_does_not_touch_what_the_record_is_used_for_next),
        stage_test(a_region_that_is_being_made_is_whole_for_all_others),
        stage_test(a_refused_release_leaves_the_region_to_all_others),
        stage_test(calls_on_the_same_page_leave_its_bit_right),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
