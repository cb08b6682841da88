/*
 * test_newer_hooks.c: a module whose calls of Win32's newer functions for pages and views reach a
 * manager (src/redirect/hooks/newer_hooks.c): plain requests are the manager's, and all others are
 * answered by Win32.
 */
#include "looked_up.h"
#include "redirect_newer.h"

#include <string.h>

#define RESERVE_COMMIT (MEM_RESERVE | MEM_COMMIT)

/* winnt.h has these for programs that need Windows 10 only. */
#define RESERVE_PLACEHOLDER 0x40000u
#define REPLACE_PLACEHOLDER 0x4000u
#define PRESERVE_PLACEHOLDER 0x2u
#define ADDRESS_REQUIREMENTS 1
#define NUMA_NODE 2

struct requirements {
    void *lowest;
    void *highest;
    SIZE_T alignment;
};

static bool is_owned(const struct looker *looker, const void *address)
{
    HOSTMEM_REGION region;

    return IHostMemInspection_FindRegion(looker->subject.inspection, address, &region) == S_OK;
}

/* What the module looks up; the test is skipped if the system lacks it. */
static any_function *ours(const struct looker *looker, const char *function)
{
    any_function *found = look_up(looker, function);

    if (!found)
        skip();
    return found;
}

static alloc2_function *our_alloc2(const struct looker *looker)
{
    return (alloc2_function *)ours(looker, "VirtualAlloc2");
}

static void assert_owned_until_freed(const struct looker *looker, void *memory)
{
    assert_non_null(memory);
    assert_true(is_owned(looker, memory));
    assert_figure(statistics_of(&looker->subject).Committed.Now, GRANULE);
    assert_true(LOOKED_UP(looker, VirtualFree)(memory, 0, MEM_RELEASE));
    assert_figure(statistics_of(&looker->subject).Regions.Now, 0);
    assert_figure(statistics_of(&looker->subject).PassedFrees, 0);
}

/* Memory of Win32's, which the module frees. */
static void assert_passed_until_freed(const struct looker *looker, void *memory)
{
    ULONGLONG passed = statistics_of(&looker->subject).PassedFrees;

    assert_non_null(memory);
    assert_false(is_owned(looker, memory));
    assert_figure(statistics_of(&looker->subject).Regions.Now, 0);
    assert_true(LOOKED_UP(looker, VirtualFree)(memory, 0, MEM_RELEASE));
    assert_figure(statistics_of(&looker->subject).PassedFrees, passed + 1);
    assert_figure(memory_state(memory), MEM_FREE);
}

/* ------------------------------------------------------------------------------------------------
 * VirtualAlloc2
 * --------------------------------------------------------------------------------------------- */

static void plain_requests_of_VirtualAlloc2_are_the_manager_s(void **state)
{
    const struct looker *looker = *state;
    alloc2_function *alloc2 = our_alloc2(looker);
    MEM_EXTENDED_PARAMETER node = {{.Type = NUMA_NODE}, {.ULong = 0}};
    const HANDLE processes[] = {NULL, GetCurrentProcess(),
                                OpenProcess(PROCESS_ALL_ACCESS, FALSE, GetCurrentProcessId()),
                                OpenProcess(PROCESS_VM_OPERATION, FALSE, GetCurrentProcessId())};

    for (size_t i = 0; i < COUNT_OF(processes); i++) {
        assert_owned_until_freed(
            looker, alloc2(processes[i], NULL, GRANULE, RESERVE_COMMIT, PAGE_READWRITE, NULL, 0));
        assert_owned_until_freed(
            looker, alloc2(processes[i], NULL, GRANULE, RESERVE_COMMIT, PAGE_READWRITE, &node, 1));
    }
    CloseHandle(processes[2]);
    CloseHandle(processes[3]);
}

static void commits_of_VirtualAlloc2_in_a_region_are_booked(void **state)
{
    const struct looker *looker = *state;
    alloc2_function *alloc2 = our_alloc2(looker);
    char *memory = LOOKED_UP(looker, VirtualAlloc)(NULL, GRANULE, MEM_RESERVE, PAGE_READWRITE);

    assert_address(alloc2(NULL, memory + PAGE, PAGE, MEM_COMMIT, PAGE_READWRITE, NULL, 0),
                   memory + PAGE);
    assert_figure(statistics_of(&looker->subject).Committed.Now, PAGE);
    assert_true(LOOKED_UP(looker, VirtualFree)(memory, 0, MEM_RELEASE));
}

static void an_alignment_is_honoured_by_win32(void **state)
{
    const struct looker *looker = *state;
    alloc2_function *alloc2 = our_alloc2(looker);
    alloc2_function *win32_alloc2 = (alloc2_function *)win32("VirtualAlloc2");
    struct requirements requirements = {.alignment = 0x1000000};
    MEM_EXTENDED_PARAMETER parameter = {{.Type = ADDRESS_REQUIREMENTS}, {.Pointer = &requirements}};

    for (int i = 0; i < 4; i++) {
        void *memory = alloc2(NULL, NULL, GRANULE, RESERVE_COMMIT, PAGE_READWRITE, &parameter, 1);
        void *theirs =
            win32_alloc2(NULL, NULL, GRANULE, RESERVE_COMMIT, PAGE_READWRITE, &parameter, 1);

        assert_figure(memory != NULL, theirs != NULL);
        if (theirs)
            assert_true(VirtualFree(theirs, 0, MEM_RELEASE));
        if (!memory)
            continue;
        assert_figure((uintptr_t)memory % requirements.alignment, 0);
        assert_passed_until_freed(looker, memory);
    }
}

/* Where the system has placeholders at all. */
static void placeholders_are_left_to_win32(void **state)
{
    const struct looker *looker = *state;
    alloc2_function *alloc2 = our_alloc2(looker);
    __typeof__(VirtualFree) *free_pages = LOOKED_UP(looker, VirtualFree);
    char *first =
        alloc2(NULL, NULL, 2 * GRANULE, MEM_RESERVE | RESERVE_PLACEHOLDER, PAGE_NOACCESS, NULL, 0);
    char *second = first + GRANULE;

    if (!first)
        skip();
    assert_false(is_owned(looker, first));
    assert_true(free_pages(first, GRANULE, MEM_RELEASE | PRESERVE_PLACEHOLDER)); /* splits it */
    assert_address(alloc2(NULL, second, GRANULE, RESERVE_COMMIT | REPLACE_PLACEHOLDER,
                          PAGE_READWRITE, NULL, 0),
                   second);
    second[0] = 1;
    assert_false(is_owned(looker, second));
    assert_figure(statistics_of(&looker->subject).Regions.Peak, 0);
    assert_true(free_pages(first, 0, MEM_RELEASE));
    assert_true(free_pages(second, 0, MEM_RELEASE));
    assert_figure(statistics_of(&looker->subject).PassedFrees, 3);
    assert_figure(statistics_of(&looker->subject).RefusedFrees, 0);
    assert_figure(memory_state(first), MEM_FREE);
    assert_figure(memory_state(second), MEM_FREE);
}

/* The manager's memory never was a placeholder. */
static void the_manager_s_memory_does_not_become_a_placeholder(void **state)
{
    const struct looker *looker = *state;
    void *memory = our_alloc2(looker)(NULL, NULL, GRANULE, RESERVE_COMMIT, PAGE_READWRITE, NULL, 0);

    assert_false(
        LOOKED_UP(looker, VirtualFree)(memory, GRANULE, MEM_RELEASE | PRESERVE_PLACEHOLDER));
    assert_owned_until_freed(looker, memory);
}

/* This program once more; it never runs. */
static PROCESS_INFORMATION start_child(void)
{
    STARTUPINFOW startup = {.cb = sizeof(startup)};
    PROCESS_INFORMATION child;
    wchar_t path[MAX_PATH];

    assert_true(GetModuleFileNameW(NULL, path, MAX_PATH) != 0);
    assert_true(CreateProcessW(path, NULL, NULL, NULL, FALSE, CREATE_SUSPENDED, NULL, NULL,
                               &startup, &child));
    return child;
}

static void memory_and_views_of_another_process_pass_through(void **state)
{
    const struct looker *looker = *state;
    alloc2_function *alloc2 = our_alloc2(looker);
    map3_function *map3 = (map3_function *)ours(looker, "MapViewOfFile3");
    unmap2_function *unmap2 = (unmap2_function *)ours(looker, "UnmapViewOfFile2");
    HANDLE mapping =
        CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, GRANULE, NULL);
    PROCESS_INFORMATION child = start_child();
    HOSTMEM_STATISTICS statistics;
    void *view;

    assert_non_null(alloc2(child.hProcess, NULL, GRANULE, RESERVE_COMMIT, PAGE_READWRITE, NULL, 0));
    view = map3(mapping, child.hProcess, NULL, 0, 0, 0, PAGE_READWRITE, NULL, 0);
    assert_non_null(view);
    assert_true(unmap2(child.hProcess, view, 0));
    statistics = statistics_of(&looker->subject);
    assert_figure(statistics.Regions.Peak, 0);
    assert_figure(statistics.MappedRanges.Peak, 0);
    TerminateProcess(child.hProcess, 0);
    CloseHandle(child.hThread);
    CloseHandle(child.hProcess);
    CloseHandle(mapping);
}

/* ------------------------------------------------------------------------------------------------
 * The functions for apps
 * --------------------------------------------------------------------------------------------- */

static void pages_from_the_functions_for_apps_are_the_manager_s(void **state)
{
    const struct looker *looker = *state;
    alloc_from_app_function *alloc = (alloc_from_app_function *)ours(looker, "VirtualAllocFromApp");
    alloc2_function *alloc2 = (alloc2_function *)ours(looker, "VirtualAlloc2FromApp");

    assert_owned_until_freed(looker, alloc(NULL, GRANULE, RESERVE_COMMIT, PAGE_READWRITE));
    assert_owned_until_freed(looker,
                             alloc2(NULL, NULL, GRANULE, RESERVE_COMMIT, PAGE_READWRITE, NULL, 0));
}

static void whether_an_app_gets_executable_memory_win32_decides(void **state)
{
    const struct looker *looker = *state;
    alloc_from_app_function *alloc = (alloc_from_app_function *)ours(looker, "VirtualAllocFromApp");
    alloc2_function *alloc2 = (alloc2_function *)ours(looker, "VirtualAlloc2FromApp");
    void *const memory[] = {
        alloc(NULL, GRANULE, RESERVE_COMMIT, PAGE_EXECUTE_READWRITE),
        alloc2(NULL, NULL, GRANULE, RESERVE_COMMIT, PAGE_EXECUTE_READWRITE, NULL, 0)};
    void *theirs = ((alloc_from_app_function *)win32("VirtualAllocFromApp"))(
        NULL, GRANULE, RESERVE_COMMIT, PAGE_EXECUTE_READWRITE);

    for (size_t i = 0; i < COUNT_OF(memory); i++) {
        assert_figure(memory[i] != NULL, theirs != NULL);
        if (memory[i])
            assert_passed_until_freed(looker, memory[i]);
    }
    VirtualFree(theirs, 0, MEM_RELEASE);
}

/* ------------------------------------------------------------------------------------------------
 * Views
 * --------------------------------------------------------------------------------------------- */

static void assert_view(const struct looker *looker, void *view, unmap2_function *unmap2)
{
    assert_non_null(view);
    assert_figure(statistics_of(&looker->subject).MappedRanges.Now, 1);
    assert_figure(statistics_of(&looker->subject).Mapped.Now, GRANULE);
    assert_true(unmap2(GetCurrentProcess(), view, 0));
    assert_figure(statistics_of(&looker->subject).MappedRanges.Now, 0);
    assert_figure(memory_state(view), MEM_FREE);
}

static void views_by_the_newer_functions_appear_and_vanish(void **state)
{
    const struct looker *looker = *state;
    map3_function *map3 = (map3_function *)ours(looker, "MapViewOfFile3");
    map_from_app_function *map_from_app =
        (map_from_app_function *)ours(looker, "MapViewOfFileFromApp");
    unmap2_function *unmap2 = (unmap2_function *)ours(looker, "UnmapViewOfFile2");
    HANDLE mapping =
        CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, GRANULE, NULL);

    assert_view(looker, map3(mapping, GetCurrentProcess(), NULL, 0, 0, 0, PAGE_READWRITE, NULL, 0),
                unmap2);
    assert_view(looker, map_from_app(mapping, FILE_MAP_READ, 0, 0), unmap2);
    CloseHandle(mapping);
}

static void what_fails_fails_with_win32_s_error(void **state)
{
    const struct looker *looker = *state;
    alloc2_function *alloc2 = our_alloc2(looker);
    alloc2_function *win32_alloc2 = (alloc2_function *)win32("VirtualAlloc2");
    static const struct {
        SIZE_T size;
        ULONG type;
        ULONG protect;
    } cases[] = {
        {0, MEM_RESERVE, PAGE_READWRITE},
        {GRANULE, MEM_RESERVE, 0},
        {GRANULE, 0, PAGE_READWRITE},
        {GRANULE, MEM_RESERVE | 0x10, PAGE_READWRITE},
        {MORE_THAN_THERE_IS, MEM_RESERVE, PAGE_READWRITE},
        {GRANULE, MEM_RESERVE | RESERVE_PLACEHOLDER, PAGE_READWRITE},
        {GRANULE, MEM_RESERVE | REPLACE_PLACEHOLDER, PAGE_READWRITE},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        DWORD our_error, their_error;

        SetLastError(UNTOUCHED);
        assert_null(alloc2(NULL, NULL, cases[i].size, cases[i].type, cases[i].protect, NULL, 0));
        our_error = GetLastError();
        SetLastError(UNTOUCHED);
        assert_null(
            win32_alloc2(NULL, NULL, cases[i].size, cases[i].type, cases[i].protect, NULL, 0));
        their_error = GetLastError();
        assert_figure(our_error, their_error);
    }
}

/* ------------------------------------------------------------------------------------------------
 * Imports
 * --------------------------------------------------------------------------------------------- */

/* Some of them are not there under Wine: their hooks then say so. */
static void imports_of_the_newer_functions_are_redirected(void **state)
{
    struct looker *looker = *state;
    HMODULE module = LoadLibraryW(L"redirect_newer.dll");
    HANDLE mapping =
        CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, GRANULE, NULL);
    const struct redirect_newer *newer;
    HOSTMEM_REDIRECTION *redirection;
    void *memory, *view;
    ULONG old = 0;

    if (!module)
        skip();
    newer = ((redirect_newer_function *)(any_function *)GetProcAddress(module,
                                                                       REDIRECT_NEWER_EXPORT))();
    assert_hresult(HostMemRedirectModule(looker->subject.manager, module, 0, &redirection), S_OK);
    memory = newer->alloc2(NULL, NULL, GRANULE, RESERVE_COMMIT, PAGE_READWRITE, NULL, 0);
    assert_true(is_owned(looker, memory));
    assert_true(newer->protect_from_app(memory, PAGE, PAGE_READONLY, &old));
    assert_figure(old, PAGE_READWRITE);
    assert_figure(statistics_of(&looker->subject).Methods[HostMemVirtualProtect].Calls, 1);
    assert_owned_until_freed(looker, memory);
    for (int i = 0; i < 2; i++) {
        bool there = win32(i ? "MapViewOfFileNuma2" : "MapViewOfFile3FromApp") != NULL;

        SetLastError(UNTOUCHED);
        view = i ? newer->map_numa2(mapping, GetCurrentProcess(), 0, NULL, 0, 0, PAGE_READWRITE,
                                    NUMA_NO_PREFERRED_NODE)
                 : newer->map3_from_app(mapping, GetCurrentProcess(), NULL, 0, 0, 0, PAGE_READWRITE,
                                        NULL, 0);
        if (there)
            assert_view(looker, view, newer->unmap2);
        else
            assert_last_error(ERROR_CALL_NOT_IMPLEMENTED);
    }
    assert_hresult(HostMemRemoveRedirection(redirection), S_OK);
    CloseHandle(mapping);
    FreeLibrary(module);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        looker_promise(plain_requests_of_VirtualAlloc2_are_the_manager_s),
        looker_promise(commits_of_VirtualAlloc2_in_a_region_are_booked),
        looker_promise(an_alignment_is_honoured_by_win32),
        looker_promise(placeholders_are_left_to_win32),
        looker_promise(the_manager_s_memory_does_not_become_a_placeholder),
        looker_promise(memory_and_views_of_another_process_pass_through),
        looker_promise(pages_from_the_functions_for_apps_are_the_manager_s),
        looker_promise(whether_an_app_gets_executable_memory_win32_decides),
        looker_promise(views_by_the_newer_functions_appear_and_vanish),
        looker_promise(what_fails_fails_with_win32_s_error),
        looker_promise(imports_of_the_newer_functions_are_redirected),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
