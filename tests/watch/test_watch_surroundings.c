/*
 * test_watch_surroundings.c: whatever streams and console hostmem-run has, the program has; and a
 * process that the program starts finds what it finds without hostmem.
 */
#include "requests.h"
#include "watched.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ------------------------------------------------------------------------------------------------
 * Streams and console
 * --------------------------------------------------------------------------------------------- */

static void say_number(int number, char *line, size_t size)
{
    snprintf(line, size, "line %d\n", number);
}

/* The program is heard before its stdin has ended: nothing of it waits in hostmem-run. */
static void pipes_carry_each_line_at_once(void **state)
{
    struct requests requests = {.say = say_number, .count = 3};
    struct run *watched = order_watched(order_of_requests(&requests), L"%ls --echo", witness());

    (void)state;
    check_run(watched, watched->exit_code == 0);
    check_run(watched, !strcmp(requests.answers, "line 0\nline 1\nline 2\n"));
    check_whole_report(watched);
    free(requests.answers);
    run_free(watched);
}

/* hostmem-run has no console: then the program must not get a new one. */
static void no_console_and_no_stdin(void **state)
{
    const struct run_order order = {.creation_flags = DETACHED_PROCESS};
    struct run *watched = order_watched(order, L"%ls --surroundings", witness());
    struct run *plain = order_plain(order, L"%ls --surroundings", witness());

    (void)state;
    check_run(plain, strstr(plain->output, "standard handle 0: none"));
    check_run(plain, strstr(plain->output, "console: none"));
    check_run(watched, strstr(watched->output, "standard handle 0: none"));
    check_run(watched, strstr(watched->output, "console: none"));
    check_whole_report(watched);
    run_free(watched);
    run_free(plain);
}

static void a_console_without_a_window(void **state)
{
    const struct run_order order = {.creation_flags = CREATE_NO_WINDOW};
    struct run *watched = order_watched(order, L"%ls --surroundings", witness());

    (void)state;
    check_run(watched, watched->exit_code == 0);
    check_run(watched, strstr(watched->output, "console: there is one"));
    check_whole_report(watched);
    run_free(watched);
}

/* ------------------------------------------------------------------------------------------------
 * Processes that the program starts
 * --------------------------------------------------------------------------------------------- */

/* What a process tells that the program has started, with hostmem and without. */
static void check_started(const struct run *watched, const struct run *plain)
{
    check_run(plain, plain->exit_code == 0);
    check_run(plain, strstr(plain->output, "\nhandles: "));
    check_same(watched, plain);
    check_whole_report(watched);
    check_run(watched, report_integer(watched, "statistics.child_processes") == 1);
    check_run(watched, strstr(watched->errors, "processes started, not watched"));
}

static void a_process_that_a_native_program_starts(void **state)
{
    static const wchar_t *const options[] = {L"", L"--kill-with-parent --heap --limit 64M"};
    struct run *plain = run_plain(L"%ls --start --surroundings", witness());

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct run *watched = run_watched(L"%ls %ls --start --surroundings", options[i], witness());

        check_started(watched, plain);
        run_free(watched);
    }
    run_free(plain);
}

/* Two generations: only what the program itself starts is counted. */
static void the_second_generation(void **state)
{
    struct run *watched = run_watched(L"%ls --start --start --surroundings", witness());
    struct run *plain = run_plain(L"%ls --start --start --surroundings", witness());

    (void)state;
    check_started(watched, plain);
    run_free(watched);
    run_free(plain);
}

static bool has_old_runtime;

/* hostmem-host sets variables for the runtime that it hosts; .NET's host sets one of its own. */
static void a_process_that_managed_code_starts(void **state)
{
    struct run *plain, *watched;

    (void)state;
    if (!has_old_runtime)
        skip();
    plain = run_host(RUN_WITHOUT_HOSTMEM, L"%ls %ls --surroundings", clr_program(L"Starter-net"),
                     witness());
    watched = run_host(RUN_WITH_JSON, L"--limit 64M %ls %ls --surroundings",
                       clr_program(L"Starter-net"), witness());
    check_started(watched, plain);
    run_free(watched);
    watched = run_host(RUN_WITH_JSON, L"--limit 64M %ls %ls --surroundings",
                       clr_program(L"Starter"), witness());
    check_started(watched, plain);
    run_free(watched);
    run_free(plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pipes_carry_each_line_at_once),
        cmocka_unit_test(no_console_and_no_stdin),
        cmocka_unit_test(a_console_without_a_window),
        cmocka_unit_test(a_process_that_a_native_program_starts),
        cmocka_unit_test(the_second_generation),
        cmocka_unit_test(a_process_that_managed_code_starts),
    };

    watched_begin();
    has_old_runtime = clr_tests_begin();
    return cmocka_run_group_tests_name("surroundings as without hostmem", tests, NULL, NULL);
}
