/*
 * test_thread_index_frozen.c: the index of a heap's threads with one thread frozen before any of
 * its atomic accesses while another adds counters that part from its own only deep in the trie.
 */
#include "freezer.h"

#include "heap/thread_index.h"

struct index_scene {
    struct gauge gauge;
    struct book_space books;
    struct pool nodes;
    struct thread_index index;
    struct thread_counters counters[4];
    bool added;
    bool others_added;
};

/* A key with that hash: the factor's inverse, by Newton's method. */
static uintptr_t key_of_hash(uintptr_t hash)
{
    uintptr_t factor = thread_index_hash(1), inverse = factor;

    for (int i = 0; i < 6; i++)
        inverse *= 2 - factor * inverse;
    return hash * inverse;
}

static void set_index(void *scene)
{
    static const uintptr_t hashes[] = {0x1000, 0x1001, 0x1f00, (uintptr_t)1 << 62 | 0x1000};
    struct index_scene *s = scene;

    s->books.gauge = &s->gauge;
    assert_true(pool_init(&s->nodes, sizeof(struct thread_node), 128, &s->books));
    thread_index_clear(&s->index);
    for (size_t i = 0; i < COUNT_OF(hashes); i++) {
        s->counters[i].key = s->counters[i].owner = key_of_hash(hashes[i]);
        assert_true(thread_index_hash(s->counters[i].key) == hashes[i]);
    }
}

static void set_occupied(void *scene)
{
    struct index_scene *s = scene;

    set_index(scene);
    assert_true(thread_index_add(&s->index, &s->nodes, &s->counters[1]));
}

static void clear_index(void *scene)
{
    pool_destroy(&((struct index_scene *)scene)->nodes);
}

static void add_first(void *scene)
{
    struct index_scene *s = scene;

    s->added = thread_index_add(&s->index, &s->nodes, &s->counters[0]);
}

static void add_others(void *scene)
{
    struct index_scene *s = scene;

    s->others_added = thread_index_find(&s->index, s->counters[1].key) != NULL ||
                      thread_index_add(&s->index, &s->nodes, &s->counters[1]);
    for (size_t i = 2; i < COUNT_OF(s->counters); i++)
        s->others_added =
            s->others_added && thread_index_add(&s->index, &s->nodes, &s->counters[i]);
}

static void check_index(void *scene)
{
    struct index_scene *s = scene;
    uint32_t limit;

    assert_true(s->added);
    assert_true(s->others_added);
    for (size_t i = 0; i < COUNT_OF(s->counters); i++)
        assert_ptr_equal(thread_index_find(&s->index, s->counters[i].key), &s->counters[i]);
    assert_null(thread_index_find(&s->index, key_of_hash(0x1002)));
    assert_false(thread_index_add(&s->index, &s->nodes, &s->counters[0])); /* it is there */
    /* Every node is the index's, or in the pool. */
    thread_index_close(&s->index, &s->nodes);
    limit = pool_limit(&s->nodes);
    for (uint32_t i = 0; i < limit; i++)
        assert_int_not_equal(pool_take(&s->nodes), 0);
    assert_int_equal(pool_limit(&s->nodes), limit);
}

static void threads_whose_keys_part_deep_down_find_their_own_counters(void **state)
{
    (void)state;
    perform(&(struct play){sizeof(struct index_scene), set_index, add_first, add_others,
                           check_index, clear_index});
    perform(&(struct play){sizeof(struct index_scene), set_occupied, add_first, add_others,
                           check_index, clear_index});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_whose_keys_part_deep_down_find_their_own_counters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
