/*
 * test_watch_endings.c: however a program of .NET 10 ends, it ends as it does without hostmem, and
 * one report tells how.
 */
#include "child.h"
#include "layout.h"
#include "watched.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define UNHANDLED_MANAGED_EXCEPTION 0xe0434352u

/* For ends whose exit code Wine 8 and Windows do not agree on. */
#define AS_WITHOUT_HOSTMEM 0xdeadbeefu

/* ------------------------------------------------------------------------------------------------
 * Ends that the program chooses
 * --------------------------------------------------------------------------------------------- */

static struct run *end_by(const wchar_t *way, bool compare)
{
    const wchar_t *program = hello(&dotnet_10, L"fdd", L"Hello.exe");
    static const wchar_t format[] = L"\"%ls\" --mib 2 --threads 2 --end %ls";
    struct run *watched = run_watched(format, program, way);

    if (compare) {
        struct run *plain = run_plain(format, program, way);

        check_same(watched, plain);
        run_free(plain);
    }
    check_run(watched, occurrences(watched->output, "ending by ") == 1);
    check_whole_report(watched);
    check_no_part_left(watched);
    return watched;
}

/* The long form compares each with a run without hostmem. */
static void check_end(const wchar_t *way, const char *ended_by, DWORD exit_code)
{
    struct run *watched = end_by(way, is_long_form() || exit_code == AS_WITHOUT_HOSTMEM);

    check_run(watched, exit_code == AS_WITHOUT_HOSTMEM || watched->exit_code == exit_code);
    check_run(watched, !strcmp(report_text(watched, "ended_by"), ended_by));
    run_free(watched);
}

static void a_return_from_main(void **state)
{
    (void)state;
    check_end(L"return --code 3", "return or ExitProcess", 3);
}

static void environment_exit(void **state)
{
    (void)state;
    check_end(L"exit --code -4", "ExitProcess", (DWORD)-4);
}

static void environment_exit_on_a_thread(void **state)
{
    (void)state;
    check_end(L"exit-thread --code 11", "ExitProcess", 11);
}

/* What the runtime says of it comes before the report. */
static void an_unhandled_exception(void **state)
{
    struct run *watched = end_by(L"throw", is_long_form());
    const char *exception = strstr(watched->errors, "System.InvalidOperationException: Nobody");
    const char *report = strstr(watched->errors, "---- hostmem ");

    (void)state;
    check_run(watched, watched->exit_code == UNHANDLED_MANAGED_EXCEPTION);
    check_run(watched, !strcmp(report_text(watched, "ended_by"), "unhandled exception"));
    check_run(watched, exception && exception < report);
    run_free(watched);
}

static void an_unhandled_exception_on_a_thread(void **state)
{
    (void)state;
    check_end(L"throw-thread", "unhandled exception", UNHANDLED_MANAGED_EXCEPTION);
}

static void fail_fast(void **state)
{
    (void)state;
    check_end(L"failfast", "RaiseFailFastException", AS_WITHOUT_HOSTMEM);
}

static void a_stack_overflow(void **state)
{
    (void)state;
    check_end(L"overflow", "RaiseFailFastException", AS_WITHOUT_HOSTMEM);
}

static void an_exit_process_of_its_own(void **state)
{
    (void)state;
    check_end(L"native-exit --code 9", "ExitProcess", 9);
}

static void a_terminate_process_of_its_own(void **state)
{
    (void)state;
    check_end(L"terminate --code 10", "TerminateProcess", 10);
}

/* By a handle that can do nothing but that. */
static void process_kill_of_itself(void **state)
{
    (void)state;
    check_end(L"kill", "TerminateProcess", (DWORD)-1);
}

static void memory_that_runs_out(void **state)
{
    (void)state;
    SetEnvironmentVariableW(L"DOTNET_GCHeapHardLimit", L"2000000");
    check_end(L"oom", "unhandled exception", AS_WITHOUT_HOSTMEM);
    check_end(L"oom-caught --code 12", "return or ExitProcess", 12);
    SetEnvironmentVariableW(L"DOTNET_GCHeapHardLimit", NULL);
}

/* ------------------------------------------------------------------------------------------------
 * Ends from outside
 * --------------------------------------------------------------------------------------------- */

struct watched_child {
    const char *said;
    DWORD exit_code; /* to end it with */
    bool had_earlier_report;
};

static void end_child(const struct run_process *runner, void *context)
{
    struct watched_child *child = context;
    HANDLE process;
    char *report;

    assert_true(wait_for_output(runner, child->said));
    process = open_child(runner);
    report = read_file(runner->json);
    child->had_earlier_report = report && !strcmp(report, "an earlier report");
    free(report);
    assert_true(TerminateProcess(process, child->exit_code));
    CloseHandle(process);
}

static void terminate_process_from_outside(void **state)
{
    struct watched_child child = {.said = "ending by sleep", .exit_code = 42};
    wchar_t json[SCRATCH_PATH_SIZE];
    struct run_order order = {.json = json, .meanwhile = end_child, .context = &child};
    struct run *watched;

    (void)state;
    scratch_file(json, L"json");
    layout_text(json, "an earlier report");
    watched = order_watched(order, L"\"%ls\" --mib 2 --threads 2 --end sleep",
                            hello(&dotnet_10, L"fdd", L"Hello.exe"));
    check_run(watched, watched->exit_code == 42);
    check_run(watched, child.had_earlier_report);
    check_report_of_unseen_end(watched);
    check_no_part_left(watched);
    run_free(watched);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_return_from_main),
        cmocka_unit_test(environment_exit),
        cmocka_unit_test(environment_exit_on_a_thread),
        cmocka_unit_test(an_unhandled_exception),
        cmocka_unit_test(an_unhandled_exception_on_a_thread),
        cmocka_unit_test(fail_fast),
        cmocka_unit_test(a_stack_overflow),
        cmocka_unit_test(an_exit_process_of_its_own),
        cmocka_unit_test(a_terminate_process_of_its_own),
        cmocka_unit_test(process_kill_of_itself),
        cmocka_unit_test(memory_that_runs_out),
        cmocka_unit_test(terminate_process_from_outside),
    };

    watched_begin();
    if (!is_there(hello(&dotnet_10, L"fdd", L"Hello.exe")) || !is_there(dotnet_root(&dotnet_10)))
        return EXIT_CODE_SKIPPED;
    SetEnvironmentVariableW(L"DOTNET_ROOT", dotnet_root(&dotnet_10));
    return cmocka_run_group_tests_name("however a program ends", tests, NULL, NULL);
}
