/*
 * test_budget_pages.c: limits as requests for pages meet them. A refused request leaves no trace, a
 * request that the system fails is not charged, and exactly the memory that is held is charged.
 */
#include "pages_world.h"

/* ------------------------------------------------------------------------------------------------
 * Limits and requests
 * --------------------------------------------------------------------------------------------- */

static void set_limits(struct budget_kind *kind, size_t pages, size_t app_domain_pages,
                       size_t process_pages)
{
    budget_set_limit(
        kind, &(struct budget_limit){pages * PAGE, app_domain_pages * PAGE, process_pages * PAGE});
}

/* A limit on committed memory, in pages, for all levels. */
static void limit_commits(struct world *world, size_t pages)
{
    set_limits(&world->pages.budget.committed, pages, 0, 0);
}

static void limit_reservations(struct world *world, size_t pages)
{
    set_limits(&world->pages.budget.reserved, pages, 0, 0);
}

static pages_result request_as(struct world *world, enum budget_level level, void *address,
                               size_t size, uint32_t type, char **memory)
{
    struct pages_request request = {.address = address,
                                    .size = size,
                                    .type = type,
                                    .protect = OS_PAGE_READWRITE,
                                    .node = OS_ANY_NODE,
                                    .critical_level = level};
    void *made = &request;
    pages_result result = try_request(world, &request, &made);

    *memory = made;
    return result;
}

/* The books after a call that failed are those before it. */
static void assert_refused(struct world *world, void *address, size_t size, uint32_t type)
{
    assert_int_equal(refusal(world, address, size, type), PAGES_REFUSED);
}

/* ------------------------------------------------------------------------------------------------
 * What is refused
 * --------------------------------------------------------------------------------------------- */

static void a_region_that_is_refused_leaves_no_trace(void **state)
{
    struct world *world = *state;
    uint32_t records = region_table_limit(&world->pages.table);
    char *granule = free_granule();

    limit_commits(world, 3);
    assert_refused(world, NULL, 4 * PAGE, RESERVE_COMMIT);
    assert_refused(world, NULL, 3 * PAGE + 1, OS_MEM_COMMIT);
    assert_refused(world, granule, GRANULE, RESERVE_COMMIT);
    assert_books(world, 0, 0, 0);
    assert_int_equal(region_table_limit(&world->pages.table), records);
    assert_int_equal(system_at(granule).state, OS_MEM_FREE);
    assert_int_equal(gauge_peak(&world->pages.budget.reserved.granted), 0);
    assert_int_equal(gauge_peak(&world->pages.budget.committed.granted), 0);
}

static void a_commit_that_is_refused_leaves_no_trace(void **state)
{
    struct world *world = *state;
    char *base = reserve(world, GRANULE);

    limit_commits(world, 3);
    commit(world, base + PAGE, PAGE);
    assert_refused(world, base + PAGE, 4 * PAGE, OS_MEM_COMMIT);
    assert_books(world, 1, GRANULE, PAGE);
    assert_int_equal(system_at(base + 2 * PAGE).state, OS_MEM_RESERVE);
    assert_int_equal(gauge_peak(&world->pages.budget.committed.granted), PAGE);
    release(world, base);
}

static void the_system_is_not_asked_for_what_is_refused(void **state)
{
    struct world *world = *state;
    char *base = reserve(world, GRANULE);

    limit_commits(world, 0);
    os_fault_at(OS_FAULT_PAGES, 0);
    assert_refused(world, NULL, PAGE, RESERVE_COMMIT);
    assert_refused(world, base, PAGE, OS_MEM_COMMIT);
    assert_int_equal(os_fault_requests(OS_FAULT_PAGES), 0);
    release(world, base);
}

/* A request that no budget could ever serve fails with the system's own error. */
static void a_size_that_no_system_has_is_the_systems_to_refuse(void **state)
{
    struct world *world = *state;

    limit_commits(world, 1);
    limit_reservations(world, 1);
    assert_int_equal(refusal(world, NULL, SIZE_MAX, RESERVE_COMMIT), OS_ERROR_INVALID_PARAMETER);
    assert_int_equal(refusal(world, NULL, SIZE_MAX - 8 * PAGE, RESERVE_COMMIT),
                     OS_ERROR_INVALID_PARAMETER);
    assert_refused(world, NULL, (size_t)1 << 46, RESERVE_COMMIT);
    assert_books(world, 0, 0, 0);
}

/* ------------------------------------------------------------------------------------------------
 * Requests that the system fails
 * --------------------------------------------------------------------------------------------- */

/*
 * Makes the n-th request fail, for n = 1, 2 and so on, until the call succeeds. The limit just
 * allows the call, so a charge that a failure had left behind would have the call refused.
 */
static void assert_failures_charge_nothing(struct world *world, enum os_fault_kind kind,
                                           void *address, size_t size, uint32_t type)
{
    pages_result result;
    uint64_t n = 0;

    do {
        char *memory;

        exhaust_metadata(world);
        os_fault_at(kind, ++n);
        result = try_alloc(world, address, size, type, &memory);
        os_fault_at(kind, 0);
        assert_int_not_equal(result, PAGES_REFUSED);
        assert_exact(world);
    } while (result);
    assert_true(n > 1); /* else nothing has failed */
}

static void a_region_that_the_system_fails_is_not_charged(void **state)
{
    struct world *world = *state;
    char *granule = free_granule();

    limit_commits(world, 16);
    limit_reservations(world, 16);
    assert_failures_charge_nothing(world, OS_FAULT_PAGES, granule, GRANULE, RESERVE_COMMIT);
    release(world, granule);
}

static void a_region_that_cannot_be_booked_is_not_charged(void **state)
{
    struct world *world = *state;
    const size_t size = 3 * CHUNK_SIZE + PAGE;
    char *base = reserve(world, 4 * CHUNK_SIZE);

    release(world, base);
    begin_world(state); /* which knows no chunk there */
    limit_commits(*state, size / PAGE);
    limit_reservations(*state, size / PAGE);
    assert_failures_charge_nothing(*state, OS_FAULT_METADATA, base, size, RESERVE_COMMIT);
    release(*state, base);
    end_world(state);
    *state = world;
}

static void a_commit_that_the_system_fails_is_not_charged(void **state)
{
    struct world *world = *state;
    char *base = reserve(world, GRANULE);

    limit_commits(world, 3);
    commit(world, base, PAGE);
    assert_failures_charge_nothing(world, OS_FAULT_PAGES, base, 3 * PAGE, OS_MEM_COMMIT);
    release(world, base);
}

static void a_commit_that_cannot_be_booked_is_not_charged(void **state)
{
    struct world *world = *state;
    char *base = reserve(world, 3 * CHUNK_SIZE);

    limit_commits(world, 3 * CHUNK_SIZE / PAGE);
    assert_failures_charge_nothing(world, OS_FAULT_METADATA, base, 3 * CHUNK_SIZE, OS_MEM_COMMIT);
    release(world, base);
}

/* ------------------------------------------------------------------------------------------------
 * Exactly what is held is charged
 * --------------------------------------------------------------------------------------------- */

static void a_region_of_the_last_pages_is_served(void **state)
{
    struct world *world = *state;
    char *base;

    limit_commits(world, 3);
    limit_reservations(world, 3);
    base = alloc(world, NULL, 3 * PAGE, RESERVE_COMMIT);
    assert_refused(world, NULL, PAGE, OS_MEM_RESERVE);
    assert_books(world, 1, 3 * PAGE, 3 * PAGE);
    release(world, base);
}

static void pages_that_are_committed_are_committed_again_at_the_full_limit(void **state)
{
    struct world *world = *state;
    char *base = reserve(world, GRANULE);

    limit_commits(world, 3);
    commit(world, base, 3 * PAGE);
    commit(world, base, 3 * PAGE);
    limit_commits(world, 1); /* nor does it matter that it is more than full */
    commit(world, base + PAGE, 2 * PAGE);
    assert_books(world, 1, GRANULE, 3 * PAGE);
    release(world, base);
}

static void a_commit_partly_over_committed_pages_needs_room_for_the_others_only(void **state)
{
    struct world *world = *state;
    char *base = reserve(world, GRANULE);

    limit_commits(world, 5);
    commit(world, base + PAGE, 2 * PAGE);
    assert_refused(world, base, 6 * PAGE, OS_MEM_COMMIT);
    commit(world, base, 5 * PAGE);
    assert_books(world, 1, GRANULE, 5 * PAGE);
    release(world, base);
}

static void a_decommit_gives_room_for_what_was_committed(void **state)
{
    struct world *world = *state;
    char *base = reserve(world, GRANULE);

    limit_commits(world, 3);
    commit(world, base, 3 * PAGE);
    decommit(world, base + 2 * PAGE, 4 * PAGE); /* one of which is committed */
    assert_refused(world, base + 8 * PAGE, 2 * PAGE, OS_MEM_COMMIT);
    commit(world, base + 8 * PAGE, PAGE);
    assert_books(world, 1, GRANULE, 3 * PAGE);
    release(world, base);
}

static void a_release_gives_room_for_all_of_the_region(void **state)
{
    struct world *world = *state;
    char *base;

    limit_commits(world, 3);
    limit_reservations(world, 4);
    base = reserve(world, 4 * PAGE);
    commit(world, base, 3 * PAGE);
    assert_refused(world, NULL, PAGE, RESERVE_COMMIT);
    release(world, base);
    base = alloc(world, NULL, 3 * PAGE, RESERVE_COMMIT);
    assert_books(world, 1, 3 * PAGE, 3 * PAGE);
    release(world, base);
}

static void a_limit_on_reservations_leaves_commits_alone(void **state)
{
    struct world *world = *state;
    char *base;

    limit_reservations(world, 4);
    assert_refused(world, NULL, 5 * PAGE, OS_MEM_RESERVE);
    base = reserve(world, 4 * PAGE);
    assert_refused(world, NULL, 1, OS_MEM_RESERVE);
    commit(world, base, 4 * PAGE);
    assert_books(world, 1, 4 * PAGE, 4 * PAGE);
    release(world, base);
}

/* The address is rounded down and the size up: all of that is reserved, and charged. */
static void a_region_is_charged_as_it_is_rounded(void **state)
{
    struct world *world = *state;
    char *granule = free_granule();

    limit_reservations(world, 3);
    assert_refused(world, granule + 2 * PAGE, PAGE + 1, OS_MEM_RESERVE);
    limit_reservations(world, 4);
    alloc(world, granule + 2 * PAGE, PAGE + 1, OS_MEM_RESERVE);
    assert_books(world, 1, 4 * PAGE, 0);
    release(world, granule);
}

static void memory_of_someone_else_is_committed_at_the_full_limit(void **state)
{
    struct world *world = *state;
    void *foreign, *memory;

    assert_int_equal(os_alloc(NULL, PAGE, OS_MEM_RESERVE, OS_PAGE_READWRITE, OS_ANY_NODE, &foreign),
                     0);
    limit_commits(world, 0);
    memory = alloc(world, foreign, PAGE, OS_MEM_COMMIT);
    assert_ptr_equal(memory, foreign);
    assert_books(world, 0, 0, 0);
    assert_int_equal(os_free(foreign, 0, OS_MEM_RELEASE), 0);
}

static void a_request_goes_as_far_as_its_level(void **state)
{
    struct world *world = *state;
    char *base = reserve(world, GRANULE);
    char *memory;

    set_limits(&world->pages.budget.committed, 3, 2, 1);
    for (unsigned level = 0, end = 3; level < BUDGET_LEVELS; end += 2 - level++) {
        enum budget_level as = (enum budget_level)level;

        assert_int_equal(request_as(world, as, base, (end + 1) * PAGE, OS_MEM_COMMIT, &memory),
                         PAGES_REFUSED);
        assert_int_equal(request_as(world, as, base, end * PAGE, OS_MEM_COMMIT, &memory), PAGES_OK);
        assert_books(world, 1, GRANULE, end * PAGE);
    }
    release(world, base);
}

/* ------------------------------------------------------------------------------------------------
 * Guard pages
 * --------------------------------------------------------------------------------------------- */

static pages_result try_guarded(struct world *world, size_t size, char **memory)
{
    struct pages_request request = {.size = size,
                                    .type = RESERVE_COMMIT,
                                    .protect = OS_PAGE_READWRITE,
                                    .node = OS_ANY_NODE,
                                    .guard = true};
    void *made = &request;
    pages_result result = try_request(world, &request, &made);

    *memory = made;
    return result;
}

static void a_guard_page_is_charged_as_reserved_only(void **state)
{
    struct world *world = *state;
    char *base, *other;

    limit_commits(world, 3);
    assert_int_equal(try_guarded(world, 3 * PAGE, &base), PAGES_OK);
    assert_books(world, 1, 3 * PAGE, 2 * PAGE);
    other = alloc(world, NULL, PAGE, RESERVE_COMMIT); /* there is room for what it was */
    release(world, other);
    release(world, base);
}

/* The system commits the page with the rest and decommits it at once. */
static void a_guard_page_needs_room_for_a_moment(void **state)
{
    struct world *world = *state;
    char *base;

    limit_commits(world, 2);
    assert_int_equal(try_guarded(world, 3 * PAGE, &base), PAGES_REFUSED);
    assert_null(base);
    assert_books(world, 0, 0, 0);
}

static void a_guarded_region_that_the_system_fails_is_not_charged(void **state)
{
    struct world *world = *state;
    pages_result result;
    uint64_t n = 0;
    char *base;

    limit_commits(world, 3);
    do {
        os_fault_at(OS_FAULT_PAGES, ++n);
        result = try_guarded(world, 3 * PAGE, &base);
        os_fault_at(OS_FAULT_PAGES, 0);
        assert_int_not_equal(result, PAGES_REFUSED);
        assert_exact(world);
    } while (result);
    assert_true(n > 1);
    assert_books(world, 1, 3 * PAGE, 2 * PAGE);
    release(world, base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(a_region_that_is_refused_leaves_no_trace),
        world_test(a_commit_that_is_refused_leaves_no_trace),
        world_test(the_system_is_not_asked_for_what_is_refused),
        world_test(a_size_that_no_system_has_is_the_systems_to_refuse),
        world_test(a_region_that_the_system_fails_is_not_charged),
        world_test(a_region_that_cannot_be_booked_is_not_charged),
        world_test(a_commit_that_the_system_fails_is_not_charged),
        world_test(a_commit_that_cannot_be_booked_is_not_charged),
        world_test(a_region_of_the_last_pages_is_served),
        world_test(pages_that_are_committed_are_committed_again_at_the_full_limit),
        world_test(a_commit_partly_over_committed_pages_needs_room_for_the_others_only),
        world_test(a_decommit_gives_room_for_what_was_committed),
        world_test(a_release_gives_room_for_all_of_the_region),
        world_test(a_limit_on_reservations_leaves_commits_alone),
        world_test(a_region_is_charged_as_it_is_rounded),
        world_test(memory_of_someone_else_is_committed_at_the_full_limit),
        world_test(a_request_goes_as_far_as_its_level),
        world_test(a_guard_page_is_charged_as_reserved_only),
        world_test(a_guard_page_needs_room_for_a_moment),
        world_test(a_guarded_region_that_the_system_fails_is_not_charged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
