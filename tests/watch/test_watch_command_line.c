/*
 * test_watch_command_line.c: paths and arguments reach the program as they were given, whatever
 * characters they have and however long they are.
 */
#include "layout.h"
#include "watched.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    LONG_ARGUMENT = 30000
};

#define UNICODE_NAME L"\u017eivot \u5b66\u751f \U0001f600"

static void check_arguments(const wchar_t *program, const wchar_t *arguments)
{
    struct run *watched = run_watched(L"%ls --arguments %ls", program, arguments);
    struct run *plain = run_plain(L"%ls --arguments %ls", program, arguments);

    check_same(watched, plain);
    check_whole_report(watched);
    run_free(watched);
    run_free(plain);
}

static void arguments_of_every_kind(void **state)
{
    static const wchar_t arguments[] =
        L"plain \"two words\" \"\" \"a \\\"quoted\\\" word\" back\\slash \"ends with\\\\\" "
        L"--json --quiet -- " UNICODE_NAME L" \"a\"\"b\" tab\there";
    struct run *plain = run_plain(L"%ls --arguments %ls", witness(), arguments);

    (void)state;
    check_run(plain, plain->exit_code > 10);
    check_run(plain, strstr(plain->output, "10 characters: back\\slash\n"));
    run_free(plain);
    check_arguments(witness(), arguments);
}

static void arguments_of_30000_characters(void **state)
{
    wchar_t *arguments = calloc(LONG_ARGUMENT + 1, sizeof(*arguments));

    (void)state;
    assert_non_null(arguments);
    for (int i = 0; i < LONG_ARGUMENT; i++)
        arguments[i] = i % 100 == 99 ? L' ' : (wchar_t)(L'a' + i % 26);
    check_arguments(witness(), arguments);
    wmemset(arguments, L'\u5b66', LONG_ARGUMENT);
    check_arguments(witness(), arguments);
    free(arguments);
}

static void a_path_with_characters_of_every_language(void **state)
{
    const wchar_t *directory = layout_path(UNICODE_NAME);
    const wchar_t *copy = layout_path(UNICODE_NAME L"\\" UNICODE_NAME L".exe");
    wchar_t source[SCRATCH_PATH_SIZE], quoted[SCRATCH_PATH_SIZE];
    struct run *watched;

    (void)state;
    wcscpy(source, witness() + 1);
    *wcschr(source, L'"') = L'\0';
    layout_directory(directory);
    layout_copy(source, copy);
    swprintf(quoted, SCRATCH_PATH_SIZE, L"\"%ls\"", copy);
    check_arguments(quoted, UNICODE_NAME);
    watched = run_watched(L"%ls --arguments " UNICODE_NAME, quoted);
    layout_remove(directory);
    check_run(watched, strstr(report_text(watched, "program"),
                              "\xc5\xbeivot \xe5\xad\xa6\xe7\x94\x9f \xf0\x9f\x98\x80.exe"));
    run_free(watched);
}

/* Of .NET 10, below a directory whose path is as long as Windows's own limit allows. */
static void a_long_path_of_a_program_of_net_10(void **state)
{
    wchar_t name[SCRATCH_PATH_SIZE] = L"";
    const wchar_t *directory, *program;
    int room = MAX_PATH - 32 - (int)wcslen(scratch_directory());
    struct run *watched, *plain;

    (void)state;
    if (!is_there(hello(&dotnet_10, L"fdd", L"Hello.exe")) || !is_there(dotnet_root(&dotnet_10)))
        skip();
    for (int i = 0; i < room; i++)
        name[i] = i % 50 == 49 ? L'\\' : L"\u017e\u5b66-long"[i % 7];
    if (name[room - 1] == L'\\')
        name[room - 1] = L'x';
    directory = layout_path(L"%ls", name);
    layout_directory(directory);
    program = layout_path(L"%ls\\Hello.exe", name);
    layout_copy_all(hello(&dotnet_10, L"fdd", L""), directory);
    SetEnvironmentVariableW(L"DOTNET_ROOT", dotnet_root(&dotnet_10));
    watched = run_watched(L"\"%ls\" --mib 1 --threads 1 " UNICODE_NAME, program);
    plain = run_plain(L"\"%ls\" --mib 1 --threads 1 " UNICODE_NAME, program);
    layout_remove(layout_path(L"%.49ls", name));
    check_run(plain, plain->exit_code == 0);
    check_same(watched, plain);
    check_whole_report(watched);
    check_redirected(watched, (const char *[]){"Hello.exe", "coreclr.dll", "clrjit.dll", NULL});
    run_free(watched);
    run_free(plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arguments_of_every_kind),
        cmocka_unit_test(arguments_of_30000_characters),
        cmocka_unit_test(a_path_with_characters_of_every_language),
        cmocka_unit_test(a_long_path_of_a_program_of_net_10),
    };

    watched_begin();
    return cmocka_run_group_tests_name("paths and arguments as given", tests, NULL, NULL);
}
