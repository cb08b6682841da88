/*
 * test_clr_interrupt.c: Ctrl+C. This is a program of its own because it moves to a console of its
 * own: the event reaches every process of a console.
 */
#include "run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* This process is to live on. */
static BOOL WINAPI ignore(DWORD event)
{
    return event == CTRL_C_EVENT;
}

static int move_to_a_new_console(void **state)
{
    (void)state;
    FreeConsole();
    return AllocConsole() && SetConsoleCtrlHandler(ignore, TRUE) ? 0 : -1;
}

static void the_report_comes_once_after_an_interrupt(void **state)
{
    struct run *run = run_host(RUN_WITH_JSON | RUN_INTERRUPTED, L"%ls wait", clr_program(L"Exits"));

    (void)state;
    check_run(run, run->exit_code != EXIT_CODE_TIMED_OUT);
    check_run(run, occurrences(run->errors, "---- hostmem ") == 1);
    check_run(run, occurrences(run->errors, "Audit: no difference") == 1);
    check_run(run, strcmp(report_text(run, "ended_by"), "console control event") == 0);
    check_run(run, report_integer(run, "audit.difference_count") == 0);
    run_free(run);
}

static void a_program_that_takes_the_interrupt_goes_on(void **state)
{
    struct run *run =
        run_host(RUN_WITH_JSON | RUN_INTERRUPTED, L"%ls wait-once 5", clr_program(L"Exits"));

    (void)state;
    check_run(run, run->exit_code == 5);
    check_run(run, strstr(run->output, "interrupted\n"));
    check_run(run, occurrences(run->errors, "---- hostmem ") == 1);
    check_run(run, strcmp(report_text(run, "ended_by"), "return from Main") == 0);
    run_free(run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_report_comes_once_after_an_interrupt),
        cmocka_unit_test(a_program_that_takes_the_interrupt_goes_on),
    };

    if (!clr_tests_begin())
        return EXIT_CODE_SKIPPED;
    return cmocka_run_group_tests(tests, move_to_a_new_console, NULL);
}
