/*
 * test_pages_activity.c: operations on different granules of a region do not notice each other, and
 * those on the same pages leave the books right. One call runs inside another's request to the
 * system, where a second thread's could.
 */
#include "pages_world.h"
#include "system_calls.h"

#include "pages/region_operation.h"

/* What runs before and after the next request of the call under test that changes memory. */
struct beside {
    struct world *world;
    char *page;
    size_t size;
    void (*before)(struct beside *beside);
    void (*after)(struct beside *beside);
};

static struct beside *beside;
static unsigned queries;
static unsigned audits;

static void run_beside(bool before)
{
    struct beside *now = beside;
    void (*call)(struct beside *) = now ? (before ? now->before : now->after) : NULL;

    if (!call)
        return;
    beside = NULL; /* its own requests are not interrupted */
    call(now);
    beside = now;
    if (before)
        now->before = NULL;
    else
        now->after = NULL;
}

#define HEAP 9u

static bool changes_memory;

void system_call_begins(bool changes)
{
    queries += !changes;
    if (changes)
        run_beside(true);
    changes_memory = changes;
}

void system_call_ended(void)
{
    if (changes_memory)
        run_beside(false);
}

static void commit_beside(struct beside *now)
{
    commit(now->world, now->page, now->size);
}

static void decommit_beside(struct beside *now)
{
    decommit(now->world, now->page, now->size);
}

static void audit_beside(struct beside *now)
{
    struct audit audit;

    assert_true(audit_run(&now->world->pages, &audit, print_difference, NULL));
    assert_int_equal(audit.differences, 0);
    audits++;
}

/* The number of questions to the system that the call asked while the other ran beside it. */
static unsigned questions_of(struct beside *now, void (*call)(struct world *, char *, size_t),
                             char *page, size_t size)
{
    queries = 0;
    beside = now;
    call(now->world, page, size);
    beside = NULL;
    return queries;
}

/* ------------------------------------------------------------------------------------------------
 * Elsewhere in the region
 * --------------------------------------------------------------------------------------------- */

static void operations_on_other_granules_ask_the_system_nothing(void **state)
{
    struct world *world = *state;
    char *base = reserve(world, 4 * CHUNK_SIZE);
    struct beside other = {world, base + GRANULE, GRANULE, commit_beside, decommit_beside};

    assert_int_equal(questions_of(&other, commit, base, GRANULE), 0);
    other.before = other.after = commit_beside;
    assert_int_equal(questions_of(&other, decommit, base, GRANULE), 0);
    assert_exact(world);
    release(world, base);
}

static void an_operation_on_another_region_asks_the_system_nothing(void **state)
{
    struct world *world = *state;
    char *base = reserve(world, 2 * GRANULE);
    char *next = reserve(world, 2 * GRANULE);
    struct beside other = {world, next, GRANULE, commit_beside, NULL};

    assert_int_equal(questions_of(&other, commit, base, 2 * GRANULE), 0);
    assert_exact(world);
    release(world, base);
    release(world, next);
}

/* ------------------------------------------------------------------------------------------------
 * On the same pages
 * --------------------------------------------------------------------------------------------- */

/* One order of one call beside another, on ranges that share pages. */
static void clash(struct world *world, bool commits, bool other_commits, bool before, bool is_there,
                  size_t first, size_t size, size_t other_first, size_t other_size)
{
    char *base = reserve(world, 3 * CHUNK_SIZE);
    struct beside other = {.world = world, .page = base + other_first, .size = other_size};
    void (*call)(struct beside *) = other_commits ? commit_beside : decommit_beside;
    unsigned asked;

    if (is_there)
        commit(world, base, 3 * CHUNK_SIZE);
    other.before = before ? call : NULL;
    other.after = before ? NULL : call;
    asked = questions_of(&other, commits ? commit : decommit, base + first, size);
    assert_exact(world);
    /* A decommit beside which a commit made a chunk's words settles; so does every other clash. */
    assert_true(asked > 0 || (!commits && !is_there));
    release(world, base);
}

static void two_operations_on_the_same_pages_leave_the_books_right(void **state)
{
    struct world *world = *state;

    for (unsigned bits = 0; bits < 16; bits++) {
        bool commits = bits & 1, other_commits = bits & 2, before = bits & 4, there = bits & 8;

        clash(world, commits, other_commits, before, there, 0, GRANULE, 0, GRANULE);
        clash(world, commits, other_commits, before, there, PAGE, PAGE, 0, 3 * PAGE);
        /* Over more than a batch of granules, and over the borders of chunks. */
        clash(world, commits, other_commits, before, there, 0, 100 * GRANULE, 50 * GRANULE, PAGE);
        clash(world, commits, other_commits, before, there, CHUNK_SIZE - PAGE,
              CHUNK_SIZE + 2 * PAGE, CHUNK_SIZE, PAGE);
        clash(world, commits, other_commits, before, there, 0, 3 * CHUNK_SIZE, 2 * CHUNK_SIZE,
              GRANULE);
    }
}

static void a_decommit_settles_where_a_commit_beside_it_made_the_first_words(void **state)
{
    struct world *world = *state;
    char *base = reserve(world, 200 * CHUNK_SIZE); /* a bit stands for several chunks */
    struct beside other = {world, base + 150 * CHUNK_SIZE, PAGE, commit_beside, NULL};

    commit(world, base, PAGE);
    assert_true(questions_of(&other, decommit, base, 200 * CHUNK_SIZE) > 0);
    assert_int_equal(world->pages.budget.committed.granted.now, 0);
    assert_exact(world);
    commit(world, base, PAGE);
    other.page = base + 151 * CHUNK_SIZE;
    other.after = commit_beside;
    assert_true(questions_of(&other, decommit, base, 200 * CHUNK_SIZE) > 0);
    assert_int_equal(world->pages.budget.committed.granted.now, PAGE);
    assert_exact(world);
    release(world, base);
}

static void a_granule_is_not_crowded_for_ever(void **state)
{
    struct world *world = *state;
    char *base = reserve(world, GRANULE);
    struct beside other = {world, base, PAGE, commit_beside, NULL};

    assert_true(questions_of(&other, commit, base, GRANULE) > 0);
    queries = 0;
    decommit(world, base, GRANULE);
    assert_int_equal(queries, 0);
    release(world, base);
}

static void a_release_beside_an_operation_leaves_nothing(void **state)
{
    struct world *world = *state;
    char *base = reserve(world, 2 * CHUNK_SIZE);
    struct region *region = region_table_find(&world->pages.table, (uintptr_t)base);
    struct region_operation operation;

    commit(world, base, 2 * CHUNK_SIZE);
    assert_int_equal(region_begin(region, (uintptr_t)base, &operation), REGION_BEGUN);
    operation_concerns(&world->pages, &operation,
                       (struct range){(uintptr_t)base, (uintptr_t)base + GRANULE});
    release(world, base);
    assert_int_equal(world->pages.budget.committed.granted.now, 0);
    assert_int_equal(operation_end(&world->pages, &operation), PAGES_OK);
    assert_int_equal(world->pages.budget.reserved.granted.now, 0);
    assert_exact(world);
    /* The next region at the address finds the words as an idle one does. */
    base = alloc(world, base, 2 * CHUNK_SIZE, RESERVE_COMMIT);
    queries = 0;
    decommit(world, base, 2 * CHUNK_SIZE);
    assert_int_equal(queries, 0);
    release(world, base);
}

/* ------------------------------------------------------------------------------------------------
 * Questions that do not grow with the region
 * --------------------------------------------------------------------------------------------- */

static void an_audit_asks_twice_about_what_is_only_reserved(void **state)
{
    struct world *world = *state;
    char *base = reserve(world, 64 * CHUNK_SIZE);
    struct audit audit;

    commit(world, base, PAGE);
    queries = 0;
    assert_true(audit_run(&world->pages, &audit, print_difference, NULL));
    assert_int_equal(audit.reserved, 64 * CHUNK_SIZE);
    assert_int_equal(audit.committed, PAGE);
    assert_true(audit.totals_compared);
    /* The page; the rest of its part; the rest of the region; what is beyond its end. */
    assert_int_equal(queries, 4);
    release(world, base);
}

static void an_audit_asks_a_few_times_more_near_an_operation(void **state)
{
    struct world *world = *state;
    char *base = reserve(world, 64 * CHUNK_SIZE);
    uintptr_t page = (uintptr_t)base + 33 * CHUNK_SIZE + 700 * GRANULE;
    struct region *region = region_table_find(&world->pages.table, page);
    struct region_operation operation;
    struct audit audit;

    commit(world, (char *)page, PAGE);
    decommit(world, (char *)page, PAGE);
    assert_int_equal(region_begin(region, page, &operation), REGION_BEGUN);
    operation_concerns(&world->pages, &operation, (struct range){page, page + PAGE});
    queries = 0;
    assert_true(audit_run(&world->pages, &audit, print_difference, NULL));
    assert_int_equal(audit.busy_bytes, GRANULE);
    assert_int_equal(audit.reserved, 64 * CHUNK_SIZE - GRANULE);
    assert_true(queries <= 30); /* a part has 1,024 granules */
    assert_int_equal(operation_end(&world->pages, &operation), PAGES_OK);
    release(world, base);
}

/* ------------------------------------------------------------------------------------------------
 * Audits
 * --------------------------------------------------------------------------------------------- */

static void an_audit_beside_a_decommit_over_chunks_without_words_tells_nothing(void **state)
{
    struct world *world = *state;
    char *base = reserve(world, 200 * CHUNK_SIZE); /* a bit stands for several chunks */
    struct beside other = {world, base, 0, audit_beside, audit_beside};

    commit(world, base, PAGE);
    audits = 0;
    questions_of(&other, decommit, base, 200 * CHUNK_SIZE);
    assert_int_equal(audits, 2);
    assert_exact(world);
    release(world, base);
}

static void trim_to_a_page(struct world *world, char *block, size_t size)
{
    struct region *region = region_table_find(&world->pages.table, (uintptr_t)block);
    struct region_facts seen;

    (void)size;
    assert_true(region_read(region, &seen));
    assert_int_equal(pages_trim_block_at(&world->pages,
                                         region_table_index(&world->pages.table, region), &seen,
                                         (uintptr_t)block + PAGE),
                     PAGES_OK);
}

static void an_audit_beside_a_commit_decommit_or_trim_tells_nothing(void **state)
{
    struct world *world = *state;
    struct pages_request request = {.size = 5 * PAGE,
                                    .type = RESERVE_COMMIT,
                                    .protect = OS_PAGE_READWRITE,
                                    .node = OS_ANY_NODE,
                                    .heap = HEAP};
    struct beside other = {world, NULL, 0, audit_beside, audit_beside};
    char *base = reserve(world, 2 * GRANULE);
    size_t requested;
    void *block;

    commit(world, base, PAGE);
    assert_int_equal(try_request(world, &request, &block), PAGES_OK);
    audits = 0;
    questions_of(&other, commit, base, GRANULE);
    other.before = other.after = audit_beside;
    questions_of(&other, decommit, base, GRANULE);
    other.before = other.after = audit_beside;
    questions_of(&other, trim_to_a_page, block, 0);
    assert_int_equal(audits, 6);
    assert_books(world, 2, 2 * GRANULE + 5 * PAGE, PAGE);
    assert_int_equal(pages_release_block(&world->pages, block, HEAP, &requested), PAGES_OK);
    release(world, base);
}

static void an_audit_beside_a_decommit_that_came_before_the_words_tells_nothing(void **state)
{
    struct world *world = *state;
    char *base = reserve(world, CHUNK_SIZE);
    struct beside other = {world, base, PAGE, commit_beside, audit_beside};

    audits = 0;
    questions_of(&other, decommit, base, CHUNK_SIZE);
    assert_int_equal(audits, 1);
    assert_exact(world);
    release(world, base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(operations_on_other_granules_ask_the_system_nothing),
        world_test(an_operation_on_another_region_asks_the_system_nothing),
        world_test(two_operations_on_the_same_pages_leave_the_books_right),
        world_test(a_decommit_settles_where_a_commit_beside_it_made_the_first_words),
        world_test(a_granule_is_not_crowded_for_ever),
        world_test(a_release_beside_an_operation_leaves_nothing),
        world_test(an_audit_asks_twice_about_what_is_only_reserved),
        world_test(an_audit_asks_a_few_times_more_near_an_operation),
        world_test(an_audit_beside_a_commit_decommit_or_trim_tells_nothing),
        world_test(an_audit_beside_a_decommit_over_chunks_without_words_tells_nothing),
        world_test(an_audit_beside_a_decommit_that_came_before_the_words_tells_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
