/*
 * test_pages_frozen.c: a call is frozen before one of its atomic accesses, or before or after one
 * of its requests to the system. Meanwhile another call runs from beginning to end, or is frozen in
 * turn. No call waits for another, so the others can run in the frozen call's own thread, and every
 * interleaving can be repeated.
 *
 * The stage below is the state of one such run, and a plan is a list of calls with the moment at
 * which each is frozen.
 */
#include "pages_world.h"
#include "system_calls.h"

#include <limits.h>

void moment(void); /* interleaved.h */

/* ------------------------------------------------------------------------------------------------
 * The stage: calls on one address, each frozen at a moment of its own
 * --------------------------------------------------------------------------------------------- */

#define PAGES 20
#define DEPTH 5 /* one more than is ever frozen */

enum call {
    COMMIT_FIRST,
    COMMIT_SOME,
    DECOMMIT_FIRST,
    DECOMMIT_ALL,
    RELEASE,
    RESERVE,
    RESERVE_AND_COMMIT,
    CALLERS_CALLS,
    AUDIT = CALLERS_CALLS, /* and an enumeration */
    CALLS,
    PASS_DECOMMIT = CALLS, /* a redirected module decommits memory that is not known */
    REPLACE_BY_BLOCK,      /* the owner of foreign memory frees it, and a heap puts a block there */
    ALL_CALLS
};

static const char *const call_names[ALL_CALLS] = {"commit the first page",
                                                  "commit some pages",
                                                  "decommit the first page",
                                                  "decommit all",
                                                  "release",
                                                  "reserve",
                                                  "reserve and commit",
                                                  "audit",
                                                  "decommit what is foreign",
                                                  "replace what is foreign by a block"};

static struct {
    struct world *world;
    char *base;
    unsigned made;
    unsigned released;

    /* Each call of the plan begins at a moment of the one before it. */
    enum call plan[DEPTH];
    unsigned freeze_at[DEPTH]; /* the moment of plan[i] at which plan[i + 1] begins */
    unsigned later_at;         /* the moment of plan[0] at which this one begins, if in_turn */
    enum call later;
    bool in_turn;
    unsigned planned;
    unsigned running; /* calls under way, each in the one before it */
    unsigned moments[DEPTH];
    bool at_accesses; /* else only at requests to the system */
    bool contradicted;
    bool told_falsely;
    pages_result result; /* of the call that ended last */
    uint64_t committed_after_release;
} stage;

static bool note_difference(void *found, const struct audit_difference *difference)
{
    *(bool *)found = true;
    return print_difference(NULL, difference);
}

static void look(void)
{
    struct region_facts facts;
    uint32_t cursor = 0;
    size_t committed;
    struct audit audit;

    audit_run(&stage.world->pages, &audit, note_difference, &stage.told_falsely);
    while (pages_next(&stage.world->pages, &cursor, &facts, &committed))
        if (facts.base != (uintptr_t)stage.base || facts.size != PAGES * PAGE ||
            committed > facts.size)
            stage.told_falsely = true;
}

#define HEAP 9u

static pages_result replace_by_block(void)
{
    struct pages_request request = {.address = stage.base,
                                    .size = PAGES * PAGE,
                                    .type = RESERVE_COMMIT,
                                    .protect = OS_PAGE_READWRITE,
                                    .node = OS_ANY_NODE,
                                    .heap = HEAP};
    void *memory;

    unwatched_os_free(stage.base, 0, OS_MEM_RELEASE);
    return try_request(stage.world, &request, &memory);
}

static void make_call(enum call call)
{
    pages_result result = PAGES_OK;
    char *memory;

    switch (call) {
    case PASS_DECOMMIT:
        result = pages_free_foreign(&stage.world->pages, stage.base, PAGE, OS_MEM_DECOMMIT);
        break;
    case REPLACE_BY_BLOCK:
        result = replace_by_block();
        break;
    case AUDIT:
        look();
        break;
    case COMMIT_FIRST:
        result = try_alloc(stage.world, stage.base, PAGE, OS_MEM_COMMIT, &memory);
        break;
    case COMMIT_SOME:
        result = try_alloc(stage.world, stage.base, 3 * PAGE, OS_MEM_COMMIT, &memory);
        break;
    case DECOMMIT_FIRST:
        result = try_free(stage.world, stage.base, PAGE, OS_MEM_DECOMMIT);
        break;
    case DECOMMIT_ALL:
        result = try_free(stage.world, stage.base, 0, OS_MEM_DECOMMIT);
        break;
    case RELEASE:
        result = try_free(stage.world, stage.base, 0, OS_MEM_RELEASE);
        stage.released += !result;
        stage.committed_after_release = gauge_now(&stage.world->pages.budget.committed.granted);
        break;
    case RESERVE:
        result = try_alloc(stage.world, stage.base, PAGES * PAGE, OS_MEM_RESERVE, &memory);
        stage.made += !result;
        break;
    default:
        result = try_alloc(stage.world, stage.base, PAGES * PAGE, RESERVE_COMMIT, &memory);
        stage.made += !result;
        break;
    }
    stage.contradicted |= result == PAGES_CONTRADICTED;
    stage.result = result;
}

static void run_call(enum call call)
{
    stage.moments[stage.running++] = 0;
    make_call(call);
    stage.running--;
}

/* Called where the innermost call can be frozen. */
static void could_freeze(void)
{
    unsigned level = stage.running - 1;
    unsigned now;

    if (!stage.running || stage.running == DEPTH)
        return;
    now = stage.moments[level]++;
    if (now == stage.freeze_at[level] && stage.running < stage.planned)
        run_call(stage.plan[stage.running]);
    if (now == stage.later_at && level == 0 && stage.in_turn)
        run_call(stage.later);
}

void moment(void)
{
    if (stage.at_accesses)
        could_freeze();
}

void system_call_begins(bool changes)
{
    (void)changes;
    could_freeze();
}

void system_call_ended(void)
{
    could_freeze();
}

/* ------------------------------------------------------------------------------------------------
 * Plans
 * --------------------------------------------------------------------------------------------- */

/* What is there when the first call begins. */
enum scene {
    NOTHING,
    RESERVED,
    PARTLY_COMMITTED,
    SCENES
};

static const char *const scene_names[SCENES] = {"nothing", "a reservation",
                                                "two committed pages of a reservation"};

static void set_scene(enum scene scene)
{
    stage.made = stage.released = 0;
    if (scene == NOTHING)
        return;
    alloc(stage.world, stage.base, PAGES * PAGE, OS_MEM_RESERVE);
    stage.made = 1;
    if (scene == PARTLY_COMMITTED)
        commit(stage.world, stage.base + PAGE, 2 * PAGE);
}

static bool is_exact(void)
{
    struct audit audit;

    audit_run(&stage.world->pages, &audit, note_difference, &stage.told_falsely);
    return !stage.told_falsely && audit.totals_compared && !audit.busy && !stage.contradicted &&
           stage.made - stage.released == gauge_now(&stage.world->counters.regions);
}

static void fail_plan(enum scene scene)
{
    print_error("with %s: %s", scene_names[scene], call_names[stage.plan[0]]);
    for (unsigned i = 1; i < stage.planned; i++)
        print_error(", frozen at %u; %s", stage.freeze_at[i - 1], call_names[stage.plan[i]]);
    if (stage.in_turn)
        print_error(", and the first frozen at %u; %s", stage.later_at, call_names[stage.later]);
    print_error(": %u made, %u released, %llu there\n", stage.made, stage.released,
                (unsigned long long)gauge_now(&stage.world->counters.regions));
    fail();
}

/* Runs the plan from the scene. Returns how many of its calls were frozen. */
static unsigned run_plan(enum scene scene)
{
    unsigned frozen = 0;

    set_scene(scene);
    for (unsigned i = 0; i < DEPTH; i++)
        stage.moments[i] = 0;
    run_call(stage.plan[0]);
    if (!is_exact())
        fail_plan(scene);
    while (frozen + 1 < stage.planned && stage.moments[frozen] > stage.freeze_at[frozen])
        frozen++;
    if (stage.made > stage.released)
        release(stage.world, stage.base);
    assert_books(stage.world, 0, 0, 0);
    assert_int_equal(system_at(stage.base).state, OS_MEM_FREE);
    return frozen;
}

/*
 * Freezes each call from `level` on, except for the last one, at each of its moments. Returns the
 * most that were frozen at once.
 */
static unsigned run_at_all_moments(enum scene scene, unsigned level)
{
    unsigned most = 0;

    if (level + 1 >= stage.planned)
        return run_plan(scene);
    for (stage.freeze_at[level] = 0;; stage.freeze_at[level]++) {
        unsigned frozen = run_at_all_moments(scene, level + 1);

        if (frozen > most)
            most = frozen;
        if (frozen <= level)
            return most; /* it has no such moment */
    }
}

/*
 * The same for a call that is frozen twice: at one moment the second call runs, at a later one the
 * third.
 */
static unsigned run_in_turn(enum scene scene)
{
    unsigned complete = 0;

    for (stage.freeze_at[0] = 0;; stage.freeze_at[0]++) {
        stage.later_at = stage.freeze_at[0];
        do {
            stage.later_at++;
            if (run_plan(scene) == 0)
                return complete;
            complete++;
        } while (stage.moments[0] > stage.later_at);
    }
}

static void find_base(struct world *world)
{
    stage.base = reserve(world, PAGES * PAGE);
    release(world, stage.base);
}

/*
 * Runs all plans of that many calls, of the first `kinds` kinds. Returns how many there were in
 * which all calls but the last were frozen.
 */
static unsigned run_all_plans(struct world *world, unsigned calls, unsigned kinds)
{
    unsigned plans = 1;
    unsigned complete = 0;

    stage.planned = 0;
    find_base(world);
    stage.planned = calls;
    for (unsigned i = 0; i < calls; i++)
        plans *= kinds;
    for (unsigned plan = 0; plan < plans; plan++) {
        unsigned code = plan;

        for (unsigned i = 0; i < calls; i++, code /= kinds)
            stage.plan[i] = (enum call)(code % kinds);
        for (enum scene scene = NOTHING; scene < SCENES; scene++)
            complete +=
                stage.in_turn ? run_in_turn(scene) : run_at_all_moments(scene, 0) == calls - 1;
    }
    stage.planned = 0;
    return complete;
}

static unsigned run_all_in_turn(struct world *world)
{
    unsigned complete = 0;

    stage.in_turn = true;
    for (unsigned later = 0; later < CALLS; later++) {
        stage.later = (enum call)later;
        complete += run_all_plans(world, 2, CALLS);
    }
    stage.in_turn = false;
    return complete;
}

/* ------------------------------------------------------------------------------------------------
 * Any call beside any other
 * --------------------------------------------------------------------------------------------- */

static void each_call_alone_leaves_exact_books(void **state)
{
    assert_true(run_all_plans(*state, 1, CALLS) > 0);
}

static void a_call_beside_one_that_is_frozen_anywhere_leaves_exact_books(void **state)
{
    stage.at_accesses = true;
    assert_true(run_all_plans(*state, 2, CALLS) > 0);
}

static void calls_in_turn_beside_one_that_is_frozen_in_requests_leave_exact_books(void **state)
{
    assert_true(run_all_in_turn(*state) > 0);
}

static void a_call_beside_two_that_are_frozen_in_requests_leaves_exact_books(void **state)
{
    assert_true(run_all_plans(*state, 3, CALLS) > 0);
}

static void a_call_beside_three_that_are_frozen_in_requests_leaves_exact_books(void **state)
{
    assert_true(run_all_plans(*state, 4, CALLERS_CALLS) > 0);
}

/* ------------------------------------------------------------------------------------------------
 * Requests for foreign memory that reach a region made meanwhile
 * --------------------------------------------------------------------------------------------- */

/* In a chunk where nothing has been committed yet, so that there are no bits. */
static void a_late_commit_in_a_chunk_without_bits_is_booked(void **state)
{
    find_base(*state);
    stage.plan[0] = COMMIT_FIRST;
    stage.plan[1] = RESERVE;
    stage.planned = 2;
    run_call(stage.plan[0]);
    assert_books(*state, 1, PAGES * PAGE, PAGE);
    release(*state, stage.base);
}

/*
 * A decommit of foreign memory at the base, frozen while the memory is replaced by a block. False:
 * there is no such moment.
 */
static bool pass_decommit_beside_replacement(struct world *world, unsigned freeze_at)
{
    size_t requested;
    void *memory;
    bool frozen;

    assert_int_equal(
        os_alloc(stage.base, PAGES * PAGE, RESERVE_COMMIT, OS_PAGE_READWRITE, OS_ANY_NODE, &memory),
        0);
    stage.freeze_at[0] = freeze_at;
    run_call(PASS_DECOMMIT);
    frozen = stage.moments[0] > freeze_at;
    if (frozen) {
        assert_exact(world);
        assert_int_equal(pages_release_block(&world->pages, stage.base, HEAP, &requested),
                         PAGES_OK);
    } else {
        assert_int_equal(system_at(stage.base).state, OS_MEM_RESERVE);
        assert_int_equal(os_free(stage.base, 0, OS_MEM_RELEASE), 0);
    }
    assert_books(world, 0, 0, 0);
    return frozen;
}

static void a_late_decommit_that_reaches_a_heaps_block_is_booked(void **state)
{
    unsigned moments = 0;

    find_base(*state);
    stage.plan[0] = PASS_DECOMMIT;
    stage.plan[1] = REPLACE_BY_BLOCK;
    stage.planned = 2;
    while (pass_decommit_beside_replacement(*state, moments))
        moments++;
    assert_true(moments > 0);
}

/* ------------------------------------------------------------------------------------------------
 * A decommit where nothing was ever committed
 * --------------------------------------------------------------------------------------------- */

/*
 * In a world of its own, so that there are no words to enter (activity.h): the decommit is frozen
 * while a commit makes them, and later while an audit looks. False: it has no such later moment.
 */
static bool decommit_beside_first_commit_and_audit(unsigned freeze_at, unsigned later_at)
{
    void *state;

    begin_world(&state);
    stage.world = state;
    find_base(state);
    stage.planned = 2;
    stage.freeze_at[0] = freeze_at;
    stage.later_at = later_at;
    run_plan(RESERVED);
    stage.planned = 0;
    end_world(&state);
    return stage.moments[0] > later_at;
}

static void an_audit_beside_a_decommit_that_found_no_words_tells_nothing(void **state)
{
    unsigned first = 0;

    stage.at_accesses = true;
    stage.in_turn = true;
    stage.plan[0] = DECOMMIT_ALL;
    stage.plan[1] = COMMIT_FIRST;
    stage.later = AUDIT;
    do {
        unsigned later = first + 1;

        while (decommit_beside_first_commit_and_audit(first, later))
            later++;
        first++;
    } while (stage.moments[0] > first);
    assert_true(first > 1);
    stage.world = *state;
}

/* ------------------------------------------------------------------------------------------------
 * Releases beside a frozen call
 * --------------------------------------------------------------------------------------------- */

/*
 * A commit frozen before its request to the system, and a release meanwhile. Returns the commit's
 * answer.
 */
static pages_result commit_beside_release(struct world *world)
{
    stage.released = 0;
    stage.base = reserve(world, PAGES * PAGE);
    commit(world, stage.base, 10 * PAGE);
    stage.plan[0] = COMMIT_FIRST;
    stage.plan[1] = RELEASE;
    stage.planned = 2;
    stage.freeze_at[0] = 0;
    run_call(stage.plan[0]);
    stage.planned = 0;
    return stage.result;
}

static void a_release_beside_a_frozen_call_takes_the_pages_away_at_once(void **state)
{
    commit_beside_release(*state);
    assert_int_equal(stage.committed_after_release, 0);
}

static void a_release_beside_a_frozen_call_is_done_when_that_has_ended(void **state)
{
    commit_beside_release(*state);
    assert_int_equal(stage.released, 1);
    assert_int_equal(system_at(stage.base).state, OS_MEM_FREE);
    assert_books(*state, 0, 0, 0);
}

/* ------------------------------------------------------------------------------------------------
 * Releases that the system refuses
 * --------------------------------------------------------------------------------------------- */

static void a_refused_release_leaves_the_region_as_it_was(void **state)
{
    struct world *world = *state;
    char *base = reserve(world, PAGES * PAGE);

    commit(world, base + 3 * PAGE, 5 * PAGE);
    refuse_releases(UINT_MAX);
    assert_int_equal(try_free(world, base, 0, OS_MEM_RELEASE), RELEASE_REFUSED);
    refuse_releases(0);
    assert_books(world, 1, PAGES * PAGE, 5 * PAGE);
    commit(world, base, PAGE);
    assert_books(world, 1, PAGES * PAGE, 6 * PAGE);
    release(world, base);
}

static void a_refused_release_that_an_operation_ended_leaves_exact_books(void **state)
{
    struct world *world = *state;

    refuse_releases(UINT_MAX);
    commit_beside_release(world);
    refuse_releases(0);
    assert_exact(world);
    assert_int_equal(gauge_now(&world->counters.regions), 1);
    release(world, stage.base);
}

/*
 * A release that the system refuses, frozen at a moment, and a commit meanwhile. False: there is no
 * such moment.
 */
static bool refused_release_beside_commit(struct world *world, unsigned freeze_at)
{
    bool frozen;

    stage.base = reserve(world, PAGES * PAGE);
    stage.plan[0] = RELEASE;
    stage.plan[1] = COMMIT_FIRST;
    stage.planned = 2;
    stage.freeze_at[0] = freeze_at;
    refuse_releases(UINT_MAX);
    run_call(stage.plan[0]);
    refuse_releases(0);
    frozen = stage.moments[0] > freeze_at;
    stage.planned = 0;
    assert_books(world, 1, PAGES * PAGE, frozen ? PAGE : 0);
    release(world, stage.base);
    return frozen;
}

static void a_commit_beside_a_refused_release_that_is_frozen_anywhere_is_booked(void **state)
{
    unsigned moments = 0;

    stage.at_accesses = true;
    while (refused_release_beside_commit(*state, moments))
        moments++;
    assert_true(moments > 0);
}

static int begin_stage(void **state)
{
    begin_world(state);
    memset(&stage, 0, sizeof(stage));
    stage.world = *state;
    return 0;
}

#define stage_test(test) cmocka_unit_test_setup_teardown(test, begin_stage, end_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        stage_test(each_call_alone_leaves_exact_books),
        stage_test(a_call_beside_one_that_is_frozen_anywhere_leaves_exact_books),
        stage_test(calls_in_turn_beside_one_that_is_frozen_in_requests_leave_exact_books),
        stage_test(a_call_beside_two_that_are_frozen_in_requests_leaves_exact_books),
        stage_test(a_call_beside_three_that_are_frozen_in_requests_leaves_exact_books),
        stage_test(a_late_commit_in_a_chunk_without_bits_is_booked),
        stage_test(a_late_decommit_that_reaches_a_heaps_block_is_booked),
        stage_test(an_audit_beside_a_decommit_that_found_no_words_tells_nothing),
        stage_test(a_release_beside_a_frozen_call_takes_the_pages_away_at_once),
        stage_test(a_release_beside_a_frozen_call_is_done_when_that_has_ended),
        stage_test(a_refused_release_leaves_the_region_as_it_was),
        stage_test(a_refused_release_that_an_operation_ended_leaves_exact_books),
        stage_test(a_commit_beside_a_refused_release_that_is_frozen_anywhere_is_booked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
