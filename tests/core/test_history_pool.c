/*
 * test_history_pool.c: arrays of block histories go back when their slab is retired, and serve any
 * heap and size class.
 */
#include "heap_world.h"

#define LIMIT ((size_t)256 << 10)

struct fixture {
    struct gauge gauge;
    struct book_space books;
    struct history_pool pool;
};

static int begin(void **state)
{
    struct fixture *fixture = zeroed(sizeof(struct fixture));

    fixture->books.gauge = &fixture->gauge;
    assert_true(history_pool_init(&fixture->pool, LIMIT, &fixture->books));
    *state = fixture;
    return 0;
}

static int end(void **state)
{
    struct fixture *fixture = *state;

    history_pool_destroy(&fixture->pool);
    free(fixture);
    return 0;
}

static void an_array_has_room_for_what_was_asked_for(void **state)
{
    struct fixture *fixture = *state;
    uint32_t capacity, again;

    for (uint32_t count = 1; count <= HISTORY_POOL_LARGEST; count++) {
        struct block_history *histories = history_pool_take(&fixture->pool, count, &capacity);

        assert_non_null(histories);
        assert_in_range(capacity, count, count + count / 8);
        history_pool_give(&fixture->pool, histories, capacity);
        assert_ptr_equal(history_pool_take(&fixture->pool, count, &again), histories);
        assert_int_equal(again, capacity);
        history_pool_destroy(&fixture->pool);
        assert_true(history_pool_init(&fixture->pool, LIMIT, &fixture->books));
    }
}

/* Also by one that may read behind the end of its array. */
static void what_was_taken_can_be_read(void **state)
{
    struct fixture *fixture = *state;
    struct block_history *histories, *last = NULL;
    uint32_t capacity;
    unsigned count = 0;

    while ((histories = history_pool_take(&fixture->pool, 5, &capacity)) != NULL) {
        last = histories;
        count++;
    }
    assert_in_range(count, LIMIT / 2 / (5 * sizeof(*last)), LIMIT / (5 * sizeof(*last)));
    assert_int_equal(last[HISTORY_POOL_LARGEST - 1].sequence, 0);
}

static void a_larger_array_serves_when_there_is_no_other(void **state)
{
    struct fixture *fixture = *state;
    struct block_history *histories, *last = NULL;
    uint32_t capacity;

    while ((histories = history_pool_take(&fixture->pool, 1000, &capacity)) != NULL)
        last = histories;
    while (history_pool_take(&fixture->pool, 1, &capacity))
        ;
    history_pool_give(&fixture->pool, last, 1024);
    assert_ptr_equal(history_pool_take(&fixture->pool, 3, &capacity), last);
    assert_int_equal(capacity, 1024);
}

struct traffic {
    struct fixture *fixture;
    _Atomic unsigned failures;
};

static void take_mark_give(void *context, unsigned number)
{
    struct traffic *traffic = context;
    struct chance chance = {number + 1};

    for (int i = 0; i < 5000; i++) {
        uint32_t count = 1 + (uint32_t)chance_below(&chance, 40), capacity;
        struct block_history *histories =
            history_pool_take(&traffic->fixture->pool, count, &capacity);

        if (!histories) {
            atomic_fetch_add(&traffic->failures, 1);
            continue;
        }
        STORE_RELAXED(histories[count - 1].line, number);
        if (LOAD_RELAXED(histories[count - 1].line) != number)
            atomic_fetch_add(&traffic->failures, 1);
        history_pool_give(&traffic->fixture->pool, histories, capacity);
    }
}

static void threads_share_no_array(void **state)
{
    struct traffic traffic = {.fixture = *state};

    crew_run(take_mark_give, &traffic, THREADS);
    assert_int_equal(traffic.failures, 0);
}

/* ------------------------------------------------------------------------------------------------
 * Heaps
 * --------------------------------------------------------------------------------------------- */

/* One slab at a time: the sizes rise, so that each needs a smaller array than the one before. */
static void retired_slabs_leave_their_histories_to_other_heaps(void **state)
{
    struct world *world;
    struct heap_space *space;
    size_t used = 0;

    (void)state;
    begin_world((void **)&world);
    space = begin_heap_space(world, HEAP_TRACK_BLOCKS);
    for (int round = 0; round < 20; round++) {
        for (size_t size = SMALL_LIMIT; size >= 64; size -= size / 3) {
            struct heap *heap = heap_create(space, false);
            void *memory;

            assert_int_equal(try_block(heap, size, NULL, 0, &memory), PAGES_OK);
            assert_int_equal(heap_free(heap, memory), PAGES_OK);
            heap_destroy(heap, NULL, NULL);
        }
        if (!round)
            used = space->histories.memory.used;
        assert_int_equal(space->histories.memory.used, used);
    }
    /* As many bytes as the arrays of each size that was used, once. */
    assert_in_range(used, 1, 4 * HISTORY_POOL_LARGEST * sizeof(struct block_history));
    end_heap_space(space);
    end_world((void **)&world);
}

static void a_descriptor_without_a_slab_keeps_no_histories(void **state)
{
    struct world *world;
    struct heap_space *space;
    struct heap *heap;
    void *memory;

    (void)state;
    begin_world((void **)&world);
    space = begin_heap_space(world, HEAP_TRACK_BLOCKS);
    heap = heap_create(space, false);
    assert_int_equal(try_block(heap, 100, NULL, 0, &memory), PAGES_OK);
    assert_int_not_equal(heap_slab(space, 1)->history_capacity, 0);
    heap_destroy(heap, NULL, NULL);
    assert_int_equal(heap_slab(space, 1)->history_capacity, 0);
    end_heap_space(space);
    end_world((void **)&world);
}

#define fixture_test(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(an_array_has_room_for_what_was_asked_for),
        fixture_test(what_was_taken_can_be_read),
        fixture_test(a_larger_array_serves_when_there_is_no_other),
        fixture_test(threads_share_no_array),
        cmocka_unit_test(retired_slabs_leave_their_histories_to_other_heaps),
        cmocka_unit_test(a_descriptor_without_a_slab_keeps_no_histories),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
