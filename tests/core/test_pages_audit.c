/*
 * test_pages_audit.c: the audit tells every difference between the books and the system, and
 * nothing else.
 */
#include "pages_world.h"

#include "pages/region_operation.h"

struct finding {
    struct audit_difference differences[8];
    size_t count;
    size_t wanted; /* ends the audit after so many */
};

static bool note(void *context, const struct audit_difference *difference)
{
    struct finding *finding = context;

    if (finding->count < COUNT_OF(finding->differences))
        finding->differences[finding->count] = *difference;
    return ++finding->count < finding->wanted;
}

static struct audit run_audit(struct world *world, struct finding *finding)
{
    struct audit audit;

    *finding = (struct finding){.wanted = SIZE_MAX};
    assert_true(audit_run(&world->pages, &audit, note, finding));
    assert_int_equal(audit.differences, finding->count);
    return audit;
}

static void the_audit_tells_pages_that_only_the_system_has_committed(void **state)
{
    struct world *world = *state;
    char *base = reserve(world, GRANULE);
    struct finding finding;
    void *memory;

    os_alloc(base + 2 * PAGE, 3 * PAGE, OS_MEM_COMMIT, OS_PAGE_READWRITE, OS_ANY_NODE, &memory);
    run_audit(world, &finding);
    assert_int_equal(finding.count, 1);
    assert_int_equal(finding.differences[0].kind, AUDIT_ONLY_IN_SYSTEM);
    assert_int_equal(finding.differences[0].address, (uintptr_t)base + 2 * PAGE);
    assert_int_equal(finding.differences[0].books, 0);
    assert_int_equal(finding.differences[0].system, 3 * PAGE);
    assert_int_equal(finding.differences[0].region.base, (uintptr_t)base);
    release(world, base);
}

static void the_audit_tells_pages_that_only_the_books_have_committed(void **state)
{
    struct world *world = *state;
    char *base = alloc(world, NULL, GRANULE, RESERVE_COMMIT);
    struct finding finding;

    os_free(base + PAGE, 2 * PAGE, OS_MEM_DECOMMIT);
    run_audit(world, &finding);
    assert_int_equal(finding.count, 1);
    assert_int_equal(finding.differences[0].kind, AUDIT_ONLY_IN_BOOKS);
    assert_int_equal(finding.differences[0].address, (uintptr_t)base + PAGE);
    assert_int_equal(finding.differences[0].books, 2 * PAGE);
    assert_int_equal(finding.differences[0].system, 0);
    release(world, base);
}

static void the_audit_tells_a_region_that_the_system_does_not_have(void **state)
{
    struct world *world = *state;
    char *base = reserve(world, GRANULE);
    struct finding finding;
    void *memory;

    os_free(base, 0, OS_MEM_RELEASE);
    run_audit(world, &finding);
    assert_int_equal(finding.count, 1);
    assert_int_equal(finding.differences[0].kind, AUDIT_REGION_MISSING);
    os_alloc(base, GRANULE, OS_MEM_RESERVE, OS_PAGE_READWRITE, OS_ANY_NODE, &memory);
    release(world, base);
}

static void the_audit_tells_what_is_missing_and_what_the_books_have_there(void **state)
{
    struct world *world = *state;
    char *base = alloc(world, free_granule(), GRANULE, RESERVE_COMMIT);
    struct finding finding;
    struct audit audit;
    void *memory;

    os_free(base, 0, OS_MEM_RELEASE);
    for (int somebody_elses = 0; somebody_elses < 2; somebody_elses++) {
        if (somebody_elses)
            os_alloc(base - GRANULE, 2 * GRANULE, RESERVE_COMMIT, OS_PAGE_READWRITE, OS_ANY_NODE,
                     &memory);
        audit = run_audit(world, &finding);
        assert_int_equal(finding.count, 2);
        assert_int_equal(finding.differences[0].kind, AUDIT_REGION_MISSING);
        assert_int_equal(finding.differences[0].address, (uintptr_t)base);
        assert_int_equal(finding.differences[0].books, GRANULE);
        assert_int_equal(finding.differences[1].kind, AUDIT_ONLY_IN_BOOKS);
        assert_int_equal(finding.differences[1].address, (uintptr_t)base);
        assert_int_equal(audit.reserved, 0);
        assert_int_equal(audit.committed, 0);
        assert_int_equal(audit.books_reserved, GRANULE);
        assert_int_equal(audit.books_committed, GRANULE);
    }
    os_free(base - GRANULE, 0, OS_MEM_RELEASE);
    os_alloc(base, GRANULE, RESERVE_COMMIT, OS_PAGE_READWRITE, OS_ANY_NODE, &memory);
    release(world, base);
}

static void the_audit_tells_a_region_that_the_system_has_larger(void **state)
{
    struct world *world = *state;
    char *base = alloc(world, free_granule(), GRANULE, OS_MEM_RESERVE);
    struct finding finding;
    void *memory;

    os_free(base, 0, OS_MEM_RELEASE);
    os_alloc(base, GRANULE + PAGE, OS_MEM_RESERVE, OS_PAGE_READWRITE, OS_ANY_NODE, &memory);
    run_audit(world, &finding);
    assert_int_equal(finding.count, 1);
    assert_int_equal(finding.differences[0].kind, AUDIT_REGION_LARGER);
    assert_int_equal(finding.differences[0].address, (uintptr_t)base + GRANULE);
    assert_int_equal(finding.differences[0].system, PAGE);
    release(world, base);
}

static void the_audit_tells_totals_that_the_regions_do_not_add_up_to(void **state)
{
    struct world *world = *state;
    struct finding finding;

    budget_force(&world->pages.budget, (struct budget_charge){1, 2});
    gauge_add(&world->counters.regions, 3);
    run_audit(world, &finding);
    assert_int_equal(finding.count, 3);
    assert_int_equal(finding.differences[0].kind, AUDIT_RESERVED_TOTAL);
    assert_int_equal(finding.differences[1].kind, AUDIT_COMMITTED_TOTAL);
    assert_int_equal(finding.differences[2].kind, AUDIT_REGIONS_TOTAL);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(finding.differences[i].books, i + 1);
        assert_int_equal(finding.differences[i].system, 0);
    }
    budget_refund(&world->pages.budget, (struct budget_charge){1, 2});
    gauge_subtract(&world->counters.regions, 3);
}

static void the_audit_tells_charges_that_nobody_has_returned(void **state)
{
    struct world *world = *state;
    struct budget_charge lost = {GRANULE, PAGE};
    struct finding finding;
    void *base = reserve(world, GRANULE);

    assert_true(budget_ask(&world->pages.budget, lost, BUDGET_TASK_CRITICAL));
    run_audit(world, &finding);
    assert_int_equal(finding.count, 2);
    assert_int_equal(finding.differences[0].kind, AUDIT_RESERVED_CHARGE);
    assert_int_equal(finding.differences[0].books, GRANULE);
    assert_int_equal(finding.differences[0].system, 2 * GRANULE);
    assert_int_equal(finding.differences[1].kind, AUDIT_COMMITTED_CHARGE);
    assert_int_equal(finding.differences[1].books, 0);
    assert_int_equal(finding.differences[1].system, PAGE);
    budget_return(&world->pages.budget, lost);
    release(world, base);
}

static void the_audit_compares_no_totals_while_a_call_is_under_way(void **state)
{
    struct world *world = *state;
    struct finding finding;
    struct audit audit;

    gauge_add(&world->counters.regions, 1); /* as a call does halfway */
    counters_begin(&world->counters, COUNTED_VIRTUAL_ALLOC);
    audit = run_audit(world, &finding);
    assert_false(audit.totals_compared);
    assert_int_equal(finding.count, 0);
    gauge_subtract(&world->counters.regions, 1);
    counters_end(&world->counters, COUNTED_VIRTUAL_ALLOC, true);
    assert_true(run_audit(world, &finding).totals_compared);
}

static struct region_operation begin_on(struct world *world, char *page, size_t size)
{
    struct region *region = region_table_find(&world->pages.table, (uintptr_t)page);
    struct range range = {(uintptr_t)page, (uintptr_t)page + size};
    struct region_operation operation;

    assert_int_equal(region_begin(region, (uintptr_t)page, &operation), REGION_BEGUN);
    operation_concerns(&world->pages, &operation, range);
    return operation;
}

static void the_audit_leaves_out_the_granules_on_which_an_operation_is_under_way(void **state)
{
    struct world *world = *state;
    char *base = alloc(world, NULL, 8 * GRANULE, RESERVE_COMMIT);
    struct region_operation operation = begin_on(world, base + 3 * GRANULE, PAGE);
    struct finding finding;
    struct audit audit;
    void *memory;

    os_free(base + 3 * GRANULE, PAGE,
            OS_MEM_DECOMMIT); /* as a decommit before it keeps the books */
    audit = run_audit(world, &finding);
    assert_int_equal(audit.busy, 1);
    assert_int_equal(audit.busy_bytes, GRANULE);
    assert_int_equal(audit.regions, 1);
    assert_int_equal(audit.reserved, 7 * GRANULE);
    assert_int_equal(audit.committed, 7 * GRANULE);
    assert_false(audit.totals_compared);
    assert_int_equal(finding.count, 0);
    os_alloc(base + 3 * GRANULE, PAGE, OS_MEM_COMMIT, OS_PAGE_READWRITE, OS_ANY_NODE, &memory);
    assert_int_equal(operation_end(&world->pages, &operation), PAGES_OK);
    assert_int_equal(run_audit(world, &finding).busy, 0);
    release(world, base);
}

static void the_audit_finds_a_difference_in_a_region_on_which_operations_are_under_way(void **state)
{
    struct world *world = *state;
    char *base = alloc(world, NULL, 8 * GRANULE, RESERVE_COMMIT);
    struct region_operation operation = begin_on(world, base, 2 * GRANULE);
    struct finding finding;
    struct audit audit;
    void *memory;

    os_free(base + 5 * GRANULE, PAGE, OS_MEM_DECOMMIT);
    audit = run_audit(world, &finding);
    assert_int_equal(audit.busy_bytes, 2 * GRANULE);
    assert_int_equal(finding.count, 1);
    assert_int_equal(finding.differences[0].kind, AUDIT_ONLY_IN_BOOKS);
    assert_int_equal(finding.differences[0].address, (uintptr_t)base + 5 * GRANULE);
    os_alloc(base + 5 * GRANULE, PAGE, OS_MEM_COMMIT, OS_PAGE_READWRITE, OS_ANY_NODE, &memory);
    assert_int_equal(operation_end(&world->pages, &operation), PAGES_OK);
    release(world, base);
}

static void the_audit_leaves_out_a_region_that_is_not_settled(void **state)
{
    struct world *world = *state;
    char *base = alloc(world, NULL, 2 * GRANULE, RESERVE_COMMIT);
    struct region *region = region_table_find(&world->pages.table, (uintptr_t)base);
    struct region_operation operation;
    struct finding finding;
    struct audit audit;
    void *memory;

    assert_true(region_claim(region, (uintptr_t)base, 0, &operation));
    region_restore(&operation);
    os_free(base, PAGE, OS_MEM_DECOMMIT); /* as a foreign request does */
    audit = run_audit(world, &finding);
    assert_int_equal(finding.count, 0);
    assert_int_equal(audit.regions, 1);
    assert_int_equal(audit.busy, 1);
    assert_int_equal(audit.busy_bytes, 2 * GRANULE);
    assert_int_equal(audit.reserved, 0);
    assert_false(audit.totals_compared);
    os_alloc(base, PAGE, OS_MEM_COMMIT, OS_PAGE_READWRITE, OS_ANY_NODE, &memory);
    assert_true(region_end(&operation));
    release(world, base);
}

/* ------------------------------------------------------------------------------------------------
 * Changes while an audit tells
 * --------------------------------------------------------------------------------------------- */

/* What its callback does when the first difference is told. */
struct meddler {
    struct finding finding;
    struct world *world;
    char *base;
    void (*meddle)(struct meddler *meddler);
    struct region_operation operation;
};

static bool note_and_meddle(void *context, const struct audit_difference *difference)
{
    struct meddler *meddler = context;

    if (meddler->finding.count == 0)
        meddler->meddle(meddler);
    return note(&meddler->finding, difference);
}

static struct audit run_meddled_audit(struct meddler *meddler)
{
    struct audit audit;

    meddler->finding.wanted = SIZE_MAX;
    assert_true(audit_run(&meddler->world->pages, &audit, note_and_meddle, meddler));
    assert_int_equal(audit.differences, meddler->finding.count);
    return audit;
}

static void commit_sixth_page(struct meddler *meddler)
{
    commit(meddler->world, meddler->base + 5 * PAGE, PAGE);
}

static void what_changes_while_the_audit_tells_is_not_told(void **state)
{
    struct world *world = *state;
    char *base = reserve(world, GRANULE);
    struct meddler meddler = {.world = world, .base = base, .meddle = commit_sixth_page};

    commit(world, base + PAGE, PAGE);
    os_free(base + PAGE, PAGE, OS_MEM_DECOMMIT);
    run_meddled_audit(&meddler);
    assert_int_equal(meddler.finding.count, 1);
    assert_int_equal(meddler.finding.differences[0].address, (uintptr_t)base + PAGE);
    release(world, base);
}

static void a_difference_is_told_once_though_the_audit_looks_again(void **state)
{
    struct world *world = *state;
    char *base = reserve(world, GRANULE);
    struct meddler meddler = {.world = world, .base = base, .meddle = commit_sixth_page};

    for (unsigned page = 1; page <= 9; page += 8) {
        commit(world, base + page * PAGE, PAGE);
        os_free(base + page * PAGE, PAGE, OS_MEM_DECOMMIT);
    }
    run_meddled_audit(&meddler);
    assert_int_equal(meddler.finding.count, 2);
    assert_int_equal(meddler.finding.differences[0].address, (uintptr_t)base + PAGE);
    assert_int_equal(meddler.finding.differences[1].address, (uintptr_t)base + 9 * PAGE);
    release(world, base);
}

/* A decommit over chunks of which some have no words: it has asked the system, but not booked. */
static void begin_decommit_everywhere(struct meddler *meddler)
{
    meddler->operation = begin_on(meddler->world, meddler->base, 200 * CHUNK_SIZE);
    assert_true(meddler->operation.unentered);
    os_free(meddler->base + 5 * PAGE, PAGE, OS_MEM_DECOMMIT);
}

static void an_operation_that_entered_nothing_shows_while_the_audit_tells(void **state)
{
    struct world *world = *state;
    char *base = reserve(world, 200 * CHUNK_SIZE);
    struct meddler meddler = {.world = world, .base = base, .meddle = begin_decommit_everywhere};
    struct audit audit;
    void *memory;

    commit(world, base, GRANULE);
    os_free(base + PAGE, PAGE, OS_MEM_DECOMMIT);
    audit = run_meddled_audit(&meddler);
    assert_int_equal(meddler.finding.count, 1);
    assert_int_equal(audit.busy, 1);
    os_alloc(base, GRANULE, OS_MEM_COMMIT, OS_PAGE_READWRITE, OS_ANY_NODE, &memory);
    assert_int_equal(operation_end(&world->pages, &meddler.operation), PAGES_OK);
    release(world, base);
}

static void the_audit_ends_when_its_caller_has_seen_enough(void **state)
{
    struct world *world = *state;
    char *bases[3];
    struct finding finding = {.wanted = 2};
    struct audit audit;

    for (size_t i = 0; i < COUNT_OF(bases); i++) {
        bases[i] = alloc(world, NULL, GRANULE, RESERVE_COMMIT);
        os_free(bases[i], PAGE, OS_MEM_DECOMMIT);
    }
    os_free(bases[1] + 5 * PAGE, PAGE, OS_MEM_DECOMMIT); /* one more of the same region */
    assert_false(audit_run(&world->pages, &audit, note, &finding));
    assert_int_equal(finding.count, 2);
    for (size_t i = 0; i < COUNT_OF(bases); i++)
        release(world, bases[i]);
}

/* ------------------------------------------------------------------------------------------------
 * Without the system
 * --------------------------------------------------------------------------------------------- */

static struct audit run_records_audit(struct world *world, struct finding *finding)
{
    struct audit audit;

    *finding = (struct finding){.wanted = SIZE_MAX};
    assert_true(audit_records(&world->pages, &audit, note, finding));
    assert_int_equal(audit.differences, finding->count);
    return audit;
}

static void an_audit_of_the_records_adds_them_up_and_asks_no_system(void **state)
{
    struct world *world = *state;
    char *base = alloc(world, NULL, GRANULE, RESERVE_COMMIT);
    char *other = reserve(world, 3 * CHUNK_SIZE);
    struct finding finding;
    struct audit audit;

    os_free(base + PAGE, 2 * PAGE, OS_MEM_DECOMMIT);
    audit = run_records_audit(world, &finding);
    assert_int_equal(finding.count, 0);
    assert_true(audit.totals_compared);
    assert_int_equal(audit.regions, 2);
    assert_int_equal(audit.busy, 0);
    assert_int_equal(audit.reserved, GRANULE + 3 * CHUNK_SIZE);
    assert_int_equal(audit.committed, GRANULE);
    release(world, base);
    release(world, other);
}

static void an_audit_of_the_records_tells_a_total_that_they_do_not_add_up_to(void **state)
{
    struct world *world = *state;
    char *base = alloc(world, NULL, GRANULE, RESERVE_COMMIT);
    struct finding finding;

    gauge_add(&world->counters.regions, 1);
    run_records_audit(world, &finding);
    assert_int_equal(finding.count, 1);
    assert_int_equal(finding.differences[0].kind, AUDIT_REGIONS_TOTAL);
    assert_int_equal(finding.differences[0].books, 2);
    assert_int_equal(finding.differences[0].system, 1);
    gauge_subtract(&world->counters.regions, 1);
    release(world, base);
}

static void an_audit_of_the_records_leaves_out_regions_with_operations_under_way(void **state)
{
    struct world *world = *state;
    char *base = alloc(world, NULL, GRANULE, RESERVE_COMMIT);
    struct region *region = region_table_find(&world->pages.table, (uintptr_t)base);
    struct region_operation operation;
    struct finding finding;
    struct audit audit;

    assert_int_equal(region_begin(region, (uintptr_t)base, &operation), REGION_BEGUN);
    audit = run_records_audit(world, &finding);
    assert_int_equal(audit.busy, 1);
    assert_int_equal(audit.regions, 0);
    assert_false(audit.totals_compared);
    assert_true(region_end(&operation));
    assert_int_equal(run_records_audit(world, &finding).busy, 0);
    release(world, base);
}

static void a_call_under_way_keeps_the_totals_of_records_from_being_compared(void **state)
{
    struct world *world = *state;
    struct finding finding;

    counters_begin(&world->counters, COUNTED_VIRTUAL_ALLOC);
    assert_int_equal(counters_under_way(&world->counters, COUNTED_VIRTUAL_ALLOC), 1);
    assert_false(run_records_audit(world, &finding).totals_compared);
    counters_end(&world->counters, COUNTED_VIRTUAL_ALLOC, true);
    assert_int_equal(counters_under_way(&world->counters, COUNTED_VIRTUAL_ALLOC), 0);
    assert_true(run_records_audit(world, &finding).totals_compared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(the_audit_tells_pages_that_only_the_system_has_committed),
        world_test(the_audit_tells_pages_that_only_the_books_have_committed),
        world_test(the_audit_tells_a_region_that_the_system_does_not_have),
        world_test(the_audit_tells_what_is_missing_and_what_the_books_have_there),
        world_test(the_audit_tells_a_region_that_the_system_has_larger),
        world_test(the_audit_tells_totals_that_the_regions_do_not_add_up_to),
        world_test(the_audit_tells_charges_that_nobody_has_returned),
        world_test(the_audit_compares_no_totals_while_a_call_is_under_way),
        world_test(the_audit_leaves_out_the_granules_on_which_an_operation_is_under_way),
        world_test(the_audit_finds_a_difference_in_a_region_on_which_operations_are_under_way),
        world_test(the_audit_leaves_out_a_region_that_is_not_settled),
        world_test(what_changes_while_the_audit_tells_is_not_told),
        world_test(a_difference_is_told_once_though_the_audit_looks_again),
        world_test(an_operation_that_entered_nothing_shows_while_the_audit_tells),
        world_test(the_audit_ends_when_its_caller_has_seen_enough),
        world_test(an_audit_of_the_records_adds_them_up_and_asks_no_system),
        world_test(an_audit_of_the_records_tells_a_total_that_they_do_not_add_up_to),
        world_test(an_audit_of_the_records_leaves_out_regions_with_operations_under_way),
        world_test(a_call_under_way_keeps_the_totals_of_records_from_being_compared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
