/*
 * test_watch_shapes.c: a program of .NET 8, 9 or 10 runs under hostmem-run, without an option, as
 * it does without hostmem, in whichever way it is shipped; and its memory is in the report.
 */
#include "watched.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum shipping {
    ASSEMBLY, /* NAME.dll, for the dotnet command */
    APPHOST,
    FOLDER, /* with the runtime in it */
    SINGLE,
    SINGLE_PACKED,
    SINGLE_SELF_CONTAINED,
    SHIPPINGS
};

/* Which module does what differs with the way of shipping. */
static const struct way {
    const wchar_t *shape; /* as publish.proj calls it */
    const wchar_t *file;
    const char *ended_by;
    const char *modules[4];
    const char *directory; /* what the runtime's directory ends with; "": there is none */
} ways[SHIPPINGS] = {
    [ASSEMBLY] = {L"fdd", L"Hello.dll", "return from Main", {"coreclr.dll", "clrjit.dll"}, "?"},
    [APPHOST] = {L"fdd",
                 L"Hello.exe",
                 "return or ExitProcess",
                 {"Hello.exe", "coreclr.dll", "clrjit.dll"},
                 "?"},
    [FOLDER] = {L"scd",
                L"Hello.exe",
                "return or ExitProcess",
                {"Hello.exe", "coreclr.dll", "clrjit.dll"},
                "-scd"},
    [SINGLE] = {L"single",
                L"Hello.exe",
                "return or ExitProcess",
                {"Hello.exe", "coreclr.dll", "clrjit.dll"},
                "?"},
    [SINGLE_PACKED] = {L"single-packed", L"Hello.exe", "return or ExitProcess", {"Hello.exe"}, ""},
    [SINGLE_SELF_CONTAINED] =
        {L"single-scd", L"Hello.exe", "return or ExitProcess", {"Hello.exe"}, ""},
};

/* ------------------------------------------------------------------------------------------------
 * The report
 * --------------------------------------------------------------------------------------------- */

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), of_end = strlen(end);

    return length >= of_end && !_stricmp(text + length - of_end, end);
}

static void check_runtime(const struct run *run, const struct way *way, const struct dotnet *dotnet)
{
    const char *directory = report_text(run, "runtime.directory");
    char installed[64];

    snprintf(installed, sizeof(installed), "\\shared\\Microsoft.NETCore.App\\%s", dotnet->version);
    check_run(run, !strcmp(report_text(run, "runtime.family"), "CoreCLR"));
    if (!*way->directory) {
        check_run(run, !*directory);
        return;
    }
    /* That of a file goes on: 9.0.2226.52218. */
    check_run(run, !strncmp(report_text(run, "runtime.version"), dotnet->version,
                            strlen(dotnet->version)));
    check_run(run, ends_with(directory, *way->directory == '?' ? installed : way->directory));
}

/* Two threads allocate 4 MiB each, and the collector's own books come on top. */
static void check_memory(const struct run *run)
{
    check_run(run, report_integer(run, "statistics.methods.VirtualAlloc.calls") >= 20);
    check_run(run, report_integer(run, "statistics.methods.VirtualAlloc.failures") == 0);
    check_run(run, report_integer(run, "statistics.committed.peak") >= 2 << 20);
    check_run(run, report_integer(run, "process.owned.committed") +
                           report_integer(run, "process.sections.committed") ==
                       report_integer(run, "statistics.committed.now"));
    check_run(run, report_integer(run, "statistics.refused_frees") == 0);
    check_run(run, report_integer(run, "statistics.child_processes") == 0);
}

static void check_pair(enum shipping shipping, const struct dotnet *dotnet)
{
    static const wchar_t arguments[] = L"--mib 4 --threads 2 --code 5 one \"two words\"";
    const struct way *way = &ways[shipping];
    const wchar_t *program = hello(dotnet, way->shape, way->file);
    struct run *plain, *watched;

    SetEnvironmentVariableW(L"DOTNET_ROOT", dotnet_root(dotnet));
    /* Wine 8 maps no image out of the middle of a file. */
    SetEnvironmentVariableW(L"DOTNET_PELoader_DisableMapping",
                            shipping == SINGLE_SELF_CONTAINED ? L"1" : NULL);
    watched = run_watched(L"\"%ls\" %ls", program, arguments);
    if (shipping == ASSEMBLY)
        plain =
            run_plain(L"\"%ls\\dotnet.exe\" \"%ls\" %ls", dotnet_root(dotnet), program, arguments);
    else
        plain = run_plain(L"\"%ls\" %ls", program, arguments);
    check_run(plain, plain->exit_code == 5 && strstr(plain->output, "argument 2: two words\n"));
    check_same(watched, plain);
    check_whole_report(watched);
    check_run(watched, !strcmp(report_text(watched, "ended_by"), way->ended_by));
    check_redirected(watched, way->modules);
    check_runtime(watched, way, dotnet);
    check_memory(watched);
    run_free(watched);
    run_free(plain);
}

/* ------------------------------------------------------------------------------------------------
 * Pairs of a runtime and a way
 * --------------------------------------------------------------------------------------------- */

#ifdef _WIN64
static const struct dotnet *const versions[] = {&dotnet_8, &dotnet_9, &dotnet_10};
#else
static const struct dotnet *const versions[] = {&dotnet_10, &dotnet_10, &dotnet_10};
#endif

enum {
    VERSIONS = sizeof(versions) / sizeof(versions[0])
};

/* The short form tries each way on one version, each version in two ways. */
static void check_way(enum shipping shipping)
{
    check_pair(shipping, versions[shipping % VERSIONS]);
}

static void an_assembly(void **state)
{
    (void)state;
    check_way(ASSEMBLY);
}

static void an_apphost(void **state)
{
    (void)state;
    check_way(APPHOST);
}

static void a_self_contained_folder(void **state)
{
    (void)state;
    check_way(FOLDER);
}

static void a_single_file(void **state)
{
    (void)state;
    check_way(SINGLE);
}

static void a_compressed_single_file(void **state)
{
    (void)state;
    check_way(SINGLE_PACKED);
}

static void a_self_contained_single_file(void **state)
{
    (void)state;
    check_way(SINGLE_SELF_CONTAINED);
}

static void every_other_pair(void **state)
{
    (void)state;
    if (!is_long_form())
        skip();
    for (int shipping = 0; shipping < SHIPPINGS; shipping++)
        for (int version = 0; version < VERSIONS; version++)
            if (versions[version] != versions[shipping % VERSIONS])
                check_pair((enum shipping)shipping, versions[version]);
}

static bool are_all_there(void)
{
    for (int version = 0; version < VERSIONS; version++) {
        if (!is_there(dotnet_root(versions[version])))
            return false;
        for (int shipping = 0; shipping < SHIPPINGS; shipping++)
            if (!is_there(hello(versions[version], ways[shipping].shape, ways[shipping].file)))
                return false;
    }
    return true;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_assembly),
        cmocka_unit_test(an_apphost),
        cmocka_unit_test(a_self_contained_folder),
        cmocka_unit_test(a_single_file),
        cmocka_unit_test(a_compressed_single_file),
        cmocka_unit_test(a_self_contained_single_file),
        cmocka_unit_test(every_other_pair),
    };

    watched_begin();
    if (!are_all_there())
        return EXIT_CODE_SKIPPED;
    return cmocka_run_group_tests_name("programs run as without hostmem", tests, NULL, NULL);
}
