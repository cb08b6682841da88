/*
 * test_search_paths.c: where .NET is looked for, and in which order
 * (src/run/launch/search_paths.h). Environment variables name directories below a scratch
 * directory; the usual ones of this machine are hidden.
 */
#include "support.h"

#include "base/architecture.h"
#include "run/launch/search_paths.h"

#include <stdio.h>
#include <wchar.h>

enum {
    MOST_FOUND = 32
};

/* The usual places, in order: a variable, and what is below the directory that it names. */
static const struct {
    const wchar_t *variable;
    const wchar_t *below;
} installed[] = {{L"ProgramFiles", L"dotnet"},
                 {L"ProgramW6432", L"dotnet"},
                 {L"ProgramFiles(x86)", L"dotnet"},
                 {L"LocalAppData", L"Microsoft\\dotnet"},
                 {L"UserProfile", L".dotnet"}};

static const wchar_t *const others[] = {L"PATH", L"HOSTMEM_RUNTIME", L"DOTNET_ROOT",
                                        L"DOTNET_ROOT(x86)"};

static wchar_t scratch[MAX_PATH];

/* scratch\name, or scratch\name\below; valid until the fourth call from here. */
static const wchar_t *in_scratch(const wchar_t *name, const wchar_t *below)
{
    static wchar_t paths[4][2 * MAX_PATH];
    static unsigned next;
    wchar_t *path = paths[next++ % COUNT_OF(paths)];

    swprintf(path, COUNT_OF(paths[0]), L"%ls\\%ls%ls%ls", scratch, name, *below ? L"\\" : L"",
             below);
    return path;
}

static void set_variable(const wchar_t *name, const wchar_t *value)
{
    SetEnvironmentVariableW(name, value);
}

static void make_file(const wchar_t *path)
{
    HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);

    assert_true(file != INVALID_HANDLE_VALUE);
    CloseHandle(file);
}

/* What the callbacks were given. */
static struct {
    wchar_t texts[MOST_FOUND][2 * MAX_PATH];
    size_t count;
} found;

static void note(const wchar_t *text)
{
    if (found.count < MOST_FOUND)
        wcsncpy(found.texts[found.count], text, COUNT_OF(found.texts[0]) - 1);
    found.count++;
}

static void note_root(void *context, wchar_t *root)
{
    *(int *)context += 1;
    note(root);
}

static void note_version(void *context, const wchar_t *version)
{
    *(int *)context += 1;
    note(version);
}

static void check_found(size_t index, const wchar_t *expected)
{
    assert_true(index < MOST_FOUND);
    if (index >= found.count || wcscmp(found.texts[index], expected) != 0)
        fail_msg("number %u is \"%ls\" instead of \"%ls\"", (unsigned)index,
                 index < found.count ? found.texts[index] : L"missing", expected);
}

/* No variable is set. */
static int begin(void **state)
{
    (void)state;
    memset(&found, 0, sizeof(found));
    for (size_t i = 0; i < COUNT_OF(installed); i++)
        set_variable(installed[i].variable, NULL);
    for (size_t i = 0; i < COUNT_OF(others); i++)
        set_variable(others[i], NULL);
    return 0;
}

/* ------------------------------------------------------------------------------------------------
 * The usual places
 * --------------------------------------------------------------------------------------------- */

/* How many there are. */
static int visit_installed(void)
{
    int calls = 0;

    search_paths_installed(note_root, &calls);
    return calls;
}

static void each_usual_place_is_visited_in_order(void **state)
{
    int calls;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(installed); i++)
        set_variable(installed[i].variable, in_scratch(installed[i].variable, L""));
    set_variable(L"PATH", in_scratch(L"path", L""));
    calls = visit_installed();
    for (size_t i = 0; i < COUNT_OF(installed); i++)
        check_found(i, in_scratch(installed[i].variable, installed[i].below));
    check_found(COUNT_OF(installed), in_scratch(L"path", L""));
    assert_figure(calls, COUNT_OF(installed) + 1);
}

static void a_place_whose_variable_is_not_set_is_left_out(void **state)
{
    (void)state;
    assert_figure(visit_installed(), 0);
    set_variable(L"UserProfile", in_scratch(L"UserProfile", L""));
    assert_figure(visit_installed(), 1);
    check_found(0, in_scratch(L"UserProfile", L".dotnet"));
}

static void a_path_without_a_dotnet_command_is_no_place(void **state)
{
    (void)state;
    set_variable(L"PATH", scratch);
    assert_figure(visit_installed(), 0);
}

/* ------------------------------------------------------------------------------------------------
 * What the user says
 * --------------------------------------------------------------------------------------------- */

static void the_option_comes_before_the_variable(void **state)
{
    (void)state;
    assert_null(search_path_asked_for(NULL));
    set_variable(L"HOSTMEM_RUNTIME", L"C:\\variable");
    assert_int_equal(wcscmp(search_path_asked_for(NULL), L"C:\\variable"), 0);
    assert_int_equal(wcscmp(search_path_asked_for(L"C:\\option"), L"C:\\option"), 0);
}

static void dotnet_root_of_32_bits_is_for_32_bits(void **state)
{
    (void)state;
    assert_null(search_path_of_variable());
    set_variable(L"DOTNET_ROOT(x86)", L"C:\\narrow");
    if (ARCHITECTURE_BITS == 32)
        assert_int_equal(wcscmp(search_path_of_variable(), L"C:\\narrow"), 0);
    else
        assert_null(search_path_of_variable());
    set_variable(L"DOTNET_ROOT", L"C:\\wide\\here\\..");
    assert_int_equal(
        wcscmp(search_path_of_variable(), ARCHITECTURE_BITS == 32 ? L"C:\\narrow" : L"C:\\wide"),
        0);
    set_variable(L"DOTNET_ROOT(x86)", NULL);
    assert_int_equal(wcscmp(search_path_of_variable(), L"C:\\wide"), 0);
}

/* ------------------------------------------------------------------------------------------------
 * Above and below a directory
 * --------------------------------------------------------------------------------------------- */

static void a_directory_comes_before_those_above_it(void **state)
{
    int calls = 0;

    (void)state;
    search_paths_above(L"C:\\one\\two", note_root, &calls);
    assert_figure(calls, 3);
    check_found(0, L"C:\\one\\two");
    check_found(1, L"C:\\one");
    check_found(2, L"C:\\");
}

static bool was_found(const wchar_t *text)
{
    for (size_t i = 0; i < found.count && i < MOST_FOUND; i++)
        if (!wcscmp(found.texts[i], text))
            return true;
    return false;
}

static void versions_are_the_directories_named_as_such(void **state)
{
    int calls = 0;

    (void)state;
    assert_true(search_path_versions(in_scratch(L"versions", L""), note_version, &calls));
    assert_figure(calls, 2);
    assert_true(was_found(L"2.1.30"));
    assert_true(was_found(L"3.0.0-preview7"));
    assert_false(search_path_versions(in_scratch(L"nowhere", L""), note_version, &calls));
    assert_figure(calls, 2);
}

/* ------------------------------------------------------------------------------------------------
 * The scratch directory
 * --------------------------------------------------------------------------------------------- */

/* Directories, each after the one that it is in. */
static const wchar_t *const directories[][2] = {
    {L"path", L""},        {L"versions", L""},        {L"versions", L"2.1.30"},
    {L"versions", L"2.1"}, {L"versions", L"current"}, {L"versions", L"3.0.0-preview7"}};

static int make_scratch(void **state)
{
    wchar_t temporary[MAX_PATH];

    (void)state;
    assert_true(GetTempPathW(COUNT_OF(temporary), temporary) != 0);
    swprintf(scratch, COUNT_OF(scratch), L"%lshostmem-search-paths-%lu", temporary,
             GetCurrentProcessId());
    assert_true(CreateDirectoryW(scratch, NULL));
    for (size_t i = 0; i < COUNT_OF(directories); i++)
        assert_true(CreateDirectoryW(in_scratch(directories[i][0], directories[i][1]), NULL));
    make_file(in_scratch(L"path", L"dotnet.exe"));
    return 0;
}

static int remove_scratch(void **state)
{
    (void)state;
    DeleteFileW(in_scratch(L"path", L"dotnet.exe"));
    for (size_t i = COUNT_OF(directories); i > 0; i--)
        RemoveDirectoryW(in_scratch(directories[i - 1][0], directories[i - 1][1]));
    return RemoveDirectoryW(scratch) ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(each_usual_place_is_visited_in_order, begin),
        cmocka_unit_test_setup(a_place_whose_variable_is_not_set_is_left_out, begin),
        cmocka_unit_test_setup(a_path_without_a_dotnet_command_is_no_place, begin),
        cmocka_unit_test_setup(the_option_comes_before_the_variable, begin),
        cmocka_unit_test_setup(dotnet_root_of_32_bits_is_for_32_bits, begin),
        cmocka_unit_test_setup(a_directory_comes_before_those_above_it, begin),
        cmocka_unit_test_setup(versions_are_the_directories_named_as_such, begin),
    };

    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
