/*
 * test_sections_threads.c: threads that make, duplicate, map, commit, unmap and close at once: no
 * limit is exceeded, and nothing is left once all is closed. ThreadSanitizer runs it, too.
 */
#include "sections_world.h"

#define ROUNDS (is_long_form() ? 20000u : 2000u)
#define VIEW_SLOTS 4
#define HANDLE_SLOTS 6
#define SHARED_SIZE (8 * GRANULE)
#define LIMIT (200 * PAGE)

struct arena {
    struct world *world;
    _Atomic uintptr_t handles[HANDLE_SLOTS]; /* 0: none */
    _Atomic(char *) views[VIEW_SLOTS];       /* of shared sections */
    _Atomic unsigned next_handle;
    _Atomic unsigned committed;
    _Atomic unsigned handed_on;
};

/* The system never gives an open handle's value to another: here none comes twice. */
static uintptr_t new_handle(struct arena *arena)
{
    return 4 * ((uintptr_t)atomic_fetch_add(&arena->next_handle, 1) + 1);
}

static void put_handle(struct arena *arena, size_t slot, uintptr_t handle)
{
    uintptr_t before = atomic_exchange(&arena->handles[slot], handle);

    if (before)
        close_handle(arena->world, before);
}

static void put_view(struct arena *arena, size_t slot, char *view)
{
    char *before = atomic_exchange(&arena->views[slot], view);

    if (before && unmap(arena->world, before) == VIEW_HANDED_ON)
        atomic_fetch_add(&arena->handed_on, 1);
}

static void make_one(struct arena *arena, struct chance *chance)
{
    uintptr_t handle = new_handle(arena);
    bool reserved = chance_below(chance, 4) != 0;

    if (!try_section(arena->world, SHARED_SIZE, reserved, handle))
        put_handle(arena, chance_below(chance, HANDLE_SLOTS), handle);
}

/* Another thread may close the handle at any time. */
static void duplicate_one(struct arena *arena, struct chance *chance)
{
    uintptr_t from = atomic_load(&arena->handles[chance_below(chance, HANDLE_SLOTS)]);
    uintptr_t to = new_handle(arena);

    if (from && duplicate_handle(arena->world, from, to))
        put_handle(arena, chance_below(chance, HANDLE_SLOTS), to);
}

static void map_one(struct arena *arena, struct chance *chance)
{
    uintptr_t handle = atomic_load(&arena->handles[chance_below(chance, HANDLE_SLOTS)]);
    size_t first = chance_below(chance, 4) * GRANULE;
    char *view = handle ? try_map(arena->world, handle, first, SHARED_SIZE - first, NULL) : NULL;

    if (view)
        put_view(arena, chance_below(chance, VIEW_SLOTS), view);
}

/* Another thread may unmap the view at any time. */
static void commit_some(struct arena *arena, struct chance *chance)
{
    char *view = atomic_load(&arena->views[chance_below(chance, VIEW_SLOTS)]);
    char *memory;

    if (view && !try_alloc(arena->world, view + chance_below(chance, 60) * PAGE,
                           (1 + chance_below(chance, 4)) * PAGE, OS_MEM_COMMIT, &memory))
        atomic_fetch_add(&arena->committed, 1);
}

static void look(struct arena *arena)
{
    struct section_facts facts;
    uint32_t cursor = 0;

    while (sections_next(&arena->world->pages.sections, &cursor, &facts)) {
        assert_int_equal(facts.size, SHARED_SIZE);
        assert_true(facts.committed <= SHARED_SIZE);
    }
}

static void work(void *context, unsigned number)
{
    struct arena *arena = context;
    struct chance chance = {number * 7919u + 17u};

    for (unsigned round = 0; round < ROUNDS; round++) {
        switch (chance_below(&chance, 12)) {
        case 0:
            make_one(arena, &chance);
            break;
        case 1:
            duplicate_one(arena, &chance);
            break;
        case 2:
            map_one(arena, &chance);
            break;
        case 3:
            put_view(arena, chance_below(&chance, VIEW_SLOTS), NULL);
            break;
        case 4:
            put_handle(arena, chance_below(&chance, HANDLE_SLOTS), 0);
            break;
        case 5:
            look(arena);
            break;
        default:
            commit_some(arena, &chance);
            break;
        }
    }
}

static void whatever_threads_do_the_books_are_exact_in_the_end(void **state)
{
    static struct arena arena;
    const struct budget_limit limit = {LIMIT, 0, 0};
    struct world *world = *state;

    arena = (struct arena){.world = world};
    budget_set_limit(&world->pages.budget.committed, &limit);
    crew_run(work, &arena, THREADS);
    assert_true(gauge_peak(&world->pages.budget.committed.granted) <= LIMIT);
    assert_true(arena.committed > 0);
    for (size_t slot = 0; slot < VIEW_SLOTS; slot++)
        put_view(&arena, slot, NULL);
    for (size_t slot = 0; slot < HANDLE_SLOTS; slot++)
        put_handle(&arena, slot, 0);
    print_message("%u commits, %u views handed on\n", arena.committed, arena.handed_on);
    assert_sections(world, 0, 0, 0);
    assert_int_equal(gauge_now(&world->counters.section_view_bytes), 0);
}

/* ------------------------------------------------------------------------------------------------
 * Commits of the same pages
 * --------------------------------------------------------------------------------------------- */

struct same_pages {
    struct world *world;
    char *views[2]; /* of the same section */
};

static void commit_all(void *context, unsigned number)
{
    struct same_pages *pages = context;
    struct chance chance = {number * 104729u + 1u};

    for (unsigned round = 0; round < 400; round++) {
        char *view = pages->views[chance_below(&chance, 2)];
        size_t first = chance_below(&chance, 500);

        commit(pages->world, view + first * PAGE, (1 + chance_below(&chance, 12)) * PAGE);
    }
    commit(pages->world, pages->views[number % 2], 512 * PAGE);
}

static void pages_that_several_threads_commit_are_charged_once(void **state)
{
    struct world *world = *state;

    for (unsigned round = 0; round < 20; round++) {
        struct same_pages pages = {.world = world};

        make_section(world, 512 * PAGE, true, HANDLE_1);
        for (unsigned i = 0; i < 2; i++)
            pages.views[i] = map_view(world, HANDLE_1, 0, 0);
        crew_run(commit_all, &pages, 4);
        assert_sections(world, 1, 512 * PAGE, 2);
        for (unsigned i = 0; i < 2; i++)
            unmap(world, pages.views[i]);
        close_handle(world, HANDLE_1);
        assert_sections(world, 0, 0, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(whatever_threads_do_the_books_are_exact_in_the_end),
        world_test(pages_that_several_threads_commit_are_charged_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
