/*
 * test_pages_foreign_frozen.c: frees of foreign memory (pages_free_foreign) while the address
 * changes hands, with a thread frozen before any of its atomic accesses or beside its requests to
 * the system. Such a free never frees a region of the manager's, neither an old nor a new one.
 */
#include "freezer.h"
#include "pages_world.h"

#include "os_posix/os_posix.h"

#define MOST_ORDERS 14000u /* of the steps of two calls */
#define SOME_ORDERS 3000u

struct foreign_scene {
    struct world world;
    char *base; /* of a region, or of one that has been released */
    char *another;
    char *spare;
    uintptr_t standing; /* the slot of a release that stands still, or 0 */
    pages_result result;
    bool made;
};

static void set_live(void *scene)
{
    struct foreign_scene *s = scene;

    assert_true(make_pages(&s->world));
    s->base = alloc(&s->world, NULL, GRANULE, RESERVE_COMMIT);
}

static void set_released(void *scene)
{
    set_live(scene);
    release(&((struct foreign_scene *)scene)->world, ((struct foreign_scene *)scene)->base);
}

/* A release of other memory has taken the first slot, and stands still. */
static void set_standing(struct foreign_scene *s)
{
    s->standing = GRANULE | 1;
    atomic_store(&s->world.pages.foreign_releases[0], s->standing);
    atomic_fetch_add(&s->world.pages.foreign_releasers, 1);
}

static void set_released_beside_a_standing_release(void *scene)
{
    set_released(scene);
    set_standing(scene);
}

/* Releases that have ended leave their slots free. */
static void assert_slots(struct foreign_scene *s)
{
    assert_int_equal(atomic_load(&s->world.pages.foreign_releasers), s->standing != 0);
    assert_int_equal(atomic_load(&s->world.pages.foreign_releases[0]), s->standing);
    for (unsigned i = 1; i < PAGES_FOREIGN_RELEASES; i++)
        assert_int_equal(atomic_load(&s->world.pages.foreign_releases[i]), 0);
}

static void clear_world(void *scene)
{
    struct foreign_scene *s = scene;

    assert_slots(s);
    try_free(&s->world, s->base, 0, OS_MEM_RELEASE);
    assert_books(&s->world, 0, 0, 0);
    pages_destroy(&s->world.pages);
}

static void release_it(void *scene)
{
    struct foreign_scene *s = scene;

    release(&s->world, s->base);
}

static void make_it_again(void *scene)
{
    struct foreign_scene *s = scene;

    alloc(&s->world, s->base, GRANULE, RESERVE_COMMIT);
}

/* A free by a caller that lost a race to free the region, or that takes the memory for foreign. */
static void free_it_as_foreign(void *scene)
{
    struct foreign_scene *s = scene;

    assert_int_equal(pages_free_foreign(&s->world.pages, s->base, 0, OS_MEM_RELEASE),
                     OS_ERROR_INVALID_ADDRESS);
}

static void decommit_it_as_foreign(void *scene)
{
    struct foreign_scene *s = scene;

    assert_int_equal(pages_free_foreign(&s->world.pages, s->base, PAGE, OS_MEM_DECOMMIT),
                     OS_ERROR_INVALID_ADDRESS);
}

/* The same; it may hit what the system has handed out, but not yet the manager. */
static void try_to_free_it_as_foreign(void *scene)
{
    struct foreign_scene *s = scene;

    pages_free_foreign(&s->world.pages, s->base, 0, OS_MEM_RELEASE);
}

static void do_nothing(void *scene)
{
    (void)scene;
}

/* Frees until the system has the memory back. */
static void look_whose_it_is(void *scene)
{
    struct foreign_scene *s = scene;

    if (system_at(s->base).state == OS_MEM_COMMIT)
        assert_true(pages_is_own(&s->world.pages, s->base));
}

static void check_gone(void *scene)
{
    struct foreign_scene *s = scene;

    assert_int_equal(system_at(s->base).state, OS_MEM_FREE);
    assert_books(&s->world, 0, 0, 0);
}

static void check_there(void *scene)
{
    struct foreign_scene *s = scene;

    assert_int_equal(system_at(s->base).state, OS_MEM_COMMIT);
    assert_books(&s->world, 1, GRANULE, GRANULE);
}

/* One call frozen before each of its steps in turn, and another that runs meanwhile. */
static void play_frozen(scene_act *set, scene_act *frozen, scene_act *other, scene_act *check,
                        scene_act *clear)
{
    perform(&(struct play){sizeof(struct foreign_scene), set, frozen, other, check, clear});
}

static void play_duet(unsigned orders, scene_act *set, scene_act *first, scene_act *second,
                      scene_act *check, scene_act *clear)
{
    assert_true(perform_duet(&(struct duet){sizeof(struct foreign_scene), orders, set, first,
                                            second, do_nothing, do_nothing, check, clear}) > 100);
}

/* Two calls in step with each other: neither of the two runs inside the other. */
static void play_in_step(scene_act *set, scene_act *first, scene_act *second, scene_act *check,
                         scene_act *clear)
{
    play_duet(MOST_ORDERS, set, first, second, check, clear);
}

static void what_is_being_released_is_the_managers_while_the_system_holds_it(void **state)
{
    (void)state;
    play_frozen(set_live, release_it, look_whose_it_is, check_gone, clear_world);
}

static void what_is_being_released_is_not_freed_as_somebody_elses(void **state)
{
    (void)state;
    play_frozen(set_live, release_it, free_it_as_foreign, check_gone, clear_world);
    play_frozen(set_live, release_it, decommit_it_as_foreign, check_gone, clear_world);
}

static void what_is_being_made_is_not_freed_as_somebody_elses(void **state)
{
    static scene_act *const sets[] = {set_released, set_released_beside_a_standing_release};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(sets); i++) {
        play_frozen(sets[i], make_it_again, try_to_free_it_as_foreign, check_there, clear_world);
        play_frozen(sets[i], try_to_free_it_as_foreign, make_it_again, check_there, clear_world);
    }
}

static void what_is_made_while_another_looks_is_not_freed_as_somebody_elses(void **state)
{
    (void)state;
    play_in_step(set_released, try_to_free_it_as_foreign, make_it_again, check_there, clear_world);
    play_in_step(set_released, make_it_again, try_to_free_it_as_foreign, check_there, clear_world);
    play_in_step(set_released_beside_a_standing_release, make_it_again, try_to_free_it_as_foreign,
                 check_there, clear_world);
}

/* ------------------------------------------------------------------------------------------------
 * A region that comes to begin where a free names the inside of another
 * --------------------------------------------------------------------------------------------- */

/* Two regions. The first one's second granule is the base. */
static void set_wide(void *scene)
{
    struct foreign_scene *s = scene;

    assert_true(make_pages(&s->world));
    s->another = alloc(&s->world, NULL, 2 * GRANULE, RESERVE_COMMIT);
    s->base = s->another + GRANULE;
    s->spare = alloc(&s->world, NULL, GRANULE, OS_MEM_RESERVE);
}

static void free_inside(void *scene)
{
    struct foreign_scene *s = scene;

    s->result = try_free(&s->world, s->base, 0, OS_MEM_RELEASE);
}

static void release_wide(void *scene)
{
    struct foreign_scene *s = scene;

    release(&s->world, s->another);
    s->another = NULL;
}

/* If the wide region has gone; it stays while an operation is under way on it. */
static void make_inside(void *scene)
{
    struct foreign_scene *s = scene;
    char *memory;

    s->made = try_alloc(&s->world, s->base, GRANULE, RESERVE_COMMIT, &memory) == PAGES_OK;
}

static void replace_wide(void *scene)
{
    release_wide(scene);
    make_inside(scene);
}

/* So that the record of the wide region is not the next one to be used. */
static void release_spare(struct foreign_scene *s)
{
    if (s->spare)
        release(&s->world, s->spare);
    s->spare = NULL;
}

static void replace_wide_in_another_record(void *scene)
{
    release_wide(scene);
    release_spare(scene);
    make_inside(scene);
}

static void make_inside_in_another_record(void *scene)
{
    release_spare(scene);
    make_inside(scene);
}

/* Only a free that says so has released the new region; the books agree with the system. */
static void check_inside(void *scene)
{
    struct foreign_scene *s = scene;
    bool there = s->made && s->result != PAGES_OK;

    release_spare(s);
    assert_true(s->result == PAGES_OK || s->result == PAGES_FOREIGN ||
                s->result == OS_ERROR_INVALID_ADDRESS);
    assert_true(s->made || s->result != PAGES_OK);
    assert_int_equal(system_at(s->base).state, there ? OS_MEM_COMMIT : OS_MEM_FREE);
    assert_books(&s->world, there, there * GRANULE, there * GRANULE);
    if (there)
        *(volatile char *)s->base = 1;
}

static void clear_wide(void *scene)
{
    struct foreign_scene *s = scene;

    release_spare(s);
    if (s->another)
        release(&s->world, s->another);
    clear_world(scene);
}

static void a_late_free_inside_a_region_releases_no_region_that_begins_there_unsaid(void **state)
{
    struct play play = {sizeof(struct foreign_scene),
                        set_wide,
                        free_inside,
                        replace_wide,
                        check_inside,
                        clear_wide};

    (void)state;
    perform(&play);
    play.other = replace_wide_in_another_record;
    perform(&play);
    /* Also with the free going on between the release and the making. */
    play.other = release_wide;
    perform_twice(&play, make_inside);
    perform_twice(&play, make_inside_in_another_record);
}

static void a_late_free_inside_a_region_in_step_with_its_release_leaves_exact_books(void **state)
{
    (void)state;
    play_in_step(set_wide, free_inside, replace_wide, check_inside, clear_wide);
    play_in_step(set_wide, free_inside, replace_wide_in_another_record, check_inside, clear_wide);
}

/* ------------------------------------------------------------------------------------------------
 * Somebody else's memory where a region was
 * --------------------------------------------------------------------------------------------- */

/* A region was at the base; now it is somebody else's, and other regions come and go. */
static void set_foreign(void *scene)
{
    struct foreign_scene *s = scene;
    void *memory;

    set_released(scene);
    assert_int_equal(
        os_alloc(s->base, GRANULE, RESERVE_COMMIT, OS_PAGE_READWRITE, OS_ANY_NODE, &memory), 0);
}

static void make_another(void *scene)
{
    struct foreign_scene *s = scene;

    s->another = alloc(&s->world, NULL, GRANULE, RESERVE_COMMIT);
}

static void make_and_release_another(void *scene)
{
    struct foreign_scene *s = scene;

    make_another(scene);
    release(&s->world, s->another);
    s->another = NULL;
}

static void free_foreign(void *scene)
{
    struct foreign_scene *s = scene;

    assert_int_equal(pages_free_foreign(&s->world.pages, s->base, 0, OS_MEM_RELEASE), PAGES_OK);
}

static void decommit_foreign(void *scene)
{
    struct foreign_scene *s = scene;

    assert_int_equal(pages_free_foreign(&s->world.pages, s->base, PAGE, OS_MEM_DECOMMIT), PAGES_OK);
    free_foreign(scene);
}

static void check_freed(void *scene)
{
    struct foreign_scene *s = scene;

    if (s->another)
        release(&s->world, s->another);
    s->another = NULL;
    assert_books(&s->world, 0, 0, 0);
    assert_int_equal(system_at(s->base).state, OS_MEM_FREE);
    /* The books have nothing left of a region that was to be there. */
    alloc(&s->world, s->base, GRANULE, RESERVE_COMMIT);
    assert_books(&s->world, 1, GRANULE, GRANULE);
    release(&s->world, s->base);
}

/* Also where the foreign memory or the other region is still there. */
static void clear_all(void *scene)
{
    struct foreign_scene *s = scene;

    if (s->another)
        release(&s->world, s->another);
    os_free(s->base, 0, OS_MEM_RELEASE);
    clear_world(scene);
}

static void what_is_somebody_elses_is_freed_whoever_stands_still(void **state)
{
    (void)state;
    play_frozen(set_foreign, make_and_release_another, free_foreign, check_freed, clear_world);
    play_frozen(set_foreign, make_and_release_another, decommit_foreign, check_freed, clear_world);
    play_frozen(set_foreign, free_foreign, make_and_release_another, check_freed, clear_world);
}

/* The system hands out what was just freed to the next that asks. */
static void what_was_freed_is_handed_out_anew_whoever_stands_still(void **state)
{
    (void)state;
    play_in_step(set_foreign, free_foreign, make_another, check_freed, clear_all);
    play_in_step(set_foreign, make_another, free_foreign, check_freed, clear_all);
}

/* ------------------------------------------------------------------------------------------------
 * Somebody else's memory where a region is leaving
 * --------------------------------------------------------------------------------------------- */

static void set_live_with_room(void *scene)
{
    struct foreign_scene *s = scene;

    assert_true(make_pages(&s->world));
    s->base = alloc(&s->world, free_granule(), GRANULE, RESERVE_COMMIT);
}

static void use_it_as_somebody_else(struct foreign_scene *s, size_t size)
{
    void *memory;

    assert_int_equal(
        os_alloc(s->base, size, RESERVE_COMMIT, OS_PAGE_READWRITE, OS_ANY_NODE, &memory), 0);
    assert_int_equal(pages_free_foreign(&s->world.pages, s->base, 0, OS_MEM_RELEASE), PAGES_OK);
    assert_int_equal(system_at(s->base).state, OS_MEM_FREE);
}

/* Memory of another size than the region's. */
static void use_it_as_somebody_else_if_it_is_free(void *scene)
{
    struct foreign_scene *s = scene;

    if (system_at(s->base).state != OS_MEM_FREE)
        return;
    use_it_as_somebody_else(s, PAGE);
    use_it_as_somebody_else(s, 2 * GRANULE);
}

static void what_another_got_where_a_region_leaves_is_freed(void **state)
{
    (void)state;
    play_frozen(set_live_with_room, release_it, use_it_as_somebody_else_if_it_is_free, check_gone,
                clear_world);
}

/* ------------------------------------------------------------------------------------------------
 * Memory that a release takes from the thread that makes a region of it
 * --------------------------------------------------------------------------------------------- */

/* One of them may begin when the system has handed out the address, and the books do not know. */
static void try_to_free_it_again_and_again(void *scene)
{
    for (unsigned i = 0; i < 5; i++)
        try_to_free_it_as_foreign(scene);
}

static void what_a_release_takes_from_a_maker_is_replaced(void **state)
{
    (void)state;
    play_in_step(set_released, make_another, try_to_free_it_again_and_again, check_freed,
                 clear_all);
    play_in_step(set_released_beside_a_standing_release, make_another,
                 try_to_free_it_again_and_again, check_freed, clear_all);
}

/* ------------------------------------------------------------------------------------------------
 * Where regions have places: there, whose memory it is is told in every order
 * --------------------------------------------------------------------------------------------- */

static void set_placed(void *scene)
{
    struct foreign_scene *s = scene;

    os_posix_keeps_addresses_apart = true;
    assert_true(make_pages(&s->world));
    os_posix_keeps_addresses_apart = false;
    s->base = alloc(&s->world, NULL, GRANULE, RESERVE_COMMIT);
}

static void set_foreign_where_one_was_placed(void *scene)
{
    struct foreign_scene *s = scene;
    void *memory;

    set_placed(scene);
    release(&s->world, s->base);
    assert_int_equal(
        os_alloc(s->base, GRANULE, RESERVE_COMMIT, OS_PAGE_READWRITE, OS_ANY_NODE, &memory), 0);
}

static void release_it_and_make_another(void *scene)
{
    release_it(scene);
    make_another(scene);
}

static void check_another(void *scene)
{
    struct foreign_scene *s = scene;

    assert_int_equal(system_at(s->another).state, OS_MEM_COMMIT);
    assert_books(&s->world, 1, GRANULE, GRANULE);
    release(&s->world, s->another);
    s->another = NULL;
}

static void clear_another(void *scene)
{
    struct foreign_scene *s = scene;

    if (s->another)
        release(&s->world, s->another);
    clear_world(scene);
}

static void a_second_free_fails_beside_the_first_and_what_comes_after_it(void **state)
{
    (void)state;
    play_frozen(set_placed, release_it_and_make_another, free_it_as_foreign, check_another,
                clear_another);
    play_duet(SOME_ORDERS, set_placed, release_it_and_make_another, free_it_as_foreign,
              check_another, clear_another);
}

static void where_a_region_was_placed_anothers_memory_is_freed_beside_all_others(void **state)
{
    (void)state;
    play_frozen(set_foreign_where_one_was_placed, make_and_release_another, free_foreign,
                check_freed, clear_world);
    play_duet(SOME_ORDERS, set_foreign_where_one_was_placed, make_and_release_another, free_foreign,
              check_freed, clear_world);
    play_duet(SOME_ORDERS, set_foreign_where_one_was_placed, free_foreign, make_another,
              check_freed, clear_all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_being_released_is_the_managers_while_the_system_holds_it),
        cmocka_unit_test(what_is_being_released_is_not_freed_as_somebody_elses),
        cmocka_unit_test(what_is_being_made_is_not_freed_as_somebody_elses),
        cmocka_unit_test(what_is_made_while_another_looks_is_not_freed_as_somebody_elses),
        cmocka_unit_test(a_late_free_inside_a_region_releases_no_region_that_begins_there_unsaid),
        cmocka_unit_test(a_late_free_inside_a_region_in_step_with_its_release_leaves_exact_books),
        cmocka_unit_test(what_another_got_where_a_region_leaves_is_freed),
        cmocka_unit_test(what_a_release_takes_from_a_maker_is_replaced),
        cmocka_unit_test(what_is_somebody_elses_is_freed_whoever_stands_still),
        cmocka_unit_test(what_was_freed_is_handed_out_anew_whoever_stands_still),
        cmocka_unit_test(a_second_free_fails_beside_the_first_and_what_comes_after_it),
        cmocka_unit_test(where_a_region_was_placed_anothers_memory_is_freed_beside_all_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
