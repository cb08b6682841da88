/*
 * test_clr_compiler.c: the C# compiler of the SDK, itself a large .NET program with a
 * runtimeconfig.json and a deps.json, compiles a program of 20,000 lines on hostmem and without it:
 * the bytes must be the same. The compiled program is run, too.
 */
#include "expected.h"
#include "generated.h"
#include "layout.h"
#include "run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    PATH_SIZE = 1024,
    LINES = 20000,
    SEED = 20261126
};

static const char config[] = "{\"runtimeOptions\": {\"framework\": {\"name\": "
                             "\"Microsoft.NETCore.App\", \"version\": \"2.2.0\"}}}";

static wchar_t compiler[PATH_SIZE];
static wchar_t framework[PATH_SIZE];

/* ------------------------------------------------------------------------------------------------
 * The compiler
 * --------------------------------------------------------------------------------------------- */

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

/* ------------------------------------------------------------------------------------------------
 * Two compilations of one program
 * --------------------------------------------------------------------------------------------- */

struct bytes {
    unsigned char *data;
    DWORD size;
};

struct compilation {
    struct run *run;
    struct bytes output; /* with the debugging information in it; no data: there is no such file */
};

static struct generated_program source;
static wchar_t program[PATH_SIZE];
static struct compilation without;
static struct compilation on_hostmem;

static struct bytes read_bytes(const wchar_t *path)
{
    HANDLE file = CreateFileW(path, GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);
    struct bytes bytes = {0};

    if (file == INVALID_HANDLE_VALUE)
        return bytes;
    bytes.size = GetFileSize(file, NULL);
    bytes.data = malloc(bytes.size + 1);
    assert_non_null(bytes.data);
    assert_true(ReadFile(file, bytes.data, bytes.size, &bytes.size, NULL));
    CloseHandle(file);
    return bytes;
}

/* To the same place every time: its name is in what the compiler writes. */
static struct compilation compile(unsigned flags, const wchar_t *options)
{
    struct compilation compilation;

    DeleteFileW(program);
    compilation.run = run_host(flags,
                               L"%ls \"%ls\" -nologo -deterministic -optimize+ -debug:embedded "
                               L"-r:\"%ls\\System.Runtime.dll\" -r:\"%ls\\System.Console.dll\" "
                               L"-r:\"%ls\\System.Private.CoreLib.dll\" -out:\"%ls\" \"%ls\"",
                               options, compiler, framework, framework, framework, program,
                               layout_path(L"app\\Generated.cs"));
    compilation.output = read_bytes(program);
    return compilation;
}

static int compile_twice(void **state)
{
    (void)state;
    source = generate_program(LINES, SEED);
    wcscpy(program, layout_path(L"app\\Generated.dll"));
    layout_directory(layout_path(L"app"));
    layout_text(layout_path(L"app\\Generated.cs"), source.text);
    layout_text(layout_path(L"app\\Generated.runtimeconfig.json"), config);
    without = compile(RUN_WITHOUT_HOSTMEM, L"");
    on_hostmem = compile(RUN_WITH_JSON | RUN_NO_RUNTIME, L"--heap");
    return 0;
}

static int remove_compilations(void **state)
{
    (void)state;
    run_free(without.run);
    run_free(on_hostmem.run);
    free(without.output.data);
    free(on_hostmem.output.data);
    free(source.text);
    layout_remove(layout_path(L"app"));
    return 0;
}

static DWORD first_difference(const struct bytes *one, const struct bytes *other)
{
    DWORD at = 0;

    while (at < one->size && at < other->size && one->data[at] == other->data[at])
        at++;
    return at;
}

/* ------------------------------------------------------------------------------------------------
 * The tests
 * --------------------------------------------------------------------------------------------- */

static void check_run_well(const struct run *run, DWORD exit_code)
{
    const json_t *modules = report_member(run, "host.redirected_modules");

    check_run(run, run->exit_code == exit_code);
    check_books(run);
    check_run(run, json_array_size(modules) == 2);
    check_run(run, !strcmp(json_string_value(json_array_get(modules, 1)), "clrjit.dll"));
    check_run(run, report_integer(run, "statistics.methods.VirtualAlloc.calls") > 0);
    check_run(run, report_integer(run, "statistics.refused_frees") == 0);
    check_run(run, report_integer(run, "statistics.foreign_commits") == 0);
}

static void the_compiler_compiles_a_long_program_without_a_word(void **state)
{
    const struct run *run = on_hostmem.run;

    (void)state;
    check_run_well(run, 0);
    check_run(run, *run->output == '\0');
    check_run(run, on_hostmem.output.size > 0);
    check_run(run, report_integer(run, "statistics.methods.VirtualAlloc.calls") > 1000);
    check_run(run, report_integer(run, "statistics.methods.IHostMalloc::Alloc.calls") > 10000);
}

static void its_output_is_that_of_a_run_without_hostmem_to_the_byte(void **state)
{
    DWORD at = first_difference(&without.output, &on_hostmem.output);

    (void)state;
    check_run(without.run, without.run->exit_code == 0);
    check_run(without.run, without.output.size > 0);
    if (at < without.output.size || at < on_hostmem.output.size)
        fail_msg("%lu bytes without hostmem, %lu on it; the first difference is at %lu",
                 without.output.size, on_hostmem.output.size, at);
}

static void the_program_that_it_has_compiled_runs_on_hostmem(void **state)
{
    struct run *run = run_host(RUN_WITH_JSON, L"\"%ls\"", program);
    char line[64];

    (void)state;
    snprintf(line, sizeof(line), "checksum %u\n", source.checksum);
    print_message("seed %d: it has to print %s", SEED, line);
    check_run_well(run, source.exit_code);
    check_run(run, !strcmp(run->output, line));
    run_free(run);
}

static void its_complaints_and_exit_code_come_through(void **state)
{
    struct run *run =
        run_host(RUN_WITH_JSON | RUN_NO_RUNTIME, L"\"%ls\" -nologo no-such-file.cs", compiler);

    (void)state;
    check_run_well(run, 1);
    check_run(run, strstr(run->output, "error CS2001"));
    run_free(run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_compiler_compiles_a_long_program_without_a_word),
        cmocka_unit_test(its_output_is_that_of_a_run_without_hostmem_to_the_byte),
        cmocka_unit_test(the_program_that_it_has_compiled_runs_on_hostmem),
        cmocka_unit_test(its_complaints_and_exit_code_come_through),
    };

    if (!clr_tests_begin() || !find_compiler())
        return EXIT_CODE_SKIPPED;
    return cmocka_run_group_tests_name("clr_compiler", tests, compile_twice, remove_compilations);
}
