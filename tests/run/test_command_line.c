/*
 * test_command_line.c: what follows on a command line is passed on as it was written
 * (src/run/watch/command_line.h).
 */
#include "support.h"

#include "run/watch/command_line.h"

#include <shellapi.h>

#include <stdio.h>

/* The argument of that number begins where `rest` says, and the C library agrees on how many there
 * are. */
static void check(const wchar_t *line, int number, const wchar_t *rest)
{
    const wchar_t *found = command_line_from(line, number);

    if (wcscmp(found, rest) != 0)
        print_error("argument %d of <%ls> was found at <%ls>, not <%ls>\n", number, line, found,
                    rest);
    assert_int_equal(wcscmp(found, rest), 0);
}

static void arguments_are_found_behind_blanks(void **state)
{
    (void)state;
    check(L"run a  b\tc ", 0, L"run a  b\tc ");
    check(L"run a  b\tc ", 1, L"a  b\tc ");
    check(L"run a  b\tc ", 2, L"b\tc ");
    check(L"run a  b\tc ", 3, L"c ");
}

static void beyond_the_last_argument_there_is_nothing(void **state)
{
    (void)state;
    check(L"run", 1, L"");
    check(L"run a", 2, L"");
    check(L"run a", 7, L"");
    check(L"", 1, L"");
}

static void a_program_name_in_quotation_marks_is_one_argument(void **state)
{
    (void)state;
    check(L"\"C:\\a b\\run.exe\" x", 1, L"x");
    check(L"\"C:\\a b\\\" x", 1, L"x"); /* a backslash quotes nothing in the program's name */
}

static void quotation_marks_hold_an_argument_together(void **state)
{
    (void)state;
    check(L"run \"a b\" c", 2, L"c");
    check(L"run a\" \"b c", 2, L"c");
    check(L"run \"\" c", 2, L"c");
}

static void a_backslash_before_a_quotation_mark_makes_it_a_character(void **state)
{
    (void)state;
    check(L"run a\\\"b c", 2, L"c");
    check(L"run \"a\\\" b\" c", 2, L"c");
    check(L"run a\\\\\" b\" c", 2, L"c"); /* two: the mark counts */
    check(L"run \"a\\\\\" b", 2, L"b");
    check(L"run \\a\\ b", 2, L"b"); /* before anything else it is a character itself */
}

static void a_line_begins_with_the_program_in_quotation_marks(void **state)
{
    (void)state;
    assert_int_equal(
        wcscmp(command_line_with(L"C:\\a b.exe", L"x \"y\""), L"\"C:\\a b.exe\" x \"y\""), 0);
    assert_int_equal(wcscmp(command_line_with(L"C:\\a.exe", L""), L"\"C:\\a.exe\""), 0);
}

/*
 * Random lines of the characters that matter: the system cuts off as many arguments. Two marks in a
 * row are left out: there the system and the C libraries differ among themselves.
 */
static void the_system_sees_the_same_arguments(void **state)
{
    static const wchar_t alphabet[] = L"a\"\\ \t";
    unsigned random = 20261130;

    (void)state;
    for (int round = 0; round < 20000; round++) {
        wchar_t line[40] = L"run ";
        int length = 4, count, rest_count;
        wchar_t **all, **rest;

        for (; length < 24; length++) {
            random = random * 1103515245u + 12345u;
            line[length] = alphabet[(random >> 16) % 5];
            if (line[length] == L'"' && line[length - 1] == L'"')
                line[length] = L'a';
        }
        line[length] = L'\0';
        all = CommandLineToArgvW(line, &count);
        for (int number = 1; number < count; number++) {
            wchar_t again[64];

            swprintf(again, 64, L"run %ls", command_line_from(line, number));
            rest = CommandLineToArgvW(again, &rest_count);
            if (rest_count != count - number + 1 || wcscmp(rest[1], all[number]) != 0)
                print_error("<%ls>: argument %d\n", line, number);
            assert_int_equal(rest_count, count - number + 1);
            assert_int_equal(wcscmp(rest[1], all[number]), 0);
            LocalFree(rest);
        }
        LocalFree(all);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arguments_are_found_behind_blanks),
        cmocka_unit_test(beyond_the_last_argument_there_is_nothing),
        cmocka_unit_test(a_program_name_in_quotation_marks_is_one_argument),
        cmocka_unit_test(quotation_marks_hold_an_argument_together),
        cmocka_unit_test(a_backslash_before_a_quotation_mark_makes_it_a_character),
        cmocka_unit_test(a_line_begins_with_the_program_in_quotation_marks),
        cmocka_unit_test(the_system_sees_the_same_arguments),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
