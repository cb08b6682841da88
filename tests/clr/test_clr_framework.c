/*
 * test_clr_framework.c: hostmem-run with programs for .NET Framework, with the stand-in for
 * mscoree.dll, which makes the calls that a CLR makes. STANDIN_CLR says what kind of machine it
 * plays.
 */
#include "expected.h"
#include "layout.h"
#include "run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum {
    PATH_SIZE = 1024
};

#ifdef _WIN64
#define OTHER_PROGRAM L"Echo-x86"
#define OWN_BITS "64-bit"
#else
#define OTHER_PROGRAM L"Echo-x64"
#define OWN_BITS "32-bit"
#endif

/* A run on the machine that the scenario describes (NULL: a healthy one). */
static struct run *run_framework(const wchar_t *scenario, const wchar_t *options,
                                 const wchar_t *arguments)
{
    struct run *run;

    SetEnvironmentVariableW(L"STANDIN_CLR", scenario);
    run = run_host(RUN_WITH_JSON | RUN_FRAMEWORK, L"%ls %ls %ls", options, clr_program(L"Echo"),
                   arguments);
    SetEnvironmentVariableW(L"STANDIN_CLR", NULL);
    return run;
}

static void check_failure(struct run *run, DWORD exit_code, const char *sentence)
{
    check_run(run, run->exit_code == exit_code);
    check_run(run, strncmp(run->errors, "hostmem-run: ", 13) == 0);
    check_run(run, strstr(run->errors, sentence));
    check_run(run, occurrences(run->errors, "\n") == 1);
    check_run(run, !run->report_left);
    run_free(run);
}

/* ------------------------------------------------------------------------------------------------
 * A good run
 * --------------------------------------------------------------------------------------------- */

static void main_gets_its_arguments_and_gives_the_exit_code(void **state)
{
    struct run *run = run_framework(NULL, L"", L"one \"two words\"");

    (void)state;
    check_run(run, run->exit_code == 42);
    check_run(run, strstr(run->output, "Main of "));
    check_run(run, strstr(run->output, "argument one\nargument two words\n"));
    check_run(run, !strcmp(report_text(run, "ended_by"), "return from Main"));
    check_run(run, !strcmp(report_text(run, "runtime.family"), ".NET Framework"));
    check_run(run, !strcmp(report_text(run, "runtime.version"), "v4.0.30319"));
    check_run(run, json_is_true(report_member(run, "host.set_host_control_accepted")));
    check_run(run, json_array_size(report_member(run, "host.redirected_modules")) == 0);
    run_free(run);
}

/* All that a CLR calls, and each of it is right. */
static void every_method_is_driven_and_the_books_balance(void **state)
{
    static const char *const methods[] = {"CreateMalloc",
                                          "VirtualAlloc",
                                          "VirtualFree",
                                          "VirtualQuery",
                                          "VirtualProtect",
                                          "GetMemoryLoad",
                                          "RegisterMemoryNotificationCallback",
                                          "NeedsVirtualAddressSpace",
                                          "AcquiredVirtualAddressSpace",
                                          "ReleasedVirtualAddressSpace",
                                          "IHostMalloc::Alloc",
                                          "IHostMalloc::DebugAlloc",
                                          "IHostMalloc::Free"};
    struct run *run = run_framework(NULL, L"", L"");
    const json_t *counts = report_member(run, "statistics.methods");
    const json_t *heap;

    (void)state;
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        const json_t *calls = json_object_get(json_object_get(counts, methods[i]), "calls");

        if (json_integer_value(calls) <= 0)
            print_error("%s was not called\n", methods[i]);
        check_run(run, json_integer_value(calls) > 0);
    }
    check_books(run);
    check_run(run, report_integer(run, "statistics.blocks.now") == 0);
    check_run(run, report_integer(run, "statistics.mapped.now") == 0);
    /* What is left is held without use by the CLR's heap, which a CLR never releases. */
    heap = json_array_get(report_member(run, "heaps"), 0);
    check_run(run, report_integer(run, "statistics.reserved.now") ==
                       json_integer_value(json_object_get(heap, "spare_bytes")) +
                           json_integer_value(json_object_get(heap, "spare_large_bytes")));
    check_run(run, report_integer(run, "statistics.refused_frees") == 0);
    run_free(run);
}

static void a_runtime_that_keeps_what_it_has_does_not_balance(void **state)
{
    struct run *run = run_framework(L"leak", L"", L"");

    (void)state;
    check_run(run, run->exit_code == 40);
    check_run(run, report_integer(run, "statistics.blocks.now") > 0);
    check_run(run, report_integer(run, "statistics.reserved.now") >
                       report_integer(run, "statistics.slab_bytes.now"));
    check_books(run);
    run_free(run);
}

static void a_method_can_be_called(void **state)
{
    struct run *run = run_framework(NULL, L"--call Some.Type.Method", L"text");

    (void)state;
    check_run(run, run->exit_code == 7);
    check_run(run, strstr(run->output, "Some.Type.Method of "));
    check_run(run, strstr(run->output, "argument text\n"));
    check_books(run);
    run_free(run);
}

static void another_version_can_be_chosen(void **state)
{
    struct run *run = run_framework(NULL, L"--clr 2.0.50727", L"");

    (void)state;
    check_run(run, run->exit_code == 40);
    check_run(run, !strcmp(report_text(run, "runtime.version"), "v2.0.50727"));
    run_free(run);
}

static void a_limit_holds_and_pressure_is_told(void **state)
{
    struct run *run = run_framework(L"pressure", L"--limit 64M", L"");

    (void)state;
    check_run(run, strstr(run->output, "notified low "));
    check_run(run, !strstr(run->output, "notified low 0\n"));
    check_run(run, report_integer(run, "statistics.committed.peak") <= 64 << 20);
    check_books(run);
    run_free(run);
}

/* Environment.Exit. */
static void a_program_that_ends_the_process_is_reported_on(void **state)
{
    struct run *run = run_framework(L"exit", L"", L"");

    (void)state;
    check_run(run, run->exit_code == 9);
    check_run(run, !strcmp(report_text(run, "ended_by"), "ExitProcess"));
    check_run(run, report_integer(run, "exit_code") == 9);
    check_books(run);
    run_free(run);
}

/* ------------------------------------------------------------------------------------------------
 * Failures
 * --------------------------------------------------------------------------------------------- */

static void an_unhandled_exception_is_251_and_is_reported_on(void **state)
{
    struct run *run = run_framework(L"unhandled", L"", L"");

    (void)state;
    check_run(run, run->exit_code == 251);
    check_run(run, strstr(run->errors, "did not handle an exception (0x80131509): The stand-in's "
                                       "program throws.\n"));
    check_run(run, !strcmp(report_text(run, "ended_by"), "unhandled exception"));
    check_run(run, report_integer(run, "exit_code") == 251);
    check_books(run);
    run_free(run);
}

static void a_runtime_that_is_not_installed_is_244(void **state)
{
    (void)state;
    check_failure(run_framework(L"none", L"", L""), 244,
                  "is for .NET Framework v4.0.30319, which is not installed (none is); --clr ");
    check_failure(run_framework(L"v2", L"", L""), 244,
                  "is for .NET Framework v4.0.30319, which is not installed (v2.0.50727)");
    check_failure(run_framework(NULL, L"--clr v3.1.2", L""), 244,
                  "is for .NET Framework v3.1.2, which is not installed (v2.0.50727, v4.0.30319)");
}

static void a_runtime_that_cannot_be_loaded_is_245(void **state)
{
    (void)state;
    check_failure(run_framework(L"unloadable", L"", L""), 245,
                  "says that it is not to be loaded into this " OWN_BITS " process.");
}

static void a_runtime_that_does_not_start_is_245(void **state)
{
    (void)state;
    check_failure(run_framework(L"start-fails", L"", L""), 245,
                  "the runtime cannot be started: Start failed (0x80131506)");
    check_failure(run_framework(L"refuses-control", L"", L""), 245,
                  "the runtime cannot be started: SetHostControl failed (0x80004005)");
}

static void a_method_that_is_not_there_is_250(void **state)
{
    (void)state;
    check_failure(run_framework(L"no-method", L"--call A.B.C", L""), 250,
                  "has no method static int C(string) in a type A.B.");
    check_failure(run_framework(L"no-type", L"--call A.B.C", L""), 250,
                  "has no method static int C(string) in a type A.B.");
}

static void a_program_of_the_other_bitness_is_243(void **state)
{
    (void)state;
    check_failure(run_host(RUN_WITH_JSON | RUN_FRAMEWORK, L"%ls", clr_program(OTHER_PROGRAM)), 243,
                  "hostmem-run: use the other one");
}

static void bad_options_are_240(void **state)
{
    static const wchar_t *const versions[] = {L"", L"v4", L"4.0", L"v4.0.x", L"latest"};
    static const wchar_t *const methods[] = {L"", L"Method", L".Method", L"Type."};

    (void)state;
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
        check_failure(run_host(RUN_WITH_JSON | RUN_FRAMEWORK, L"--clr \"%ls\" %ls", versions[i],
                               clr_program(L"Echo")),
                      240, "the option --clr wants a version such as v4.0.30319");
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
        check_failure(run_host(RUN_WITH_JSON | RUN_FRAMEWORK, L"--call \"%ls\" %ls", methods[i],
                               clr_program(L"Echo")),
                      240, "the option --call wants a method such as Namespace.Type.Method");
    check_failure(run_framework(NULL, L"--call A.B", L"one two"), 240,
                  "the method of --call takes one argument, not 2.");
    check_failure(run_framework(NULL, L"--clr v4.0.30319 --runtime x", L""), 240,
                  "the options --clr and --call are for .NET Framework, and --runtime is not.");
    check_failure(run_framework(NULL, L"--clr v4.0.30319 --fx-version 2.0.0", L""), 240,
                  "the options --clr and --call are for .NET Framework, and --fx-version is not.");
    check_failure(
        run_host(RUN_WITH_JSON | RUN_FRAMEWORK, L"--call A.B %ls", clr_program(L"Echo-net")), 240,
        "the option --call is for .NET Framework, and ");
}

/* ------------------------------------------------------------------------------------------------
 * Which programs are for .NET Framework
 * --------------------------------------------------------------------------------------------- */

static void what_lies_beside_it_makes_a_program_one_for_dotnet(void **state)
{
    struct run *run;

    (void)state;
    SetEnvironmentVariableW(L"DOTNET_ROOT", clr_runtime());
    run = run_host(RUN_WITH_JSON | RUN_FRAMEWORK, L"%ls a", clr_program(L"Echo-net"));
    SetEnvironmentVariableW(L"DOTNET_ROOT", NULL);
    check_run(run, run->exit_code == 1);
    check_run(run, !strcmp(report_text(run, "runtime.family"), "CoreCLR"));
    run_free(run);
}

static void a_runtime_that_is_named_runs_what_is_for_the_framework(void **state)
{
    struct run *run = run_host(RUN_WITH_JSON | RUN_FRAMEWORK, L"--runtime \"%ls\" %ls a b",
                               clr_runtime(), clr_program(L"Echo"));

    (void)state;
    check_run(run, run->exit_code == 2);
    check_run(run, !strcmp(report_text(run, "runtime.family"), "CoreCLR"));
    run_free(run);
}

/* The hostmem-run that has no stand-in beside it; a Windows that has the real thing would run it.
 */
static void wine_without_a_framework_says_so(void **state)
{
    static const wchar_t *const overrides[] = {L"mscoree=n", L"mscoree=b"};
    wchar_t before[PATH_SIZE] = L"";

    (void)state;
    if (!GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version")) {
        print_message("Skipped: this is no Wine.\n");
        skip();
    }
    GetEnvironmentVariableW(L"WINEDLLOVERRIDES", before, PATH_SIZE);
    for (size_t i = 0; i < sizeof(overrides) / sizeof(overrides[0]); i++) {
        SetEnvironmentVariableW(L"WINEDLLOVERRIDES", overrides[i]);
        check_failure(run_host(RUN_WITH_JSON | RUN_NO_RUNTIME, L"%ls", clr_program(L"Echo")), 244,
                      "which is not installed (none is), for this is Wine, which has none of its "
                      "own");
    }
    SetEnvironmentVariableW(L"WINEDLLOVERRIDES", before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(main_gets_its_arguments_and_gives_the_exit_code),
        cmocka_unit_test(every_method_is_driven_and_the_books_balance),
        cmocka_unit_test(a_runtime_that_keeps_what_it_has_does_not_balance),
        cmocka_unit_test(a_method_can_be_called),
        cmocka_unit_test(another_version_can_be_chosen),
        cmocka_unit_test(a_limit_holds_and_pressure_is_told),
        cmocka_unit_test(a_program_that_ends_the_process_is_reported_on),
        cmocka_unit_test(an_unhandled_exception_is_251_and_is_reported_on),
        cmocka_unit_test(a_runtime_that_is_not_installed_is_244),
        cmocka_unit_test(a_runtime_that_cannot_be_loaded_is_245),
        cmocka_unit_test(a_runtime_that_does_not_start_is_245),
        cmocka_unit_test(a_method_that_is_not_there_is_250),
        cmocka_unit_test(a_program_of_the_other_bitness_is_243),
        cmocka_unit_test(bad_options_are_240),
        cmocka_unit_test(what_lies_beside_it_makes_a_program_one_for_dotnet),
        cmocka_unit_test(a_runtime_that_is_named_runs_what_is_for_the_framework),
        cmocka_unit_test(wine_without_a_framework_says_so),
    };

    if (!clr_tests_begin())
        return EXIT_CODE_SKIPPED;
    return cmocka_run_group_tests_name("clr_framework", tests, NULL, NULL);
}
