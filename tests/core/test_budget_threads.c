/*
 * test_budget_threads.c: the budget with threads that race for the last bytes: no byte is granted
 * twice, no limit is exceeded, and in the end exactly what is held is charged.
 */
#include "pages_world.h"

#define ROUNDS (is_long_form() ? 100000u : 20000u)

/* ------------------------------------------------------------------------------------------------
 * The last page
 * --------------------------------------------------------------------------------------------- */

#define OTHERS_PAGES 9 /* of the ten that the limit allows */

/*
 * A round lasts from the grant of the last page to its refund. A thread that asks meanwhile must be
 * refused. The test goes on until a thread has been.
 */
struct race {
    struct world *world; /* NULL: the budget alone */
    struct budget *budget;
    char *rooms[THREADS]; /* each racer's own reservation */
    _Atomic unsigned holders;
    _Atomic unsigned rounds;
    _Atomic unsigned losses;
    _Atomic unsigned wins_beside_a_winner;
    _Atomic unsigned wrong_sums;
};

static const struct budget_charge page = {.committed = PAGE};

static bool take_last_page(struct race *race, unsigned number)
{
    char *memory;

    if (race->world)
        return !try_alloc(race->world, race->rooms[number], PAGE, OS_MEM_COMMIT, &memory);
    if (!budget_ask(race->budget, page, BUDGET_APP_DOMAIN_CRITICAL))
        return false;
    budget_note(race->budget, page);
    return true;
}

static void give_last_page(struct race *race, unsigned number)
{
    if (race->world)
        try_free(race->world, race->rooms[number], PAGE, OS_MEM_DECOMMIT);
    else
        budget_refund(race->budget, page);
}

static void hold_last_page(struct race *race)
{
    const struct budget_kind *committed = &race->budget->committed;
    const uint64_t full = (OTHERS_PAGES + 1) * PAGE;

    if (atomic_fetch_add(&race->holders, 1))
        atomic_fetch_add(&race->wins_beside_a_winner, 1);
    if (atomic_load(&committed->charged) != full || gauge_now(&committed->granted) != full ||
        budget_ask(race->budget, page, BUDGET_APP_DOMAIN_CRITICAL))
        atomic_fetch_add(&race->wrong_sums, 1);
    atomic_fetch_sub(&race->holders, 1);
}

static void race_for_last_page(void *context, unsigned number)
{
    struct race *race = context;

    while ((race->rounds < ROUNDS || !race->losses) && !race->wrong_sums) {
        if (!take_last_page(race, number)) {
            atomic_fetch_add(&race->losses, 1);
            continue;
        }
        hold_last_page(race);
        atomic_fetch_add(&race->rounds, 1);
        give_last_page(race, number);
    }
}

static void run_race(struct race *race)
{
    const struct budget_charge others = {.committed = OTHERS_PAGES * PAGE};
    const struct budget_limit limit = {(OTHERS_PAGES + 1) * PAGE, 0, 0};
    struct budget_kind *committed = &race->budget->committed;

    budget_set_limit(committed, &limit);
    budget_force(race->budget, others);
    assert_true(take_last_page(race, 0)); /* else they would try for ever */
    give_last_page(race, 0);
    crew_run(race_for_last_page, race, THREADS);
    assert_int_equal(race->wins_beside_a_winner, 0);
    assert_int_equal(race->wrong_sums, 0);
    assert_int_equal(atomic_load(&committed->charged), OTHERS_PAGES * PAGE);
    assert_int_equal(gauge_now(&committed->granted), OTHERS_PAGES * PAGE);
    assert_int_equal(gauge_peak(&committed->granted), limit.limit);
    budget_refund(race->budget, others);
}

static void of_all_threads_that_ask_for_the_last_page_one_has_it(void **state)
{
    struct world *world = *state;
    struct race race = {.budget = &world->pages.budget};

    run_race(&race);
}

static void of_all_threads_that_commit_the_last_page_one_has_it(void **state)
{
    struct world *world = *state;
    struct race race = {.world = world, .budget = &world->pages.budget};

    for (unsigned i = 0; i < THREADS; i++)
        race.rooms[i] = reserve(world, PAGE);
    run_race(&race);
    assert_exact(world);
    for (unsigned i = 0; i < THREADS; i++)
        release(world, race.rooms[i]);
}

/* ------------------------------------------------------------------------------------------------
 * Limits that change
 * --------------------------------------------------------------------------------------------- */

/* With either setting app-domain-critical requests have the same bound. */
static const struct budget_limit settings[] = {{1000, 500, 0}, {1500, 0, 500}, {0, 1500, 10}};

struct turn {
    struct budget_kind *kind;
    _Atomic bool over;
    _Atomic unsigned looks;
    _Atomic unsigned mixtures;
};

static void set_or_look(void *context, unsigned number)
{
    struct turn *turn = context;

    if (number == 0) {
        for (unsigned i = 0; i < 20000 || turn->looks < 1000; i++)
            budget_set_limit(turn->kind, &settings[i % COUNT_OF(settings)]);
        turn->over = true;
        return;
    }
    while (!turn->over) {
        if (budget_bound(turn->kind, BUDGET_APP_DOMAIN_CRITICAL) != 1500)
            atomic_fetch_add(&turn->mixtures, 1);
        atomic_fetch_add(&turn->looks, 1);
    }
}

static void a_request_goes_by_no_mixture_of_two_settings(void **state)
{
    struct world *world = *state;
    struct turn turn = {.kind = &world->pages.budget.committed};

    budget_set_limit(turn.kind, &settings[0]);
    crew_run(set_or_look, &turn, 3);
    assert_int_equal(turn.mixtures, 0);
}

/* ------------------------------------------------------------------------------------------------
 * A crowd in narrow limits
 * --------------------------------------------------------------------------------------------- */

#define LOWEST_PAGES 60u
#define HIGHEST_PAGES 160u /* of any level under any limit that is ever set */
#define RESERVABLE_PAGES 640u
#define ROOMS 8
#define STEPS (is_long_form() ? 4000 : 1000)

struct crowd {
    struct world *world;
    _Atomic uint64_t held; /* committed bytes that their owners know for certain to hold */
    _Atomic unsigned working;
    _Atomic unsigned served;
    _Atomic unsigned refused[BUDGET_LEVELS];
    _Atomic unsigned passed; /* limits */
    _Atomic unsigned failures;
    _Atomic unsigned looks;
};

/* A region of one thread, in which no other thread commits or decommits. */
struct room {
    char *base; /* NULL: none */
    size_t pages;
    bool committed[32];
};

static void look_at_sums(struct crowd *crowd)
{
    const struct budget *budget = &crowd->world->pages.budget;

    if (atomic_load(&budget->committed.charged) > HIGHEST_PAGES * PAGE ||
        atomic_load(&budget->reserved.charged) > RESERVABLE_PAGES * PAGE ||
        atomic_load(&crowd->held) > HIGHEST_PAGES * PAGE)
        atomic_fetch_add(&crowd->passed, 1);
    atomic_fetch_add(&crowd->looks, 1);
}

static pages_result ask_for(struct crowd *crowd, void *address, size_t pages, uint32_t type,
                            struct chance *chance, char **memory)
{
    struct pages_request request = {.address = address,
                                    .size = pages * PAGE,
                                    .type = type,
                                    .protect = OS_PAGE_READWRITE,
                                    .node = OS_ANY_NODE,
                                    .critical_level = (uint32_t)chance_below(chance, BUDGET_LEVELS),
                                    .guard =
                                        type == RESERVE_COMMIT && chance_below(chance, 4) == 0};
    void *made;
    pages_result result = try_request(crowd->world, &request, &made);

    *memory = made;
    if (result == PAGES_REFUSED)
        atomic_fetch_add(&crowd->refused[request.critical_level], 1);
    else if (result)
        atomic_fetch_add(&crowd->failures, 1);
    else
        atomic_fetch_add(&crowd->served, 1);
    return result;
}

/* How many pages of the region its owner has committed. */
static size_t count_committed(const struct room *room)
{
    size_t count = 0;

    for (size_t i = 0; i < room->pages; i++)
        count += room->committed[i];
    return count;
}

static void set_committed(struct crowd *crowd, struct room *room, size_t first, size_t count,
                          bool committed)
{
    size_t before = count_committed(room);

    for (size_t i = first; i < first + count; i++)
        room->committed[i] = committed;
    atomic_fetch_add(&crowd->held, (count_committed(room) - before) * PAGE);
}

static void make_room(struct crowd *crowd, struct room *room, struct chance *chance)
{
    uint32_t type = chance_below(chance, 2) ? RESERVE_COMMIT : OS_MEM_RESERVE;
    struct region_facts facts;
    size_t committed;

    *room = (struct room){.pages = 1 + chance_below(chance, COUNT_OF(room->committed))};
    if (ask_for(crowd, NULL, room->pages, type, chance, &room->base) ||
        !pages_find(&crowd->world->pages, room->base, &facts, &committed))
        return;
    set_committed(crowd, room, 0, committed / PAGE, true); /* all but a guard page */
}

static void commit_or_decommit(struct crowd *crowd, struct room *room, struct chance *chance)
{
    size_t first = chance_below(chance, room->pages);
    size_t count = 1 + chance_below(chance, room->pages - first);
    char *address = room->base + first * PAGE;
    char *memory;

    if (chance_below(chance, 3)) {
        if (!ask_for(crowd, address, count, OS_MEM_COMMIT, chance, &memory))
            set_committed(crowd, room, first, count, true);
        return;
    }
    set_committed(crowd, room, first, count, false); /* first: another thread may get them then */
    if (try_free(crowd->world, address, count * PAGE, OS_MEM_DECOMMIT))
        atomic_fetch_add(&crowd->failures, 1);
}

static void leave_room(struct crowd *crowd, struct room *room)
{
    set_committed(crowd, room, 0, room->pages, false);
    if (try_free(crowd->world, room->base, 0, OS_MEM_RELEASE))
        atomic_fetch_add(&crowd->failures, 1);
    room->base = NULL;
}

static void live_in_rooms(struct crowd *crowd, struct chance *chance, unsigned number)
{
    struct room rooms[ROOMS] = {{NULL, 0, {false}}};

    for (int step = 0; step < STEPS; step++) {
        struct room *room = &rooms[chance_below(chance, ROOMS)];

        if (!room->base)
            make_room(crowd, room, chance);
        else if (chance_below(chance, 6))
            commit_or_decommit(crowd, room, chance);
        else
            leave_room(crowd, room);
        look_at_sums(crowd);
    }
    for (size_t i = 0; i < ROOMS; i++)
        if (rooms[i].base && (i + number) % 2)
            leave_room(crowd, &rooms[i]);
    atomic_fetch_sub(&crowd->working, 1);
}

/* No setting has a higher bound than this one. */
static void move_limit(struct crowd *crowd, struct chance *chance)
{
    uint64_t limit = LOWEST_PAGES + chance_below(chance, HIGHEST_PAGES - LOWEST_PAGES + 1);
    uint64_t app_domain = chance_below(chance, HIGHEST_PAGES - limit + 1);

    budget_set_limit(&crowd->world->pages.budget.committed,
                     &(struct budget_limit){limit * PAGE, app_domain * PAGE,
                                            (HIGHEST_PAGES - limit - app_domain) * PAGE});
}

static void live_or_rule(void *context, unsigned number)
{
    struct crowd *crowd = context;
    struct chance chance = {number * 7919 + 1};

    if (number < THREADS) {
        live_in_rooms(crowd, &chance, number);
        return;
    }
    while (crowd->working) {
        if (number == THREADS)
            move_limit(crowd, &chance);
        look_at_sums(crowd);
    }
}

static void release_all(struct world *world)
{
    struct region_facts facts;
    uint32_t cursor = 0;
    size_t committed;

    while (pages_next(&world->pages, &cursor, &facts, &committed))
        release(world, (char *)facts.base);
}

static void a_crowd_never_passes_limits_that_move_and_is_charged_for_what_it_holds(void **state)
{
    struct world *world = *state;
    struct crowd crowd = {.world = world, .working = THREADS};
    struct chance chance = {1};

    move_limit(&crowd, &chance);
    budget_set_limit(&world->pages.budget.reserved,
                     &(struct budget_limit){(RESERVABLE_PAGES - 60) * PAGE, 40 * PAGE, 20 * PAGE});
    crew_run(live_or_rule, &crowd, THREADS + 2);
    assert_int_equal(crowd.passed, 0);
    assert_int_equal(crowd.failures, 0);
    assert_exact(world);
    assert_int_equal(gauge_now(&world->pages.budget.committed.granted), crowd.held);
    assert_true(crowd.served > 0);
    for (unsigned level = 0; level < BUDGET_LEVELS; level++)
        assert_true(crowd.refused[level] > 0); /* else there was no need to */
    release_all(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(of_all_threads_that_ask_for_the_last_page_one_has_it),
        world_test(of_all_threads_that_commit_the_last_page_one_has_it),
        world_test(a_request_goes_by_no_mixture_of_two_settings),
        world_test(a_crowd_never_passes_limits_that_move_and_is_charged_for_what_it_holds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
