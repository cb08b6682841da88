/*
 * test_host_memory_manager.c: VirtualAlloc, VirtualFree, VirtualQuery and VirtualProtect: each
 * documented result, each bad argument, and the last error after each.
 */
#include "support.h"

#include <stdio.h>
#include <string.h>

/* ------------------------------------------------------------------------------------------------
 * VirtualAlloc and VirtualFree
 * --------------------------------------------------------------------------------------------- */

static void VirtualAlloc_reserves(void **state)
{
    const struct subject *subject = *state;
    void *memory = NULL;

    assert_succeeds(IHostMemoryManager_VirtualAlloc(
        subject->manager, NULL, 5 * GRANULE, MEM_RESERVE, PAGE_READWRITE, eTaskCritical, &memory));
    assert_figure((uintptr_t)memory % GRANULE, 0);
    assert_figure(memory_state(memory), MEM_RESERVE);
    assert_figure(memory_state((char *)memory + 5 * GRANULE - 1), MEM_RESERVE);
    assert_figure(statistics_of(subject).Reserved.Now, 5 * GRANULE);
    assert_figure(statistics_of(subject).Committed.Now, 0);
    assert_figure(statistics_of(subject).Regions.Now, 1);
    subject_release(subject, memory);
}

static void VirtualAlloc_commits_zeroed_memory_inside_a_region(void **state)
{
    const struct subject *subject = *state;
    char *region = subject_alloc(subject, 5 * GRANULE, MEM_RESERVE, PAGE_READWRITE);
    char *wanted = region + GRANULE, *memory = NULL;

    assert_succeeds(IHostMemoryManager_VirtualAlloc(subject->manager, wanted, 2 * PAGE, MEM_COMMIT,
                                                    PAGE_READWRITE, eTaskCritical,
                                                    (void **)&memory));
    assert_address(memory, wanted);
    for (SIZE_T i = 0; i < 2 * PAGE; i++)
        assert_figure(memory[i], 0);
    memset(memory, 1, 2 * PAGE);
    assert_figure(memory_state(wanted - 1), MEM_RESERVE);
    assert_figure(memory_state(wanted + 2 * PAGE), MEM_RESERVE);
    assert_figure(statistics_of(subject).Committed.Now, 2 * PAGE);
    assert_figure(statistics_of(subject).Regions.Now, 1);
    subject_release(subject, region);
}

static void VirtualAlloc_reserves_and_commits_at_once(void **state)
{
    const struct subject *subject = *state;
    void *memory = NULL;

    assert_succeeds(IHostMemoryManager_VirtualAlloc(subject->manager, NULL, GRANULE,
                                                    MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE,
                                                    eTaskCritical, &memory));
    memset(memory, 1, GRANULE);
    assert_figure(statistics_of(subject).Reserved.Now, GRANULE);
    assert_figure(statistics_of(subject).Committed.Now, GRANULE);
    subject_release(subject, memory);
}

static void VirtualAlloc_that_commits_at_NULL_makes_a_region(void **state)
{
    const struct subject *subject = *state;
    void *memory = NULL;

    assert_succeeds(IHostMemoryManager_VirtualAlloc(subject->manager, NULL, 3 * PAGE, MEM_COMMIT,
                                                    PAGE_READWRITE, eTaskCritical, &memory));
    memset(memory, 1, 3 * PAGE);
    assert_figure(statistics_of(subject).Reserved.Now, 3 * PAGE);
    assert_figure(statistics_of(subject).Committed.Now, 3 * PAGE);
    assert_figure(statistics_of(subject).Regions.Now, 1);
    subject_release(subject, memory);
}

static void VirtualAlloc_serves_every_critical_level(void **state)
{
    const struct subject *subject = *state;

    for (int level = eTaskCritical; level <= eProcessCritical; level++) {
        void *memory = NULL;

        assert_succeeds(IHostMemoryManager_VirtualAlloc(subject->manager, NULL, PAGE, MEM_RESERVE,
                                                        PAGE_READWRITE, level, &memory));
        subject_release(subject, memory);
    }
}

static void VirtualAlloc_into_nowhere_is_E_POINTER(void **state)
{
    const struct subject *subject = *state;
    HOSTMEM_STATISTICS before = statistics_of(subject);

    assert_hresult(IHostMemoryManager_VirtualAlloc(subject->manager, NULL, PAGE, MEM_RESERVE,
                                                   PAGE_READWRITE, eTaskCritical, NULL),
                   E_POINTER);
    assert_no_trace(subject, &before);
}

static void VirtualAlloc_of_an_unknown_level_is_E_INVALIDARG(void **state)
{
    const struct subject *subject = *state;
    HOSTMEM_STATISTICS before = statistics_of(subject);

    for (unsigned i = 0; i < COUNT_OF(no_levels); i++) {
        void *memory = SOMETHING;

        assert_result(IHostMemoryManager_VirtualAlloc(subject->manager, NULL, PAGE, MEM_RESERVE,
                                                      PAGE_READWRITE, no_levels[i], &memory),
                      E_INVALIDARG, ERROR_INVALID_PARAMETER);
        assert_address(memory, NULL);
    }
    assert_no_trace(subject, &before);
}

/* A request that Win32 refuses. */
struct request {
    const char *about;
    uintptr_t address;
    SIZE_T size;
    DWORD type;
    DWORD protect;
};

/* The error with which Win32 itself refuses it; 0: it does not. */
static DWORD raw_error_of(const struct request *request)
{
    void *memory;

    SetLastError(ERROR_SUCCESS);
    memory = VirtualAlloc((void *)request->address, request->size, request->type, request->protect);
    if (!memory)
        return GetLastError();
    VirtualFree(memory, 0, MEM_RELEASE);
    return ERROR_SUCCESS;
}

/* The manager refuses it for the same reason. */
static void assert_refused_as_by_win32(const struct subject *subject, const struct request *request,
                                       DWORD raw_error)
{
    HOSTMEM_STATISTICS before = statistics_of(subject);
    void *memory = SOMETHING;
    DWORD error;
    HRESULT hr;

    assert_figure_of(request->about, raw_error != ERROR_SUCCESS, TRUE);
    SetLastError(UNTOUCHED);
    hr = IHostMemoryManager_VirtualAlloc(subject->manager, (void *)request->address, request->size,
                                         request->type, request->protect, eTaskCritical, &memory);
    error = GetLastError();
    assert_hresult_of(request->about, hr, hresult_of_error(raw_error));
    assert_figure_of(request->about, error, raw_error);
    assert_address_of(request->about, memory, NULL);
    assert_no_trace(subject, &before);
}

static void VirtualAlloc_fails_as_Win32_does(void **state)
{
    const struct request requests[] = {
        {"reserve nothing", 0, 0, MEM_RESERVE, PAGE_READWRITE},
        {"commit nothing", 0, 0, MEM_COMMIT, PAGE_READWRITE},
        {"no type", 0, PAGE, 0, PAGE_READWRITE},
        {"a type that frees", 0, PAGE, MEM_DECOMMIT, PAGE_READWRITE},
        {"a type that frees too", 0, PAGE, MEM_RESERVE | MEM_RELEASE, PAGE_READWRITE},
        {"no protection", 0, PAGE, MEM_RESERVE, 0},
        {"two protections", 0, PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READONLY | PAGE_READWRITE},
        {"more than there is", 0, MORE_THAN_THERE_IS, MEM_RESERVE, PAGE_READWRITE},
        {"more than there could be", 0, SIZE_MAX / 4 * 3, MEM_RESERVE, PAGE_READWRITE},
        {"all and one more", 0, SIZE_MAX, MEM_RESERVE, PAGE_READWRITE},
        {"all of it", 0, SIZE_MAX - PAGE + 1, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE},
        {"the kernel's address", KERNEL_ADDRESS, PAGE, MEM_RESERVE, PAGE_READWRITE},
        {"the kernel's page", KERNEL_ADDRESS, PAGE, MEM_COMMIT, PAGE_READWRITE},
        {"an image's address", (uintptr_t)GetModuleHandleW(NULL), PAGE, MEM_RESERVE,
         PAGE_READWRITE},
    };
    const struct subject *subject = *state;

    for (unsigned i = 0; i < COUNT_OF(requests); i++)
        assert_refused_as_by_win32(subject, &requests[i], raw_error_of(&requests[i]));
}

/*
 * Whatever Win32 makes of a type at NULL: a success has taken address space, so it has made a
 * region, which must be in the books and can be freed.
 */
static void what_VirtualAlloc_hands_out_at_NULL_is_owned(void **state)
{
    static const DWORD types[] = {MEM_RESERVE,
                                  MEM_COMMIT,
                                  MEM_RESERVE | MEM_COMMIT,
                                  MEM_RESERVE | MEM_TOP_DOWN,
                                  MEM_COMMIT | MEM_TOP_DOWN,
                                  MEM_RESERVE | MEM_WRITE_WATCH,
                                  MEM_TOP_DOWN,
                                  MEM_WRITE_WATCH,
                                  MEM_RESET,
                                  0x1000000 /* MEM_RESET_UNDO */};
    const struct subject *subject = *state;

    for (unsigned i = 0; i < COUNT_OF(types); i++) {
        void *memory = NULL;
        HOSTMEM_REGION found;
        char about[40];

        snprintf(about, sizeof(about), "type 0x%lx at NULL", types[i]);
        if (FAILED(IHostMemoryManager_VirtualAlloc(subject->manager, NULL, GRANULE, types[i],
                                                   PAGE_READWRITE, eTaskCritical, &memory)))
            continue;
        assert_hresult_of(about, IHostMemInspection_FindRegion(subject->inspection, memory, &found),
                          S_OK);
        assert_hresult_of(
            about, IHostMemoryManager_VirtualFree(subject->manager, memory, 0, MEM_RELEASE), S_OK);
    }
}

static void VirtualAlloc_in_a_hole_fails_as_Win32_does(void **state)
{
    const struct subject *subject = *state;
    char *hole = VirtualAlloc(NULL, GRANULE, MEM_RESERVE, PAGE_READWRITE);
    struct request request = {"a hole", (uintptr_t)hole, PAGE, MEM_COMMIT, PAGE_READWRITE};

    assert_true(VirtualFree(hole, 0, MEM_RELEASE));
    assert_refused_as_by_win32(subject, &request, raw_error_of(&request));
}

static void VirtualAlloc_beyond_a_region_s_end_fails_as_Win32_does(void **state)
{
    const struct subject *subject = *state;
    char *raw = VirtualAlloc(NULL, 2 * PAGE, MEM_RESERVE, PAGE_READWRITE);
    char *region = subject_alloc(subject, 2 * PAGE, MEM_RESERVE, PAGE_READWRITE);
    struct request request = {"beyond", (uintptr_t)raw + PAGE, 2 * PAGE, MEM_COMMIT,
                              PAGE_READWRITE};
    DWORD raw_error = raw_error_of(&request);

    request.address = (uintptr_t)region + PAGE;
    assert_refused_as_by_win32(subject, &request, raw_error);
    assert_figure(memory_state(region + PAGE), MEM_RESERVE);
    subject_release(subject, region);
    assert_true(VirtualFree(raw, 0, MEM_RELEASE));
}

static void VirtualAlloc_at_an_owned_region_fails_as_Win32_does(void **state)
{
    const struct subject *subject = *state;
    char *region = subject_alloc(subject, 4 * GRANULE, MEM_RESERVE, PAGE_READWRITE);
    struct request request = {"taken", (uintptr_t)region + GRANULE, GRANULE, MEM_RESERVE,
                              PAGE_READWRITE};

    assert_refused_as_by_win32(subject, &request, raw_error_of(&request));
    subject_release(subject, region);
}

static void exhausted_memory_is_E_OUTOFMEMORY(void **state)
{
    const struct subject *subject = *state;
    void *memory = SOMETHING;

    assert_hresult(IHostMemoryManager_VirtualAlloc(subject->manager, NULL, MORE_THAN_THERE_IS,
                                                   MEM_RESERVE, PAGE_READWRITE, eProcessCritical,
                                                   &memory),
                   E_OUTOFMEMORY);
    assert_address(memory, NULL);
}

static void a_commit_in_memory_of_someone_else_is_forwarded_and_counted(void **state)
{
    const struct subject *subject = *state;
    char *raw = VirtualAlloc(NULL, GRANULE, MEM_RESERVE, PAGE_READWRITE), *memory = NULL;
    HOSTMEM_STATISTICS before = statistics_of(subject);

    assert_succeeds(IHostMemoryManager_VirtualAlloc(subject->manager, raw + PAGE, PAGE, MEM_COMMIT,
                                                    PAGE_READWRITE, eTaskCritical,
                                                    (void **)&memory));
    assert_address(memory, raw + PAGE);
    memory[0] = 1;
    assert_figure(statistics_of(subject).ForeignCommits, 1);
    assert_no_trace(subject, &before);
    assert_true(VirtualFree(raw, 0, MEM_RELEASE));
}

static void a_foreign_commit_that_fails_is_not_counted(void **state)
{
    const struct subject *subject = *state;
    void *memory = SOMETHING;

    assert_true(FAILED(IHostMemoryManager_VirtualAlloc(subject->manager, (void *)KERNEL_ADDRESS,
                                                       PAGE, MEM_COMMIT, PAGE_READWRITE,
                                                       eTaskCritical, &memory)));
    assert_figure(statistics_of(subject).ForeignCommits, 0);
}

static void VirtualFree_releases(void **state)
{
    const struct subject *subject = *state;
    void *region = subject_alloc(subject, GRANULE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);

    assert_succeeds(IHostMemoryManager_VirtualFree(subject->manager, region, 0, MEM_RELEASE));
    assert_figure(memory_state(region), MEM_FREE);
    assert_figure(statistics_of(subject).Reserved.Now, 0);
    assert_figure(statistics_of(subject).Committed.Now, 0);
    assert_figure(statistics_of(subject).Regions.Now, 0);
}

static void VirtualFree_decommits(void **state)
{
    const struct subject *subject = *state;
    char *region = subject_alloc(subject, GRANULE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);

    assert_succeeds(
        IHostMemoryManager_VirtualFree(subject->manager, region + PAGE, 3 * PAGE, MEM_DECOMMIT));
    assert_figure(memory_state(region), MEM_COMMIT);
    assert_figure(memory_state(region + PAGE), MEM_RESERVE);
    assert_figure(memory_state(region + 4 * PAGE), MEM_COMMIT);
    assert_figure(statistics_of(subject).Committed.Now, GRANULE - 3 * PAGE);
    assert_figure(statistics_of(subject).Reserved.Now, GRANULE);
    subject_release(subject, region);
}

static void VirtualFree_of_size_0_at_the_base_decommits_everything(void **state)
{
    const struct subject *subject = *state;
    char *region = subject_alloc(subject, GRANULE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);

    assert_succeeds(IHostMemoryManager_VirtualFree(subject->manager, region, 0, MEM_DECOMMIT));
    assert_figure(memory_state(region), MEM_RESERVE);
    assert_figure(memory_state(region + GRANULE - 1), MEM_RESERVE);
    assert_figure(statistics_of(subject).Committed.Now, 0);
    assert_figure(statistics_of(subject).Reserved.Now, GRANULE);
    subject_release(subject, region);
}

/* ------------------------------------------------------------------------------------------------
 * VirtualQuery and VirtualProtect
 * --------------------------------------------------------------------------------------------- */

/* The manager's answer about an address is Win32's own. */
static void assert_answers_as_win32(const struct subject *subject, const char *about,
                                    const void *address)
{
    MEMORY_BASIC_INFORMATION expected = {0}, answer = {0};
    SIZE_T known = VirtualQuery(address, &expected, sizeof(expected)), written = 0;

    assert_figure_of(about, known, sizeof(expected));
    assert_succeeds(IHostMemoryManager_VirtualQuery(subject->manager, (void *)(uintptr_t)address,
                                                    &answer, sizeof(answer), &written));
    assert_figure_of(about, written, known);
    assert_address_of(about, answer.BaseAddress, expected.BaseAddress);
    assert_address_of(about, answer.AllocationBase, expected.AllocationBase);
    assert_figure_of(about, answer.AllocationProtect, expected.AllocationProtect);
    assert_figure_of(about, answer.RegionSize, expected.RegionSize);
    assert_figure_of(about, answer.State, expected.State);
    assert_figure_of(about, answer.Protect, expected.Protect);
    assert_figure_of(about, answer.Type, expected.Type);
}

static void VirtualQuery_answers_for_owned_memory(void **state)
{
    const struct subject *subject = *state;
    char *region = subject_alloc(subject, GRANULE, MEM_RESERVE, PAGE_READWRITE);

    subject_alloc_at(subject, region + PAGE, PAGE, MEM_COMMIT, PAGE_READONLY);
    assert_answers_as_win32(subject, "the reserved page", region);
    assert_answers_as_win32(subject, "the committed page", region + PAGE + 17);
    assert_answers_as_win32(subject, "the rest", region + 2 * PAGE);
    subject_release(subject, region);
}

static void VirtualQuery_answers_for_memory_of_anybody(void **state)
{
    const struct subject *subject = *state;
    void *raw = VirtualAlloc(NULL, GRANULE, MEM_RESERVE, PAGE_READWRITE);
    int local = 0;

    assert_answers_as_win32(subject, "the stack", &local);
    assert_answers_as_win32(subject, "an image", GetModuleHandleW(NULL));
    assert_answers_as_win32(subject, "code", (void *)(uintptr_t)VirtualAlloc);
    assert_answers_as_win32(subject, "raw memory", raw);
    assert_answers_as_win32(subject, "NULL", NULL);
    VirtualFree(raw, 0, MEM_RELEASE);
    assert_answers_as_win32(subject, "a hole", raw);
}

static void VirtualQuery_of_a_kernel_address_fails_as_Win32_does(void **state)
{
    const struct subject *subject = *state;
    MEMORY_BASIC_INFORMATION range;
    SIZE_T written = 99;
    DWORD error;

    assert_figure(VirtualQuery((void *)KERNEL_ADDRESS, &range, sizeof(range)), 0);
    error = GetLastError();
    assert_result(IHostMemoryManager_VirtualQuery(subject->manager, (void *)KERNEL_ADDRESS, &range,
                                                  sizeof(range), &written),
                  hresult_of_error(error), error);
    assert_figure(written, 0);
}

static void VirtualQuery_into_a_short_buffer_fails_as_Win32_does(void **state)
{
    const struct subject *subject = *state;
    MEMORY_BASIC_INFORMATION range = {0};
    SIZE_T written = 99;
    DWORD error;

    assert_figure(VirtualQuery(&range, &range, sizeof(range) - 1), 0);
    error = GetLastError();
    assert_result(IHostMemoryManager_VirtualQuery(subject->manager, &range, &range,
                                                  sizeof(range) - 1, &written),
                  hresult_of_error(error), error);
    assert_figure(written, 0);
}

static void VirtualQuery_into_nowhere_is_E_POINTER(void **state)
{
    const struct subject *subject = *state;
    MEMORY_BASIC_INFORMATION range = {0};
    SIZE_T written = 99;

    assert_hresult(
        IHostMemoryManager_VirtualQuery(subject->manager, &range, &range, sizeof(range), NULL),
        E_POINTER);
    assert_hresult(
        IHostMemoryManager_VirtualQuery(subject->manager, &range, NULL, sizeof(range), &written),
        E_POINTER);
    assert_figure(written, 0);
}

static void VirtualProtect_changes_owned_memory(void **state)
{
    const struct subject *subject = *state;
    char *region = subject_alloc(subject, GRANULE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    DWORD old = 0;

    assert_succeeds(IHostMemoryManager_VirtualProtect(subject->manager, region + PAGE, PAGE,
                                                      PAGE_EXECUTE_READ, &old));
    assert_figure(old, PAGE_READWRITE);
    assert_figure(memory_protection(region + PAGE), PAGE_EXECUTE_READ);
    assert_figure(memory_protection(region), PAGE_READWRITE);
    assert_figure(memory_protection(region + 2 * PAGE), PAGE_READWRITE);
    assert_figure(statistics_of(subject).Committed.Now, GRANULE);
    subject_release(subject, region);
}

static void VirtualProtect_is_forwarded_for_memory_of_anybody(void **state)
{
    const struct subject *subject = *state;
    char *raw = VirtualAlloc(NULL, GRANULE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    DWORD old = 0;

    assert_succeeds(
        IHostMemoryManager_VirtualProtect(subject->manager, raw, GRANULE, PAGE_READONLY, &old));
    assert_figure(old, PAGE_READWRITE);
    assert_figure(memory_protection(raw), PAGE_READONLY);
    assert_true(VirtualFree(raw, 0, MEM_RELEASE));
}

static void VirtualProtect_is_forwarded_for_an_image(void **state)
{
    const struct subject *subject = *state;
    char *image = (char *)GetModuleHandleW(NULL);
    DWORD was = memory_protection(image), old = 0;

    assert_succeeds(
        IHostMemoryManager_VirtualProtect(subject->manager, image, 1, PAGE_READWRITE, &old));
    assert_figure(old, was);
    assert_succeeds(IHostMemoryManager_VirtualProtect(subject->manager, image, 1, was, &old));
    assert_figure(memory_protection(image), was);
}

static void VirtualProtect_fails_as_Win32_does(void **state)
{
    const struct subject *subject = *state;
    char *region = subject_alloc(subject, 2 * PAGE, MEM_RESERVE, PAGE_READWRITE);
    const struct request requests[] = {
        {"a page not committed", (uintptr_t)region + PAGE, PAGE, 0, PAGE_READONLY},
        {"no protection", (uintptr_t)region, PAGE, 0, 0},
        {"two protections", (uintptr_t)region, PAGE, 0, PAGE_READONLY | PAGE_READWRITE},
        {"NULL", 0, PAGE, 0, PAGE_READONLY},
        {"the kernel's page", KERNEL_ADDRESS, PAGE, 0, PAGE_READONLY},
    };

    subject_alloc_at(subject, region, PAGE, MEM_COMMIT, PAGE_READWRITE);
    for (unsigned i = 0; i < COUNT_OF(requests); i++) {
        void *address = (void *)requests[i].address;
        DWORD old = 0, error;

        assert_figure_of(requests[i].about,
                         VirtualProtect(address, requests[i].size, requests[i].protect, &old), 0);
        error = GetLastError();
        assert_result(IHostMemoryManager_VirtualProtect(subject->manager, address, requests[i].size,
                                                        requests[i].protect, &old),
                      hresult_of_error(error), error);
    }
    assert_figure(memory_protection(region), PAGE_READWRITE);
    subject_release(subject, region);
}

static void VirtualProtect_into_nowhere_is_E_POINTER(void **state)
{
    const struct subject *subject = *state;
    void *region = subject_alloc(subject, PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);

    assert_hresult(
        IHostMemoryManager_VirtualProtect(subject->manager, region, PAGE, PAGE_READONLY, NULL),
        E_POINTER);
    assert_figure(memory_protection(region), PAGE_READWRITE);
    subject_release(subject, region);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        promise(VirtualAlloc_reserves),
        promise(VirtualAlloc_commits_zeroed_memory_inside_a_region),
        promise(VirtualAlloc_reserves_and_commits_at_once),
        promise(VirtualAlloc_that_commits_at_NULL_makes_a_region),
        promise(VirtualAlloc_serves_every_critical_level),
        promise(VirtualAlloc_into_nowhere_is_E_POINTER),
        promise(VirtualAlloc_of_an_unknown_level_is_E_INVALIDARG),
        promise(VirtualAlloc_fails_as_Win32_does),
        promise(what_VirtualAlloc_hands_out_at_NULL_is_owned),
        promise(VirtualAlloc_in_a_hole_fails_as_Win32_does),
        promise(VirtualAlloc_beyond_a_region_s_end_fails_as_Win32_does),
        promise(VirtualAlloc_at_an_owned_region_fails_as_Win32_does),
        promise(exhausted_memory_is_E_OUTOFMEMORY),
        promise(a_commit_in_memory_of_someone_else_is_forwarded_and_counted),
        promise(a_foreign_commit_that_fails_is_not_counted),
        promise(VirtualFree_releases),
        promise(VirtualFree_decommits),
        promise(VirtualFree_of_size_0_at_the_base_decommits_everything),
        promise(VirtualQuery_answers_for_owned_memory),
        promise(VirtualQuery_answers_for_memory_of_anybody),
        promise(VirtualQuery_of_a_kernel_address_fails_as_Win32_does),
        promise(VirtualQuery_into_a_short_buffer_fails_as_Win32_does),
        promise(VirtualQuery_into_nowhere_is_E_POINTER),
        promise(VirtualProtect_changes_owned_memory),
        promise(VirtualProtect_is_forwarded_for_memory_of_anybody),
        promise(VirtualProtect_is_forwarded_for_an_image),
        promise(VirtualProtect_fails_as_Win32_does),
        promise(VirtualProtect_into_nowhere_is_E_POINTER),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
