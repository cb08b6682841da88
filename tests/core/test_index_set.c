/*
 * test_index_set.c: sets of indices: what was added and not removed is met, in order; and a set
 * gives its nodes back.
 */
#include "native.h"

#include "slabs/index_set.h"

#define NODES 4096u
#define LARGEST ((1u << INDEX_SET_BITS) - 1)

struct fixture {
    struct gauge gauge;
    struct book_space books;
    struct pool nodes;
    struct index_set set;
};

static int begin(void **state)
{
    struct fixture *fixture = zeroed(sizeof(struct fixture));

    fixture->books.gauge = &fixture->gauge;
    assert_true(pool_init(&fixture->nodes, sizeof(struct index_set_node), NODES, &fixture->books));
    index_set_clear(&fixture->set);
    *state = fixture;
    return 0;
}

static int end(void **state)
{
    struct fixture *fixture = *state;

    os_fault_at(OS_FAULT_METADATA, 0);
    pool_destroy(&fixture->nodes);
    free(fixture);
    return 0;
}

static bool add(struct fixture *fixture, uint32_t index)
{
    return index_set_add(&fixture->set, &fixture->nodes, index);
}

static void drop(struct fixture *fixture, uint32_t index)
{
    index_set_remove(&fixture->set, &fixture->nodes, index);
}

static uint32_t next(const struct fixture *fixture, uint32_t from)
{
    return index_set_next(&fixture->set, &fixture->nodes, from);
}

static void an_empty_set_holds_nothing(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(next(fixture, 1), 0);
    assert_int_equal(next(fixture, LARGEST), 0);
    assert_int_equal(next(fixture, UINT32_MAX), 0);
    drop(fixture, 17);
    assert_int_equal(pool_limit(&fixture->nodes), 0);
}

static void what_was_added_is_met_in_order(void **state)
{
    static const uint32_t indices[] = {1,     63,      64,      1023,    1024,         32767,
                                       32768, 1 << 20, 1 << 23, 1 << 24, LARGEST - 64, LARGEST};
    struct fixture *fixture = *state;
    uint32_t at = 0;

    for (size_t i = COUNT_OF(indices); i-- > 0;)
        assert_true(add(fixture, indices[i]));
    for (size_t i = 0; i < COUNT_OF(indices); i++) {
        at = next(fixture, at + 1);
        assert_int_equal(at, indices[i]);
    }
    assert_int_equal(next(fixture, at + 1), 0);
    for (size_t i = 0; i < COUNT_OF(indices); i += 2)
        drop(fixture, indices[i]);
    at = 0;
    for (size_t i = 1; i < COUNT_OF(indices); i += 2) {
        at = next(fixture, at + 1);
        assert_int_equal(at, indices[i]);
    }
    assert_int_equal(next(fixture, at + 1), 0);
}

#define SPAN 5000u

static void a_set_is_like_an_array_of_flags(void **state)
{
    struct fixture *fixture = *state;
    struct chance chance = {1};
    bool holds[SPAN + 1] = {false};

    for (int i = 0; i < 20000; i++) {
        uint32_t index = 1 + (uint32_t)chance_below(&chance, SPAN);

        holds[index] = chance_below(&chance, 2) != 0;
        if (holds[index])
            assert_true(add(fixture, index));
        else
            drop(fixture, index);
    }
    for (uint32_t index = 1, at = 0; index <= SPAN; index++) {
        if (!holds[index])
            continue;
        at = next(fixture, at + 1);
        assert_int_equal(at, index);
    }
}

static void a_closed_set_has_given_its_nodes_back(void **state)
{
    struct fixture *fixture = *state;

    for (int round = 0; round < 100; round++) {
        for (uint32_t index = 1; index < 20000; index += 500)
            assert_true(add(fixture, index + (uint32_t)round * 100000));
        index_set_close(&fixture->set, &fixture->nodes);
        assert_int_equal(next(fixture, 1), 0);
    }
    assert_in_range(pool_limit(&fixture->nodes), 1, 30);
}

static void without_memory_nothing_is_added(void **state)
{
    struct fixture *fixture = *state;

    os_fault_at(OS_FAULT_METADATA, 1);
    assert_false(add(fixture, 70000));
    assert_int_equal(next(fixture, 1), 0);
    assert_true(add(fixture, 70000));
    assert_int_equal(next(fixture, 1), 70000);
}

struct traffic {
    struct fixture *fixture;
    _Atomic unsigned failures;
};

/* Each thread has every THREADS-th index: neighbours share words, and nodes are made at once. */
static void add_and_drop(void *context, unsigned number)
{
    struct traffic *traffic = context;
    struct fixture *fixture = traffic->fixture;

    for (uint32_t index = 1 + number; index < 40000; index += THREADS) {
        if (!add(fixture, index) || next(fixture, index) != index)
            atomic_fetch_add(&traffic->failures, 1);
        if (index % 3)
            drop(fixture, index);
    }
}

static void threads_that_share_words_lose_no_index(void **state)
{
    struct traffic traffic = {.fixture = *state};
    uint32_t at = 0;

    crew_run(add_and_drop, &traffic, THREADS);
    assert_int_equal(traffic.failures, 0);
    for (uint32_t index = 3; index < 40000; index += 3) {
        at = next(traffic.fixture, at + 1);
        assert_int_equal(at, index);
    }
    assert_int_equal(next(traffic.fixture, at + 1), 0);
}

#define fixture_test(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(an_empty_set_holds_nothing),
        fixture_test(what_was_added_is_met_in_order),
        fixture_test(a_set_is_like_an_array_of_flags),
        fixture_test(a_closed_set_has_given_its_nodes_back),
        fixture_test(without_memory_nothing_is_added),
        fixture_test(threads_that_share_words_lose_no_index),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
