/*
 * test_board_section.c: who may have the section of a board, and under which name
 * (src/board/board_section.h).
 */
#include "replaced.h"
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

/* ------------------------------------------------------------------------------------------------
 * When the system refuses
 * --------------------------------------------------------------------------------------------- */

static BOOL refuse(void)
{
    SetLastError(ERROR_COMMITMENT_LIMIT);
    return FALSE;
}

static BOOL WINAPI no_OpenProcessToken(HANDLE process, DWORD access, PHANDLE token)
{
    (void)process;
    (void)access;
    (void)token;
    return refuse();
}

static BOOL WINAPI no_GetTokenInformation(HANDLE token, TOKEN_INFORMATION_CLASS kind, LPVOID buffer,
                                          DWORD size, PDWORD needed)
{
    (void)token;
    (void)kind;
    (void)buffer;
    (void)size;
    (void)needed;
    return refuse();
}

static BOOL WINAPI no_InitializeSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor, DWORD revision)
{
    (void)descriptor;
    (void)revision;
    return refuse();
}

static BOOL WINAPI no_InitializeAcl(PACL acl, DWORD size, DWORD revision)
{
    (void)acl;
    (void)size;
    (void)revision;
    return refuse();
}

static BOOL WINAPI no_AddAccessAllowedAce(PACL acl, DWORD revision, DWORD access, PSID sid)
{
    (void)acl;
    (void)revision;
    (void)access;
    (void)sid;
    return refuse();
}

static BOOL WINAPI no_SetSecurityDescriptorDacl(PSECURITY_DESCRIPTOR descriptor, BOOL present,
                                                PACL acl, BOOL defaulted)
{
    (void)descriptor;
    (void)present;
    (void)acl;
    (void)defaulted;
    return refuse();
}

static HANDLE WINAPI no_CreateFileMappingW(HANDLE file, LPSECURITY_ATTRIBUTES attributes,
                                           DWORD protect, DWORD high, DWORD low, LPCWSTR name)
{
    (void)file;
    (void)attributes;
    (void)protect;
    (void)high;
    (void)low;
    (void)name;
    refuse();
    return NULL;
}

static LPVOID WINAPI no_MapViewOfFile(HANDLE mapping, DWORD access, DWORD high, DWORD low,
                                      SIZE_T size)
{
    (void)mapping;
    (void)access;
    (void)high;
    (void)low;
    (void)size;
    refuse();
    return NULL;
}

static LPVOID WINAPI no_VirtualAlloc(LPVOID address, SIZE_T size, DWORD type, DWORD protect)
{
    (void)address;
    (void)size;
    (void)type;
    (void)protect;
    refuse();
    return NULL;
}

#define REFUSED(function) #function, (void *)(uintptr_t)no_##function

static const struct {
    const char *function;
    void *replacement;
} refused[] = {
    {REFUSED(OpenProcessToken)},
    {REFUSED(GetTokenInformation)},
    {REFUSED(InitializeSecurityDescriptor)},
    {REFUSED(InitializeAcl)},
    {REFUSED(AddAccessAllowedAce)},
    {REFUSED(SetSecurityDescriptorDacl)},
    {REFUSED(CreateFileMappingW)},
    {REFUSED(MapViewOfFile)},
    {REFUSED(VirtualAlloc)},
};

/* Above all, there is never a section that others could write to. */
static void whatever_the_system_refuses_is_told_and_leaves_no_section(void **state)
{
    (void)state;
    for (unsigned i = 0; i < COUNT_OF(refused); i++) {
        struct board *board = NULL;
        struct replaced replaced;
        HANDLE section;
        DWORD error;

        replace_import(&replaced, refused[i].function, refused[i].replacement);
        section = board_section_create(nobody, &board);
        error = GetLastError();
        put_import_back(&replaced);
        assert_address_of(refused[i].function, section, NULL);
        assert_figure_of(refused[i].function, error, ERROR_COMMITMENT_LIMIT);
        assert_null(board_section_open(nobody));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_that_exists_is_refused),
        cmocka_unit_test(a_name_that_another_kind_of_object_has_is_refused),
        cmocka_unit_test(others_may_read_it_but_not_write),
        cmocka_unit_test(no_other_process_inherits_it),
        cmocka_unit_test(it_lives_as_long_as_somebody_has_it),
        cmocka_unit_test(whatever_the_system_refuses_is_told_and_leaves_no_section),
    };

    return cmocka_run_group_tests(tests, begin, NULL);
}
