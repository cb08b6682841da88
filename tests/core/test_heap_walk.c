/*
 * test_heap_walk.c: walking a heap's blocks from any of them on, telling and freeing them all,
 * whose an address is, and making a block smaller.
 */
#include "heap_world.h"

#define SMALL 40u
#define LARGE 3u
#define LARGE_SIZE (5 * GRANULE)

struct fixture {
    struct world *world;
    struct heap_space *space;
    struct heap *heap;
    char *blocks[SMALL + LARGE];
};

static int begin(void **state)
{
    struct fixture *fixture = zeroed(sizeof(*fixture));

    begin_world((void **)&fixture->world);
    fixture->space = begin_heap_space(fixture->world, 0);
    fixture->heap = heap_create(fixture->space, false);
    for (unsigned i = 0; i < SMALL + LARGE; i++) {
        void *memory;

        assert_int_equal(
            try_block(fixture->heap, i < SMALL ? 16 + 100 * i : LARGE_SIZE, NULL, 0, &memory),
            PAGES_OK);
        fixture->blocks[i] = memory;
    }
    *state = fixture;
    return 0;
}

static int end(void **state)
{
    struct fixture *fixture = *state;

    heap_destroy(fixture->heap, NULL, NULL);
    end_heap_space(fixture->space);
    end_world((void **)&fixture->world);
    free(fixture);
    return 0;
}

static void a_walk_goes_on_behind_any_block(void **state)
{
    struct fixture *fixture = *state;
    uint32_t number = heap_number(fixture->heap);
    struct heap_cursor cursor = {0};
    struct heap_block block;
    unsigned count = 0;

    while (heap_next_block(fixture->space, number, &cursor, &block)) {
        count++;
        cursor = heap_cursor_behind(fixture->space, block.address);
    }
    assert_int_equal(count, SMALL + LARGE);
}

static void a_walk_from_an_address_that_is_no_block_s_ends(void **state)
{
    struct fixture *fixture = *state;
    struct heap_cursor cursor = heap_cursor_behind(fixture->space, (uintptr_t)&cursor);
    struct heap_block block;

    assert_false(heap_next_block(fixture->space, heap_number(fixture->heap), &cursor, &block));
}

static void count_block(void *context, const struct heap_block *block)
{
    assert_true(block->size > 0);
    ++*(unsigned *)context;
}

static void all_blocks_are_told_and_stay(void **state)
{
    struct fixture *fixture = *state;
    unsigned told = 0;

    heap_report_blocks(fixture->heap, count_block, &told);
    assert_int_equal(told, SMALL + LARGE);
    assert_int_equal(live_blocks(fixture->space), SMALL + LARGE);
}

static void all_blocks_are_freed_at_once(void **state)
{
    struct fixture *fixture = *state;

    heap_free_all(fixture->heap);
    assert_heaps(fixture->space, 0, 0);
}

static void an_address_is_the_heaps_wherever_it_lies_in_their_memory(void **state)
{
    struct fixture *fixture = *state;
    int local;

    for (unsigned i = 0; i < SMALL + LARGE; i++) {
        assert_true(heap_owns(fixture->space, fixture->blocks[i]));
        assert_true(heap_owns(fixture->space, fixture->blocks[i] + 1));
    }
    assert_false(heap_owns(fixture->space, &local));
}

static void a_large_block_that_shrinks_gives_its_pages_back(void **state)
{
    struct fixture *fixture = *state;
    char *block = fixture->blocks[SMALL];
    uint64_t before = gauge_now(&fixture->world->pages.budget.committed.granted);

    block[0] = 'x';
    assert_true(heap_shrink(fixture->heap, block, 2 * PAGE + 1));
    assert_int_equal(before - gauge_now(&fixture->world->pages.budget.committed.granted),
                     LARGE_SIZE - 3 * PAGE);
    assert_int_equal(block[0], 'x');
    assert_int_equal(system_at(block + 3 * PAGE).state, OS_MEM_RESERVE);
    assert_exact(fixture->world);
    assert_int_equal(heap_free(fixture->heap, block), PAGES_OK);
}

static void what_is_no_block_does_not_shrink(void **state)
{
    struct fixture *fixture = *state;
    int local = 0;

    assert_false(heap_shrink(fixture->heap, fixture->blocks[SMALL] + PAGE, PAGE));
    assert_false(heap_shrink(fixture->heap, &local, 1));
    assert_false(heap_resize(fixture->heap, fixture->blocks[1] + 1, 1));
    assert_int_equal(live_blocks(fixture->space), SMALL + LARGE);
}

#define fixture_test(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_walk_goes_on_behind_any_block),
        fixture_test(a_walk_from_an_address_that_is_no_block_s_ends),
        fixture_test(all_blocks_are_told_and_stay),
        fixture_test(all_blocks_are_freed_at_once),
        fixture_test(an_address_is_the_heaps_wherever_it_lies_in_their_memory),
        fixture_test(a_large_block_that_shrinks_gives_its_pages_back),
        fixture_test(what_is_no_block_does_not_shrink),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
