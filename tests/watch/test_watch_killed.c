/*
 * test_watch_killed.c: a program that is ended by force, at a random moment while its threads take
 * and give back memory, leaves books whose totals equal the records, and a whole report.
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
#include <time.h>

#include <cmocka.h>

enum {
    SHORT_FORM_KILLS = 5, /* of each program */
    LONG_FORM_KILLS = 34,
    SPREAD_MILLISECONDS = 400,
    MOST_UNDER_WAY = 16, /* one a thread */
    EXIT_CODE = 0x4b1
};

struct kill {
    const char *said; /* when the threads are at work */
    DWORD delay;      /* milliseconds from then on */
    bool had_earlier_report;
};

static void end_child(const struct run_process *runner, void *context)
{
    struct kill *kill = context;
    char *report;
    HANDLE process;

    assert_true(wait_for_output(runner, kill->said));
    process = open_child(runner);
    Sleep(kill->delay);
    report = read_file(runner->json);
    kill->had_earlier_report = report && !strcmp(report, "an earlier report");
    free(report);
    assert_true(TerminateProcess(process, EXIT_CODE));
    CloseHandle(process);
}

/* The totals are those of the records, but for what the calls under way were about to change. */
static void check_totals(const struct run *watched)
{
    const json_t *regions = report_member(watched, "regions");
    json_int_t listed = (json_int_t)json_array_size(regions);
    json_int_t under_way = report_integer(watched, "audit.calls_under_way");
    json_int_t off = report_integer(watched, "statistics.regions.now") - listed;

    check_run(watched, under_way <= MOST_UNDER_WAY);
    check_run(watched, report_integer(watched, "audit.busy") <= under_way);
    check_run(watched, off <= under_way && -off <= under_way);
    if (under_way)
        return;
    check_run(watched, report_integer(watched, "audit.regions") == listed);
    check_run(watched,
              sum_of(regions, "size") == report_integer(watched, "statistics.reserved.now"));
    check_run(watched, sum_of(regions, "committed") +
                               sum_of(report_member(watched, "sections"), "committed") ==
                           report_integer(watched, "statistics.committed.now"));
}

static void check_kill(struct kill kill, const wchar_t *line)
{
    wchar_t json[SCRATCH_PATH_SIZE];
    struct run_order order = {.json = json, .meanwhile = end_child, .context = &kill};
    struct run *watched;

    scratch_file(json, L"json");
    layout_text(json, "an earlier report");
    watched = order_watched(order, L"%ls", line);
    print_message("ended %lu ms later: %d regions, %d of them changing; %d calls under way\n",
                  kill.delay, (int)report_integer(watched, "statistics.regions.now"),
                  (int)report_integer(watched, "audit.busy"),
                  (int)report_integer(watched, "audit.calls_under_way"));
    check_run(watched, watched->exit_code == EXIT_CODE);
    check_run(watched, kill.had_earlier_report);
    check_report_of_unseen_end(watched);
    check_totals(watched);
    check_no_part_left(watched);
    run_free(watched);
}

/* The short form ends it so often, the long one more often. */
static void check_kills(const char *said, const wchar_t *line)
{
    int kills = is_long_form() ? LONG_FORM_KILLS : SHORT_FORM_KILLS;

    for (int i = 0; i < kills; i++) {
        struct kill kill = {.said = said, .delay = (DWORD)rand() % SPREAD_MILLISECONDS};

        check_kill(kill, line);
    }
}

static void of_a_native_program(void **state)
{
    wchar_t line[SCRATCH_PATH_SIZE + 16];

    (void)state;
    swprintf(line, SCRATCH_PATH_SIZE + 16, L"%ls --churn", witness());
    check_kills("waiting", line);
}

static void of_a_program_of_net_10(void **state)
{
    wchar_t line[SCRATCH_PATH_SIZE + 64];

    (void)state;
    swprintf(line, SCRATCH_PATH_SIZE + 64, L"\"%ls\" --mib 4000",
             hello(&dotnet_10, L"fdd", L"Hello.exe"));
    check_kills("Hello from .NET", line);
}

static void of_one_whose_heaps_are_managed(void **state)
{
    wchar_t line[SCRATCH_PATH_SIZE + 64];

    (void)state;
    swprintf(line, SCRATCH_PATH_SIZE + 64, L"--heap \"%ls\" --mib 4000",
             hello(&dotnet_10, L"single-packed", L"Hello.exe"));
    check_kills("Hello from .NET", line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_a_native_program),
        cmocka_unit_test(of_a_program_of_net_10),
        cmocka_unit_test(of_one_whose_heaps_are_managed),
    };
    unsigned seed = (unsigned)time(NULL);

    watched_begin();
    if (!is_there(hello(&dotnet_10, L"fdd", L"Hello.exe")) || !is_there(dotnet_root(&dotnet_10)) ||
        !is_there(hello(&dotnet_10, L"single-packed", L"Hello.exe")))
        return EXIT_CODE_SKIPPED;
    SetEnvironmentVariableW(L"DOTNET_ROOT", dotnet_root(&dotnet_10));
    printf("seed %u\n", seed);
    srand(seed);
    return cmocka_run_group_tests_name("books of a killed program", tests, NULL, NULL);
}
