/*
 * test_watch_sections.c: the code of .NET 8 and later lies in a section of the paging file, in
 * views that can be executed or written but not both (W^X): what is committed there is in the
 * books, and within the limit.
 */
#include "watched.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct dotnet *const dotnets[] = {&dotnet_8, &dotnet_9, &dotnet_10};

static const wchar_t *program(const struct dotnet *dotnet)
{
    SetEnvironmentVariableW(L"DOTNET_ROOT", dotnet_root(dotnet));
    return hello(dotnet, L"fdd", L"Hello.exe");
}

static void what_a_runtime_commits_in_views_is_in_the_books(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(dotnets) / sizeof(dotnets[0]); i++) {
        const wchar_t *path = program(dotnets[i]);
        struct run *run;

        if (!is_there(path))
            continue;
        run = run_watched(L"\"%ls\"", path);
        check_run(run, run->exit_code == 0);
        check_whole_report(run);
        check_run(run, report_integer(run, "statistics.foreign_commits") == 0);
        check_run(run, report_integer(run, "statistics.sections.now") == 1);
        check_run(run, report_integer(run, "statistics.section_bytes.now") >= 1 << 20);
        check_run(run, report_integer(run, "statistics.committed.now") >
                           report_integer(run, "statistics.section_bytes.now"));
        check_run(run, report_integer(run, "process.sections.committed") ==
                           report_integer(run, "statistics.section_bytes.now"));
        check_run(run, report_integer(run, "process.owned.committed") +
                               report_integer(run, "process.sections.committed") ==
                           report_integer(run, "statistics.committed.now"));
        run_free(run);
    }
}

static void a_limit_holds_for_them(void **state)
{
    const wchar_t *path = program(&dotnet_10);
    struct run *run;

    (void)state;
    if (!is_there(path))
        skip();
    run = run_watched(L"--limit 12M \"%ls\"", path);
    check_run(run, report_integer(run, "statistics.section_bytes.peak") >= 1 << 20);
    check_run(run, report_integer(run, "statistics.committed.peak") <= 12 << 20);
    check_run(run, report_integer(run, "statistics.foreign_commits") == 0);
    run_free(run);
}

static void the_option_makes_a_runtime_do_without_views(void **state)
{
    const wchar_t *path = program(&dotnet_10);
    struct run *run;

    (void)state;
    if (!is_there(path))
        skip();
    run = run_watched(L"--no-write-xor-execute \"%ls\"", path);
    check_run(run, run->exit_code == 0);
    check_whole_report(run);
    check_run(run, report_integer(run, "statistics.sections.peak") == 0);
    check_run(run, report_integer(run, "statistics.foreign_commits") == 0);
    run_free(run);
}

static void the_option_leaves_the_program_its_environment(void **state)
{
    const wchar_t *root = dotnet_root(&dotnet_10);
    struct run *run;

    (void)state;
    if (!is_there(root))
        skip();
    run = run_watched(L"--no-write-xor-execute --runtime \"%ls\" %ls DOTNET_EnableWriteXorExecute",
                      root, clr_program(L"Variable"));
    check_run(run, !strcmp(run->output, "not set\n"));
    check_run(run, report_integer(run, "statistics.sections.peak") == 0);
    run_free(run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_runtime_commits_in_views_is_in_the_books),
        cmocka_unit_test(a_limit_holds_for_them),
        cmocka_unit_test(the_option_makes_a_runtime_do_without_views),
        cmocka_unit_test(the_option_leaves_the_program_its_environment),
    };

    watched_begin();
    return cmocka_run_group_tests_name("sections under hostmem-run", tests, NULL, NULL);
}
