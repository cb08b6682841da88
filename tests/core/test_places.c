/*
 * test_places.c: where regions are put (places.h): apart from what the system gives to others, and
 * not soon where one just was.
 */
#include "pages_world.h"

#include "os_posix/os_posix.h"

#define MIB ((size_t)1 << 20)
#define RECORDS 40u

/* ------------------------------------------------------------------------------------------------
 * Places
 * --------------------------------------------------------------------------------------------- */

static int begin_apart(void **state)
{
    os_posix_keeps_addresses_apart = true;
    return begin_world(state);
}

static int end_apart(void **state)
{
    int failures = end_world(state);

    os_posix_keeps_addresses_apart = false;
    return failures;
}

static int compare_ranges(const void *left, const void *right)
{
    const struct range *one = left, *other = right;

    return (one->begin > other->begin) - (one->begin < other->begin);
}

static void no_two_places_overlap(void **state)
{
    static const size_t sizes[] = {1, GRANULE + 1, 4 * GRANULE, 8 * GRANULE, MIB, 2 * MIB};
    static struct range ranges[COUNT_OF(sizes) * (RECORDS + 1)];
    const struct places *places = &((struct world *)*state)->pages.places;
    uint32_t last = (uint32_t)1 << places->records_shift;
    size_t count = 0;

    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        for (uint32_t record = 1; record <= RECORDS + 1; record++) {
            uintptr_t place = places_of(places, record > RECORDS ? last : record, sizes[i]);

            assert_int_equal(place % GRANULE, 0);
            assert_int_not_equal(place, 0);
            ranges[count++] = (struct range){place, place + sizes[i]};
        }
    }
    qsort(ranges, count, sizeof(ranges[0]), compare_ranges);
    for (size_t i = 1; i < count; i++)
        assert_true(ranges[i - 1].end <= ranges[i].begin);
}

static void places_lie_where_the_system_gives_nobody_any_unasked(void **state)
{
    const struct places *places = &((struct world *)*state)->pages.places;
    uint32_t last = (uint32_t)1 << places->records_shift;
    uintptr_t begin, end;

    assert_true(os_unasked_addresses(&begin, &end));
    assert_true(places_of(places, 1, 1) >= begin);
    assert_true(places_of(places, last, 2 * MIB) <= end - 2 * MIB);
    assert_int_equal(places_of(places, last + 1, 1), 0);
    assert_int_equal(places_of(places, 1, 2 * MIB + 1), 0);
    assert_int_equal(places_of(places, 1, SIZE_MAX), 0);
}

static void managers_have_places_of_their_own(void **state)
{
    struct places one, other;
    unsigned different = 0;

    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        assert_true(places_init(&one));
        assert_true(places_init(&other));
        different += one.begin != other.begin;
    }
    assert_in_range(different, 10, 20);
}

static void without_such_addresses_there_are_no_places(void **state)
{
    struct places places;

    (void)state;
    assert_false(places_init(&places));
    assert_int_equal(places_of(&places, 1, 1), 0);
}

/* ------------------------------------------------------------------------------------------------
 * Regions
 * --------------------------------------------------------------------------------------------- */

static bool is_placed(const struct world *world, const char *memory)
{
    uintptr_t begin, end;

    (void)world;
    os_unasked_addresses(&begin, &end);
    return (uintptr_t)memory >= begin && (uintptr_t)memory < end;
}

static void regions_that_ask_for_nothing_else_come_to_a_place(void **state)
{
    static const size_t sizes[] = {1, PAGE, GRANULE, 3 * GRANULE + 1, 2 * MIB};
    static const uint32_t types[] = {OS_MEM_RESERVE, OS_MEM_COMMIT, OS_MEM_RESERVE | OS_MEM_COMMIT};
    struct world *world = *state;

    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        for (size_t j = 0; j < COUNT_OF(types); j++) {
            char *memory = alloc(world, NULL, sizes[i], types[j]);

            assert_true(is_placed(world, memory));
            assert_int_equal(system_at(memory).allocation_base, (uintptr_t)memory);
            assert_exact(world);
            release(world, memory);
        }
    }
}

static void other_regions_come_where_the_system_or_the_caller_wants(void **state)
{
    struct world *world = *state;
    char *wanted = free_granule();
    struct pages_request code = {.size = GRANULE,
                                 .type = OS_MEM_RESERVE | OS_MEM_COMMIT,
                                 .protect = OS_PAGE_EXECUTE_READWRITE,
                                 .node = OS_ANY_NODE,
                                 .critical_level = 1};
    char *memory = alloc(world, NULL, 2 * MIB + 1, OS_MEM_RESERVE);
    void *code_memory;

    assert_false(is_placed(world, memory));
    release(world, memory);
    memory = alloc(world, NULL, GRANULE, OS_MEM_RESERVE | OS_MEM_TOP_DOWN);
    assert_false(is_placed(world, memory));
    release(world, memory);
    assert_ptr_equal(alloc(world, wanted, GRANULE, OS_MEM_RESERVE), wanted);
    release(world, wanted);
    assert_int_equal(try_request(world, &code, &code_memory), PAGES_OK);
    assert_false(is_placed(world, code_memory));
    release(world, code_memory);
}

/* A free that comes too late hits nobody: the address is not used again so soon. */
static void a_region_does_not_come_where_one_just_was(void **state)
{
    static char *was[3 * REGION_TABLE_RESTING];
    struct world *world = *state;

    for (unsigned i = 0; i < COUNT_OF(was); i++) {
        was[i] = reserve(world, GRANULE);
        release(world, was[i]);
        for (unsigned j = i < REGION_TABLE_RESTING ? 0 : i - REGION_TABLE_RESTING; j < i; j++)
            assert_ptr_not_equal(was[i], was[j]);
        assert_int_equal(pages_free_foreign(&world->pages, was[i], 0, OS_MEM_RELEASE),
                         OS_ERROR_INVALID_ADDRESS);
    }
}

static void records_that_have_rested_are_used_again(void **state)
{
    struct world *world = *state;

    for (unsigned i = 0; i < 4 * REGION_TABLE_RESTING; i++)
        release(world, reserve(world, GRANULE));
    assert_in_range(region_table_limit(&world->pages.table), REGION_TABLE_RESTING,
                    REGION_TABLE_RESTING + 2);
}

/* Nothing is refused for the sake of rest. */
static void a_record_rests_no_longer_than_there_are_others(void **state)
{
    struct world *world = *state;
    struct pool *records = &world->pages.table.regions;

    for (unsigned i = 0; i < 3; i++)
        release(world, reserve(world, GRANULE));
    records->span.limit = region_table_limit(&world->pages.table);
    for (unsigned i = 0; i < 20; i++)
        release(world, reserve(world, GRANULE));
    assert_int_equal(region_table_limit(&world->pages.table), records->span.limit);
}

/* Somebody else's memory at the places of that many records from `first` on. */
static void take_places(struct world *world, uint32_t first, unsigned count)
{
    void *memory;

    for (unsigned i = 0; i < count; i++) {
        void *place = (void *)places_of(&world->pages.places, first + i, GRANULE);

        assert_int_equal(
            os_alloc(place, GRANULE, OS_MEM_RESERVE, OS_PAGE_READWRITE, OS_ANY_NODE, &memory), 0);
    }
}

static void give_places(struct world *world, uint32_t first, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        void *place = (void *)places_of(&world->pages.places, first + i, GRANULE);

        assert_int_equal(pages_free_foreign(&world->pages, place, 0, OS_MEM_RELEASE), PAGES_OK);
    }
}

static void a_region_avoids_places_that_others_have(void **state)
{
    struct world *world = *state;
    char *memory;

    take_places(world, 1, 3);
    memory = reserve(world, GRANULE);
    assert_true(is_placed(world, memory));
    assert_books(world, 1, GRANULE, 0);
    release(world, memory);
    give_places(world, 1, 3);
}

static void where_others_have_all_places_the_system_chooses(void **state)
{
    struct world *world = *state;
    char *memory;

    take_places(world, 1, RECORDS);
    memory = reserve(world, GRANULE);
    assert_false(is_placed(world, memory));
    assert_books(world, 1, GRANULE, 0);
    release(world, memory);
    give_places(world, 1, RECORDS);
}

static void what_the_system_refuses_is_asked_for_once(void **state)
{
    struct world *world = *state;

    os_fault_at(OS_FAULT_PAGES, 1);
    assert_int_equal(refusal(world, NULL, GRANULE, OS_MEM_RESERVE), OS_ERROR_NOT_ENOUGH_MEMORY);
    assert_int_equal(os_fault_requests(OS_FAULT_PAGES), 1);
    os_fault_at(OS_FAULT_PAGES, 0);
    assert_int_equal(refusal(world, NULL, GRANULE, 0), OS_ERROR_INVALID_PARAMETER);
    assert_books(world, 0, 0, 0);
}

#define apart_test(test) cmocka_unit_test_setup_teardown(test, begin_apart, end_apart)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_such_addresses_there_are_no_places),
        apart_test(no_two_places_overlap),
        apart_test(places_lie_where_the_system_gives_nobody_any_unasked),
        apart_test(managers_have_places_of_their_own),
        apart_test(regions_that_ask_for_nothing_else_come_to_a_place),
        apart_test(other_regions_come_where_the_system_or_the_caller_wants),
        apart_test(a_region_does_not_come_where_one_just_was),
        apart_test(records_that_have_rested_are_used_again),
        apart_test(a_record_rests_no_longer_than_there_are_others),
        apart_test(a_region_avoids_places_that_others_have),
        apart_test(where_others_have_all_places_the_system_chooses),
        apart_test(what_the_system_refuses_is_asked_for_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
