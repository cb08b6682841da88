/*
 * test_arguments.c: hostmem-run's command line (src/run/launch/arguments.h): what each option
 * means, which ones are refused, and that --help names no other. What the user is told is kept
 * instead of written.
 */
#include "run/launch/arguments.h"
#include "base/exit_code.h" /* before CMocka, which has a macro fail */
#include "base/standard_error.h"

#include "support.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_ARGUMENTS = 16
};

static char told[8192];

/* Replaces hostmem-run's own function (src/base/standard_error.c). */
void standard_error_write(const char *text)
{
    strncat(told, text, sizeof(told) - strlen(told) - 1);
}

/* Parses the command line of "hostmem-run" and the given arguments, up to NULL. */
static int read_line(struct arguments *arguments, const wchar_t *const *given)
{
    static wchar_t name[] = L"hostmem-run";
    wchar_t *argv[MOST_ARGUMENTS + 1] = {name};
    int argc = 1;

    for (; given[argc - 1]; argc++) {
        assert_true(argc < MOST_ARGUMENTS);
        argv[argc] = _wcsdup(given[argc - 1]);
        assert_non_null(argv[argc]);
    }
    memset(arguments, 0, sizeof(*arguments));
    told[0] = '\0';
    optind = 1; /* begin again */
    return arguments_read(arguments, argc, argv);
}

#define LINE(...)                                                                                  \
    (const wchar_t *const[])                                                                       \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }

static struct arguments taken(const wchar_t *const *given)
{
    struct arguments arguments;
    int code = read_line(&arguments, given);

    if (code != GO_ON)
        fail_msg("%ls ... was refused with %d: %s", given[0], code, told);
    assert_string_equal(told, "");
    return arguments;
}

/* Refused with the exit code of a wrong command line, in one sentence that holds the part. */
static void check_refused(const wchar_t *const *given, const char *part)
{
    struct arguments arguments;
    int code = read_line(&arguments, given);

    if (code != EXIT_CODE_USAGE)
        fail_msg("%ls %ls: %d, not refused", given[0], given[1] ? given[1] : L"", code);
    if (!strstr(told, part))
        fail_msg("\"%s\" does not say: %s", told, part);
    assert_int_equal(strncmp(told, "hostmem-run: ", 13), 0);
    assert_address(strchr(told, '\n'), told + strlen(told) - 1);
}

/* ------------------------------------------------------------------------------------------------
 * The program
 * --------------------------------------------------------------------------------------------- */

static void options_end_at_the_program(void **state)
{
    struct arguments arguments = taken(LINE(L"--quiet", L"a.dll", L"--heap", L"x"));

    (void)state;
    assert_true(arguments.quiet);
    assert_false(arguments.heap);
    assert_int_equal(wcscmp(arguments.program, L"a.dll"), 0);
    assert_figure(arguments.program_argument_count, 2);
    assert_int_equal(wcscmp(arguments.program_arguments[0], L"--heap"), 0);
    assert_int_equal(wcscmp(arguments.program_arguments[1], L"x"), 0);
}

static void a_program_is_wanted_unless_help_or_the_version_is(void **state)
{
    (void)state;
    check_refused(LINE(L"--quiet"), "no program is named");
    assert_true(taken(LINE(L"--help")).help);
    assert_true(taken(LINE(L"--version")).version);
}

static void unknown_options_and_missing_values_are_refused(void **state)
{
    (void)state;
    check_refused(LINE(L"--no-such", L"a.dll"), "--no-such is not one of hostmem-run's");
    check_refused(LINE(L"-x", L"a.dll"), "is not one of hostmem-run's");
    check_refused(LINE(L"--limit"), "--limit lacks its value");
    check_refused(LINE(L"--quiet=yes", L"a.dll"), "--quiet=yes");
}

/* ------------------------------------------------------------------------------------------------
 * Heaps
 * --------------------------------------------------------------------------------------------- */

static void what_needs_heaps_implies_them(void **state)
{
    struct arguments arguments;

    (void)state;
    assert_false(taken(LINE(L"a.dll")).heap);
    assert_true(taken(LINE(L"--heap", L"a.dll")).heap);
    arguments = taken(LINE(L"--callers", L"a.dll"));
    assert_true(arguments.heap && arguments.callers && !arguments.check);
    arguments = taken(LINE(L"--check", L"a.dll"));
    assert_true(arguments.heap && arguments.check && !arguments.callers);
    arguments = taken(LINE(L"--harden", L"a.dll"));
    assert_true(arguments.heap && arguments.harden && !arguments.check);
    arguments = taken(LINE(L"--guard", L"64K", L"a.dll"));
    assert_true(arguments.heap);
    assert_figure(arguments.guard_above, 64 << 10);
}

static void a_guard_wants_a_size_that_blocks_can_have(void **state)
{
    (void)state;
    check_refused(LINE(L"--guard", L"0", L"a.dll"), "not \"0\"");
    check_refused(LINE(L"--guard", L"big", L"a.dll"), "not \"big\"");
#ifndef _WIN64
    check_refused(LINE(L"--guard", L"4G", L"a.dll"), "not \"4G\"");
#endif
}

/* ------------------------------------------------------------------------------------------------
 * Limits
 * --------------------------------------------------------------------------------------------- */

static void limits_are_sizes(void **state)
{
    struct arguments arguments =
        taken(LINE(L"--limit", L"256M", L"--limit-reserved=2G", L"--reserve", L"0", L"a.dll"));

    (void)state;
    assert_figure(arguments.limit, 256u << 20);
    assert_figure(arguments.limit_reserved, 2ull << 30);
    assert_true(arguments.has_reserve);
    assert_figure(arguments.reserve, 0);
    check_refused(LINE(L"--limit", L"0", L"a.dll"), "--limit wants a size");
    check_refused(LINE(L"--limit", L"-1", L"a.dll"), "not \"-1\"");
    check_refused(LINE(L"--limit-reserved", L"", L"a.dll"), "--limit-reserved wants a size");
    check_refused(LINE(L"--limit", L"1G", L"--reserve", L"1x", L"a.dll"), "--reserve wants a size");
}

static void a_reserve_is_part_of_a_limit(void **state)
{
    (void)state;
    check_refused(LINE(L"--reserve", L"1M", L"a.dll"), "wants --limit, too");
    check_refused(LINE(L"--reserve", L"1M", L"--limit", L"1M", L"a.dll"), "leaves nothing");
    assert_figure(taken(LINE(L"--reserve", L"1M", L"--limit", L"1025K", L"a.dll")).reserve,
                  1 << 20);
}

static void pressure_is_two_percentages_of_a_limit(void **state)
{
    static const wchar_t *const wrong[] = {L"",      L"90",   L"90,",     L",70",   L"70,90",
                                           L"90,90", L"90;7", L"90,70,5", L"101,7", L"90,0",
                                           L"90,-7", L"a,b",  L"90, 70",  L"OFF"};
    struct arguments arguments = taken(LINE(L"--limit", L"1G", L"--pressure", L"95,60", L"a.dll"));

    (void)state;
    assert_figure(arguments.low_percent, 95);
    assert_figure(arguments.high_percent, 60);
    assert_false(arguments.no_pressure);
    check_refused(LINE(L"--pressure", L"90,70", L"a.dll"), "wants --limit, too");
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        check_refused(LINE(L"--limit", L"1G", L"--pressure", wrong[i], L"a.dll"),
                      "--pressure wants two percentages");
}

static void pressure_may_be_off_and_the_last_one_counts(void **state)
{
    (void)state;
    assert_true(taken(LINE(L"--pressure", L"off", L"a.dll")).no_pressure);
    assert_false(
        taken(LINE(L"--limit=1G", L"--pressure=off", L"--pressure=90,70", L"a.dll")).no_pressure);
}

/* ------------------------------------------------------------------------------------------------
 * .NET Framework, and .NET's own host
 * --------------------------------------------------------------------------------------------- */

static void a_clr_is_a_version_with_or_without_a_v(void **state)
{
    static const wchar_t *const wrong[] = {L"",       L"v",          L"4.0",        L"v4.0.30319.1",
                                           L"newest", L"v4.0.3-rc1", L"vv4.0.30319"};

    (void)state;
    assert_int_equal(wcscmp(taken(LINE(L"--clr", L"v4.0.30319", L"a.exe")).clr, L"v4.0.30319"), 0);
    assert_int_equal(wcscmp(taken(LINE(L"--clr", L"2.0.50727", L"a.exe")).clr, L"v2.0.50727"), 0);
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        check_refused(LINE(L"--clr", wrong[i], L"a.exe"), "--clr wants a version");
}

static void a_call_is_a_type_and_a_method(void **state)
{
    struct arguments arguments = taken(LINE(L"--call", L"Name.Space.Type.Method", L"a.dll"));

    (void)state;
    assert_int_equal(wcscmp(arguments.call_type, L"Name.Space.Type"), 0);
    assert_int_equal(wcscmp(arguments.call_method, L"Method"), 0);
    check_refused(LINE(L"--call", L"Method", L"a.dll"), "--call wants a method");
    check_refused(LINE(L"--call", L".Method", L"a.dll"), "--call wants a method");
    check_refused(LINE(L"--call", L"Type.", L"a.dll"), "--call wants a method");
}

static void the_host_s_options_are_handed_on_in_order(void **state)
{
    static const wchar_t *const expected[] = {
        L"--fx-version", L"2.2.2", L"--additionalprobingpath", L"one", L"--additionalprobingpath",
        L"two"};
    struct arguments arguments =
        taken(LINE(L"--fx-version", L"2.2.2", L"--additionalprobingpath=one", L"--quiet",
                   L"--additionalprobingpath", L"two", L"a.dll"));

    (void)state;
    assert_figure(arguments.host_option_count, COUNT_OF(expected));
    for (size_t i = 0; i < COUNT_OF(expected); i++)
        assert_int_equal(wcscmp(arguments.host_options[i], expected[i]), 0);
}

/* ------------------------------------------------------------------------------------------------
 * The help
 * --------------------------------------------------------------------------------------------- */

static void check_is_option(const char *name, size_t length)
{
    struct arguments arguments;
    wchar_t option[64] = {0};

    assert_true(length < COUNT_OF(option));
    for (size_t i = 0; i < length; i++)
        option[i] = (wchar_t)name[i];
    read_line(&arguments, LINE(option));
    if (strstr(told, "is not one of hostmem-run's"))
        fail_msg("--help names %ls, which is refused", option);
}

/* ------------------------------------------------------------------------------------------------
 * Watching
 * --------------------------------------------------------------------------------------------- */

static void watching_options_are_off_unless_they_are_given(void **state)
{
    struct arguments arguments = taken(LINE(L"a.exe"));

    (void)state;
    assert_false(arguments.explain || arguments.ends_with_parent);
    assert_figure(arguments.interval, 0);
    assert_figure(arguments.wanted_module_count, 0);
    arguments = taken(LINE(L"--explain", L"--kill-with-parent", L"a.exe"));
    assert_true(arguments.explain && arguments.ends_with_parent);
    check_refused(LINE(L"--explain=yes", L"a.exe"), "--explain=yes");
    check_refused(LINE(L"--kill-with-parent=yes", L"a.exe"), "--kill-with-parent=yes");
    assert_false(arguments.no_write_xor_execute);
    assert_true(taken(LINE(L"--no-write-xor-execute", L"a.exe")).no_write_xor_execute);
}

static void an_interval_is_whole_seconds_of_a_day(void **state)
{
    static const wchar_t *const wrong[] = {L"",   L"0",   L"-1",    L"+5",        L" 5",
                                           L"5s", L"1.5", L"86401", L"4294967297"};

    (void)state;
    assert_figure(taken(LINE(L"--interval", L"1", L"a.exe")).interval, 1);
    assert_figure(taken(LINE(L"--interval=86400", L"a.exe")).interval, 86400);
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        check_refused(LINE(L"--interval", wrong[i], L"a.exe"), "--interval wants a number");
}

static void modules_are_names_of_files_eight_at_most(void **state)
{
    struct arguments arguments =
        taken(LINE(L"--module", L"engine.dll", L"--module=\u00fcber.dll", L"a.exe"));

    (void)state;
    assert_figure(arguments.wanted_module_count, 2);
    assert_int_equal(wcscmp(arguments.wanted_modules[0], L"engine.dll"), 0);
    assert_int_equal(wcscmp(arguments.wanted_modules[1], L"\u00fcber.dll"), 0);
    check_refused(LINE(L"--module", L"", L"a.exe"), "--module wants the name");
    check_refused(LINE(L"--module", L"lib\\engine.dll", L"a.exe"), "--module wants the name");
    check_refused(LINE(L"--module", L"lib/engine.dll", L"a.exe"), "--module wants the name");
    check_refused(LINE(L"--module=1", L"--module=2", L"--module=3", L"--module=4", L"--module=5",
                       L"--module=6", L"--module=7", L"--module=8", L"--module=9", L"a.exe"),
                  "8 times at most");
}

static void each_option_that_the_help_names_is_one(void **state)
{
    size_t count = 0;

    (void)state;
    for (const char *at = strstr(arguments_help, "--"); at; at = strstr(at, "--")) {
        size_t length = strspn(at, "abcdefghijklmnopqrstuvwxyz-");

        check_is_option(at, length);
        at += length;
        count++;
    }
    assert_at_least(count, 21); /* there are as many options */
}

static void the_sizes_that_the_help_gives_as_examples_are_taken(void **state)
{
    (void)state;
    assert_non_null(strstr(arguments_help, "more than SIZE bytes (4096, 64K,\n"
                                           "                 1M)"));
    assert_figure(taken(LINE(L"--guard", L"4096", L"a.dll")).guard_above, 4096);
    assert_figure(taken(LINE(L"--guard", L"64K", L"a.dll")).guard_above, 64 << 10);
    assert_figure(taken(LINE(L"--guard", L"1M", L"a.dll")).guard_above, 1 << 20);
    assert_non_null(strstr(arguments_help, "(32M, 1G)"));
    assert_figure(taken(LINE(L"--limit", L"32M", L"a.dll")).limit, 32 << 20);
    assert_figure(taken(LINE(L"--limit", L"1G", L"a.dll")).limit, 1 << 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_end_at_the_program),
        cmocka_unit_test(a_program_is_wanted_unless_help_or_the_version_is),
        cmocka_unit_test(unknown_options_and_missing_values_are_refused),
        cmocka_unit_test(what_needs_heaps_implies_them),
        cmocka_unit_test(a_guard_wants_a_size_that_blocks_can_have),
        cmocka_unit_test(limits_are_sizes),
        cmocka_unit_test(a_reserve_is_part_of_a_limit),
        cmocka_unit_test(pressure_is_two_percentages_of_a_limit),
        cmocka_unit_test(pressure_may_be_off_and_the_last_one_counts),
        cmocka_unit_test(a_clr_is_a_version_with_or_without_a_v),
        cmocka_unit_test(a_call_is_a_type_and_a_method),
        cmocka_unit_test(the_host_s_options_are_handed_on_in_order),
        cmocka_unit_test(watching_options_are_off_unless_they_are_given),
        cmocka_unit_test(an_interval_is_whole_seconds_of_a_day),
        cmocka_unit_test(modules_are_names_of_files_eight_at_most),
        cmocka_unit_test(each_option_that_the_help_names_is_one),
        cmocka_unit_test(the_sizes_that_the_help_gives_as_examples_are_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
