/*
 * test_watch_race.c: threads that end the process at the same time in different ways leave one
 * report that is right (src/agent/closing.h).
 */
#include "started.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

enum {
    ROUNDS = 6,
    LONG_ROUNDS = 100,
    WAYS = 4
};

static bool is_one_of_them(DWORD code)
{
    return (code >= 20 && code <= 22) || code == 0xe0000023;
}

/* What the process counted itself is told only if it had the time. */
static void check_process(const struct started *runner, json_t *report)
{
    if (!json_is_object(json_object_get(report, "process")))
        return;
    /* Regions that were being changed are in one of the two only: they are small. */
    check_started(runner, llabs(integer_at(report, "process.owned.committed") -
                                integer_at(report, "audit.committed_bytes")) <= 0x100000);
}

static void run_round(int number)
{
    wchar_t path[STARTED_PATH];
    struct started *runner;
    json_t *report;

    swprintf(path, STARTED_PATH, L"%ls\\report.json", scratch());
    runner = run(L"hostmem-run.exe --quiet --json \"%ls\" \"%ls\\racer.exe\" %d", path,
                 bin_directory(), number % WAYS);
    check_started(runner, is_one_of_them(runner->exit_code));
    report = take_json(runner, path);
    check_started(runner, integer_at(report, "audit.difference_count") == 0);
    check_started(runner, integer_at(report, "statistics.committed.now") >= 4 << 20);
    check_process(runner, report);
    json_decref(report);
    forget(runner);
}

static void one_report_comes_and_is_right(void **state)
{
    int rounds = getenv("HOSTMEM_TEST_LONG") ? LONG_ROUNDS : ROUNDS;

    (void)state;
    for (int i = 0; i < rounds; i++)
        run_round(i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_report_comes_and_is_right),
    };
    int failures = cmocka_run_group_tests(tests, NULL, NULL);

    RemoveDirectoryW(scratch());
    return failures;
}
