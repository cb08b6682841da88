/*
 * test_tables_frozen.c: what grows at the ledger's ends, with one thread frozen before any of its
 * atomic accesses while another is at the same place: the directory behind a full window, and words
 * of committed bits.
 */
#include "freezer.h"

#include "pages/committed.h"

struct table_scene {
    struct gauge gauge;
    struct metadata metadata;
    struct chunk_table table;
    size_t changed[2]; /* pages, by the frozen thread and by the other */
};

static void set_table(void *scene)
{
    struct table_scene *s = scene;

    assert_true(metadata_init(&s->metadata, (size_t)64 << 20, &s->gauge));
    assert_true(chunk_table_init(&s->table, &s->metadata, &s->gauge));
}

static void clear_table(void *scene)
{
    struct table_scene *s = scene;

    chunk_table_destroy(&s->table);
    metadata_destroy(&s->metadata);
}

/* ------------------------------------------------------------------------------------------------
 * The directory behind a full window
 * --------------------------------------------------------------------------------------------- */

#define FULL_WINDOW 16u

/* The numbers whose window is the first one of the first directory, as chunk_table.c hashes. */
static uintptr_t in_one_window(size_t which)
{
    static uintptr_t numbers[FULL_WINDOW + 2];
    size_t found = 0;

    for (uintptr_t number = 0; !numbers[FULL_WINDOW + 1]; number++) {
        uint64_t hash = ((uint64_t)number + 1) * UINT64_C(0x9e3779b97f4a7c15);

        if (((hash >> 32) & 4095) == 0)
            numbers[found++] = number;
    }
    return numbers[which];
}

static void set_full_window(void *scene)
{
    struct table_scene *s = scene;

    set_table(scene);
    for (size_t i = 0; i < FULL_WINDOW; i++)
        assert_non_null(chunk_table_ensure(&s->table, in_one_window(i)));
}

static void ensure_first(void *scene)
{
    assert_non_null(
        chunk_table_ensure(&((struct table_scene *)scene)->table, in_one_window(FULL_WINDOW)));
}

static void ensure_second(void *scene)
{
    assert_non_null(
        chunk_table_ensure(&((struct table_scene *)scene)->table, in_one_window(FULL_WINDOW + 1)));
}

/* Each has a node of its own, which stays the one that is found. */
static void check_all_found(void *scene)
{
    struct table_scene *s = scene;

    for (size_t i = 0; i < FULL_WINDOW + 2; i++) {
        struct chunk *chunk = chunk_table_find(&s->table, in_one_window(i));

        assert_non_null(chunk);
        assert_ptr_equal(chunk, chunk_table_ensure(&s->table, in_one_window(i)));
        for (size_t other = 0; other < i; other++)
            assert_ptr_not_equal(chunk, chunk_table_find(&s->table, in_one_window(other)));
    }
}

static void of_two_directories_made_at_once_one_is_used_by_both(void **state)
{
    (void)state;
    perform(&(struct play){sizeof(struct table_scene), set_full_window, ensure_first, ensure_second,
                           check_all_found, clear_table});
}

/* ------------------------------------------------------------------------------------------------
 * Two pages' bits in one word
 * --------------------------------------------------------------------------------------------- */

#define FIRST_PAGE (UINT64_C(777) * CHUNK_SIZE)
#define SECOND_PAGE (FIRST_PAGE + PAGE)
#define BOTH_END (FIRST_PAGE + 2 * PAGE)

static void set_bits_clear(void *scene)
{
    struct table_scene *s = scene;

    set_table(scene);
    assert_non_null(chunk_table_ensure(&s->table, chunk_number(FIRST_PAGE)));
    assert_true(committed_ensure(&s->table, FIRST_PAGE, BOTH_END));
}

static void set_bits_set(void *scene)
{
    struct table_scene *s = scene;

    set_bits_clear(scene);
    assert_int_equal(committed_set(&s->table, FIRST_PAGE, BOTH_END), 2);
}

static void commit_first(void *scene)
{
    struct table_scene *s = scene;

    s->changed[0] = committed_set(&s->table, FIRST_PAGE, SECOND_PAGE);
}

static void commit_both(void *scene)
{
    struct table_scene *s = scene;

    s->changed[1] = committed_set(&s->table, FIRST_PAGE, BOTH_END);
}

static void decommit_first(void *scene)
{
    struct table_scene *s = scene;

    s->changed[0] = committed_clear(&s->table, FIRST_PAGE, SECOND_PAGE);
}

static void decommit_both(void *scene)
{
    struct table_scene *s = scene;

    s->changed[1] = committed_clear(&s->table, FIRST_PAGE, BOTH_END);
}

static void check_both_set(void *scene)
{
    struct table_scene *s = scene;

    assert_int_equal(committed_count(&s->table, FIRST_PAGE, BOTH_END), 2);
    assert_int_equal(s->changed[0] + s->changed[1], 2);
}

static void check_both_clear(void *scene)
{
    struct table_scene *s = scene;

    assert_int_equal(committed_count(&s->table, FIRST_PAGE, BOTH_END), 0);
    assert_int_equal(s->changed[0] + s->changed[1], 2);
}

static void a_page_that_two_commit_or_decommit_is_counted_once_and_its_neighbour_too(void **state)
{
    (void)state;
    perform(&(struct play){sizeof(struct table_scene), set_bits_clear, commit_first, commit_both,
                           check_both_set, clear_table});
    perform(&(struct play){sizeof(struct table_scene), set_bits_set, decommit_first, decommit_both,
                           check_both_clear, clear_table});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_two_directories_made_at_once_one_is_used_by_both),
        cmocka_unit_test(a_page_that_two_commit_or_decommit_is_counted_once_and_its_neighbour_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
