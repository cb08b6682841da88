/*
 * test_board_section.c: who may have the section of a board, and under which name
 * (src/board/board_section.h).
 */
#include "support.h"

#include "board/board_section.h"

#include <wchar.h>

/* The identifier of no process: those of Windows are multiples of 4. */
static DWORD nobody;

static int begin(void **state)
{
    (void)state;
    nobody = GetCurrentProcessId() | 0x40000001;
    return 0;
}

static void a_name_that_exists_is_refused(void **state)
{
    struct board *board = NULL, *other = NULL;
    HANDLE section = board_section_create(nobody, &board);

    (void)state;
    assert_non_null(section);
    assert_null(board_section_create(nobody, &other));
    assert_figure(GetLastError(), ERROR_ALREADY_EXISTS);
    UnmapViewOfFile(board);
    CloseHandle(section);
}

static void a_name_that_another_kind_of_object_has_is_refused(void **state)
{
    struct board *board = NULL;
    wchar_t name[64];
    HANDLE event;

    (void)state;
    swprintf(name, 64, L"Local\\hostmem-%lu", nobody);
    event = CreateEventW(NULL, TRUE, FALSE, name);
    assert_non_null(event);
    assert_null(board_section_create(nobody, &board));
    assert_figure(GetLastError(), ERROR_ALREADY_EXISTS);
    CloseHandle(event);
}

static void others_may_read_it_but_not_write(void **state)
{
    struct board *board = NULL;
    HANDLE section = board_section_create(nobody, &board);
    HANDLE opened = board_section_open(nobody);
    struct board *view = board_section_map(opened, false);
    wchar_t name[64];

    (void)state;
    assert_non_null(view);
    assert_figure(view->process, nobody);
    assert_null(board_section_map(opened, true));
    swprintf(name, 64, L"Local\\hostmem-%lu", nobody);
    assert_null(OpenFileMappingW(FILE_MAP_WRITE, FALSE, name));
    assert_figure(GetLastError(), ERROR_ACCESS_DENIED);
    UnmapViewOfFile(view);
    UnmapViewOfFile(board);
    CloseHandle(opened);
    CloseHandle(section);
}

static void no_other_process_inherits_it(void **state)
{
    struct board *board = NULL;
    HANDLE section = board_section_create(nobody, &board);
    HANDLE opened = board_section_open(nobody);
    DWORD flags = HANDLE_FLAG_INHERIT;

    (void)state;
    assert_true(GetHandleInformation(section, &flags));
    assert_figure(flags & HANDLE_FLAG_INHERIT, 0);
    assert_true(GetHandleInformation(opened, &flags));
    assert_figure(flags & HANDLE_FLAG_INHERIT, 0);
    UnmapViewOfFile(board);
    CloseHandle(opened);
    CloseHandle(section);
}

static void it_lives_as_long_as_somebody_has_it(void **state)
{
    struct board *board = NULL;
    HANDLE section = board_section_create(nobody, &board);
    HANDLE opened = board_section_open(nobody);

    (void)state;
    UnmapViewOfFile(board);
    CloseHandle(section);
    section = board_section_open(nobody);
    assert_non_null(section);
    CloseHandle(section);
    CloseHandle(opened);
    assert_null(board_section_open(nobody));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_that_exists_is_refused),
        cmocka_unit_test(a_name_that_another_kind_of_object_has_is_refused),
        cmocka_unit_test(others_may_read_it_but_not_write),
        cmocka_unit_test(no_other_process_inherits_it),
        cmocka_unit_test(it_lives_as_long_as_somebody_has_it),
    };

    return cmocka_run_group_tests(tests, begin, NULL);
}
