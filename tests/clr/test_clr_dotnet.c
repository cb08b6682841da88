/*
 * test_clr_dotnet.c: programs that the dotnet command, or their own apphost, would run.
 *
 * The tests write the files that .NET's host reads beside a program; the program prints what came
 * of them.
 */
#include "expected.h"
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
    PATH_SIZE = 1024
};

#define CONFIG_OF(version, more)                                                                   \
    "{\"runtimeOptions\": {" more "\"framework\": {\"name\": \"Microsoft.NETCore.App\", "          \
    "\"version\": \"" version "\"}}}"

#define CONFIG CONFIG_OF("2.0.0", "")

#define LIBRARY_ASSET ", \"Library/1.0.0\": {\"runtime\": {\"lib/netstandard2.0/Library.dll\": {}}}"
#define LIBRARY_ENTRY                                                                              \
    ", \"Library/1.0.0\": {\"type\": \"package\", \"serviceable\": false, \"sha512\": \"\", "      \
    "\"path\": \"library/1.0.0\"}"

#define DEPS_OF(assets, entries)                                                                   \
    "{\"runtimeTarget\": {\"name\": \".NETCoreApp,Version=v2.0\"}, \"targets\": "                  \
    "{\".NETCoreApp,Version=v2.0\": {\"Net/1.0.0\": {\"runtime\": {\"Net.dll\": {}}}" assets       \
    "}}, \"libraries\": {\"Net/1.0.0\": {\"type\": \"project\", \"serviceable\": false, "          \
    "\"sha512\": \"\"}" entries "}}"

#define DEPS DEPS_OF(LIBRARY_ASSET, LIBRARY_ENTRY)
#define DEPS_WITHOUT_LIBRARY DEPS_OF("", "")

/*
 * Dotnet roots before 3.0 run a program that asks for 2.0.0 by themselves; later ones need a
 * setting for that.
 */
static bool is_later_host;

/* The version of the runtime in the root that the tests use. */
static char runtime_version[64];

/* ------------------------------------------------------------------------------------------------
 * Layouts
 * --------------------------------------------------------------------------------------------- */

/*
 * Lays out the program with its library beside it, and the two files for .NET's host (NULL: without
 * that file).
 */
static const wchar_t *lay_out(const char *config, const char *deps)
{
    static wchar_t program[PATH_SIZE];

    wcscpy(program, layout_path(L"app\\Net.dll"));
    layout_directory(layout_path(L"app"));
    layout_program(L"Net.dll", program);
    layout_program(L"Library.dll", layout_path(L"app\\Library.dll"));
    if (config)
        layout_text(layout_path(L"app\\Net.runtimeconfig.json"), config);
    if (deps)
        layout_text(layout_path(L"app\\Net.deps.json"), deps);
    return program;
}

static int remove_layouts(void **state)
{
    (void)state;
    layout_remove(layout_path(L"app"));
    layout_remove(layout_path(L"packages"));
    return 0;
}

/* Where the runtime itself lies. */
static const wchar_t *runtime_directory(void)
{
    static wchar_t path[PATH_SIZE];

    swprintf(path, PATH_SIZE, L"%ls\\shared\\Microsoft.NETCore.App\\%hs", clr_runtime(),
             runtime_version);
    return path;
}

static bool find_version(void)
{
    wchar_t pattern[PATH_SIZE];
    WIN32_FIND_DATAW found;
    HANDLE listing;

    swprintf(pattern, PATH_SIZE, L"%ls\\shared\\Microsoft.NETCore.App\\*", clr_runtime());
    listing = FindFirstFileW(pattern, &found);
    if (listing == INVALID_HANDLE_VALUE)
        return false;
    do {
        snprintf(runtime_version, sizeof(runtime_version), "%ls", found.cFileName);
    } while (runtime_version[0] == '.' && FindNextFileW(listing, &found));
    FindClose(listing);
    is_later_host = runtime_version[0] > '2';
    return runtime_version[0] != '.';
}

/* ------------------------------------------------------------------------------------------------
 * Runs
 * --------------------------------------------------------------------------------------------- */

static void check_line(const struct run *run, const char *what, const char *value)
{
    char line[256];

    snprintf(line, sizeof(line), "%s %s\n", what, value);
    check_run(run, strstr(run->output, line));
}

/* Both modules are redirected to the manager, the second when the first loads it. */
static void check_modules(const struct run *run)
{
    const json_t *modules = report_member(run, "host.redirected_modules");

    check_run(run, json_array_size(modules) == 2);
    check_run(run, !strcmp(json_string_value(json_array_get(modules, 0)), "coreclr.dll"));
    check_run(run, !strcmp(json_string_value(json_array_get(modules, 1)), "clrjit.dll"));
}

static void check_good(struct run *run, DWORD exit_code)
{
    check_run(run, run->exit_code == exit_code);
    check_line(run, "library", "found");
    check_books(run);
    check_modules(run);
    check_run(run, !strcmp(report_text(run, "ended_by"), "return from Main"));
}

/* The host's own message comes besides hostmem-run's sentence. */
static void check_refused(struct run *run, DWORD exit_code, const char *sentence)
{
    check_run(run, run->exit_code == exit_code);
    check_run(run, occurrences(run->errors, "hostmem-run: ") == 1);
    check_run(run, strstr(run->errors, sentence));
    check_run(run, *run->output == '\0');
    check_run(run, !run->report_left);
    run_free(run);
}

/* What every root of the tests needs to run a program that asks for 2.0.0. */
static const wchar_t *roll_forward(void)
{
    return is_later_host ? L"--roll-forward Major" : L"";
}

static struct run *run_program(const wchar_t *program, const wchar_t *arguments)
{
    return run_host(RUN_WITH_JSON, L"%ls \"%ls\" %ls", roll_forward(), program, arguments);
}

/* ------------------------------------------------------------------------------------------------
 * As the dotnet command
 * --------------------------------------------------------------------------------------------- */

static void a_program_with_its_files_runs(void **state)
{
    struct run *run = run_program(lay_out(CONFIG, DEPS), L"one \"two words\"");

    (void)state;
    check_good(run, 2);
    check_line(run, "argument", "one");
    check_line(run, "argument", "two words");
    check_line(run, "runtime", runtime_version);
    check_run(run, !strcmp(report_text(run, "runtime.version"), runtime_version));
    run_free(run);
}

static void its_options_are_the_program_s(void **state)
{
    struct run *run = run_program(lay_out(CONFIG, NULL), L"--fx-version exec --depsfile");

    (void)state;
    check_good(run, 3);
    check_line(run, "argument", "--fx-version");
    run_free(run);
}

static void the_runtimeconfig_is_honoured(void **state)
{
    struct run *run =
        run_program(lay_out(CONFIG_OF("2.0.0", "\"configProperties\": {\"Net.Switch\": true, "
                                               "\"System.GC.Server\": true}, "),
                            DEPS),
                    L"");

    (void)state;
    check_good(run, 0);
    check_line(run, "switch", "True");
    check_line(run, "server", "True");
    run_free(run);
    run = run_program(lay_out(CONFIG, DEPS), L"");
    check_line(run, "switch", "False");
    check_line(run, "server", "False");
    run_free(run);
}

/* What deps.json does not list is not there for the program, whatever lies beside it. */
static void the_deps_json_is_honoured(void **state)
{
    struct run *run = run_program(lay_out(CONFIG, DEPS_WITHOUT_LIBRARY), L"");

    (void)state;
    check_run(run, !strstr(run->output, "library"));
    check_run(run, strstr(run->errors, "FileNotFoundException"));
    check_run(run, !strcmp(report_text(run, "ended_by"), "unhandled exception"));
    check_books(run);
    run_free(run);
}

/* The library lies where packages are kept, and nowhere else. */
static const wchar_t *lay_out_apart(void)
{
    const wchar_t *program = lay_out(CONFIG, DEPS);

    DeleteFileW(layout_path(L"app\\Library.dll"));
    layout_directory(layout_path(L"packages\\library\\1.0.0\\lib\\netstandard2.0"));
    layout_program(L"Library.dll",
                   layout_path(L"packages\\library\\1.0.0\\lib\\netstandard2.0\\Library.dll"));
    return program;
}

static void probing_paths_are_searched(void **state)
{
    const wchar_t *program = lay_out_apart();
    struct run *run = run_host(RUN_WITH_JSON, L"%ls --additionalprobingpath \"%ls\" \"%ls\"",
                               roll_forward(), layout_path(L"packages"), program);

    (void)state;
    check_good(run, 0);
    run_free(run);
}

static void probing_paths_of_the_development_runtimeconfig_are_searched(void **state)
{
    const wchar_t *program = lay_out_apart();
    json_t *config = json_pack("{s:{s:[s]}}", "runtimeOptions", "additionalProbingPaths", "");
    char path[PATH_SIZE];
    char *text;
    struct run *run;

    (void)state;
    snprintf(path, sizeof(path), "%ls", layout_path(L"packages"));
    json_array_set_new(
        json_object_get(json_object_get(config, "runtimeOptions"), "additionalProbingPaths"), 0,
        json_string(path));
    text = json_dumps(config, 0);
    layout_text(layout_path(L"app\\Net.runtimeconfig.dev.json"), text);
    free(text);
    json_decref(config);
    run = run_program(program, L"");
    check_good(run, 0);
    run_free(run);
}

static void the_environment_of_the_host_is_honoured(void **state)
{
    const wchar_t *variable =
        is_later_host ? L"DOTNET_ROLL_FORWARD" : L"DOTNET_ROLL_FORWARD_ON_NO_CANDIDATE_FX";
    const wchar_t *program = lay_out(CONFIG_OF("1.0.0", ""), DEPS);
    struct run *run;

    (void)state;
    SetEnvironmentVariableW(variable, is_later_host ? L"Major" : L"2");
    run = run_host(RUN_WITH_JSON, L"\"%ls\"", program);
    SetEnvironmentVariableW(variable, NULL);
    check_good(run, 0);
    run_free(run);
}

/* The program does not see the environment variables that the runtime is given while it starts. */
static void a_limit_leaves_the_program_its_environment(void **state)
{
    struct run *run;

    (void)state;
    layout_directory(layout_path(L"app"));
    layout_program(L"Variable.exe", layout_path(L"app\\Variable.exe"));
    layout_text(layout_path(L"app\\Variable.runtimeconfig.json"), CONFIG);
    run = run_host(RUN_WITH_JSON, L"--limit 64M %ls \"%ls\" COMPlus_GCgen0size", roll_forward(),
                   layout_path(L"app\\Variable.exe"));
    check_run(run, run->exit_code == 0);
    check_run(run, !strcmp(run->output, "not set\n"));
    check_run(run, report_integer(run, "statistics.committed.peak") <= 64 << 20);
    check_books(run);
    run_free(run);
}

/* The collector's first generation is made to fit, or the limit would be met before it collects. */
static void a_limit_is_kept_by_collecting_in_time(void **state)
{
    struct run *run;

    (void)state;
    layout_directory(layout_path(L"app"));
    layout_program(L"Cache.exe", layout_path(L"app\\Cache.exe"));
    layout_text(layout_path(L"app\\Cache.runtimeconfig.json"), CONFIG);
    run = run_host(RUN_WITH_JSON, L"--limit 64M %ls \"%ls\" 10000", roll_forward(),
                   layout_path(L"app\\Cache.exe"));
    check_run(run, run->exit_code == 0);
    check_run(run, report_integer(run, "statistics.committed.peak") <= 64 << 20);
    check_run(run, strstr(run->errors, "nothing refused\n"));
    check_books(run);
    run_free(run);
}

static void a_program_without_a_runtimeconfig_runs_on_the_newest(void **state)
{
    struct run *run = run_host(RUN_WITH_JSON, L"\"%ls\" a", lay_out(NULL, NULL));

    (void)state;
    check_good(run, 1);
    run_free(run);
}

/* An apphost is a native program; any will do. */
static void an_apphost_stands_for_its_program(void **state)
{
    const wchar_t *program;
    wchar_t own[PATH_SIZE];
    struct run *run;

    (void)state;
    lay_out(CONFIG, DEPS);
    GetModuleFileNameW(NULL, own, PATH_SIZE);
    program = layout_path(L"app\\Net.exe");
    layout_copy(own, program);
    run = run_program(program, L"a");
    check_good(run, 1);
    run_free(run);
}

/* ------------------------------------------------------------------------------------------------
 * Self-contained
 * --------------------------------------------------------------------------------------------- */

/* The framework's deps.json names all that a self-contained program brings; the library is added.
 */
static void write_own_deps(void)
{
    wchar_t wide[PATH_SIZE];
    char path[PATH_SIZE];
    const char *target;
    json_t *deps, *targets;
    char *text;

    swprintf(wide, PATH_SIZE, L"%ls\\Microsoft.NETCore.App.deps.json", runtime_directory());
    snprintf(path, sizeof(path), "%ls", wide);
    deps = json_load_file(path, 0, NULL);
    assert_non_null(deps);
    target = json_string_value(json_object_get(json_object_get(deps, "runtimeTarget"), "name"));
    targets = json_object_get(json_object_get(deps, "targets"), target);
    assert_non_null(targets);
    json_object_set_new(targets, "Library/1.0.0",
                        json_pack("{s:{s:{}}}", "runtime", "lib/netstandard2.0/Library.dll"));
    json_object_set_new(
        json_object_get(deps, "libraries"), "Library/1.0.0",
        json_pack("{s:s,s:b,s:s}", "type", "package", "serviceable", 0, "sha512", ""));
    text = json_dumps(deps, 0);
    layout_text(layout_path(L"app\\Net.deps.json"), text);
    free(text);
    json_decref(deps);
}

static const wchar_t *lay_out_self_contained(void)
{
    const wchar_t *program = lay_out("{\"runtimeOptions\": {}}", NULL);
    wchar_t fxr[PATH_SIZE];

    layout_copy_all(runtime_directory(), layout_path(L"app"));
    swprintf(fxr, PATH_SIZE, L"%ls\\host\\fxr\\%hs\\hostfxr.dll", clr_runtime(), runtime_version);
    layout_copy(fxr, layout_path(L"app\\hostfxr.dll"));
    write_own_deps();
    return program;
}

static void a_self_contained_program_runs_on_its_own_runtime(void **state)
{
    struct run *run =
        run_host(RUN_WITH_JSON | RUN_NO_RUNTIME, L"\"%ls\" a b", lay_out_self_contained());

    (void)state;
    check_good(run, 2);
    check_line(run, "runtime", "app");
    check_run(run, strstr(report_text(run, "runtime.directory"), "\\app"));
    run_free(run);
}

static void a_self_contained_program_takes_no_options_of_the_host(void **state)
{
    (void)state;
    check_refused(run_host(RUN_WITH_JSON | RUN_NO_RUNTIME, L"--fx-version 2.0.0 \"%ls\"",
                           lay_out_self_contained()),
                  240,
                  "the option --fx-version is for programs that are run as the dotnet command");
}

/* ------------------------------------------------------------------------------------------------
 * Failures
 * --------------------------------------------------------------------------------------------- */

static void a_framework_that_is_not_installed_is_244(void **state)
{
    (void)state;
    check_refused(run_host(RUN_WITH_JSON, L"\"%ls\"", lay_out(CONFIG_OF("9.9.9", ""), DEPS)), 244,
                  "asks for in its runtimeconfig.json is not installed in ");
}

static void a_runtimeconfig_that_is_none_is_248(void **state)
{
    (void)state;
    check_refused(run_host(RUN_WITH_JSON, L"\"%ls\"", lay_out("{\"runtimeOptions\": ", DEPS)), 248,
                  "the runtimeconfig.json or deps.json of ");
}

static void a_dependency_that_is_missing_is_248(void **state)
{
    const wchar_t *program = lay_out(CONFIG, DEPS);

    (void)state;
    DeleteFileW(layout_path(L"app\\Library.dll"));
    check_refused(run_program(program, L""), 248,
                  "could not be run: hostfxr.dll answered 0x8000808c");
}

static void options_of_the_host_for_a_bare_runtime_are_240(void **state)
{
    (void)state;
    check_refused(
        run_host(RUN_WITH_JSON | RUN_NO_RUNTIME, L"--runtime \"%ls\" --fx-version 2.0.0 \"%ls\"",
                 runtime_directory(), lay_out(CONFIG, DEPS)),
        240, "the option --fx-version is for programs that are run as the dotnet command");
}

#define layout_test(test) cmocka_unit_test_teardown(test, remove_layouts)

int main(void)
{
    const struct CMUnitTest tests[] = {
        layout_test(a_program_with_its_files_runs),
        layout_test(its_options_are_the_program_s),
        layout_test(the_runtimeconfig_is_honoured),
        layout_test(the_deps_json_is_honoured),
        layout_test(probing_paths_are_searched),
        layout_test(probing_paths_of_the_development_runtimeconfig_are_searched),
        layout_test(the_environment_of_the_host_is_honoured),
        layout_test(a_limit_leaves_the_program_its_environment),
        layout_test(a_limit_is_kept_by_collecting_in_time),
        layout_test(a_program_without_a_runtimeconfig_runs_on_the_newest),
        layout_test(an_apphost_stands_for_its_program),
        layout_test(a_self_contained_program_runs_on_its_own_runtime),
        layout_test(a_self_contained_program_takes_no_options_of_the_host),
        layout_test(a_framework_that_is_not_installed_is_244),
        layout_test(a_runtimeconfig_that_is_none_is_248),
        layout_test(a_dependency_that_is_missing_is_248),
        layout_test(options_of_the_host_for_a_bare_runtime_are_240),
    };

    const struct CMUnitTest smoke[] = {
        layout_test(a_program_with_its_files_runs),
        layout_test(a_limit_is_kept_by_collecting_in_time),
    };

    if (!clr_tests_begin() || !find_version())
        return EXIT_CODE_SKIPPED;
    /* On one more runtime: whether that runs at all, and its collector within a limit. */
    if (getenv("HOSTMEM_TEST_SMOKE"))
        return cmocka_run_group_tests_name("clr_dotnet, smoke", smoke, NULL, NULL);
    return cmocka_run_group_tests_name("clr_dotnet", tests, NULL, NULL);
}
