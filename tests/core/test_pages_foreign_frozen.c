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
                        free_it_as_foreign,           check_there,  clear_world};

    (void)state;
    perform(&play);
    play.frozen = free_it_as_foreign;
    play.other = make_it_again;
    perform(&play);
}

/* Neither of the two runs inside the other. */
static void what_is_made_while_another_looks_is_not_freed_as_somebody_elses(void **state)
{
    struct duet duet = {sizeof(struct foreign_scene),
                        4000,
                        set_released,
                        free_it_as_foreign,
                        make_it_again,
                        do_nothing,
                        do_nothing,
                        check_there,
                        clear_world};

    (void)state;
    assert_true(perform_duet(&duet) > 100);
    duet.first = make_it_again;
    duet.second = free_it_as_foreign;
    assert_true(perform_duet(&duet) > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_being_released_is_the_managers_while_the_system_holds_it),
        cmocka_unit_test(what_is_being_released_is_not_freed_as_somebody_elses),
        cmocka_unit_test(what_is_being_made_is_not_freed_as_somebody_elses),
        cmocka_unit_test(what_is_made_while_another_looks_is_not_freed_as_somebody_elses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
