/*
 * test_watch_own_dll.c: a program that brings a hostmem.dll of its own keeps it, and hostmem-run
 * counts beside it (src/agent/).
 */
#include "started.h"

#include <stdio.h>
#include <string.h>
#include <wchar.h>

static const wchar_t *const files[] = {L"own_dll.exe", L"hostmem.dll"};

static int begin(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(files); i++)
        copy_file(bin_directory(), files[i], scratch());
    return 0;
}

static int end(void **state)
{
    wchar_t path[STARTED_PATH];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        swprintf(path, STARTED_PATH, L"%ls\\%ls", scratch(), files[i]);
        DeleteFileW(path);
    }
    RemoveDirectoryW(scratch());
    return 0;
}

static void it_keeps_its_own_and_the_report_is_right(void **state)
{
    wchar_t path[STARTED_PATH];
    char own[STARTED_PATH];
    struct started *runner;
    json_t *report;

    (void)state;
    swprintf(path, STARTED_PATH, L"%ls\\report.json", scratch());
    runner = run(L"hostmem-run.exe --quiet --json \"%ls\" \"%ls\\own_dll.exe\"", path, scratch());
    snprintf(own, sizeof(own), "%ls\\hostmem.dll\n", scratch());
    check_started(runner, runner->exit_code == 9);
    check_started(runner, !_stricmp(runner->output, own));
    report = take_json(runner, path);
    check_started(runner, integer_at(report, "exit_code") == 9);
    check_started(runner, integer_at(report, "statistics.methods.VirtualAlloc.calls") == 1);
    check_started(runner, integer_at(report, "statistics.committed.peak") == 4 << 20);
    check_started(runner, integer_at(report, "audit.difference_count") == 0);
    json_decref(report);
    forget(runner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_keeps_its_own_and_the_report_is_right),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
