/*
 * test_committed.c: the committed bits of pages, compared with a model of one byte a page.
 */
#include "native.h"

#include "pages/committed.h"

/* Three chunks, of which the middle one is used wholly: that has every kind of boundary. */
#define BASE ((uintptr_t)40 * CHUNK_SIZE)
#define PAGES (3 * CHUNK_PAGES)

struct fixture {
    struct gauge gauge;
    struct book_space books;
    struct metadata metadata;
    struct chunk_table table;
    bool model[PAGES];
};

static int begin(void **state)
{
    struct fixture *fixture = zeroed(sizeof(struct fixture));

    fixture->books.gauge = &fixture->gauge;
    assert_true(metadata_init(&fixture->metadata, 16 * GRANULE, &fixture->books));
    assert_true(chunk_table_init(&fixture->table, &fixture->metadata, &fixture->books));
    *state = fixture;
    return 0;
}

static void make_chunks(struct fixture *fixture)
{
    for (uintptr_t i = 0; i < 3; i++)
        assert_non_null(chunk_table_ensure(&fixture->table, chunk_number(BASE) + i));
}

static int begin_with_room(void **state)
{
    struct fixture *fixture;

    begin(state);
    fixture = *state;
    make_chunks(fixture);
    assert_true(committed_ensure(&fixture->table, BASE, BASE + PAGES * PAGE));
    return 0;
}

static int end(void **state)
{
    struct fixture *fixture = *state;

    os_fault_at(OS_FAULT_METADATA, 0);
    chunk_table_destroy(&fixture->table);
    metadata_destroy(&fixture->metadata);
    free(fixture);
    return 0;
}

/* ------------------------------------------------------------------------------------------------
 * Calls of the table and of the model, by page numbers
 * --------------------------------------------------------------------------------------------- */

static uintptr_t address_of(size_t page)
{
    return BASE + page * PAGE;
}

static size_t model_count(const struct fixture *fixture, size_t first, size_t last)
{
    size_t count = 0;

    for (size_t page = first; page < last; page++)
        count += fixture->model[page];
    return count;
}

static size_t model_run(const struct fixture *fixture, size_t first, size_t last)
{
    size_t page = first;

    while (page < last && fixture->model[page] == fixture->model[first])
        page++;
    return page;
}

static void set(struct fixture *fixture, size_t first, size_t last)
{
    size_t clear = last - first - model_count(fixture, first, last);

    assert_int_equal(committed_set(&fixture->table, address_of(first), address_of(last)), clear);
    memset(&fixture->model[first], true, last - first);
}

static void clear(struct fixture *fixture, size_t first, size_t last)
{
    size_t were_set = model_count(fixture, first, last);

    assert_int_equal(committed_clear(&fixture->table, address_of(first), address_of(last)),
                     were_set);
    memset(&fixture->model[first], false, last - first);
}

static void check_count(const struct fixture *fixture, size_t first, size_t last)
{
    assert_int_equal(committed_count(&fixture->table, address_of(first), address_of(last)),
                     model_count(fixture, first, last));
}

static void check_run(const struct fixture *fixture, size_t first, size_t last)
{
    bool is_set;
    uintptr_t end = committed_run(&fixture->table, address_of(first), address_of(last), &is_set);

    assert_int_equal(is_set, fixture->model[first]);
    assert_int_equal(end, address_of(model_run(fixture, first, last)));
}

/* Walks run by run, so that every page is met. */
static void check_all(const struct fixture *fixture)
{
    for (size_t page = 0; page < PAGES; page = model_run(fixture, page, PAGES))
        check_run(fixture, page, PAGES);
    check_count(fixture, 0, PAGES);
}

/* ------------------------------------------------------------------------------------------------
 * Ranges
 * --------------------------------------------------------------------------------------------- */

static void what_has_no_node_is_not_committed(void **state)
{
    struct fixture *fixture = *state;
    bool is_set = true;

    assert_int_equal(committed_count(&fixture->table, BASE, BASE + PAGES * PAGE), 0);
    assert_int_equal(committed_clear(&fixture->table, BASE, BASE + PAGES * PAGE), 0);
    assert_int_equal(committed_run(&fixture->table, BASE, BASE + PAGES * PAGE, &is_set),
                     BASE + PAGES * PAGE);
    assert_false(is_set);
}

static void what_has_a_node_and_no_bits_is_not_committed(void **state)
{
    make_chunks(*state);
    what_has_no_node_is_not_committed(state);
}

static void there_is_room_for_bits_only_where_there_is_a_node(void **state)
{
    struct fixture *fixture = *state;

    assert_false(committed_ensure(&fixture->table, BASE, BASE + PAGE));
    make_chunks(fixture);
    assert_true(committed_ensure(&fixture->table, BASE, BASE + PAGE));
    assert_false(committed_ensure(&fixture->table, BASE - PAGE, BASE + PAGE));
}

static void room_that_cannot_be_made_is_refused(void **state)
{
    struct fixture *fixture = *state;

    make_chunks(fixture);
    while (fixture->metadata.used + 64 <= fixture->metadata.span.committed)
        metadata_take(&fixture->metadata, 64);
    os_fault_at(OS_FAULT_METADATA, 1);
    assert_false(committed_ensure(&fixture->table, BASE, BASE + PAGES * PAGE));
    assert_true(committed_ensure(&fixture->table, BASE, BASE + PAGES * PAGE));
    check_all(fixture);
}

static void an_empty_range_changes_nothing(void **state)
{
    struct fixture *fixture = *state;

    for (size_t page = 0; page < PAGES; page += 63) {
        assert_int_equal(committed_set(&fixture->table, address_of(page), address_of(page)), 0);
        assert_int_equal(committed_count(&fixture->table, address_of(page), address_of(page)), 0);
    }
    check_all(fixture);
}

static void setting_twice_and_clearing_twice_change_nothing_more(void **state)
{
    struct fixture *fixture = *state;

    for (int i = 0; i < 2; i++)
        set(fixture, 100, 300);
    check_all(fixture);
    for (int i = 0; i < 2; i++)
        clear(fixture, 150, 200);
    check_all(fixture);
}

/* Every range with both ends within two pages of a boundary of words or chunks. */
static void ranges_are_exact_at_the_boundaries_of_words_and_chunks(void **state)
{
    struct fixture *fixture = *state;
    static const size_t boundaries[] = {2,
                                        CHUNK_BITS_PER_WORD,
                                        2 * CHUNK_BITS_PER_WORD,
                                        CHUNK_PAGES - CHUNK_BITS_PER_WORD,
                                        CHUNK_PAGES,
                                        CHUNK_PAGES + CHUNK_BITS_PER_WORD,
                                        2 * CHUNK_PAGES,
                                        PAGES - 2};
    size_t ends[COUNT_OF(boundaries) * 5];

    for (size_t i = 0; i < COUNT_OF(ends); i++)
        ends[i] = boundaries[i / 5] + i % 5 - 2;
    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        for (size_t j = i + 1; j < COUNT_OF(ends); j++) {
            set(fixture, ends[i], ends[j]);
            check_run(fixture, ends[i], PAGES);
            check_run(fixture, 0, PAGES);
            check_count(fixture, 0, PAGES);
            clear(fixture, ends[i], ends[j]);
            check_count(fixture, 0, PAGES);
        }
    }
    check_all(fixture);
}

static void a_run_ends_where_it_was_asked_to(void **state)
{
    struct fixture *fixture = *state;

    set(fixture, 10, CHUNK_PAGES + 10);
    for (size_t last = 11; last < 200; last++)
        check_run(fixture, 10, last);
    for (size_t last = CHUNK_PAGES - 5; last <= CHUNK_PAGES + 15; last++)
        check_run(fixture, 10, last);
    for (size_t last = 1; last <= 12; last++)
        check_run(fixture, 0, last);
}

static void any_sequence_of_ranges_is_as_in_the_model(void **state)
{
    struct fixture *fixture = *state;
    struct chance chance = chance_of_this_run();

    for (int i = 0; i < 4000; i++) {
        size_t length = (size_t)1 << chance_below(&chance, 15);
        size_t first = chance_below(&chance, PAGES);
        size_t last = first + 1 + chance_below(&chance, length);

        if (last > PAGES)
            last = PAGES;
        if (chance_below(&chance, 2))
            set(fixture, first, last);
        else
            clear(fixture, first, last);
        check_count(fixture, chance_below(&chance, first + 1), last);
        check_run(fixture, chance_below(&chance, PAGES), PAGES);
        if (i % 256 == 0)
            check_all(fixture);
    }
    check_all(fixture);
}

/* ------------------------------------------------------------------------------------------------
 * Threads
 * --------------------------------------------------------------------------------------------- */

struct tally {
    struct chunk_table *table;
    _Atomic int64_t committed; /* pages, summed up from what the calls said they had changed */
};

static void set_and_clear(void *context, unsigned number)
{
    struct tally *tally = context;
    struct chance chance = {number + 1};
    int64_t sum = 0;

    for (int i = 0; i < 4000; i++) {
        size_t first = CHUNK_PAGES - 200 + chance_below(&chance, 200);
        size_t last = first + 1 + chance_below(&chance, 300);

        if (chance_below(&chance, 2))
            sum += (int64_t)committed_set(tally->table, address_of(first), address_of(last));
        else
            sum -= (int64_t)committed_clear(tally->table, address_of(first), address_of(last));
    }
    atomic_fetch_add(&tally->committed, sum);
}

static void changes_of_the_same_bits_by_threads_add_up_exactly(void **state)
{
    struct fixture *fixture = *state;
    struct tally tally = {.table = &fixture->table};

    crew_run(set_and_clear, &tally, THREADS);
    assert_int_equal(committed_count(&fixture->table, BASE, address_of(PAGES)), tally.committed);
}

#define bare_test(test) cmocka_unit_test_setup_teardown(test, begin, end)
#define fixture_test(test) cmocka_unit_test_setup_teardown(test, begin_with_room, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        bare_test(what_has_no_node_is_not_committed),
        bare_test(what_has_a_node_and_no_bits_is_not_committed),
        bare_test(there_is_room_for_bits_only_where_there_is_a_node),
        bare_test(room_that_cannot_be_made_is_refused),
        fixture_test(an_empty_range_changes_nothing),
        fixture_test(setting_twice_and_clearing_twice_change_nothing_more),
        fixture_test(ranges_are_exact_at_the_boundaries_of_words_and_chunks),
        fixture_test(a_run_ends_where_it_was_asked_to),
        fixture_test(any_sequence_of_ranges_is_as_in_the_model),
        fixture_test(changes_of_the_same_bits_by_threads_add_up_exactly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
