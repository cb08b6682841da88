/*
 * test_text.c: a text that grows (src/base/text.h).
 */
#include "support.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum {
    LINES = 20000, /* 240,000 bytes: some five times the text outgrows its memory */
    LINE_LENGTH = 12,
    LONGEST_PIECE = 8191
};

static struct arena arena;

static void pieces_follow_each_other(void **state)
{
    struct text text = {.arena = &arena};

    (void)state;
    assert_null(text.characters);
    text_format(&text, "%s %d", "one", 2);
    text_format(&text, "%s", "");
    text_format(&text, ", %c\n", '3');
    assert_string_equal(text.characters, "one 2, 3\n");
    assert_figure(text.length, 9);
}

static void a_text_keeps_what_it_holds_while_it_grows(void **state)
{
    struct text text = {.arena = &arena};
    size_t capacities = 0;

    (void)state;
    for (unsigned i = 0; i < LINES; i++) {
        size_t capacity = text.capacity;

        text_format(&text, "line %06u\n", i);
        capacities += text.capacity != capacity;
        assert_figure(text.length, (i + 1) * LINE_LENGTH);
        assert_figure(text.characters[text.length], 0);
    }
    assert_at_least(capacities, 4);
    for (unsigned i = 0; i < LINES; i++) {
        char line[32];

        snprintf(line, sizeof(line), "line %06u\n", i);
        assert_memory_equal(text.characters + (size_t)i * LINE_LENGTH, line, LINE_LENGTH);
    }
}

static void a_text_fills_its_memory_to_the_last_byte(void **state)
{
    struct text text = {.arena = &arena};
    char *characters;
    size_t capacity;

    (void)state;
    text_format(&text, "x");
    characters = text.characters;
    capacity = text.capacity;
    while (text.length + 1 < capacity)
        text_format(&text, "x");
    assert_address(text.characters, characters);
    text_format(&text, "y");
    assert_true(text.capacity > capacity);
    assert_figure(strspn(text.characters, "x"), capacity - 1);
    assert_string_equal(text.characters + capacity - 1, "y");
}

static void a_piece_ends_at_8191_bytes(void **state)
{
    struct text text = {.arena = &arena};

    (void)state;
    text_format(&text, "%*s", LONGEST_PIECE, "x");
    assert_figure(text.length, LONGEST_PIECE);
    text_format(&text, "%*s", LONGEST_PIECE + 1, "y");
    assert_figure(text.length, 2 * LONGEST_PIECE);
    assert_null(strchr(text.characters, 'y'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_follow_each_other),
        cmocka_unit_test(a_text_keeps_what_it_holds_while_it_grows),
        cmocka_unit_test(a_text_fills_its_memory_to_the_last_byte),
        cmocka_unit_test(a_piece_ends_at_8191_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
