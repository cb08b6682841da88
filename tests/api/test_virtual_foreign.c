/*
 * test_virtual_foreign.c: requests about memory that the manager does not own (invariants I5 and
 * I7): they are answered as by Win32 itself and change no figure but the counter of foreign
 * commits. And the rules for the last error.
 */
#include "support.h"

#include <string.h>

#define RESERVE_COMMIT (MEM_RESERVE | MEM_COMMIT)

static int global_variable = 1;

/* ------------------------------------------------------------------------------------------------
 * VirtualQuery
 * --------------------------------------------------------------------------------------------- */

/* The manager's answer about an address is Win32's, field by field, last error included. */
static void assert_same_answer(const struct subject *subject, const char *about, void *address,
                               SIZE_T length)
{
    MEMORY_BASIC_INFORMATION ours[2], theirs[2];
    SIZE_T our_result = 12345, their_result;
    DWORD their_error;
    HRESULT hr;

    memset(ours, 0xa5, sizeof(ours));
    memset(theirs, 0xa5, sizeof(theirs));
    SetLastError(UNTOUCHED);
    their_result = VirtualQuery(address, theirs, length);
    their_error = GetLastError();
    SetLastError(UNTOUCHED);
    hr = IHostMemoryManager_VirtualQuery(subject->manager, address, ours, length, &our_result);
    assert_figure_of(about, GetLastError(), their_result ? UNTOUCHED : their_error);
    assert_hresult_of(about, hr, their_result ? S_OK : HRESULT_FROM_WIN32(their_error));
    assert_figure_of(about, our_result, their_result);
    assert_memory_equal(ours, theirs, sizeof(ours));
}

static void query_answers_as_win32_about_every_kind_of_address(void **state)
{
    const struct subject *subject = *state;
    char *owned = subject_alloc(subject, 4 * GRANULE, MEM_RESERVE, PAGE_READWRITE);
    char *foreign = VirtualAlloc(NULL, GRANULE, RESERVE_COMMIT, PAGE_READONLY);
    HANDLE mapping =
        CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, GRANULE, NULL);
    char *view = MapViewOfFile(mapping, FILE_MAP_READ, 0, 0, 0);
    void *freed = subject_alloc(subject, GRANULE, MEM_RESERVE, PAGE_READWRITE);
    int local = 0;
    const struct {
        const char *about;
        void *address;
    } cases[] = {
        {"NULL", NULL},
        {"1", (void *)1},
        {"stack", &local},
        {"global variable", &global_variable},
        {"image", GetModuleHandleW(NULL)},
        {"another image", GetModuleHandleW(L"kernel32.dll")},
        {"process heap", GetProcessHeap()},
        {"memory of Win32's", foreign + PAGE},
        {"mapped view", view},
        {"owned, reserved", owned},
        {"owned, reserved, unaligned", owned + 3 * GRANULE + 1},
        {"owned, committed", owned + PAGE},
        {"one past the end", owned + 4 * GRANULE},
        {"freed", freed},
        {"end of the address space", (void *)UINTPTR_MAX},
        {"kernel", (void *)(UINTPTR_MAX / 2 + 1)},
        {"kernel's end", (void *)(UINTPTR_MAX - GRANULE)},
#ifdef _WIN64
        {"last of user space", (void *)0x7ffffffeffff},
        {"non-canonical", (void *)0x123456789abcdef0},
#endif
    };

    assert_non_null(foreign);
    assert_non_null(view);
    subject_alloc_at(subject, owned + PAGE, 2 * PAGE, MEM_COMMIT, PAGE_EXECUTE_READ);
    subject_release(subject, freed);
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_same_answer(subject, cases[i].about, cases[i].address,
                           sizeof(MEMORY_BASIC_INFORMATION));
    subject_release(subject, owned);
    assert_true(UnmapViewOfFile(view));
    assert_true(CloseHandle(mapping));
    assert_true(VirtualFree(foreign, 0, MEM_RELEASE));
}

static void query_answers_as_win32_to_every_length(void **state)
{
    const struct subject *subject = *state;
    void *owned = subject_alloc(subject, GRANULE, RESERVE_COMMIT, PAGE_READWRITE);
    static const SIZE_T lengths[] = {0,
                                     1,
                                     sizeof(MEMORY_BASIC_INFORMATION) - 1,
                                     sizeof(MEMORY_BASIC_INFORMATION),
                                     sizeof(MEMORY_BASIC_INFORMATION) + 1,
                                     2 * sizeof(MEMORY_BASIC_INFORMATION)};

    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        assert_same_answer(subject, "owned", owned, lengths[i]);
        assert_same_answer(subject, "NULL", NULL, lengths[i]);
    }
    subject_release(subject, owned);
}

static void query_of_the_whole_address_space_is_win32_s(void **state)
{
    const struct subject *subject = *state;
    char *owned = subject_alloc(subject, 4 * GRANULE, MEM_RESERVE, PAGE_READWRITE);
    MEMORY_BASIC_INFORMATION range;
    uintptr_t at = 0, next = 0;
    unsigned ranges = 0;

    subject_alloc_at(subject, owned + PAGE, PAGE, MEM_COMMIT, PAGE_READWRITE);
    for (;;) {
        at = next;
        assert_same_answer(subject, "walk", (void *)at, sizeof(range));
        if (!VirtualQuery((void *)at, &range, sizeof(range)))
            break;
        next = (uintptr_t)range.BaseAddress + range.RegionSize;
        ranges++;
        if (next <= at)
            break;
    }
    assert_at_least(ranges, 10);
    subject_release(subject, owned);
}

/* ------------------------------------------------------------------------------------------------
 * Foreign commits
 * --------------------------------------------------------------------------------------------- */

static void a_foreign_commit_is_forwarded_and_counted_but_not_charged(void **state)
{
    const struct subject *subject = *state;
    char *foreign = VirtualAlloc(NULL, 2 * GRANULE, MEM_RESERVE, PAGE_NOACCESS);
    HOSTMEM_STATISTICS before = statistics_of(subject), after;
    HOSTMEM_REGION region;
    char *memory;

    assert_non_null(foreign);
    memory = subject_alloc_at(subject, foreign + GRANULE + 5, PAGE, MEM_COMMIT, PAGE_READWRITE);
    assert_address(memory, foreign + GRANULE);
    memory[2 * PAGE - 1] = 1;
    subject_alloc_at(subject, foreign + GRANULE, PAGE, MEM_COMMIT, PAGE_READONLY);
    after = statistics_of(subject);
    assert_figure(after.ForeignCommits, before.ForeignCommits + 2);
    assert_figure(after.Reserved.Peak, before.Reserved.Peak);
    assert_figure(after.Committed.Peak, before.Committed.Peak);
    assert_figure(after.Regions.Peak, before.Regions.Peak);
    assert_hresult(IHostMemInspection_FindRegion(subject->inspection, memory, &region), S_FALSE);
    assert_hresult(IHostMemoryManager_VirtualFree(subject->manager, memory, PAGE, MEM_DECOMMIT),
                   HOST_E_INVALIDOPERATION);
    assert_figure(memory_state(memory), MEM_COMMIT);
    assert_true(VirtualFree(foreign, 0, MEM_RELEASE));
}

static void a_foreign_commit_that_fails_is_not_counted(void **state)
{
    const struct subject *subject = *state;
    char *foreign = VirtualAlloc(NULL, GRANULE, MEM_RESERVE, PAGE_NOACCESS);
    void *memory = &memory;
    HRESULT hr;

    assert_non_null(foreign);
    hr = IHostMemoryManager_VirtualAlloc(subject->manager, foreign, 2 * GRANULE + 1, MEM_COMMIT,
                                         PAGE_READWRITE, eTaskCritical, &memory);
    if (hr == S_OK) /* the following memory may belong to the same range */
        skip();
    assert_null(memory);
    assert_figure(statistics_of(subject).ForeignCommits, 0);
    assert_true(VirtualFree(foreign, 0, MEM_RELEASE));
}

static void a_foreign_reset_is_forwarded_and_not_counted_as_a_commit(void **state)
{
    const struct subject *subject = *state;
    char *foreign = VirtualAlloc(NULL, GRANULE, RESERVE_COMMIT, PAGE_READWRITE);

    assert_non_null(foreign);
    assert_address(subject_alloc_at(subject, foreign + PAGE, PAGE, MEM_RESET, PAGE_READWRITE),
                   foreign + PAGE);
    assert_figure(statistics_of(subject).ForeignCommits, 0);
    assert_true(VirtualFree(foreign, 0, MEM_RELEASE));
}

static void memory_of_another_manager_is_committed_but_not_owned(void **state)
{
    const struct subject *subject = *state;
    struct subject other = subject_make(NULL);
    char *theirs = subject_alloc(&other, GRANULE, MEM_RESERVE, PAGE_READWRITE);

    subject_alloc_at(subject, theirs + PAGE, PAGE, MEM_COMMIT, PAGE_READWRITE);
    theirs[PAGE] = 1;
    assert_figure(statistics_of(subject).ForeignCommits, 1);
    assert_figure(statistics_of(subject).Committed.Now, 0);
    assert_hresult(IHostMemoryManager_VirtualFree(subject->manager, theirs, 0, MEM_RELEASE),
                   HOST_E_INVALIDOPERATION);
    subject_release(&other, theirs);
    subject_end(&other);
}

/* ------------------------------------------------------------------------------------------------
 * The last error
 * --------------------------------------------------------------------------------------------- */

static void after_success_the_last_error_is_what_it_was(void **state)
{
    const struct subject *subject = *state;
    IHostMemoryManager *manager = subject->manager;
    MEMORY_BASIC_INFORMATION information;
    IHostMalloc *heap;
    void *memory, *block;
    SIZE_T result;
    DWORD old, load;

#define SUCCEEDS_QUIETLY(call)                                                                     \
    do {                                                                                           \
        SetLastError(UNTOUCHED);                                                                   \
        assert_hresult(call, S_OK);                                                                \
        assert_figure_of(#call, GetLastError(), UNTOUCHED);                                        \
    } while (0)

    SUCCEEDS_QUIETLY(IHostMemoryManager_VirtualAlloc(manager, NULL, GRANULE, RESERVE_COMMIT,
                                                     PAGE_READWRITE, eTaskCritical, &memory));
    SUCCEEDS_QUIETLY(IHostMemoryManager_VirtualProtect(manager, memory, 1, PAGE_READONLY, &old));
    SUCCEEDS_QUIETLY(IHostMemoryManager_VirtualQuery(manager, memory, &information,
                                                     sizeof(information), &result));
    SUCCEEDS_QUIETLY(IHostMemoryManager_GetMemoryLoad(manager, &load, &result));
    SUCCEEDS_QUIETLY(IHostMemoryManager_AcquiredVirtualAddressSpace(manager, memory, GRANULE));
    SUCCEEDS_QUIETLY(IHostMemoryManager_ReleasedVirtualAddressSpace(manager, memory));
    SUCCEEDS_QUIETLY(IHostMemoryManager_RegisterMemoryNotificationCallback(manager, NULL));
    SUCCEEDS_QUIETLY(IHostMemoryManager_VirtualFree(manager, memory, PAGE, MEM_DECOMMIT));
    SUCCEEDS_QUIETLY(IHostMemoryManager_VirtualFree(manager, memory, 0, MEM_RELEASE));
    SUCCEEDS_QUIETLY(IHostMemoryManager_CreateMalloc(manager, MALLOC_THREADSAFE, &heap));
    SUCCEEDS_QUIETLY(IHostMalloc_Alloc(heap, 100, eTaskCritical, &block));
    SUCCEEDS_QUIETLY(IHostMalloc_Free(heap, block));
    SUCCEEDS_QUIETLY(IHostMalloc_Free(heap, NULL));
    SUCCEEDS_QUIETLY(
        IHostMalloc_DebugAlloc(heap, 100, eTaskCritical, (char *)(uintptr_t) "file.c", 1, &block));
    SUCCEEDS_QUIETLY(IHostMalloc_Free(heap, block));
    IHostMalloc_Release(heap);
}

static void after_a_failure_the_last_error_is_win32_s(void **state)
{
    const struct subject *subject = *state;
    char *owned = subject_alloc(subject, GRANULE, MEM_RESERVE, PAGE_READWRITE);
    void *memory;
    DWORD their_error, old;
    HRESULT hr;

    SetLastError(UNTOUCHED);
    assert_null(VirtualAlloc(owned, PAGE, MEM_RESERVE, PAGE_READWRITE));
    their_error = GetLastError();
    SetLastError(UNTOUCHED);
    hr = IHostMemoryManager_VirtualAlloc(subject->manager, owned, PAGE, MEM_RESERVE, PAGE_READWRITE,
                                         eTaskCritical, &memory);
    assert_last_error(their_error);
    assert_hresult(hr, HRESULT_FROM_WIN32(their_error));

    SetLastError(UNTOUCHED);
    assert_false(VirtualProtect(owned, PAGE, PAGE_READONLY, &old));
    their_error = GetLastError();
    SetLastError(UNTOUCHED);
    hr = IHostMemoryManager_VirtualProtect(subject->manager, owned, PAGE, PAGE_READONLY, &old);
    assert_last_error(their_error);
    assert_hresult(hr, HRESULT_FROM_WIN32(their_error));

    SetLastError(UNTOUCHED);
    assert_false(VirtualFree(owned, GRANULE, MEM_RELEASE));
    their_error = GetLastError();
    SetLastError(UNTOUCHED);
    hr = IHostMemoryManager_VirtualFree(subject->manager, owned, GRANULE, MEM_RELEASE);
    assert_last_error(their_error);
    assert_hresult(hr, HRESULT_FROM_WIN32(their_error));
    subject_release(subject, owned);
}

/*
 * Nearly all of user space: some memory always lies there, so the request must fail. A smaller
 * request might succeed, and then fill the machine: systems keep tables of what is reserved, and
 * Wine's are large for half of a 64-bit address space.
 */
#ifdef _WIN64
#define NEARLY_ALL ((SIZE_T)0x7fff00000000)
#else
#define NEARLY_ALL ((SIZE_T)0x7ff00000)
#endif

static void a_request_that_the_system_cannot_meet_is_e_outofmemory(void **state)
{
    const struct subject *subject = *state;
    void *memory = &memory;
    HRESULT hr;

    assert_null(VirtualAlloc(NULL, NEARLY_ALL, MEM_RESERVE, PAGE_READWRITE));
    assert_last_error(ERROR_NOT_ENOUGH_MEMORY);
    SetLastError(UNTOUCHED);
    hr = IHostMemoryManager_VirtualAlloc(subject->manager, NULL, NEARLY_ALL, MEM_RESERVE,
                                         PAGE_READWRITE, eTaskCritical, &memory);
    assert_last_error(ERROR_NOT_ENOUGH_MEMORY);
    assert_hresult(hr, E_OUTOFMEMORY);
    assert_null(memory);
    assert_figure(statistics_of(subject).Reserved.Peak, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        promise(query_answers_as_win32_about_every_kind_of_address),
        promise(query_answers_as_win32_to_every_length),
        promise(query_of_the_whole_address_space_is_win32_s),
        promise(a_foreign_commit_is_forwarded_and_counted_but_not_charged),
        promise(a_foreign_commit_that_fails_is_not_counted),
        promise(a_foreign_reset_is_forwarded_and_not_counted_as_a_commit),
        promise(memory_of_another_manager_is_committed_but_not_owned),
        promise(after_success_the_last_error_is_what_it_was),
        promise(after_a_failure_the_last_error_is_win32_s),
        promise(a_request_that_the_system_cannot_meet_is_e_outofmemory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
