/*
 * test_committed_frozen.c: bits of committed pages with one thread frozen before any of its atomic
 * accesses while another changes bits of the same word.
 */
#include "freezer.h"

#include "pages/committed.h"

struct table_scene {
    struct gauge gauge;
    struct book_space books;
    struct metadata metadata;
    struct chunk_table table;
    size_t changed[2]; /* pages, by the frozen thread and by the other */
};

static void set_table(void *scene)
{
    struct table_scene *s = scene;

    s->books.gauge = &s->gauge;
    assert_true(metadata_init(&s->metadata, (size_t)64 << 20, &s->books));
    assert_true(chunk_table_init(&s->table, &s->metadata, &s->books));
}

static void clear_table(void *scene)
{
    struct table_scene *s = scene;

    chunk_table_destroy(&s->table);
    metadata_destroy(&s->metadata);
}

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
        cmocka_unit_test(a_page_that_two_commit_or_decommit_is_counted_once_and_its_neighbour_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
