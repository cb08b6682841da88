/*
 * test_string_table_frozen.c: the string table with one thread frozen before any of its atomic
 * accesses while another keeps strings in the same list.
 */
#include "freezer.h"

#include "slabs/string_table.h"

struct string_scene {
    struct gauge gauge;
    struct book_space books;
    struct metadata metadata;
    struct string_table table;
    const char *frozen;
    const char *other;
};

static void set_table(void *scene)
{
    struct string_scene *s = scene;

    s->books.gauge = &s->gauge;
    assert_true(metadata_init(&s->metadata, (size_t)1 << 20, &s->books));
    string_table_init(&s->table, &s->metadata);
}

static void clear_table(void *scene)
{
    metadata_destroy(&((struct string_scene *)scene)->metadata);
}

static void intern_string(void *scene)
{
    struct string_scene *s = scene;

    s->frozen = string_table_intern(&s->table, "a string");
}

/* So many that some go to the same list. */
static void intern_other_strings(void *scene)
{
    struct string_scene *s = scene;
    char text[16];

    for (int i = 0; i < 10 * STRING_TABLE_LISTS; i++) {
        snprintf(text, sizeof(text), "%d", i);
        s->other = string_table_intern(&s->table, text);
    }
}

static void check_strings(void *scene)
{
    struct string_scene *s = scene;
    char text[16];

    snprintf(text, sizeof(text), "%d", 10 * STRING_TABLE_LISTS - 1);
    assert_string_equal(s->frozen, "a string");
    assert_string_equal(s->other, text);
    assert_ptr_equal(string_table_intern(&s->table, "a string"), s->frozen);
    assert_ptr_equal(string_table_intern(&s->table, text), s->other);
    for (int i = 0; i < 10 * STRING_TABLE_LISTS; i++) {
        size_t used = s->metadata.used;

        snprintf(text, sizeof(text), "%d", i);
        assert_string_equal(string_table_intern(&s->table, text), text);
        assert_int_equal(s->metadata.used, used); /* it was there still */
    }
}

static void strings_interned_beside_a_frozen_thread_are_not_lost(void **state)
{
    (void)state;
    perform(&(struct play){sizeof(struct string_scene), set_table, intern_string,
                           intern_other_strings, check_strings, clear_table});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_interned_beside_a_frozen_thread_are_not_lost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
