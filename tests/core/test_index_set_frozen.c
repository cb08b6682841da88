/*
 * test_index_set_frozen.c: a set of indices with one thread frozen before any of its atomic
 * accesses while another changes the same node.
 */
#include "freezer.h"

#include "slabs/index_set.h"

struct set_scene {
    struct gauge gauge;
    struct book_space books;
    struct pool nodes;
    struct index_set set;
    bool added;
    bool other_added;
};

static void set_empty(void *scene)
{
    struct set_scene *s = scene;

    s->books.gauge = &s->gauge;
    assert_true(pool_init(&s->nodes, sizeof(struct index_set_node), 64, &s->books));
    index_set_clear(&s->set);
}

static void set_one(void *scene)
{
    struct set_scene *s = scene;

    set_empty(scene);
    assert_true(index_set_add(&s->set, &s->nodes, 5));
}

static void clear_set(void *scene)
{
    pool_destroy(&((struct set_scene *)scene)->nodes);
}

static void add_five(void *scene)
{
    struct set_scene *s = scene;

    s->added = index_set_add(&s->set, &s->nodes, 5);
}

static void remove_five(void *scene)
{
    struct set_scene *s = scene;

    index_set_remove(&s->set, &s->nodes, 5);
}

static void add_others(void *scene)
{
    struct set_scene *s = scene;

    s->other_added = index_set_add(&s->set, &s->nodes, 6) &&
                     index_set_add(&s->set, &s->nodes, 2000) &&
                     index_set_add(&s->set, &s->nodes, 7);
    index_set_remove(&s->set, &s->nodes, 7);
}

static void check_others(struct set_scene *s, uint32_t first)
{
    assert_true(s->other_added);
    assert_int_equal(index_set_next(&s->set, &s->nodes, 1), first);
    assert_int_equal(index_set_next(&s->set, &s->nodes, 6), 6);
    assert_int_equal(index_set_next(&s->set, &s->nodes, 7), 2000);
    assert_int_equal(index_set_next(&s->set, &s->nodes, 2001), 0);
    /* Every node is the set's, or in the pool. */
    index_set_close(&s->set, &s->nodes);
    for (uint32_t left = pool_limit(&s->nodes); left--;)
        assert_true(pool_take(&s->nodes) <= 5);
    assert_true(pool_limit(&s->nodes) <= 5);
}

static void check_added(void *scene)
{
    struct set_scene *s = scene;

    assert_true(s->added);
    check_others(s, 5);
}

static void check_removed(void *scene)
{
    check_others(scene, 6);
}

static void a_frozen_thread_adds_beside_others(void **state)
{
    (void)state;
    perform(&(struct play){sizeof(struct set_scene), set_empty, add_five, add_others, check_added,
                           clear_set});
}

static void a_frozen_thread_removes_beside_others(void **state)
{
    (void)state;
    perform(&(struct play){sizeof(struct set_scene), set_one, remove_five, add_others,
                           check_removed, clear_set});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frozen_thread_adds_beside_others),
        cmocka_unit_test(a_frozen_thread_removes_beside_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
