/*
 * test_pages_foreign_frozen.c: frees of foreign memory (pages_free_foreign) while the address
 * changes hands, with a thread frozen before any of its atomic accesses or beside its requests to
 * the system. Such a free never frees a region of the manager's, neither an old nor a new one.
 */
#include "freezer.h"
#include "pages_world.h"

struct foreign_scene {
    struct world world;
    char *base; /* of a region, or of one that has been released */
    char *another;
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

static void clear_world(void *scene)
{
    struct foreign_scene *s = scene;

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

static void what_is_being_released_is_the_managers_while_the_system_holds_it(void **state)
{
    (void)state;
    perform(&(struct play){sizeof(struct foreign_scene), set_live, release_it, look_whose_it_is,
                           check_gone, clear_world});
}

static void what_is_being_released_is_not_freed_as_somebody_elses(void **state)
{
    (void)state;
    perform(&(struct play){sizeof(struct foreign_scene), set_live, release_it, free_it_as_foreign,
                           check_gone, clear_world});
}

static void what_is_being_made_is_not_freed_as_somebody_elses(void **state)
{
    struct play play = {sizeof(struct foreign_scene), set_released, make_it_again,
                        try_to_free_it_as_foreign,    check_there,  clear_world};

    (void)state;
    perform(&play);
    play.frozen = try_to_free_it_as_foreign;
    play.other = make_it_again;
    perform(&play);
}

/* Neither of the two runs inside the other. */
static void what_is_made_while_another_looks_is_not_freed_as_somebody_elses(void **state)
{
    struct duet duet = {sizeof(struct foreign_scene),
                        4000,
                        set_released,
                        try_to_free_it_as_foreign,
                        make_it_again,
                        do_nothing,
                        do_nothing,
                        check_there,
                        clear_world};

    (void)state;
    assert_true(perform_duet(&duet) > 100);
    duet.first = make_it_again;
    duet.second = try_to_free_it_as_foreign;
    assert_true(perform_duet(&duet) > 100);
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
    struct play play = {sizeof(struct foreign_scene),
                        set_foreign,
                        make_and_release_another,
                        free_foreign,
                        check_freed,
                        clear_world};

    (void)state;
    perform(&play);
    play.other = decommit_foreign;
    perform(&play);
    play.frozen = free_foreign;
    play.other = make_and_release_another;
    perform(&play);
}

/* The system hands out what was just freed to the next that asks. */
static void what_was_freed_is_handed_out_anew_whoever_stands_still(void **state)
{
    struct duet duet = {sizeof(struct foreign_scene),
                        4000,
                        set_foreign,
                        free_foreign,
                        make_another,
                        do_nothing,
                        do_nothing,
                        check_freed,
                        clear_all};

    (void)state;
    assert_true(perform_duet(&duet) > 100);
    duet.first = make_another;
    duet.second = free_foreign;
    assert_true(perform_duet(&duet) > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_being_released_is_the_managers_while_the_system_holds_it),
        cmocka_unit_test(what_is_being_released_is_not_freed_as_somebody_elses),
        cmocka_unit_test(what_is_being_made_is_not_freed_as_somebody_elses),
        cmocka_unit_test(what_is_made_while_another_looks_is_not_freed_as_somebody_elses),
        cmocka_unit_test(what_is_somebody_elses_is_freed_whoever_stands_still),
        cmocka_unit_test(what_was_freed_is_handed_out_anew_whoever_stands_still),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
