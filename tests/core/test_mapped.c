/*
 * test_mapped.c: the list of ranges that the CLR got from the system itself (mapped files).
 */
#include "native.h"

#include "pages/mapped.h"

#define BASE ((uintptr_t)0x50000000)

struct fixture {
    struct counters counters;
    struct book_space books;
    struct mapped mapped;
};

static int begin(void **state)
{
    struct fixture *fixture = zeroed(sizeof(struct fixture));

    fixture->books.gauge = &fixture->counters.metadata;
    assert_true(mapped_init(&fixture->mapped, &fixture->counters, &fixture->books));
    *state = fixture;
    return 0;
}

static int end(void **state)
{
    struct fixture *fixture = *state;

    os_fault_at(OS_FAULT_METADATA, 0);
    mapped_destroy(&fixture->mapped);
    free(fixture);
    return 0;
}

static void assert_books(const struct fixture *fixture, uint64_t ranges, uint64_t bytes)
{
    assert_int_equal(gauge_now(&fixture->counters.mapped_ranges), ranges);
    assert_int_equal(gauge_now(&fixture->counters.mapped), bytes);
}

/* The sizes of all ranges, added up, and how many there are. */
static size_t walk(const struct fixture *fixture, unsigned *count)
{
    struct mapped_facts facts;
    uint32_t cursor = 0;
    size_t sum = 0;

    for (*count = 0; mapped_next(&fixture->mapped, &cursor, &facts); ++*count)
        sum += facts.size;
    return sum;
}

static void a_range_that_was_told_is_shown_and_counted(void **state)
{
    struct fixture *fixture = *state;
    struct mapped_facts facts;
    uint32_t cursor = 0;

    assert_true(mapped_add(&fixture->mapped, BASE, 12345));
    assert_books(fixture, 1, 12345);
    assert_true(mapped_next(&fixture->mapped, &cursor, &facts));
    assert_int_equal(facts.base, BASE);
    assert_int_equal(facts.size, 12345);
    assert_int_equal(facts.thread_id, os_thread_id());
    assert_int_equal(facts.sequence, 1);
    assert_false(mapped_next(&fixture->mapped, &cursor, &facts));
}

static void a_removed_range_is_gone(void **state)
{
    struct fixture *fixture = *state;
    unsigned count;

    mapped_add(&fixture->mapped, BASE, PAGE);
    assert_true(mapped_remove(&fixture->mapped, BASE));
    assert_books(fixture, 0, 0);
    assert_int_equal(walk(fixture, &count), 0);
    assert_int_equal(count, 0);
    assert_false(mapped_remove(&fixture->mapped, BASE));
    assert_books(fixture, 0, 0);
}

static void a_base_that_was_never_told_is_not_removed(void **state)
{
    struct fixture *fixture = *state;

    assert_false(mapped_remove(&fixture->mapped, BASE));
    mapped_add(&fixture->mapped, BASE, GRANULE);
    assert_false(mapped_remove(&fixture->mapped, BASE + PAGE));
    assert_false(mapped_remove(&fixture->mapped, 0));
    assert_books(fixture, 1, GRANULE);
}

static void of_several_ranges_at_one_base_the_oldest_goes_first(void **state)
{
    struct fixture *fixture = *state;

    mapped_add(&fixture->mapped, BASE - GRANULE, 1); /* its record is used again below */
    mapped_add(&fixture->mapped, BASE, 10);
    mapped_remove(&fixture->mapped, BASE - GRANULE);
    mapped_add(&fixture->mapped, BASE, 200);
    mapped_add(&fixture->mapped, BASE, 3000);
    assert_books(fixture, 3, 3210);
    assert_true(mapped_remove(&fixture->mapped, BASE));
    assert_books(fixture, 2, 3200);
    assert_true(mapped_remove(&fixture->mapped, BASE));
    assert_books(fixture, 1, 3000);
    assert_true(mapped_remove(&fixture->mapped, BASE));
    assert_books(fixture, 0, 0);
}

static void records_are_used_again(void **state)
{
    struct fixture *fixture = *state;

    for (size_t i = 0; i < 1000; i++) {
        assert_true(mapped_add(&fixture->mapped, BASE + i, i));
        assert_true(mapped_remove(&fixture->mapped, BASE + i));
    }
    assert_int_equal(pool_limit(&fixture->mapped.ranges), 1);
}

static void without_memory_nothing_is_added(void **state)
{
    struct fixture *fixture = *state;
    unsigned count;

    os_fault_at(OS_FAULT_METADATA, 1);
    assert_false(mapped_add(&fixture->mapped, BASE, PAGE));
    assert_books(fixture, 0, 0);
    assert_int_equal(walk(fixture, &count), 0);
    assert_true(mapped_add(&fixture->mapped, BASE, PAGE));
}

struct traffic {
    struct fixture *fixture;
    _Atomic unsigned failures;
    _Atomic unsigned torn;
    _Atomic unsigned left;
};

/* A range's size follows from its base, so that a mixture of two ranges shows. */
static size_t size_at(uintptr_t base)
{
    return (base - BASE) * 3 + 1;
}

static void look(struct traffic *traffic)
{
    struct mapped_facts facts;
    uint32_t cursor = 0;

    while (mapped_next(&traffic->fixture->mapped, &cursor, &facts))
        if (facts.size != size_at(facts.base))
            atomic_fetch_add(&traffic->torn, 1);
}

static void add_and_remove(void *context, unsigned number)
{
    struct traffic *traffic = context;
    struct mapped *mapped = &traffic->fixture->mapped;
    struct chance chance = {number + 1};

    if (number == 0) {
        while (traffic->left > 1)
            look(traffic);
        return;
    }
    for (int i = 0; i < 5000; i++) {
        uintptr_t base = BASE + chance_below(&chance, 4);

        /*
         * Other threads use the same base, but each adds a range before it removes one: there is
         * one to remove.
         */
        if (!mapped_add(mapped, base, size_at(base)) || !mapped_remove(mapped, base))
            atomic_fetch_add(&traffic->failures, 1);
    }
    atomic_fetch_sub(&traffic->left, 1);
}

static void threads_that_share_bases_leave_exact_books(void **state)
{
    struct fixture *fixture = *state;
    struct traffic traffic = {.fixture = fixture, .left = THREADS};
    unsigned count;

    crew_run(add_and_remove, &traffic, THREADS);
    assert_int_equal(traffic.failures, 0);
    assert_int_equal(traffic.torn, 0);
    assert_int_equal(walk(fixture, &count), 0);
    assert_books(fixture, 0, 0);
}

static void remove_all(void *context, unsigned number)
{
    struct traffic *traffic = context;

    (void)number;
    while (mapped_remove(&traffic->fixture->mapped, BASE))
        atomic_fetch_add(&traffic->left, 1);
}

static void each_range_is_removed_once(void **state)
{
    struct fixture *fixture = *state;
    struct traffic traffic = {.fixture = fixture};

    for (int i = 0; i < 500; i++)
        mapped_add(&fixture->mapped, BASE, (size_t)1 + i);
    crew_run(remove_all, &traffic, THREADS);
    assert_int_equal(traffic.left, 500);
    assert_books(fixture, 0, 0);
}

#define fixture_test(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_range_that_was_told_is_shown_and_counted),
        fixture_test(a_removed_range_is_gone),
        fixture_test(a_base_that_was_never_told_is_not_removed),
        fixture_test(of_several_ranges_at_one_base_the_oldest_goes_first),
        fixture_test(records_are_used_again),
        fixture_test(without_memory_nothing_is_added),
        fixture_test(threads_that_share_bases_leave_exact_books),
        fixture_test(each_range_is_removed_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
