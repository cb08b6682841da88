/*
 * test_string_table.c: the string table: each text is kept once, by its whole length, and cut off
 * where it is too long.
 */
#include "native.h"

#include "slabs/string_table.h"

struct fixture {
    struct gauge gauge;
    struct book_space books;
    struct string_table table;
};

static int begin(void **state)
{
    struct fixture *fixture = zeroed(sizeof(struct fixture));

    fixture->books.gauge = &fixture->gauge;
    assert_true(string_table_init(&fixture->table, (size_t)1 << 20, &fixture->books));
    *state = fixture;
    return 0;
}

static int end(void **state)
{
    struct fixture *fixture = *state;

    string_table_destroy(&fixture->table);
    free(fixture);
    return 0;
}

static void a_string_is_kept_once(void **state)
{
    struct fixture *fixture = *state;
    const char *kept = string_table_intern(&fixture->table, "a.c");
    char text[] = "a.c";

    assert_ptr_equal(string_table_intern(&fixture->table, text), kept);
    assert_ptr_not_equal(string_table_intern(&fixture->table, "a.cp"), kept);
    assert_string_equal(string_table_intern(&fixture->table, "a."), "a.");
    assert_string_equal(string_table_intern(&fixture->table, ""), "");
    assert_string_equal(kept, "a.c");
}

static void many_strings_are_kept_apart(void **state)
{
    struct fixture *fixture = *state;
    const char *kept[2000];
    char text[32];

    for (size_t i = 0; i < COUNT_OF(kept); i++) {
        snprintf(text, sizeof(text), "directory/%zu.cpp", i);
        kept[i] = string_table_intern(&fixture->table, text);
    }
    for (size_t i = 0; i < COUNT_OF(kept); i++) {
        snprintf(text, sizeof(text), "directory/%zu.cpp", i);
        assert_string_equal(kept[i], text);
        assert_ptr_equal(string_table_intern(&fixture->table, text), kept[i]);
    }
}

/* Enough strings that short and long ones share a list. */
static void a_string_that_others_begin_with_is_a_string_of_its_own(void **state)
{
    struct fixture *fixture = *state;
    char text[] = "directory/source.cpp";

    for (int round = 0; round < 100; round++) {
        text[0] = (char)(' ' + 1 + round % 90);
        for (size_t length = strlen(text); length > 0; length--) {
            char shorter[sizeof(text)];

            snprintf(shorter, sizeof(shorter), "%.*s", (int)length, text);
            assert_string_equal(string_table_intern(&fixture->table, shorter), shorter);
        }
    }
}

static void a_string_that_is_too_long_is_cut_off(void **state)
{
    struct fixture *fixture = *state;
    char text[STRING_TABLE_LENGTH + 100];
    const char *kept;

    memset(text, 'n', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    kept = string_table_intern(&fixture->table, text);
    assert_int_equal(strlen(kept), STRING_TABLE_LENGTH);
    assert_memory_equal(kept, text, STRING_TABLE_LENGTH);
    assert_ptr_equal(string_table_intern(&fixture->table, text), kept);
}

#define fixture_test(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_string_is_kept_once),
        fixture_test(many_strings_are_kept_apart),
        fixture_test(a_string_that_others_begin_with_is_a_string_of_its_own),
        fixture_test(a_string_that_is_too_long_is_cut_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
