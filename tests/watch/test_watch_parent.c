/*
 * test_watch_parent.c: hostmem-run as the parent of a native program: who outlives whom, what
 * becomes of programs that end before they begin, and an agent that does not belong to it
 * (src/run/watch/).
 */
#include "../run/made_up_program.h"
#include "started.h"

#include "base/architecture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <hostmem/version.h>

enum {
    EXIT_CODE_OF_SITTER = 6,
    GRACE = 20 * 1000 /* milliseconds until the system has ended what is in a job */
};

static HANDLE event;
static wchar_t event_name[64];

static int begin(void **state)
{
    (void)state;
    swprintf(event_name, 64, L"hostmem-test-parent-%lu", GetCurrentProcessId());
    event = CreateEventW(NULL, TRUE, FALSE, event_name);
    return !event;
}

static int end(void **state)
{
    (void)state;
    SetEvent(event);
    RemoveDirectoryW(scratch());
    return 0;
}

static HANDLE open_process(DWORD process)
{
    HANDLE opened = OpenProcess(SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION, FALSE, process);

    assert_non_null(opened);
    return opened;
}

static bool ends_within(HANDLE process, DWORD milliseconds)
{
    return WaitForSingleObject(process, milliseconds) == WAIT_OBJECT_0;
}

/* Starts hostmem-run with a program that waits, and ends hostmem-run alone. */
static HANDLE orphan(const wchar_t *options, DWORD *id)
{
    struct started *runner = start(L"hostmem-run.exe --quiet %ls \"%ls\\sitter.exe\" 1 %d %ls",
                                   options, bin_directory(), EXIT_CODE_OF_SITTER, event_name);
    HANDLE program;

    *id = number_after(runner, "ready ");
    program = open_process(*id);
    assert_false(ends_within(program, 0));
    assert_true(TerminateProcess(runner->process, 1));
    finish(runner);
    forget(runner);
    return program;
}

/* ------------------------------------------------------------------------------------------------
 * Who outlives whom
 * --------------------------------------------------------------------------------------------- */

static void with_kill_with_parent_the_program_ends_with_hostmem_run(void **state)
{
    DWORD id;
    HANDLE program = orphan(L"--kill-with-parent", &id);

    (void)state;
    assert_true(ends_within(program, GRACE));
    CloseHandle(program);
}

static void without_it_the_program_goes_on_and_can_be_seen(void **state)
{
    DWORD id, exit_code = 0;
    HANDLE program = orphan(L"", &id);
    struct started *top = run(L"hostmem-top.exe --json %lu", id);

    (void)state;
    check_started(top, top->exit_code == 0);
    check_started(top, strstr(top->output, "sitter.exe") != NULL);
    forget(top);
    assert_false(ends_within(program, 0));
    SetEvent(event);
    assert_true(ends_within(program, GRACE));
    ResetEvent(event);
    GetExitCodeProcess(program, &exit_code);
    assert_figure(exit_code, EXIT_CODE_OF_SITTER);
    CloseHandle(program);
}

static void what_the_program_started_may_stay_when_it_has_ended(void **state)
{
    struct started *runner =
        start(L"hostmem-run.exe --quiet --kill-with-parent \"%ls\\sitter.exe\" 1 0 nothing %ls",
              bin_directory(), event_name);
    HANDLE other = open_process(number_after(runner, "started "));

    (void)state;
    finish(runner);
    check_started(runner, runner->exit_code == 0);
    assert_false(ends_within(other, 500));
    SetEvent(event);
    assert_true(ends_within(other, GRACE));
    ResetEvent(event);
    CloseHandle(other);
    forget(runner);
}

/* ------------------------------------------------------------------------------------------------
 * Programs that hardly run
 * --------------------------------------------------------------------------------------------- */

static json_t *report_on(const wchar_t *options, const wchar_t *program, DWORD exit_code)
{
    wchar_t path[STARTED_PATH];
    struct started *runner;
    json_t *report;

    swprintf(path, STARTED_PATH, L"%ls\\report.json", scratch());
    runner = run(L"hostmem-run.exe --quiet %ls --json \"%ls\" \"%ls\\%ls", options, path,
                 bin_directory(), program);
    check_started(runner, runner->exit_code == exit_code);
    check_started(runner, !*runner->errors);
    report = take_json(runner, path);
    check_started(runner, integer_at(report, "exit_code") == (json_int_t)exit_code);
    check_started(runner, integer_at(report, "audit.difference_count") == 0);
    forget(runner);
    return report;
}

static void a_program_that_ends_at_once_has_a_report(void **state)
{
    json_t *report = report_on(L"", L"sitter.exe\" 3 7", 7);

    (void)state;
    assert_figure(integer_at(report, "statistics.committed.peak"), 3 << 20);
    assert_figure(integer_at(report, "statistics.methods.VirtualAlloc.calls"), 1);
    json_decref(report);
}

static void a_program_without_imports_has_a_report(void **state)
{
    json_t *report = report_on(L"", L"bare.exe\"", 5);

    (void)state;
    assert_figure(integer_at(report, "statistics.methods.VirtualAlloc.calls"), 0);
    json_decref(report);
}

static void a_module_that_is_named_is_watched_when_it_is_loaded(void **state)
{
    json_t *report = report_on(L"", L"engine_user.exe\"", 4);

    (void)state;
    assert_figure(integer_at(report, "statistics.methods.VirtualAlloc.calls"), 0);
    json_decref(report);
    report = report_on(L"--module other.dll --module ENGINE.dll", L"engine_user.exe\"", 4);
    assert_figure(integer_at(report, "statistics.methods.VirtualAlloc.calls"), 1);
    assert_figure(integer_at(report, "statistics.committed.peak"), 4 << 20);
    json_decref(report);
}

static void a_program_without_one_of_its_dlls_is_told_in_one_sentence(void **state)
{
    struct started *runner;
    wchar_t program[STARTED_PATH];

    (void)state;
    copy_file(bin_directory(), L"own_dll.exe", scratch());
    runner = run(L"hostmem-run.exe \"%ls\\own_dll.exe\"", scratch());
    swprintf(program, STARTED_PATH, L"%ls\\own_dll.exe", scratch());
    DeleteFileW(program);
    check_started(runner, runner->exit_code == 252);
    check_started(runner, strstr(runner->errors, "a DLL is missing") != NULL);
    check_started(runner,
                  strchr(runner->errors, '\n') == runner->errors + strlen(runner->errors) - 1);
    forget(runner);
}

/* ------------------------------------------------------------------------------------------------
 * The hostmem-run of the other bitness
 * --------------------------------------------------------------------------------------------- */

/* `sitter` stands for it: "--kill-with-parent PROGRAM EVENT" makes it wait for the event. */
static void make_other(void)
{
    wchar_t path[STARTED_PATH], sitter[STARTED_PATH];

    copy_file(bin_directory(), L"hostmem-run.exe", scratch());
    copy_file(bin_directory(), L"hostmem.dll", scratch());
    swprintf(path, STARTED_PATH, L"%ls\\" ARCHITECTURE_OTHER_NAME, scratch());
    CreateDirectoryW(path, NULL);
    wcscat(path, L"\\hostmem-run.exe");
    swprintf(sitter, STARTED_PATH, L"%ls\\sitter.exe", bin_directory());
    assert_true(CopyFileW(sitter, path, FALSE));
    swprintf(path, STARTED_PATH, L"%ls\\other.exe", scratch());
    assert_true(made_up_program_write(
        path, ARCHITECTURE_BITS == 64 ? MADE_UP_32_BIT : MADE_UP_64_BIT, NULL));
}

static void remove_other(void)
{
    static const wchar_t *const files[] = {L"hostmem-run.exe", L"hostmem.dll", L"other.exe",
                                           ARCHITECTURE_OTHER_NAME L"\\hostmem-run.exe"};
    wchar_t path[STARTED_PATH];

    for (size_t i = 0; i < COUNT_OF(files); i++) {
        swprintf(path, STARTED_PATH, L"%ls\\%ls", scratch(), files[i]);
        DeleteFileW(path);
    }
    swprintf(path, STARTED_PATH, L"%ls\\" ARCHITECTURE_OTHER_NAME, scratch());
    RemoveDirectoryW(path);
}

static void a_program_of_the_other_bitness_is_handed_over(void **state)
{
    struct started *runner;

    (void)state;
    make_other();
    runner = run(L"\"%ls\\hostmem-run.exe\" --quiet \"%ls\\other.exe\"", scratch(), scratch());
    remove_other();
    check_started(runner, runner->exit_code == 0);
    check_started(runner, !strncmp(runner->output, "ready ", 6));
    forget(runner);
}

static void with_kill_with_parent_the_other_one_ends_too(void **state)
{
    struct started *runner;
    HANDLE other;

    (void)state;
    make_other();
    runner = start(L"\"%ls\\hostmem-run.exe\" --kill-with-parent \"%ls\\other.exe\" %ls", scratch(),
                   scratch(), event_name);
    other = open_process(number_after(runner, "ready "));
    assert_false(ends_within(other, 0));
    assert_true(TerminateProcess(runner->process, 1));
    assert_true(ends_within(other, GRACE));
    finish(runner);
    CloseHandle(other);
    remove_other();
    forget(runner);
}

/* ------------------------------------------------------------------------------------------------
 * An agent of another version
 * --------------------------------------------------------------------------------------------- */

/* Replaces each text of the version in the file by "9.9.9". */
static void change_version(const wchar_t *path)
{
    HANDLE file = CreateFileW(path, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    DWORD size = GetFileSize(file, NULL), done;
    char *bytes = malloc(size);
    int changed = 0;

    assert_non_null(bytes);
    assert_true(ReadFile(file, bytes, size, &done, NULL) && done == size);
    for (DWORD at = 0; at + sizeof(HOSTMEM_VERSION_TEXT) <= size; at++) {
        if (!memcmp(bytes + at, HOSTMEM_VERSION_TEXT, sizeof(HOSTMEM_VERSION_TEXT))) {
            memcpy(bytes + at, "9.9.9", sizeof("9.9.9"));
            changed++;
        }
    }
    SetFilePointer(file, 0, NULL, FILE_BEGIN);
    assert_true(WriteFile(file, bytes, size, &done, NULL) && done == size);
    CloseHandle(file);
    free(bytes);
    assert_true(changed > 0);
}

static void an_agent_of_another_version_is_refused_in_one_sentence(void **state)
{
    static const wchar_t *const files[] = {L"hostmem-run.exe", L"hostmem.dll",
                                           L"hostmem-agent.dll"};
    wchar_t path[STARTED_PATH];
    struct started *runner;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(files); i++)
        copy_file(bin_directory(), files[i], scratch());
    swprintf(path, STARTED_PATH, L"%ls\\hostmem-agent.dll", scratch());
    change_version(path);
    runner = run(L"\"%ls\\hostmem-run.exe\" \"%ls\\sitter.exe\" 1 0", scratch(), bin_directory());
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        swprintf(path, STARTED_PATH, L"%ls\\%ls", scratch(), files[i]);
        DeleteFileW(path);
    }
    check_started(runner, runner->exit_code == 246);
    check_started(runner, !*runner->output);
    check_started(runner, strstr(runner->errors, "hostmem-agent.dll is of version 9.9.9, and this "
                                                 "is hostmem-run " HOSTMEM_VERSION_TEXT) != NULL);
    check_started(runner,
                  strchr(runner->errors, '\n') == runner->errors + strlen(runner->errors) - 1);
    forget(runner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(with_kill_with_parent_the_program_ends_with_hostmem_run),
        cmocka_unit_test(without_it_the_program_goes_on_and_can_be_seen),
        cmocka_unit_test(what_the_program_started_may_stay_when_it_has_ended),
        cmocka_unit_test(a_program_that_ends_at_once_has_a_report),
        cmocka_unit_test(a_program_without_imports_has_a_report),
        cmocka_unit_test(a_module_that_is_named_is_watched_when_it_is_loaded),
        cmocka_unit_test(a_program_without_one_of_its_dlls_is_told_in_one_sentence),
        cmocka_unit_test(a_program_of_the_other_bitness_is_handed_over),
        cmocka_unit_test(with_kill_with_parent_the_other_one_ends_too),
        cmocka_unit_test(an_agent_of_another_version_is_refused_in_one_sentence),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
