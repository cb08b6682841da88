/*
 * test_clr_endings.c: the report comes once, however the program ends, and does not change how it
 * ends.
 */
#include "run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define UNHANDLED_MANAGED_EXCEPTION 0xe0434352u

static struct run *end_by(const wchar_t *way)
{
    return run_host(RUN_WITH_JSON, L"%ls %ls", clr_program(L"Exits"), way);
}

static void check_report(const struct run *run, const char *ended_by)
{
    check_run(run, run->exit_code != EXIT_CODE_TIMED_OUT);
    check_run(run, occurrences(run->output, "ending by ") == 1);
    check_run(run, occurrences(run->errors, "---- hostmem ") == 1);
    check_run(run, occurrences(run->errors, "Audit: no difference") == 1);
    check_run(run, strcmp(report_text(run, "ended_by"), ended_by) == 0);
    check_run(run, report_integer(run, "audit.difference_count") == 0);
}

/* For endings whose exit code is the same on every Windows: the report must tell it. */
static void check_ending(const wchar_t *way, const char *ended_by, DWORD exit_code)
{
    struct run *run = end_by(way);

    check_report(run, ended_by);
    check_run(run, run->exit_code == exit_code);
    check_run(run, report_integer(run, "exit_code") == (json_int_t)exit_code);
    run_free(run);
}

static void after_a_return_from_main(void **state)
{
    (void)state;
    check_ending(L"return 3", "return from Main", 3);
}

static void after_a_negative_return_from_main(void **state)
{
    (void)state;
    check_ending(L"return -1", "return from Main", 0xffffffffu);
}

static void after_environment_exit(void **state)
{
    (void)state;
    check_ending(L"exit 4", "ExitProcess", 4);
}

static void after_environment_exit_on_a_thread_while_others_allocate(void **state)
{
    (void)state;
    check_ending(L"exit-from-thread 11", "ExitProcess", 11);
}

static void after_an_unhandled_exception(void **state)
{
    (void)state;
    check_ending(L"unhandled", "unhandled exception", UNHANDLED_MANAGED_EXCEPTION);
}

static void after_an_unhandled_exception_on_a_thread(void **state)
{
    (void)state;
    check_ending(L"unhandled-thread", "unhandled exception", UNHANDLED_MANAGED_EXCEPTION);
}

static void after_an_access_violation(void **state)
{
    (void)state;
    check_ending(L"null-write", "unhandled exception", UNHANDLED_MANAGED_EXCEPTION);
}

static void after_a_native_call_of_exit_process(void **state)
{
    (void)state;
    check_ending(L"native-exit 9", "ExitProcess", 9);
}

static void after_a_native_call_of_terminate_process(void **state)
{
    (void)state;
    check_ending(L"native-terminate 10", "TerminateProcess", 10);
}

static void after_fail_fast(void **state)
{
    struct run *run = end_by(L"fail-fast");

    (void)state;
    check_report(run, "RaiseFailFastException");
    check_run(run, run->exit_code != 0);
    check_run(run, report_integer(run, "exit_code") == (json_int_t)run->exit_code);
    check_run(run, strstr(run->errors, "this cannot go on"));
    run_free(run);
}

static void the_exception_is_told_before_the_report(void **state)
{
    struct run *run = end_by(L"unhandled");
    const char *exception = strstr(run->errors, "System.InvalidOperationException: nobody handles");
    const char *report = strstr(run->errors, "---- hostmem ");

    (void)state;
    check_run(run, exception && report && exception < report);
    run_free(run);
}

static void handlers_of_process_exit_run_and_set_the_exit_code(void **state)
{
    struct run *run = end_by(L"exit-code 6");

    (void)state;
    check_report(run, "return from Main");
    check_run(run, strstr(run->output, "ProcessExit was raised\n"));
    check_run(run, run->exit_code == 6);
    run_free(run);
}

/*
 * test_watch_endings has every ending on .NET 10. Here are those that hostmem-host, and the runtime
 * that it hosts, have a part in; with HOSTMEM_TEST_LONG all.
 */
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(after_a_return_from_main),
        cmocka_unit_test(after_environment_exit_on_a_thread_while_others_allocate),
        cmocka_unit_test(after_an_unhandled_exception),
        cmocka_unit_test(after_a_native_call_of_terminate_process),
        cmocka_unit_test(after_fail_fast),
        cmocka_unit_test(the_exception_is_told_before_the_report),
        cmocka_unit_test(handlers_of_process_exit_run_and_set_the_exit_code),
    };
    const struct CMUnitTest more[] = {
        cmocka_unit_test(after_a_negative_return_from_main),
        cmocka_unit_test(after_environment_exit),
        cmocka_unit_test(after_an_unhandled_exception_on_a_thread),
        cmocka_unit_test(after_an_access_violation),
        cmocka_unit_test(after_a_native_call_of_exit_process),
    };
    int failed;

    if (!clr_tests_begin())
        return EXIT_CODE_SKIPPED;
    failed = cmocka_run_group_tests_name("the report comes once", tests, NULL, NULL);
    if (getenv("HOSTMEM_TEST_LONG"))
        failed += cmocka_run_group_tests_name("after other endings, too", more, NULL, NULL);
    return failed;
}
