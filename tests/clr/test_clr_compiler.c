/*
 * test_clr_compiler.c: the C# compiler of the SDK, itself a large .NET program with a
 * runtimeconfig.json and a deps.json, is run with no options of hostmem-run's, and what it has
 * compiled is run in turn.
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

static const char source[] = "using System;\n"
                             "static class Greeting\n"
                             "{\n"
                             "    static int Main(string[] arguments)\n"
                             "    {\n"
                             "        Console.WriteLine(\"greetings, {0}\", arguments[0]);\n"
                             "        return 5;\n"
                             "    }\n"
                             "}\n";

static const char config[] = "{\"runtimeOptions\": {\"framework\": {\"name\": "
                             "\"Microsoft.NETCore.App\", \"version\": \"2.2.0\"}}}";

static wchar_t compiler[PATH_SIZE];
static wchar_t framework[PATH_SIZE];

/* The first directory in a directory; false: there is none. */
static bool first_directory(wchar_t path[PATH_SIZE], const wchar_t *parent)
{
    WIN32_FIND_DATAW found;
    HANDLE listing;
    bool more;

    swprintf(path, PATH_SIZE, L"%ls\\*", parent);
    listing = FindFirstFileW(path, &found);
    if (listing == INVALID_HANDLE_VALUE)
        return false;
    do {
        swprintf(path, PATH_SIZE, L"%ls\\%ls", parent, found.cFileName);
        more = FindNextFileW(listing, &found) != FALSE;
    } while (more && wcsrchr(path, L'\\')[1] == L'.');
    FindClose(listing);
    return wcsrchr(path, L'\\')[1] != L'.';
}

static bool find_compiler(void)
{
    wchar_t parent[PATH_SIZE];
    wchar_t sdk[PATH_SIZE];

    swprintf(parent, PATH_SIZE, L"%ls\\sdk", clr_runtime());
    if (!first_directory(sdk, parent)) {
        printf("Skipped: there is no SDK in \"%ls\" (HOSTMEM_TEST_RUNTIME).\n", clr_runtime());
        return false;
    }
    swprintf(compiler, PATH_SIZE, L"%ls\\Roslyn\\bincore\\csc.dll", sdk);
    swprintf(parent, PATH_SIZE, L"%ls\\shared\\Microsoft.NETCore.App", clr_runtime());
    return first_directory(framework, parent);
}

static struct run *compile(const wchar_t *program)
{
    wchar_t text[PATH_SIZE];

    wcscpy(text, layout_path(L"app\\Greeting.cs"));
    layout_text(text, source);
    return run_host(RUN_WITH_JSON | RUN_NO_RUNTIME,
                    L"\"%ls\" -nologo -r:\"%ls\\System.Runtime.dll\" "
                    L"-r:\"%ls\\System.Console.dll\" -r:\"%ls\\System.Private.CoreLib.dll\" "
                    L"-out:\"%ls\" \"%ls\"",
                    compiler, framework, framework, framework, program, text);
}

static int remove_layout(void **state)
{
    (void)state;
    layout_remove(layout_path(L"app"));
    return 0;
}

static void check_run_well(const struct run *run, DWORD exit_code)
{
    const json_t *modules = report_member(run, "host.redirected_modules");

    check_run(run, run->exit_code == exit_code);
    check_books(run);
    check_run(run, json_array_size(modules) == 2);
    check_run(run, !strcmp(json_string_value(json_array_get(modules, 1)), "clrjit.dll"));
    check_run(run, report_integer(run, "statistics.methods.VirtualAlloc.calls") > 0);
}

static void the_compiler_compiles_a_program_that_runs(void **state)
{
    wchar_t program[PATH_SIZE];
    struct run *run;

    (void)state;
    layout_directory(layout_path(L"app"));
    layout_text(layout_path(L"app\\Greeting.runtimeconfig.json"), config);
    wcscpy(program, layout_path(L"app\\Greeting.dll"));
    run = compile(program);
    check_run_well(run, 0);
    check_run(run, *run->output == '\0');
    run_free(run);
    run = run_host(RUN_WITH_JSON, L"\"%ls\" hostmem", program);
    check_run_well(run, 5);
    check_run(run, !strcmp(run->output, "greetings, hostmem\n"));
    run_free(run);
}

static void its_complaints_and_exit_code_come_through(void **state)
{
    struct run *run;

    (void)state;
    layout_directory(layout_path(L"app"));
    run = run_host(RUN_WITH_JSON | RUN_NO_RUNTIME, L"\"%ls\" -nologo no-such-file.cs", compiler);
    check_run_well(run, 1);
    check_run(run, strstr(run->output, "error CS2001"));
    run_free(run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(the_compiler_compiles_a_program_that_runs, remove_layout),
        cmocka_unit_test_teardown(its_complaints_and_exit_code_come_through, remove_layout),
    };

    if (!clr_tests_begin() || !find_compiler())
        return EXIT_CODE_SKIPPED;
    return cmocka_run_group_tests_name("clr_compiler", tests, NULL, NULL);
}
