/*
 * test_watch_top.c: hostmem-top shows the programs that run under hostmem (src/run/top/), and
 * hostmem-run --interval writes a line about its own.
 */
#include "started.h"

#include "board/board_section.h"

#include <stdio.h>
#include <string.h>
#include <wchar.h>

enum {
    MIB_HELD = 8,
    EXIT_CODE_OF_SITTER = 6
};

static HANDLE event;
static wchar_t event_name[64];
static struct started *runner;
static DWORD sitter;

/* ------------------------------------------------------------------------------------------------
 * A program that runs under hostmem
 * --------------------------------------------------------------------------------------------- */

static int begin(void **state)
{
    (void)state;
    swprintf(event_name, 64, L"hostmem-test-top-%lu", GetCurrentProcessId());
    event = CreateEventW(NULL, TRUE, FALSE, event_name);
    runner = start(L"hostmem-run.exe --quiet --interval 1 \"%ls\\sitter.exe\" %d %d %ls",
                   bin_directory(), MIB_HELD, EXIT_CODE_OF_SITTER, event_name);
    sitter = number_after(runner, "ready ");
    return 0;
}

static int end(void **state)
{
    (void)state;
    SetEvent(event);
    if (!runner->output)
        finish(runner);
    forget(runner);
    RemoveDirectoryW(scratch());
    return 0;
}

static void the_list_has_a_line_for_it(void **state)
{
    struct started *top = run(L"hostmem-top.exe --once");
    char number[16];

    (void)state;
    snprintf(number, sizeof(number), "%10lu ", sitter);
    check_started(top, top->exit_code == 0);
    check_started(top, strstr(top->output, number) != NULL);
    check_started(top, strstr(top->output, "sitter.exe") != NULL);
    check_started(top, !*top->errors);
    forget(top);
}

static void its_report_is_shown_as_it_would_be_now(void **state)
{
    struct started *top = run(L"hostmem-top.exe --once %lu", sitter);

    (void)state;
    check_started(top, top->exit_code == 0);
    check_started(top, strstr(top->output, "sitter.exe") != NULL);
    check_started(top, strstr(top->output, "running") != NULL);
    forget(top);
}

static json_t *find_process(json_t *reports)
{
    for (size_t i = 0; i < json_array_size(reports); i++)
        if (integer_at(json_array_get(reports, i), "process_id") == (json_int_t)sitter)
            return json_array_get(reports, i);
    return NULL;
}

static void its_report_is_json(void **state)
{
    struct started *top = run(L"hostmem-top.exe --json %lu", sitter);
    json_t *reports = json_loads(top->output, 0, NULL);
    json_t *report = find_process(reports);

    (void)state;
    check_started(top, top->exit_code == 0);
    check_started(top, json_array_size(reports) == 1);
    check_started(top, report != NULL);
    check_started(top, json_is_true(json_object_get(report, "running")));
    check_started(top, integer_at(report, "statistics.committed.now") >= MIB_HELD << 20);
    check_started(top, integer_at(report, "audit.difference_count") == 0);
    json_decref(reports);
    forget(top);
}

static void the_list_is_json_too(void **state)
{
    struct started *top = run(L"hostmem-top.exe --json");
    json_t *reports = json_loads(top->output, 0, NULL);

    (void)state;
    check_started(top, top->exit_code == 0);
    check_started(top, json_is_array(reports));
    check_started(top, find_process(reports) != NULL);
    json_decref(reports);
    forget(top);
}

static void it_is_gone_when_it_has_ended(void **state)
{
    struct started *top;

    (void)state;
    Sleep(1500); /* a line of --interval */
    SetEvent(event);
    finish(runner);
    check_started(runner, runner->exit_code == EXIT_CODE_OF_SITTER);
    check_started(runner, strstr(runner->errors, "  committed 8.0 MiB (peak 8.0 MiB)") != NULL);
    top = run(L"hostmem-top.exe --once %lu", sitter);
    check_started(top, top->exit_code == 241);
    check_started(top, strstr(top->errors, "does not run under hostmem") != NULL);
    forget(top);
}

/* ------------------------------------------------------------------------------------------------
 * What is refused
 * --------------------------------------------------------------------------------------------- */

static void a_process_without_hostmem_is_told(void **state)
{
    struct started *top = run(L"hostmem-top.exe --once %lu", GetCurrentProcessId());

    (void)state;
    check_started(top, top->exit_code == 241);
    check_started(top, !*top->output);
    check_started(top, strchr(top->errors, '\n') == top->errors + strlen(top->errors) - 1);
    forget(top);
}

static void a_process_of_the_other_bitness_is_told(void **state)
{
    struct board *board = NULL;
    HANDLE section = board_section_create(GetCurrentProcessId(), &board);
    struct started *top;

    (void)state;
    assert_non_null(section);
    board->pointer_size = 12 - sizeof(void *);
    top = run(L"hostmem-top.exe --once %lu", GetCurrentProcessId());
    check_started(top, top->exit_code == 243);
    check_started(top, strstr(top->errors, "use the other one") != NULL);
    forget(top);
    top = run(L"hostmem-top.exe --once");
    check_started(top, top->exit_code == 0);
    check_started(top, strstr(top->output, "the other hostmem-top shows 1.\n") != NULL);
    forget(top);
    UnmapViewOfFile(board);
    CloseHandle(section);
}

static void a_wrong_command_line_is_refused_in_one_sentence(void **state)
{
    static const wchar_t *const wrong[] = {L"--no-such",    L"0",   L"12x",
                                           L"--interval 0", L"1 2", L"--once=1"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct started *top = run(L"hostmem-top.exe %ls", wrong[i]);

        check_started(top, top->exit_code == 240);
        check_started(top, !strncmp(top->errors, "hostmem-top: ", 13));
        check_started(top, strchr(top->errors, '\n') == top->errors + strlen(top->errors) - 1);
        forget(top);
    }
}

static void it_ends_when_nobody_reads_its_output_any_more(void **state)
{
    struct started *top;
    HANDLE reading, writing;

    (void)state;
    assert_true(CreatePipe(&reading, &writing, NULL, 0));
    SetHandleInformation(writing, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
    start_output = writing;
    top = start(L"hostmem-top.exe --interval 1");
    start_output = NULL;
    CloseHandle(writing);
    CloseHandle(reading);
    finish(top);
    check_started(top, top->exit_code == 247);
    check_started(top, strstr(top->errors, "standard output cannot be written to") != NULL);
    forget(top);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_list_has_a_line_for_it),
        cmocka_unit_test(its_report_is_shown_as_it_would_be_now),
        cmocka_unit_test(its_report_is_json),
        cmocka_unit_test(the_list_is_json_too),
        cmocka_unit_test(it_is_gone_when_it_has_ended),
        cmocka_unit_test(a_process_without_hostmem_is_told),
        cmocka_unit_test(a_process_of_the_other_bitness_is_told),
        cmocka_unit_test(a_wrong_command_line_is_refused_in_one_sentence),
        cmocka_unit_test(it_ends_when_nobody_reads_its_output_any_more),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
