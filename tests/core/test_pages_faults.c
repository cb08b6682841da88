/*
 * test_pages_faults.c: all or nothing: whichever request to the system fails, the call that needed
 * it leaves nothing behind.
 */
#include "pages_world.h"

/*
 * Makes the n-th request fail, for n = 1, 2 and so on, until the call succeeds. Each failure must
 * leave the books as they were.
 */
static void assert_all_or_nothing(struct world *world, enum os_fault_kind kind, char *address,
                                  size_t size, uint32_t type)
{
    uint64_t regions = gauge_now(&world->counters.regions);
    uint64_t reserved = gauge_now(&world->pages.budget.reserved.granted);
    uint64_t committed = gauge_now(&world->pages.budget.committed.granted);
    uint64_t reserved_peak = gauge_peak(&world->pages.budget.reserved.granted);
    uint64_t committed_peak = gauge_peak(&world->pages.budget.committed.granted);
    uint32_t records = region_table_limit(&world->pages.table);
    struct os_range before = system_at(address);
    pages_result result;
    uint64_t n = 0;

    do {
        char *memory;

        exhaust_metadata(world);
        os_fault_at(kind, ++n);
        result = try_alloc(world, address, size, type, &memory);
        if (result) {
            struct os_range after = system_at(address);

            assert_int_equal(result, OS_ERROR_NOT_ENOUGH_MEMORY);
            assert_null(memory);
            assert_books(world, regions, reserved, committed);
            assert_int_equal(gauge_peak(&world->pages.budget.reserved.granted), reserved_peak);
            assert_int_equal(gauge_peak(&world->pages.budget.committed.granted), committed_peak);
            assert_int_equal(after.state, before.state);
            assert_int_equal(after.size, before.size);
        }
    } while (result);
    assert_true(n > 1); /* else nothing has failed */
    os_fault_at(kind, 0);
    assert_exact(world);
    assert_in_range(region_table_limit(&world->pages.table), records, records + 1);
}

static void a_region_that_cannot_be_had_leaves_no_trace(void **state)
{
    struct world *world = *state;
    char *granule = free_granule();

    assert_all_or_nothing(world, OS_FAULT_PAGES, granule, GRANULE, RESERVE_COMMIT);
    release(world, granule);
}

static void a_region_that_cannot_be_booked_leaves_no_trace(void **state)
{
    struct world *world = *state;
    char *base = reserve(world, 4 * CHUNK_SIZE); /* an address in unknown chunks */

    release(world, base);
    begin_world(state);
    assert_all_or_nothing(*state, OS_FAULT_METADATA, base, 3 * CHUNK_SIZE + PAGE, RESERVE_COMMIT);
    release(*state, base);
    end_world(state);
    *state = world;
}

static void a_commit_that_fails_leaves_no_trace(void **state)
{
    struct world *world = *state;
    char *base = reserve(world, 2 * GRANULE);

    commit(world, base, PAGE);
    assert_all_or_nothing(world, OS_FAULT_PAGES, base + PAGE, GRANULE, OS_MEM_COMMIT);
    assert_books(world, 1, 2 * GRANULE, GRANULE + PAGE);
    release(world, base);
}

static void a_commit_that_cannot_be_booked_leaves_no_trace(void **state)
{
    struct world *world = *state;
    char *base = reserve(world, 3 * CHUNK_SIZE);

    assert_all_or_nothing(world, OS_FAULT_METADATA, base, 3 * CHUNK_SIZE, OS_MEM_COMMIT);
    assert_books(world, 1, 3 * CHUNK_SIZE, 3 * CHUNK_SIZE);
    release(world, base);
}

static void pages_that_cannot_be_made_undo_themselves(void **state)
{
    struct world *world;
    uint64_t n = 0;
    bool made;

    (void)state;
    do {
        world = zeroed(sizeof(struct world));
        os_fault_at(OS_FAULT_METADATA, ++n);
        made = make_pages(world);
        os_fault_at(OS_FAULT_METADATA, 0);
        if (made)
            pages_destroy(&world->pages);
        free(world);
    } while (!made);
    assert_true(n > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(a_region_that_cannot_be_had_leaves_no_trace),
        world_test(a_region_that_cannot_be_booked_leaves_no_trace),
        world_test(a_commit_that_fails_leaves_no_trace),
        world_test(a_commit_that_cannot_be_booked_leaves_no_trace),
        cmocka_unit_test(pages_that_cannot_be_made_undo_themselves),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
