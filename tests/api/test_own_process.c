/*
 * test_own_process.c: which handles are recognised as this process's (src/redirect/own_process.c),
 * on systems that can compare handles and on those that cannot.
 */
#include "support.h"

#include "redirect/own_process.h"

static const DWORD rights[] = {PROCESS_ALL_ACCESS, PROCESS_QUERY_LIMITED_INFORMATION,
                               PROCESS_TERMINATE, PROCESS_VM_OPERATION, SYNCHRONIZE};

static void assert_recognised(const char *about)
{
    assert_true(own_process_is(GetCurrentProcess()));
    for (size_t i = 0; i < COUNT_OF(rights); i++) {
        HANDLE handle = OpenProcess(rights[i], FALSE, GetCurrentProcessId());

        assert_non_null(handle);
        SetLastError(UNTOUCHED);
        assert_figure_of(about, own_process_is(handle), true);
        assert_last_error(UNTOUCHED);
        CloseHandle(handle);
    }
}

static void assert_others_are_not(const char *about)
{
    STARTUPINFOW startup = {.cb = sizeof(startup)};
    PROCESS_INFORMATION child;
    wchar_t path[MAX_PATH];
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL), bare;

    assert_true(GetModuleFileNameW(NULL, path, MAX_PATH) != 0);
    assert_true(CreateProcessW(path, NULL, NULL, NULL, FALSE, CREATE_SUSPENDED, NULL, NULL,
                               &startup, &child));
    bare = OpenProcess(PROCESS_TERMINATE, FALSE, child.dwProcessId);
    assert_non_null(bare);
    SetLastError(UNTOUCHED);
    assert_figure_of(about, own_process_is(child.hProcess), false);
    assert_figure_of(about, own_process_is(bare), false);
    assert_figure_of(about, own_process_is(event), false);
    assert_figure_of(about, own_process_is(NULL), false);
    assert_figure_of(about, own_process_is((HANDLE)(uintptr_t)0x123454), false);
    assert_last_error(UNTOUCHED);
    TerminateProcess(child.hProcess, 0);
    CloseHandle(bare);
    CloseHandle(child.hThread);
    CloseHandle(child.hProcess);
    CloseHandle(event);
}

/* Before own_process_prepare the function that compares is not known, as on old systems. */
static void handles_are_recognised_by_a_duplicate(void **state)
{
    (void)state;
    assert_recognised("without CompareObjectHandles");
    assert_others_are_not("without CompareObjectHandles");
}

static void handles_are_recognised_by_comparing(void **state)
{
    (void)state;
    own_process_prepare();
    assert_recognised("with CompareObjectHandles");
    assert_others_are_not("with CompareObjectHandles");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handles_are_recognised_by_a_duplicate), /* first: nothing is prepared */
        cmocka_unit_test(handles_are_recognised_by_comparing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
