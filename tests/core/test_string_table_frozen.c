/*
 * test_string_table_frozen.c: the string table with one thread frozen before any of its atomic
 * accesses while another keeps strings in the same list.
 */
#include "freezer.h"

#include "slabs/string_table.h"

struct string_scene {
    struct gauge gauge;
    struct book_space books;
    struct string_table table;
    const char *frozen;
    const char *other;
};

static void set_table(void *scene)
{
    struct string_scene *s = scene;

    s->books.gauge = &s->gauge;
    assert_true(string_table_init(&s->table, (size_t)1 << 20, &s->books));
}

static void clear_table(void *scene)
{
    string_table_destroy(&((struct string_scene *)scene)->table);
}

static void intern_string(void *scene)
{
    struct string_scene *s = scene;

    s->frozen = string_table_intern(&s->table, "a string");
}

/* FNV-1a, as string_table.c has it. */
static uint32_t list_of(const char *text)
{
    uint32_t hash = UINT32_C(2166136261);

    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT32_C(16777619);
    return hash % STRING_TABLE_LISTS;
}

/* Texts that go to the same list as the frozen thread's. */
static char others[8][16];

static int find_others(void **state)
{
    size_t found = 0;

    (void)state;
    for (unsigned i = 0; found < COUNT_OF(others); i++) {
        snprintf(others[found], sizeof(others[found]), "%u", i);
        found += list_of(others[found]) == list_of("a string");
    }
    return 0;
}

static void intern_other_strings(void *scene)
{
    struct string_scene *s = scene;

    for (size_t i = 0; i < COUNT_OF(others); i++)
        s->other = string_table_intern(&s->table, others[i]);
}

static void check_strings(void *scene)
{
    struct string_scene *s = scene;
    size_t used = s->table.texts.used;

    assert_string_equal(s->frozen, "a string");
    assert_string_equal(s->other, others[COUNT_OF(others) - 1]);
    assert_ptr_equal(string_table_intern(&s->table, "a string"), s->frozen);
    for (size_t i = 0; i < COUNT_OF(others); i++)
        assert_string_equal(string_table_intern(&s->table, others[i]), others[i]);
    assert_int_equal(s->table.texts.used, used); /* all were there still */
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

    return cmocka_run_group_tests(tests, find_others, NULL);
}
