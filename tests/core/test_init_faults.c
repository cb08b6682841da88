/*
 * test_init_faults.c: pages and heaps that cannot be made, because a request for bookkeeping
 * memory fails, each in turn: that is said, and they can be made later.
 */
#include "heap_world.h"

static int begin(void **state)
{
    *state = zeroed(sizeof(struct world));
    return 0;
}

static int end(void **state)
{
    os_fault_at(OS_FAULT_METADATA, 0);
    free(*state);
    return 0;
}

static void pages_that_cannot_be_made_can_be_made_later(void **state)
{
    struct world *world = *state;
    uint64_t n = 0;
    bool made;

    do {
        memset(world, 0, sizeof(*world));
        os_fault_at(OS_FAULT_METADATA, ++n);
        made = make_pages(world);
        os_fault_at(OS_FAULT_METADATA, 0);
    } while (!made && n < 1000);
    assert_in_range(n, 4, 999); /* as many requests, and one to spare */
    release(world, reserve(world, PAGE));
    assert_exact(world);
    pages_destroy(&world->pages);
}

static void a_heap_space_that_cannot_be_made_leaves_nothing(void **state)
{
    struct heap_options options = {.guard_above = SIZE_MAX};
    struct world *world = *state;
    struct heap_space *space = zeroed(sizeof(*space));
    uint64_t n = 0, before;
    bool made;

    assert_true(make_pages(world));
    before = gauge_now(&world->counters.metadata);
    do {
        memset(space, 0, sizeof(*space));
        os_fault_at(OS_FAULT_METADATA, ++n);
        made = heap_space_init(space, &world->pages, &options);
        os_fault_at(OS_FAULT_METADATA, 0);
        if (!made) {
            heap_space_destroy(space);
            assert_int_equal(gauge_now(&world->counters.metadata), before);
        }
    } while (!made && n < 1000);
    assert_in_range(n, 7, 999);
    heap_space_destroy(space);
    free(space);
    pages_destroy(&world->pages);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pages_that_cannot_be_made_can_be_made_later, begin, end),
        cmocka_unit_test_setup_teardown(a_heap_space_that_cannot_be_made_leaves_nothing, begin,
                                        end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
