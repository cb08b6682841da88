/*
 * test_pages_frozen.c: a call is frozen before or after one of its requests to the system, and
 * another call runs from beginning to end meanwhile, or is frozen in its turn. Since nobody waits
 * for anybody, the others can run in the frozen call's own thread, out of the request: so each
 * interleaving is had exactly, every time.
 *
 * The linker leads the core's requests to the system through here (--wrap).
 */
#include "pages_world.h"

uint32_t __real_os_alloc(void *address, size_t size, uint32_t type, uint32_t protect, uint32_t node,
                         void **memory);
uint32_t __wrap_os_alloc(void *address, size_t size, uint32_t type, uint32_t protect, uint32_t node,
                         void **memory);
uint32_t __real_os_free(void *address, size_t size, uint32_t type);
uint32_t __wrap_os_free(void *address, size_t size, uint32_t type);
bool __real_os_query_range(uintptr_t address, struct os_range *range);
bool __wrap_os_query_range(uintptr_t address, struct os_range *range);

/* ------------------------------------------------------------------------------------------------
 * The stage: calls on one address, each frozen at a moment of its own
 * --------------------------------------------------------------------------------------------- */

#define PAGES 20
#define DEPTH 4

enum call {
    COMMIT_FIRST,
    COMMIT_SOME,
    DECOMMIT_FIRST,
    DECOMMIT_ALL,
    RELEASE,
    RESERVE,
    RESERVE_AND_COMMIT,
    CALLS
};

static const char *const call_names[CALLS] = {
    "commit the first page", "commit some pages", "decommit the first page",
    "decommit all",          "release",           "reserve",
    "reserve and commit"};

static struct {
    struct world *world;
    char *base;
    unsigned made;
    unsigned released;

    /* Each call of the plan begins at a moment of the one before it. */
    enum call plan[DEPTH];
    unsigned freeze_at[DEPTH]; /* the moment of plan[i] at which plan[i + 1] begins */
    unsigned planned;
    unsigned running; /* calls under way, each in the one before it */
    unsigned moments[DEPTH];
    bool contradicted;
} stage;

static void make_call(enum call call)
{
    pages_result result;
    char *memory;

    switch (call) {
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
}

static void run_next_call(void)
{
    unsigned level = stage.running++;

    stage.moments[level] = 0;
    make_call(stage.plan[level]);
    stage.running--;
}

/* A moment of the innermost call. */
static void moment(void)
{
    unsigned level = stage.running - 1;

    if (!stage.running || stage.moments[level]++ != stage.freeze_at[level])
        return;
    if (stage.running < stage.planned)
        run_next_call();
}

uint32_t __wrap_os_alloc(void *address, size_t size, uint32_t type, uint32_t protect, uint32_t node,
                         void **memory)
{
    uint32_t error;

    moment();
    error = __real_os_alloc(address, size, type, protect, node, memory);
    moment();
    return error;
}

uint32_t __wrap_os_free(void *address, size_t size, uint32_t type)
{
    uint32_t error;

    moment();
    error = __real_os_free(address, size, type);
    moment();
    return error;
}

bool __wrap_os_query_range(uintptr_t address, struct os_range *range)
{
    bool known;

    moment();
    known = __real_os_query_range(address, range);
    moment();
    return known;
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

static bool note_difference(void *found, const struct audit_difference *difference)
{
    *(bool *)found = true;
    return print_difference(NULL, difference);
}

static bool is_exact(void)
{
    bool found = false;
    struct audit audit;

    audit_run(&stage.world->pages, &audit, note_difference, &found);
    return !found && audit.totals_compared && !audit.busy && !stage.contradicted &&
           stage.made - stage.released == gauge_now(&stage.world->record.regions);
}

static void fail_plan(enum scene scene)
{
    print_error("with %s: %s", scene_names[scene], call_names[stage.plan[0]]);
    for (unsigned i = 1; i < stage.planned; i++)
        print_error(", frozen at %u; %s", stage.freeze_at[i - 1], call_names[stage.plan[i]]);
    print_error(": %u made, %u released, %llu there\n", stage.made, stage.released,
                (unsigned long long)gauge_now(&stage.world->record.regions));
    fail();
}

/* Runs the plan from the scene; how many calls in it were frozen. */
static unsigned run_plan(enum scene scene)
{
    unsigned frozen = 0;

    set_scene(scene);
    for (unsigned i = 0; i < DEPTH; i++)
        stage.moments[i] = 0;
    run_next_call();
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

/* Freezes each call from `level` on, but the last, at each of its moments. The most that froze. */
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
 * A commit at an address that is nobody's when it is asked about is the system's affair, whoever it
 * belongs to when the system commits: such plans are left out.
 */
static bool may_commit_what_it_does_not_own(void)
{
    bool commits = false;
    bool makes = false;

    for (unsigned i = 0; i < stage.planned; i++) {
        commits = commits || stage.plan[i] == COMMIT_FIRST || stage.plan[i] == COMMIT_SOME;
        makes = makes || stage.plan[i] == RESERVE || stage.plan[i] == RESERVE_AND_COMMIT;
    }
    return commits && makes;
}

/* All plans of so many calls; how many there were in which all calls but the last froze. */
static unsigned run_all_plans(struct world *world, unsigned calls)
{
    unsigned plans = 1;
    unsigned complete = 0;

    stage.world = world;
    stage.planned = calls;
    stage.base = reserve(world, PAGES * PAGE);
    release(world, stage.base);
    for (unsigned i = 0; i < calls; i++)
        plans *= CALLS;
    for (unsigned plan = 0; plan < plans; plan++) {
        unsigned code = plan;

        for (unsigned i = 0; i < calls; i++, code /= CALLS)
            stage.plan[i] = (enum call)(code % CALLS);
        for (enum scene scene = NOTHING; scene < SCENES && !may_commit_what_it_does_not_own();
             scene++)
            complete += run_at_all_moments(scene, 0) == calls - 1;
    }
    stage.planned = 0;
    return complete;
}

/* ------------------------------------------------------------------------------------------------
 * Tests
 * --------------------------------------------------------------------------------------------- */

static void each_call_alone_leaves_exact_books(void **state)
{
    assert_true(run_all_plans(*state, 1) > 0);
}

static void a_call_that_runs_while_another_is_frozen_leaves_exact_books(void **state)
{
    assert_true(run_all_plans(*state, 2) > 0);
}

static void a_call_that_runs_while_two_are_frozen_leaves_exact_books(void **state)
{
    assert_true(run_all_plans(*state, 3) > 0);
}

static void a_call_that_runs_while_three_are_frozen_leaves_exact_books(void **state)
{
    assert_true(run_all_plans(*state, 4) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(each_call_alone_leaves_exact_books),
        world_test(a_call_that_runs_while_another_is_frozen_leaves_exact_books),
        world_test(a_call_that_runs_while_two_are_frozen_leaves_exact_books),
        world_test(a_call_that_runs_while_three_are_frozen_leaves_exact_books),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
