/*
 * test_process_handles.c: calls for this process through handles of all rights. Where Win32 allows
 * the call, the manager serves it and its books are exact; where Win32 denies it, so does the hook.
 */
#include "looked_up.h"
#include "redirect_newer.h"

#define DENIED ERROR_ACCESS_DENIED

/* What each handle may do. Win32 asks for PROCESS_VM_OPERATION. */
static const struct {
    const char *about;
    DWORD rights;
    bool is_allowed;
} handles[] = {
    {"all rights", PROCESS_ALL_ACCESS, true},
    {"VM_OPERATION", PROCESS_VM_OPERATION, true},
    {"VM_OPERATION and QUERY", PROCESS_VM_OPERATION | PROCESS_QUERY_INFORMATION, true},
    {"QUERY", PROCESS_QUERY_INFORMATION, false},
    {"QUERY_LIMITED", PROCESS_QUERY_LIMITED_INFORMATION, false},
    {"VM_READ and VM_WRITE", PROCESS_VM_READ | PROCESS_VM_WRITE, false},
    {"TERMINATE", PROCESS_TERMINATE, false},
    {"SYNCHRONIZE", SYNCHRONIZE, false},
};

static HANDLE open_self(DWORD rights)
{
    HANDLE self = OpenProcess(rights, FALSE, GetCurrentProcessId());

    assert_non_null(self);
    return self;
}

/* The way of a call to succeed or to be denied, with the last error. */
static void assert_outcome(const char *about, bool succeeded, bool is_allowed)
{
    DWORD error = GetLastError();

    assert_figure_of(about, succeeded, is_allowed);
    assert_figure_of(about, error, is_allowed ? UNTOUCHED : DENIED);
}

typedef void *alloc_by(const struct looker *looker, HANDLE process, void *address, DWORD type);

/* The last error is UNTOUCHED before the call: the look-up may have set it. */
static void *by_ex(const struct looker *looker, HANDLE process, void *address, DWORD type)
{
    __typeof__(VirtualAllocEx) *alloc = LOOKED_UP(looker, VirtualAllocEx);

    SetLastError(UNTOUCHED);
    return alloc(process, address, GRANULE, type, PAGE_READWRITE);
}

static void *by_ex_numa(const struct looker *looker, HANDLE process, void *address, DWORD type)
{
    __typeof__(VirtualAllocExNuma) *alloc = LOOKED_UP(looker, VirtualAllocExNuma);

    SetLastError(UNTOUCHED);
    return alloc(process, address, GRANULE, type, PAGE_READWRITE, (DWORD)-1);
}

static void *by_2(const struct looker *looker, HANDLE process, void *address, DWORD type)
{
    alloc2_function *alloc = (alloc2_function *)look_up(looker, "VirtualAlloc2");

    SetLastError(UNTOUCHED);
    return alloc(process, address, GRANULE, type, PAGE_READWRITE, NULL, 0);
}

static alloc_by *const ways[] = {by_ex, by_ex_numa, by_2};

/* Win32's own answer to the first of these calls: this test relies on it. */
static void win32_asks_for_vm_operation(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(handles); i++) {
        HANDLE self = open_self(handles[i].rights);
        void *memory;

        SetLastError(UNTOUCHED);
        memory = VirtualAllocEx(self, NULL, GRANULE, MEM_RESERVE, PAGE_READWRITE);
        assert_outcome(handles[i].about, memory != NULL, handles[i].is_allowed);
        SetLastError(UNTOUCHED);
        if (memory)
            assert_outcome(handles[i].about, VirtualFreeEx(self, memory, 0, MEM_RELEASE), true);
        CloseHandle(self);
    }
}

static void a_handle_reserves_what_its_rights_allow(void **state)
{
    const struct looker *looker = *state;

    for (size_t i = 0; i < COUNT_OF(handles); i++) {
        for (size_t way = 0; way < COUNT_OF(ways); way++) {
            HANDLE self = open_self(handles[i].rights);
            void *memory;

            SetLastError(UNTOUCHED);
            memory = ways[way](looker, self, NULL, MEM_RESERVE);
            assert_outcome(handles[i].about, memory != NULL, handles[i].is_allowed);
            assert_figure_of(handles[i].about, statistics_of(&looker->subject).Regions.Now,
                             handles[i].is_allowed);
            if (memory)
                assert_true(LOOKED_UP(looker, VirtualFree)(memory, 0, MEM_RELEASE));
            CloseHandle(self);
        }
    }
}

static void a_handle_commits_and_frees_owned_memory_as_its_rights_allow(void **state)
{
    const struct looker *looker = *state;
    __typeof__(VirtualFreeEx) *free_ex = LOOKED_UP(looker, VirtualFreeEx);

    for (size_t i = 0; i < COUNT_OF(handles); i++) {
        const char *about = handles[i].about;
        bool is_allowed = handles[i].is_allowed;
        HANDLE self = open_self(handles[i].rights);
        void *memory = LOOKED_UP(looker, VirtualAlloc)(NULL, GRANULE, MEM_RESERVE, PAGE_READWRITE);

        for (size_t way = 0; way < COUNT_OF(ways); way++) {
            SetLastError(UNTOUCHED);
            assert_outcome(about, ways[way](looker, self, memory, MEM_COMMIT) != NULL, is_allowed);
            assert_figure_of(about, statistics_of(&looker->subject).Committed.Now,
                             is_allowed ? GRANULE : 0);
            assert_clean_audit_of(about, &looker->subject);
        }
        SetLastError(UNTOUCHED);
        assert_outcome(about, free_ex(self, memory, PAGE, MEM_DECOMMIT), is_allowed);
        SetLastError(UNTOUCHED);
        assert_outcome(about, free_ex(self, memory, 0, MEM_RELEASE), is_allowed);
        assert_figure_of(about, statistics_of(&looker->subject).Regions.Now, !is_allowed);
        assert_clean_audit_of(about, &looker->subject);
        if (!is_allowed)
            assert_true(free_ex(GetCurrentProcess(), memory, 0, MEM_RELEASE));
        CloseHandle(self);
    }
}

static void a_handle_unmaps_views_as_its_rights_allow(void **state)
{
    const struct looker *looker = *state;
    unmap2_function *unmap = (unmap2_function *)look_up(looker, "UnmapViewOfFile2");
    HANDLE mapping = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, PAGE, NULL);

    for (size_t i = 0; unmap && i < COUNT_OF(handles); i++) {
        HANDLE self = open_self(handles[i].rights);
        void *view = LOOKED_UP(looker, MapViewOfFile)(mapping, FILE_MAP_READ, 0, 0, 0);

        SetLastError(UNTOUCHED);
        assert_outcome(handles[i].about, unmap(self, view, 0), handles[i].is_allowed);
        assert_figure_of(handles[i].about, statistics_of(&looker->subject).MappedRanges.Now,
                         !handles[i].is_allowed);
        if (!handles[i].is_allowed)
            assert_true(unmap(GetCurrentProcess(), view, 0));
        CloseHandle(self);
    }
    CloseHandle(mapping);
}

/* What is no handle of a process, and no handle at all. */
static void other_handles_get_win32_s_answer(void **state)
{
    const struct looker *looker = *state;
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
    HANDLE wrong[] = {NULL, event, (HANDLE)(uintptr_t)0x123454};

    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        DWORD expected;

        assert_null(VirtualAllocEx(wrong[i], NULL, PAGE, MEM_RESERVE, PAGE_READWRITE));
        expected = GetLastError();
        SetLastError(UNTOUCHED);
        assert_null(by_ex(looker, wrong[i], NULL, MEM_RESERVE));
        assert_last_error(expected);
    }
    CloseHandle(event);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        looker_promise(win32_asks_for_vm_operation),
        looker_promise(a_handle_reserves_what_its_rights_allow),
        looker_promise(a_handle_commits_and_frees_owned_memory_as_its_rights_allow),
        looker_promise(a_handle_unmaps_views_as_its_rights_allow),
        looker_promise(other_handles_get_win32_s_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
