/*
 * test_pages_threads.c: races of pages: of several releases one wins, the books are exact once all
 * calls have returned, nothing false is reported meanwhile, and a frozen thread keeps no other
 * thread's call from returning.
 */
#include "pages_world.h"

#include <signal.h>

#define ROUNDS (is_long_form() ? 6000 : 2000)

/* ------------------------------------------------------------------------------------------------
 * Slots: addresses that threads fight over
 * --------------------------------------------------------------------------------------------- */

#define SLOTS 3
#define SLOT_PAGES 24
#define SLOT_SIZE (2 * GRANULE)

struct arena {
    struct world *world;
    char *slots[SLOTS];
    _Atomic unsigned made;
    _Atomic unsigned released;
    _Atomic unsigned contradicted;
    _Atomic unsigned working;
    _Atomic unsigned differences;
    _Atomic unsigned audited; /* regions */
    _Atomic unsigned torn;
};

static void find_slots(struct arena *arena)
{
    void *memory;

    assert_int_equal(
        os_alloc(NULL, SLOTS * SLOT_SIZE, OS_MEM_RESERVE, OS_PAGE_READWRITE, OS_ANY_NODE, &memory),
        0);
    assert_int_equal(os_free(memory, 0, OS_MEM_RELEASE), 0);
    for (size_t i = 0; i < SLOTS; i++)
        arena->slots[i] = (char *)memory + i * SLOT_SIZE;
}

static void judge(struct arena *arena, pages_result result)
{
    if (result == PAGES_CONTRADICTED)
        atomic_fetch_add(&arena->contradicted, 1);
}

static void try_to_make(struct arena *arena, char *slot, struct chance *chance)
{
    uint32_t type = OS_MEM_RESERVE | (uint32_t)chance_below(chance, 2) * OS_MEM_COMMIT;
    size_t size = (1 + chance_below(chance, SLOT_PAGES)) * PAGE;
    char *memory;
    pages_result result = try_alloc(arena->world, slot, size, type, &memory);

    judge(arena, result);
    if (!result)
        atomic_fetch_add(&arena->made, 1);
}

/* By the time the system is asked, the address may belong to any region, or to none. */
static void try_to_commit(struct arena *arena, char *address, size_t size)
{
    char *memory;

    judge(arena, try_alloc(arena->world, address, size, OS_MEM_COMMIT, &memory));
}

static void try_to_release(struct arena *arena, char *slot)
{
    pages_result result = try_free(arena->world, slot, 0, OS_MEM_RELEASE);

    judge(arena, result);
    if (!result)
        atomic_fetch_add(&arena->released, 1);
}

static void do_something(struct arena *arena, struct chance *chance)
{
    char *slot = arena->slots[chance_below(chance, SLOTS - 1)]; /* the last is left in peace */
    char *address = slot + chance_below(chance, SLOT_PAGES) * PAGE;
    size_t size = (1 + chance_below(chance, 8)) * PAGE;

    switch (chance_below(chance, 8)) {
    case 0:
    case 1:
        try_to_make(arena, slot, chance);
        break;
    case 2:
        try_to_release(arena, slot);
        break;
    case 3:
        judge(arena, try_free(arena->world, slot, 0, OS_MEM_DECOMMIT));
        break;
    case 4:
    case 5:
        judge(arena, try_free(arena->world, address, size, OS_MEM_DECOMMIT));
        break;
    default:
        try_to_commit(arena, address, size);
        break;
    }
}

/* All calls have returned. */
static void check_and_clear(struct arena *arena)
{
    assert_int_equal(arena->contradicted, 0);
    assert_int_equal(gauge_now(&arena->world->counters.regions), arena->made - arena->released);
    assert_exact(arena->world);
    for (size_t i = 0; i < SLOTS; i++) {
        bool live = try_free(arena->world, arena->slots[i], 0, OS_MEM_RELEASE) == PAGES_OK;

        arena->released += live;
        assert_int_equal(system_at(arena->slots[i]).state, OS_MEM_FREE);
    }
    assert_int_equal(arena->made, arena->released);
    assert_books(arena->world, 0, 0, 0);
}

/* ------------------------------------------------------------------------------------------------
 * The fight
 * --------------------------------------------------------------------------------------------- */

static bool count_difference(void *context, const struct audit_difference *difference)
{
    struct arena *arena = context;

    atomic_fetch_add(&arena->differences, 1);
    return print_difference(NULL, difference);
}

static void enumerate(struct arena *arena)
{
    struct region_facts facts;
    uint32_t cursor = 0;
    size_t committed;

    while (pages_next(&arena->world->pages, &cursor, &facts, &committed)) {
        uintptr_t offset = facts.base - (uintptr_t)arena->slots[0];

        if (offset % SLOT_SIZE || offset / SLOT_SIZE >= SLOTS || facts.size > SLOT_PAGES * PAGE)
            atomic_fetch_add(&arena->torn, 1);
    }
}

static void watch(struct arena *arena)
{
    struct audit audit;

    do {
        enumerate(arena);
        audit_run(&arena->world->pages, &audit, count_difference, arena);
        atomic_fetch_add(&arena->audited, (unsigned)audit.regions);
    } while (arena->working);
}

static void fight_or_watch(void *context, unsigned number)
{
    struct arena *arena = context;
    struct chance chance = {number * 7919 + 1};

    if (number >= THREADS) {
        watch(arena);
        return;
    }
    for (int i = 0; i < ROUNDS; i++)
        do_something(arena, &chance);
    atomic_fetch_sub(&arena->working, 1);
}

static void a_fight_over_addresses_leaves_exact_books_and_one_winner_a_release(void **state)
{
    struct arena arena = {.world = *state, .working = THREADS};

    find_slots(&arena);
    crew_run(fight_or_watch, &arena, THREADS);
    assert_true(arena.released > 0);
    check_and_clear(&arena);
}

static void enumeration_and_audit_tell_nothing_false_meanwhile(void **state)
{
    struct arena arena = {.world = *state, .working = THREADS, .made = 1};

    find_slots(&arena);
    /* However busy the other regions are, no call works on this one. */
    alloc(arena.world, arena.slots[SLOTS - 1], PAGE, RESERVE_COMMIT);
    crew_run(fight_or_watch, &arena, THREADS + 2);
    assert_int_equal(arena.differences, 0);
    assert_int_equal(arena.torn, 0);
    assert_true(arena.audited > 0);
    check_and_clear(&arena);
}

/* ------------------------------------------------------------------------------------------------
 * Each in its own regions
 * --------------------------------------------------------------------------------------------- */

struct tenants {
    struct world *world;
    _Atomic unsigned failures;
};

static void expect(struct tenants *tenants, bool holds)
{
    if (!holds)
        atomic_fetch_add(&tenants->failures, 1);
}

/* A write by another thread would show in the pages, and to the sanitizer. */
static void live_in_own_regions(void *context, unsigned number)
{
    struct tenants *tenants = context;
    struct world *world = tenants->world;

    for (unsigned i = 0; i < 1500; i++) {
        size_t pages = 1 + i % 40;
        char mark = (char)(number + 1);
        char *base, *memory;

        expect(tenants, !try_alloc(world, NULL, pages * PAGE, OS_MEM_RESERVE, &base));
        expect(tenants, !try_alloc(world, base, pages * PAGE, OS_MEM_COMMIT, &memory));
        for (size_t page = 0; page < pages; page++) {
            expect(tenants, base[page * PAGE] == 0);
            base[page * PAGE] = mark;
        }
        expect(tenants, !try_free(world, base + pages / 2 * PAGE, PAGE, OS_MEM_DECOMMIT));
        expect(tenants, !try_alloc(world, base + pages / 2 * PAGE, 1, OS_MEM_COMMIT, &memory));
        for (size_t page = 0; page < pages; page++)
            expect(tenants, base[page * PAGE] == (page == pages / 2 ? 0 : mark));
        expect(tenants, !try_free(world, base, 0, OS_MEM_RELEASE));
    }
}

static void threads_in_regions_of_their_own_do_not_meet(void **state)
{
    struct tenants tenants = {.world = *state};

    crew_run(live_in_own_regions, &tenants, THREADS);
    assert_int_equal(tenants.failures, 0);
    assert_books(*state, 0, 0, 0);
}

/* ------------------------------------------------------------------------------------------------
 * Releases at once
 * --------------------------------------------------------------------------------------------- */

struct duel {
    struct world *world;
    pthread_barrier_t barrier;
    char *base;
    _Atomic unsigned winners;
    _Atomic unsigned losers;
    _Atomic unsigned wrong_rounds;
    _Atomic unsigned left_over;
    bool others_work; /* all but two threads commit and decommit meanwhile */
};

static void count_release(struct duel *duel)
{
    pages_result result = try_free(duel->world, duel->base, 0, OS_MEM_RELEASE);

    if (result == PAGES_OK)
        atomic_fetch_add(&duel->winners, 1);
    if (result == PAGES_FOREIGN)
        atomic_fetch_add(&duel->losers, 1);
}

static void work_in_it(struct duel *duel, struct chance *chance)
{
    for (int i = 0; i < 6; i++) {
        char *address = duel->base + chance_below(chance, 16) * PAGE;
        char *memory;

        if (chance_below(chance, 2))
            try_alloc(duel->world, address, PAGE, OS_MEM_COMMIT, &memory);
        else
            try_free(duel->world, address, PAGE, OS_MEM_DECOMMIT);
    }
}

/* After the barrier all calls have returned: the region must be gone from system and books. */
static void end_round(struct duel *duel, unsigned releasers)
{
    if (duel->winners != 1 || duel->winners + duel->losers != releasers)
        atomic_fetch_add(&duel->wrong_rounds, 1);
    if (system_at(duel->base).state != OS_MEM_FREE || gauge_now(&duel->world->counters.regions) ||
        gauge_now(&duel->world->pages.budget.reserved.granted) ||
        gauge_now(&duel->world->pages.budget.committed.granted))
        atomic_fetch_add(&duel->left_over, 1);
    duel->winners = duel->losers = 0;
}

static void duel_for_releases(void *context, unsigned number)
{
    struct duel *duel = context;
    unsigned releasers = duel->others_work ? 2 : THREADS;
    struct chance chance = {number + 1};

    for (int round = 0; round < 400; round++) {
        if (number == 0)
            try_alloc(duel->world, NULL, GRANULE, RESERVE_COMMIT, &duel->base);
        pthread_barrier_wait(&duel->barrier);
        if (number < releasers)
            count_release(duel);
        else
            work_in_it(duel, &chance);
        pthread_barrier_wait(&duel->barrier);
        if (number == 0)
            end_round(duel, releasers);
    }
}

static void run_duel(struct duel *duel)
{
    assert_int_equal(pthread_barrier_init(&duel->barrier, NULL, THREADS), 0);
    crew_run(duel_for_releases, duel, THREADS);
    pthread_barrier_destroy(&duel->barrier);
    assert_int_equal(duel->wrong_rounds, 0);
    assert_int_equal(duel->left_over, 0);
}

static void of_all_threads_that_release_a_region_one_wins(void **state)
{
    struct duel duel = {.world = *state};

    run_duel(&duel);
}

static void a_release_under_way_ends_with_the_last_operation(void **state)
{
    struct duel duel = {.world = *state, .others_work = true};

    run_duel(&duel);
}

/* ------------------------------------------------------------------------------------------------
 * Frozen threads: a signal stops the worker between any two instructions of its own, though never
 * inside the stand-in for the kernel, and holds it there.
 * --------------------------------------------------------------------------------------------- */

static _Atomic bool is_frozen;
static _Atomic bool may_go_on;

static void freeze(int signal_number)
{
    (void)signal_number;
    atomic_store(&is_frozen, true);
    while (!atomic_load(&may_go_on))
        ;
    atomic_store(&is_frozen, false);
}

struct ice {
    struct arena arena;
    pthread_t worker;
    _Atomic bool has_worker;
    _Atomic bool over;
};

/* With the worker frozen, all calls come back; if they did not, the test would never end. */
static void work_beside_the_frozen(struct ice *ice, struct chance *chance)
{
    struct audit audit;

    atomic_store(&may_go_on, false);
    pthread_kill(ice->worker, SIGUSR1);
    while (!atomic_load(&is_frozen))
        ;
    for (int i = 0; i < 40; i++)
        do_something(&ice->arena, chance);
    audit_run(&ice->arena.world->pages, &audit, count_difference, &ice->arena);
    enumerate(&ice->arena);
    atomic_store(&may_go_on, true);
    while (atomic_load(&is_frozen))
        ;
}

static void freeze_or_be_frozen(void *context, unsigned number)
{
    struct ice *ice = context;
    struct chance chance = {number + 1};

    if (number == 0) {
        ice->worker = pthread_self();
        atomic_store(&ice->has_worker, true);
        while (!atomic_load(&ice->over))
            do_something(&ice->arena, &chance);
        return;
    }
    while (!atomic_load(&ice->has_worker))
        ;
    for (int i = 0; i < 1000; i++)
        work_beside_the_frozen(ice, &chance);
    atomic_store(&ice->over, true);
}

static void a_frozen_thread_keeps_nobody_from_going_on(void **state)
{
    struct ice ice = {.arena = {.world = *state}};
    struct sigaction action = {.sa_handler = freeze};
    struct sigaction before;

    find_slots(&ice.arena);
    assert_int_equal(sigaction(SIGUSR1, &action, &before), 0);
    crew_run(freeze_or_be_frozen, &ice, 2);
    sigaction(SIGUSR1, &before, NULL);
    assert_int_equal(ice.arena.differences, 0);
    assert_int_equal(ice.arena.torn, 0);
    check_and_clear(&ice.arena);
}

/* ------------------------------------------------------------------------------------------------
 * One huge region
 * --------------------------------------------------------------------------------------------- */

#define HUGE_SIZE ((size_t)64 << 30)
#define BUSY_SIZE (2 * GRANULE)

struct huge {
    struct world *world;
    char *base;
    char *wrong; /* a page that only the system has committed */
    _Atomic bool over;
    unsigned audits;
    struct audit audit;
    uintptr_t told;
};

static bool note_address(void *context, const struct audit_difference *difference)
{
    struct huge *huge = context;

    huge->told = difference->address;
    return true;
}

static void audit_on_and_on(struct huge *huge)
{
    for (huge->audits = 0; huge->audits < 50; huge->audits++) {
        huge->told = 0;
        if (!audit_run(&huge->world->pages, &huge->audit, note_address, huge) ||
            huge->told != (uintptr_t)huge->wrong || huge->audit.differences != 1 ||
            huge->audit.busy_bytes > 3 * BUSY_SIZE)
            break;
    }
    atomic_store(&huge->over, true);
}

/* The first thread audits; each other one commits and decommits pages of its own. */
static void work_in_huge_region(void *context, unsigned number)
{
    struct huge *huge = context;
    char *pages = huge->base + number * (HUGE_SIZE / 4);

    if (!number) {
        audit_on_and_on(huge);
        return;
    }
    while (!atomic_load(&huge->over)) {
        commit(huge->world, pages, BUSY_SIZE);
        decommit(huge->world, pages, BUSY_SIZE);
    }
}

static void all_but_the_busy_granules_of_a_huge_region_is_compared(void **state)
{
    struct world *world = *state;
    struct huge huge = {.world = world, .base = reserve(world, HUGE_SIZE)};
    void *memory;

    huge.wrong = huge.base + HUGE_SIZE / 2 + 5 * CHUNK_SIZE;
    commit(world, huge.wrong - PAGE, PAGE);
    assert_int_equal(
        os_alloc(huge.wrong, PAGE, OS_MEM_COMMIT, OS_PAGE_READWRITE, OS_ANY_NODE, &memory), 0);
    crew_run(work_in_huge_region, &huge, 4);
    assert_int_equal(huge.audits, 50);
    assert_int_equal(huge.audit.regions, 1);
    assert_true(huge.audit.reserved >= HUGE_SIZE - 3 * BUSY_SIZE);
    assert_int_equal(os_free(huge.wrong, PAGE, OS_MEM_DECOMMIT), 0);
    assert_exact(world);
    release(world, huge.base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(threads_in_regions_of_their_own_do_not_meet),
        world_test(a_fight_over_addresses_leaves_exact_books_and_one_winner_a_release),
        world_test(enumeration_and_audit_tell_nothing_false_meanwhile),
        world_test(of_all_threads_that_release_a_region_one_wins),
        world_test(all_but_the_busy_granules_of_a_huge_region_is_compared),
        world_test(a_release_under_way_ends_with_the_last_operation),
        world_test(a_frozen_thread_keeps_nobody_from_going_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
