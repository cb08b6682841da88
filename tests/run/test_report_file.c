/*
 * test_report_file.c: an earlier report is whole until the new one is, and what cannot be written
 * is told with its own exit code (src/run/watch/report_file.h). What the user is told is kept
 * instead of written.
 */
#include "run/watch/report_file.h"
#include "base/exit_code.h" /* before CMocka, which has a macro fail */
#include "base/standard_error.h"

#include "made_up_snapshot.h"
#include "support.h"

#include <stdio.h>
#include <string.h>
#include <wchar.h>

enum {
    PATH_SIZE = 1024,
    TEXT_SIZE = 65536
};

static const char earlier[] = "an earlier report\n";
static char told[2048];
static wchar_t directory[PATH_SIZE], target[PATH_SIZE];
static struct arena arena;

/* Replaces the programs' own function (src/base/standard_error.c). */
void standard_error_write(const char *text)
{
    strncat(told, text, sizeof(told) - strlen(told) - 1);
}

static void write_file(const wchar_t *path, const char *text)
{
    HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    DWORD written;

    assert_true(file != INVALID_HANDLE_VALUE);
    assert_true(WriteFile(file, text, (DWORD)strlen(text), &written, NULL));
    CloseHandle(file);
}

static const char *read_file(const wchar_t *path)
{
    static char text[TEXT_SIZE];
    HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                              OPEN_EXISTING, 0, NULL);
    DWORD length = 0;

    if (file == INVALID_HANDLE_VALUE)
        return "no file";
    ReadFile(file, text, TEXT_SIZE - 1, &length, NULL);
    CloseHandle(file);
    text[length] = '\0';
    return text;
}

static int count_files(void)
{
    wchar_t pattern[PATH_SIZE];
    WIN32_FIND_DATAW found;
    HANDLE search;
    int count = 0;

    swprintf(pattern, PATH_SIZE, L"%ls\\*", directory);
    search = FindFirstFileW(pattern, &found);
    assert_true(search != INVALID_HANDLE_VALUE);
    do
        count += wcscmp(found.cFileName, L".") && wcscmp(found.cFileName, L"..");
    while (FindNextFileW(search, &found));
    FindClose(search);
    return count;
}

static int begin(void **state)
{
    wchar_t parent[PATH_SIZE];

    (void)state;
    GetTempPathW(PATH_SIZE, parent);
    swprintf(directory, PATH_SIZE, L"%lshostmem-report-%lu", parent, GetCurrentProcessId());
    swprintf(target, PATH_SIZE, L"%ls\\r\u00e9port.json", directory);
    CreateDirectoryW(directory, NULL);
    write_file(target, earlier);
    *told = '\0';
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_empty(&arena);
    SetFileAttributesW(target, FILE_ATTRIBUTE_NORMAL);
    DeleteFileW(target);
    return !RemoveDirectoryW(directory);
}

static void check_told_in_one_sentence(void)
{
    assert_int_equal(strncmp(told, "hostmem-run: the report cannot be written to ", 45), 0);
    assert_address(strchr(told, '\n'), told + strlen(told) - 1);
}

static int write_report(struct report_file *file)
{
    const struct snapshot snapshot = made_up_snapshot();

    return report_file_write(file, &snapshot, &arena);
}

static void the_earlier_report_is_whole_until_the_new_one_is(void **state)
{
    struct report_file file;

    (void)state;
    assert_int_equal(report_file_open(&file, target), GO_ON);
    assert_string_equal(read_file(target), earlier);
    assert_int_equal(write_report(&file), GO_ON);
    assert_non_null(strstr(read_file(target), "Program.exe"));
    assert_int_equal(count_files(), 1);
    assert_string_equal(told, "");
}

static void without_a_report_the_earlier_one_stays(void **state)
{
    struct report_file file;

    (void)state;
    assert_int_equal(report_file_open(&file, target), GO_ON);
    assert_int_equal(count_files(), 2);
    report_file_discard(&file);
    assert_string_equal(read_file(target), earlier);
    assert_int_equal(count_files(), 1);
}

static void a_report_that_cannot_take_its_place_leaves_the_earlier_one(void **state)
{
    HANDLE holder;
    struct report_file file;

    (void)state;
    assert_int_equal(report_file_open(&file, target), GO_ON);
    holder = CreateFileW(target, GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);
    assert_true(holder != INVALID_HANDLE_VALUE);
    assert_int_equal(write_report(&file), EXIT_CODE_REPORT_FILE);
    CloseHandle(holder);
    check_told_in_one_sentence();
    assert_string_equal(read_file(target), earlier);
    assert_int_equal(count_files(), 1);
}

static void a_directory_is_refused_before_the_program_runs(void **state)
{
    struct report_file file;

    (void)state;
    assert_int_equal(report_file_open(&file, directory), EXIT_CODE_REPORT_FILE);
    check_told_in_one_sentence();
}

static void a_file_that_must_not_be_written_is_refused_before_the_program_runs(void **state)
{
    struct report_file file;

    (void)state;
    assert_true(SetFileAttributesW(target, FILE_ATTRIBUTE_READONLY));
    assert_int_equal(report_file_open(&file, target), EXIT_CODE_REPORT_FILE);
    check_told_in_one_sentence();
    assert_string_equal(read_file(target), earlier);
    assert_int_equal(count_files(), 1);
}

static void a_directory_that_is_not_there_is_refused_before_the_program_runs(void **state)
{
    wchar_t path[PATH_SIZE];
    struct report_file file;

    (void)state;
    swprintf(path, PATH_SIZE, L"%ls\\nowhere\\report.json", directory);
    assert_int_equal(report_file_open(&file, path), EXIT_CODE_REPORT_FILE);
    check_told_in_one_sentence();
}

static void a_dash_is_standard_output(void **state)
{
    HANDLE before = GetStdHandle(STD_OUTPUT_HANDLE);
    wchar_t path[PATH_SIZE];
    struct report_file file;
    HANDLE output;
    int opened, written;

    (void)state;
    swprintf(path, PATH_SIZE, L"%ls\\output", directory);
    output = CreateFileW(path, GENERIC_WRITE, FILE_SHARE_READ, NULL, CREATE_ALWAYS, 0, NULL);
    SetStdHandle(STD_OUTPUT_HANDLE, output);
    opened = report_file_open(&file, L"-");
    written = write_report(&file);
    SetStdHandle(STD_OUTPUT_HANDLE, before);
    CloseHandle(output);
    assert_int_equal(opened, GO_ON);
    assert_int_equal(written, GO_ON);
    assert_non_null(strstr(read_file(path), "Program.exe"));
    DeleteFileW(path);
}

static void a_dash_without_standard_output_is_refused_before_the_program_runs(void **state)
{
    HANDLE before = GetStdHandle(STD_OUTPUT_HANDLE);
    struct report_file file;
    int opened;

    (void)state;
    SetStdHandle(STD_OUTPUT_HANDLE, NULL);
    opened = report_file_open(&file, L"-");
    SetStdHandle(STD_OUTPUT_HANDLE, before);
    assert_int_equal(opened, EXIT_CODE_REPORT_FILE);
    check_told_in_one_sentence();
}

static void no_path_is_no_report(void **state)
{
    struct report_file file;

    (void)state;
    assert_int_equal(report_file_open(&file, NULL), GO_ON);
    assert_int_equal(write_report(&file), GO_ON);
    report_file_discard(&file);
    assert_int_equal(count_files(), 1);
}

#define REPORT_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        REPORT_TEST(the_earlier_report_is_whole_until_the_new_one_is),
        REPORT_TEST(without_a_report_the_earlier_one_stays),
        REPORT_TEST(a_report_that_cannot_take_its_place_leaves_the_earlier_one),
        REPORT_TEST(a_directory_is_refused_before_the_program_runs),
        REPORT_TEST(a_file_that_must_not_be_written_is_refused_before_the_program_runs),
        REPORT_TEST(a_directory_that_is_not_there_is_refused_before_the_program_runs),
        REPORT_TEST(a_dash_is_standard_output),
        REPORT_TEST(a_dash_without_standard_output_is_refused_before_the_program_runs),
        REPORT_TEST(no_path_is_no_report),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
