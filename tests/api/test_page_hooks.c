/*
 * test_page_hooks.c: a module whose calls of Win32's page and view functions reach a manager
 * (src/redirect/page_hooks.c): they answer as Win32's own, and the memory is in the books.
 */
#include "redirected.h"

#include <inttypes.h>
#include <string.h>

#define RESERVE_COMMIT (MEM_RESERVE | MEM_COMMIT)

/* The seed of random numbers; a thread's number is added to it. */
#define SEED UINT64_C(0x5eed0f5eed0f5eed)

/* What a call of Win32's kind returned, with the last error that it left. */
struct outcome {
    ULONGLONG result;
    DWORD last_error;
};

#define outcome_of(call) (SetLastError(UNTOUCHED), make_outcome((ULONGLONG)(uintptr_t)(call)))

static struct outcome make_outcome(ULONGLONG result)
{
    return (struct outcome){result, GetLastError()};
}

#define assert_same_outcome(ours, theirs)                                                          \
    do {                                                                                           \
        struct outcome our_outcome = outcome_of(ours), their_outcome = outcome_of(theirs);         \
        assert_figure_of(#ours, our_outcome.result, their_outcome.result);                         \
        assert_figure_of(#ours, our_outcome.last_error, their_outcome.last_error);                 \
    } while (0)

/* ------------------------------------------------------------------------------------------------
 * Memory of the module's
 * --------------------------------------------------------------------------------------------- */

static void memory_of_the_module_is_owned_and_accounted(void **state)
{
    const struct redirected *redirected = *state;
    const struct subject *subject = &redirected->subject;
    const struct redirect_target *calls = redirected->calls;
    char *memory = calls->alloc(NULL, 2 * GRANULE, MEM_RESERVE, PAGE_READWRITE);
    HOSTMEM_REGION region;

    assert_non_null(memory);
    assert_hresult(IHostMemInspection_FindRegion(subject->inspection, memory, &region), S_OK);
    assert_address(region.Base, memory);
    assert_figure(region.Size, 2 * GRANULE);
    assert_figure(region.AllocationType, MEM_RESERVE);
    assert_figure(region.Protect, PAGE_READWRITE);
    assert_figure(region.ThreadId, GetCurrentThreadId());
    assert_address(calls->alloc(memory + PAGE, 3 * PAGE, MEM_COMMIT, PAGE_READWRITE),
                   memory + PAGE);
    memory[PAGE] = 1;
    assert_figure(statistics_of(subject).Reserved.Now, 2 * GRANULE);
    assert_figure(statistics_of(subject).Committed.Now, 3 * PAGE);
    assert_true(calls->free(memory + PAGE, PAGE, MEM_DECOMMIT));
    assert_figure(statistics_of(subject).Committed.Now, 2 * PAGE);
    assert_true(calls->free(memory, 0, MEM_RELEASE));
    assert_figure(statistics_of(subject).Reserved.Now, 0);
    assert_figure(statistics_of(subject).Committed.Now, 0);
    assert_figure(statistics_of(subject).Regions.Now, 0);
    assert_figure(statistics_of(subject).PassedFrees, 0);
    assert_figure(statistics_of(subject).Methods[HostMemVirtualAlloc].Calls, 2);
    assert_figure(statistics_of(subject).Methods[HostMemVirtualFree].Calls, 2);
    assert_figure(memory_state(memory), MEM_FREE);
}

static void query_and_protect_answer_as_win32_and_are_counted(void **state)
{
    const struct redirected *redirected = *state;
    const struct redirect_target *calls = redirected->calls;
    char *memory = calls->alloc(NULL, GRANULE, RESERVE_COMMIT, PAGE_READWRITE);
    MEMORY_BASIC_INFORMATION ours, theirs;
    DWORD old = 0;

    memset(&ours, 0, sizeof(ours));
    memset(&theirs, 0, sizeof(theirs));
    assert_non_null(memory);
    assert_true(calls->protect(memory + PAGE, PAGE, PAGE_READONLY, &old));
    assert_figure(old, PAGE_READWRITE);
    assert_figure(calls->query(memory + PAGE, &ours, sizeof(ours)), sizeof(ours));
    assert_figure(VirtualQuery(memory + PAGE, &theirs, sizeof(theirs)), sizeof(theirs));
    assert_memory_equal(&ours, &theirs, sizeof(ours));
    assert_figure(ours.Protect, PAGE_READONLY);
    assert_figure(statistics_of(&redirected->subject).Methods[HostMemVirtualQuery].Calls, 1);
    assert_figure(statistics_of(&redirected->subject).Methods[HostMemVirtualProtect].Calls, 1);
    assert_true(calls->free(memory, 0, MEM_RELEASE));
}

static void what_fails_fails_with_win32_s_error(void **state)
{
    const struct redirected *redirected = *state;
    const struct redirect_target *calls = redirected->calls;
    char *memory = calls->alloc(NULL, GRANULE, MEM_RESERVE, PAGE_READWRITE);
    MEMORY_BASIC_INFORMATION information;
    DWORD old;

    assert_non_null(memory);
    assert_same_outcome(calls->alloc(memory, PAGE, MEM_RESERVE, PAGE_READWRITE),
                        VirtualAlloc(memory, PAGE, MEM_RESERVE, PAGE_READWRITE));
    assert_same_outcome(calls->alloc(NULL, 0, MEM_RESERVE, PAGE_READWRITE),
                        VirtualAlloc(NULL, 0, MEM_RESERVE, PAGE_READWRITE));
    assert_same_outcome(calls->alloc(NULL, PAGE, MEM_RESERVE, 0),
                        VirtualAlloc(NULL, PAGE, MEM_RESERVE, 0));
    assert_same_outcome(calls->free(memory, PAGE, MEM_RELEASE),
                        VirtualFree(memory, PAGE, MEM_RELEASE));
    assert_same_outcome(calls->free(memory, PAGE, 0), VirtualFree(memory, PAGE, 0));
    assert_same_outcome(calls->protect(memory, PAGE, PAGE_READONLY, &old),
                        VirtualProtect(memory, PAGE, PAGE_READONLY, &old));
    assert_same_outcome(calls->query(memory, &information, 1),
                        VirtualQuery(memory, &information, 1));
    assert_same_outcome(calls->query((void *)UINTPTR_MAX, &information, sizeof(information)),
                        VirtualQuery((void *)UINTPTR_MAX, &information, sizeof(information)));
    assert_true(calls->free(memory, 0, MEM_RELEASE));
}

static void missing_out_pointers_answer_as_in_win32(void **state)
{
    const struct redirected *redirected = *state;
    const struct redirect_target *calls = redirected->calls;
    char *memory = calls->alloc(NULL, GRANULE, RESERVE_COMMIT, PAGE_READWRITE);

    assert_non_null(memory);
    assert_same_outcome(calls->protect(memory, PAGE, PAGE_READWRITE, NULL),
                        VirtualProtect(memory, PAGE, PAGE_READWRITE, NULL));
    assert_true(calls->free(memory, 0, MEM_RELEASE));
}

static void what_succeeds_leaves_the_last_error_alone(void **state)
{
    const struct redirected *redirected = *state;
    const struct redirect_target *calls = redirected->calls;
    HANDLE mapping =
        CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, GRANULE, NULL);
    HANDLE self = OpenProcess(PROCESS_ALL_ACCESS, FALSE, GetCurrentProcessId());
    MEMORY_BASIC_INFORMATION information;
    void *memory, *view;
    DWORD old;

    assert_non_null(mapping);
    assert_non_null(self);
    SetLastError(UNTOUCHED);
    memory = calls->alloc(NULL, GRANULE, RESERVE_COMMIT, PAGE_READWRITE);
    assert_last_error(UNTOUCHED);
    calls->query(memory, &information, sizeof(information));
    assert_last_error(UNTOUCHED);
    calls->protect(memory, PAGE, PAGE_READONLY, &old);
    assert_last_error(UNTOUCHED);
    calls->free(memory, 0, MEM_RELEASE);
    assert_last_error(UNTOUCHED);
    memory = calls->alloc_ex(self, NULL, GRANULE, MEM_RESERVE, PAGE_READWRITE);
    assert_last_error(UNTOUCHED);
    calls->free_ex(self, memory, 0, MEM_RELEASE);
    assert_last_error(UNTOUCHED);
    view = calls->map(mapping, FILE_MAP_READ, 0, 0, 0);
    assert_last_error(UNTOUCHED);
    calls->unmap(view);
    assert_last_error(UNTOUCHED);
    CloseHandle(self);
    CloseHandle(mapping);
}

/* ------------------------------------------------------------------------------------------------
 * Memory of others
 * --------------------------------------------------------------------------------------------- */

static void frees_of_memory_from_before_pass_through_and_are_counted(void **state)
{
    struct redirected *redirected = *state;
    const struct redirect_target *calls = redirected->calls;
    char *before;

    redirected_end(redirected);
    before = calls->alloc(NULL, 2 * GRANULE, RESERVE_COMMIT, PAGE_READWRITE);
    assert_non_null(before);
    redirected_begin(redirected);
    assert_true(calls->free(before + GRANULE, PAGE, MEM_DECOMMIT));
    assert_figure(memory_state(before + GRANULE), MEM_RESERVE);
    assert_true(calls->free(before, 0, MEM_RELEASE));
    assert_figure(memory_state(before), MEM_FREE);
    assert_figure(statistics_of(&redirected->subject).PassedFrees, 2);
    assert_figure(statistics_of(&redirected->subject).RefusedFrees, 0);
}

static void commits_in_memory_from_before_are_foreign(void **state)
{
    struct redirected *redirected = *state;
    const struct redirect_target *calls = redirected->calls;
    char *before = VirtualAlloc(NULL, GRANULE, MEM_RESERVE, PAGE_READWRITE);

    assert_non_null(before);
    assert_address(calls->alloc(before + PAGE, PAGE, MEM_COMMIT, PAGE_READWRITE), before + PAGE);
    assert_figure(statistics_of(&redirected->subject).ForeignCommits, 1);
    assert_figure(statistics_of(&redirected->subject).Committed.Now, 0);
    assert_true(calls->free(before, 0, MEM_RELEASE));
}

static void frees_of_what_is_no_memory_of_anybody_fail_as_in_win32(void **state)
{
    const struct redirected *redirected = *state;
    const struct redirect_target *calls = redirected->calls;
    void *const addresses[] = {NULL, (void *)1, GetModuleHandleW(NULL), (void *)UINTPTR_MAX};
    static const DWORD types[] = {MEM_RELEASE, MEM_DECOMMIT, 0};

    for (size_t i = 0; i < COUNT_OF(addresses); i++) {
        for (size_t j = 0; j < COUNT_OF(types); j++)
            assert_same_outcome(calls->free(addresses[i], 1, types[j]),
                                VirtualFree(addresses[i], 1, types[j]));
        assert_same_outcome(calls->free(addresses[i], 0, MEM_RELEASE),
                            VirtualFree(addresses[i], 0, MEM_RELEASE));
    }
}

static void the_second_free_of_the_same_memory_fails(void **state)
{
    const struct redirected *redirected = *state;
    const struct redirect_target *calls = redirected->calls;
    void *memory = calls->alloc(NULL, GRANULE, RESERVE_COMMIT, PAGE_READWRITE);

    assert_non_null(memory);
    assert_true(calls->free(memory, 0, MEM_RELEASE));
    SetLastError(UNTOUCHED);
    assert_false(calls->free(memory, 0, MEM_RELEASE));
    assert_true(GetLastError() != UNTOUCHED && GetLastError() != ERROR_SUCCESS);
    assert_figure(statistics_of(&redirected->subject).Regions.Now, 0);
}

static void a_wrong_free_of_the_module_s_own_memory_fails_and_changes_nothing(void **state)
{
    const struct redirected *redirected = *state;
    const struct redirect_target *calls = redirected->calls;
    char *first = calls->alloc(NULL, 2 * GRANULE, RESERVE_COMMIT, PAGE_READWRITE);
    struct memory_image image;

    assert_non_null(first);
    image = memory_image_of(first, 2 * GRANULE);
    assert_false(calls->free(first + GRANULE, 0, MEM_RELEASE));
    assert_false(calls->free(first + GRANULE, 2 * GRANULE, MEM_DECOMMIT));
    assert_unchanged("the module's memory", &image);
    /* Inside the region Win32 judges; beyond it hostmem refuses. */
    assert_figure(statistics_of(&redirected->subject).RefusedFrees, 1);
    assert_figure(statistics_of(&redirected->subject).PassedFrees, 0);
    assert_true(calls->free(first, 0, MEM_RELEASE));
}

static void a_heap_block_cannot_be_freed_as_pages(void **state)
{
    const struct redirected *redirected = *state;
    const struct redirect_target *calls = redirected->calls;
    const struct subject *subject = &redirected->subject;
    struct memory_image image;
    IHostMalloc *heap;
    void *block;

    assert_hresult(IHostMemoryManager_CreateMalloc(subject->manager, MALLOC_THREADSAFE, &heap),
                   S_OK);
    assert_hresult(IHostMalloc_Alloc(heap, 10000, eTaskCritical, &block), S_OK);
    memset(block, 0x5a, 10000);
    image = memory_image_of(block, 10000);
    assert_false(calls->free(block, 0, MEM_RELEASE));
    assert_true(GetLastError() != ERROR_SUCCESS);
    assert_false(calls->free(block, 0, MEM_DECOMMIT));
    assert_false(calls->free(block, PAGE, MEM_DECOMMIT));
    assert_false(calls->free_ex(GetCurrentProcess(), block, 0, MEM_RELEASE));
    assert_unchanged("the block", &image);
    assert_figure(statistics_of(subject).RefusedFrees, 4);
    assert_figure(statistics_of(subject).PassedFrees, 0);
    assert_figure(statistics_of(subject).Blocks.Now, 1);
    assert_hresult(IHostMalloc_Free(heap, block), S_OK);
    IHostMalloc_Release(heap);
}

static void the_host_s_own_regions_can_be_freed_by_the_module(void **state)
{
    const struct redirected *redirected = *state;
    void *memory = subject_alloc(&redirected->subject, GRANULE, RESERVE_COMMIT, PAGE_READWRITE);

    assert_true(redirected->calls->free(memory, 0, MEM_RELEASE));
    assert_figure(statistics_of(&redirected->subject).Regions.Now, 0);
    assert_figure(statistics_of(&redirected->subject).PassedFrees, 0);
}

/* ------------------------------------------------------------------------------------------------
 * Process handles
 * --------------------------------------------------------------------------------------------- */

static void assert_owned_through(const struct redirected *redirected, HANDLE process,
                                 const char *about)
{
    const struct redirect_target *calls = redirected->calls;
    const struct subject *subject = &redirected->subject;
    void *memory = calls->alloc_ex(process, NULL, GRANULE, RESERVE_COMMIT, PAGE_READWRITE);

    assert_non_null(memory);
    assert_figure_of(about, is_owned(subject, memory), true);
    assert_true(calls->free_ex(process, memory, 0, MEM_RELEASE));
    assert_figure_of(about, statistics_of(subject).Regions.Now, 0);

    memory = calls->alloc_ex_numa(process, NULL, GRANULE, RESERVE_COMMIT, PAGE_READWRITE, 0);
    assert_non_null(memory);
    assert_figure_of(about, is_owned(subject, memory), true);
    assert_true(calls->free_ex(process, memory, 0, MEM_RELEASE));

    memory = calls->alloc_ex_numa(process, NULL, GRANULE, RESERVE_COMMIT, PAGE_READWRITE,
                                  NUMA_NO_PREFERRED_NODE);
    assert_non_null(memory);
    assert_figure_of(about, is_owned(subject, memory), true);
    assert_true(calls->free_ex(process, memory, 0, MEM_RELEASE));
    assert_figure_of(about, statistics_of(subject).Regions.Now, 0);
    assert_figure_of(about, statistics_of(subject).PassedFrees, 0);
}

static void every_handle_of_this_process_counts_as_this_process(void **state)
{
    const struct redirected *redirected = *state;
    HANDLE opened = OpenProcess(PROCESS_ALL_ACCESS, FALSE, GetCurrentProcessId());
    HANDLE bare = OpenProcess(PROCESS_VM_OPERATION, FALSE, GetCurrentProcessId());
    HANDLE duplicated = NULL;

    assert_non_null(opened);
    assert_non_null(bare);
    assert_true(DuplicateHandle(GetCurrentProcess(), GetCurrentProcess(), GetCurrentProcess(),
                                &duplicated, 0, FALSE, DUPLICATE_SAME_ACCESS));
    assert_owned_through(redirected, GetCurrentProcess(), "the pseudo handle");
    assert_owned_through(redirected, opened, "an opened handle");
    assert_owned_through(redirected, duplicated, "a duplicated handle");
    assert_owned_through(redirected, bare, "a handle without a right to query");
    CloseHandle(duplicated);
    CloseHandle(bare);
    CloseHandle(opened);
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

static void end_child(PROCESS_INFORMATION *child)
{
    TerminateProcess(child->hProcess, 0);
    WaitForSingleObject(child->hProcess, INFINITE);
    CloseHandle(child->hThread);
    CloseHandle(child->hProcess);
}

static DWORD state_in(HANDLE process, const void *address)
{
    MEMORY_BASIC_INFORMATION information;

    return VirtualQueryEx(process, address, &information, sizeof(information)) ? information.State
                                                                               : 0;
}

static void memory_of_another_process_passes_through(void **state)
{
    const struct redirected *redirected = *state;
    const struct redirect_target *calls = redirected->calls;
    PROCESS_INFORMATION child = start_child();
    HOSTMEM_STATISTICS statistics;
    void *memory[2];

    memory[0] = calls->alloc_ex(child.hProcess, NULL, GRANULE, RESERVE_COMMIT, PAGE_READWRITE);
    memory[1] =
        calls->alloc_ex_numa(child.hProcess, NULL, GRANULE, RESERVE_COMMIT, PAGE_READWRITE, 0);
    for (int i = 0; i < 2; i++) {
        assert_non_null(memory[i]);
        assert_false(is_owned(&redirected->subject, memory[i]));
        assert_figure(state_in(child.hProcess, memory[i]), MEM_COMMIT);
        assert_true(calls->free_ex(child.hProcess, memory[i], 0, MEM_RELEASE));
        assert_figure(state_in(child.hProcess, memory[i]), MEM_FREE);
    }
    statistics = statistics_of(&redirected->subject);
    assert_figure(statistics.Regions.Peak, 0);
    assert_figure(statistics.PassedFrees, 0);
    assert_figure(statistics.Methods[HostMemVirtualAlloc].Calls, 0);
    assert_figure(statistics.Methods[HostMemVirtualFree].Calls, 0);
    end_child(&child);
}

/* The same address means different things in different processes. */
static void a_free_in_another_process_does_not_touch_this_one_s_region(void **state)
{
    const struct redirected *redirected = *state;
    const struct redirect_target *calls = redirected->calls;
    PROCESS_INFORMATION child = start_child();
    void *memory = calls->alloc(NULL, GRANULE, RESERVE_COMMIT, PAGE_READWRITE);

    assert_non_null(memory);
    if (state_in(child.hProcess, memory) == MEM_FREE)
        assert_false(calls->free_ex(child.hProcess, memory, 0, MEM_RELEASE));
    assert_true(is_owned(&redirected->subject, memory));
    assert_figure(memory_state(memory), MEM_COMMIT);
    assert_true(calls->free(memory, 0, MEM_RELEASE));
    end_child(&child);
}

static void handles_of_no_process_fail_as_in_win32(void **state)
{
    const struct redirected *redirected = *state;
    const struct redirect_target *calls = redirected->calls;
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
    const HANDLE handles[] = {NULL, (HANDLE)(uintptr_t)0x123454, event};

    for (size_t i = 0; i < COUNT_OF(handles); i++) {
        assert_same_outcome(calls->alloc_ex(handles[i], NULL, PAGE, MEM_RESERVE, PAGE_READWRITE),
                            VirtualAllocEx(handles[i], NULL, PAGE, MEM_RESERVE, PAGE_READWRITE));
        assert_same_outcome(calls->free_ex(handles[i], (void *)GRANULE, 0, MEM_RELEASE),
                            VirtualFreeEx(handles[i], (void *)GRANULE, 0, MEM_RELEASE));
    }
    CloseHandle(event);
}

/* ------------------------------------------------------------------------------------------------
 * Mapped views
 * --------------------------------------------------------------------------------------------- */

struct ranges {
    unsigned count;
    HOSTMEM_MAPPED_RANGE last;
};

static HRESULT CALLBACK note_range(void *context, const HOSTMEM_MAPPED_RANGE *range)
{
    struct ranges *ranges = context;

    ranges->count++;
    ranges->last = *range;
    return S_OK;
}

static struct ranges ranges_of(const struct subject *subject)
{
    struct ranges ranges = {.count = 0};

    assert_hresult(IHostMemInspection_EnumMappedRanges(subject->inspection, note_range, &ranges),
                   S_OK);
    return ranges;
}

static HANDLE make_mapping(SIZE_T size)
{
    HANDLE mapping =
        CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, (DWORD)size, NULL);

    assert_non_null(mapping);
    return mapping;
}

/* One view is in the books, of that base and size. */
static void assert_one_range(const struct subject *subject, const void *base, SIZE_T size)
{
    struct ranges ranges = ranges_of(subject);

    assert_figure(ranges.count, 1);
    assert_address(ranges.last.Base, base);
    assert_figure(ranges.last.Size, size);
    assert_figure(ranges.last.ThreadId, GetCurrentThreadId());
    assert_figure(statistics_of(subject).Mapped.Now, size);
    assert_figure(statistics_of(subject).MappedRanges.Now, 1);
    assert_figure(statistics_of(subject).Reserved.Now, 0);
    assert_false(is_owned(subject, base));
}

static void assert_no_range(const struct subject *subject)
{
    assert_figure(ranges_of(subject).count, 0);
    assert_figure(statistics_of(subject).Mapped.Now, 0);
    assert_figure(statistics_of(subject).MappedRanges.Now, 0);
}

static void mapped_views_appear_and_vanish(void **state)
{
    const struct redirected *redirected = *state;
    const struct subject *subject = &redirected->subject;
    const struct redirect_target *calls = redirected->calls;
    HANDLE mapping = make_mapping(3 * GRANULE + 1);
    char *view = calls->map(mapping, FILE_MAP_WRITE, 0, 0, 0);

    assert_non_null(view);
    view[0] = 1;
    assert_one_range(subject, view, 3 * GRANULE + PAGE);
    assert_true(calls->unmap(view));
    assert_no_range(subject);

    view = calls->map(mapping, FILE_MAP_READ, 0, (DWORD)GRANULE, PAGE + 1);
    assert_non_null(view);
    assert_one_range(subject, view, 2 * PAGE);
    assert_true(calls->unmap(view));
    assert_no_range(subject);
    CloseHandle(mapping);
}

static void views_mapped_at_an_address_appear_and_vanish(void **state)
{
    const struct redirected *redirected = *state;
    const struct subject *subject = &redirected->subject;
    const struct redirect_target *calls = redirected->calls;
    HANDLE mapping = make_mapping(GRANULE);
    char *spot = VirtualAlloc(NULL, GRANULE, MEM_RESERVE, PAGE_READWRITE);

    assert_non_null(spot);
    assert_true(VirtualFree(spot, 0, MEM_RELEASE));
    assert_address(calls->map_ex(mapping, FILE_MAP_READ, 0, 0, 0, spot), spot);
    assert_one_range(subject, spot, GRANULE);
    assert_same_outcome(calls->map_ex(mapping, FILE_MAP_READ, 0, 0, 0, spot),
                        MapViewOfFileEx(mapping, FILE_MAP_READ, 0, 0, 0, spot));
    assert_one_range(subject, spot, GRANULE);
    assert_true(calls->unmap(spot));
    assert_no_range(subject);

    spot = calls->map_ex_numa(mapping, FILE_MAP_READ, 0, 0, 0, NULL, NUMA_NO_PREFERRED_NODE);
    assert_non_null(spot);
    assert_one_range(subject, spot, GRANULE);
    assert_true(calls->unmap(spot));
    assert_no_range(subject);
    CloseHandle(mapping);
}

/* What the header of HostMemRedirectModule says of UnmapViewOfFileEx too. */
static void views_unmapped_by_unmap_view_of_file_ex_vanish(void **state)
{
    const struct redirected *redirected = *state;
    HANDLE mapping = make_mapping(GRANULE);
    void *view;

    if (!redirected->calls->unmap_ex)
        skip();
    view = redirected->calls->map(mapping, FILE_MAP_READ, 0, 0, 0);
    assert_non_null(view);
    assert_true(redirected->calls->unmap_ex(view, 0));
    assert_no_range(&redirected->subject);
    CloseHandle(mapping);
}

static void a_view_unmapped_by_an_interior_address_vanishes(void **state)
{
    const struct redirected *redirected = *state;
    const struct redirect_target *calls = redirected->calls;
    HANDLE mapping = make_mapping(2 * GRANULE);
    char *view = calls->map(mapping, FILE_MAP_READ, 0, 0, 0);

    assert_non_null(view);
    if (calls->unmap(view + GRANULE)) { /* not every system can */
        assert_no_range(&redirected->subject);
    } else {
        assert_one_range(&redirected->subject, view, 2 * GRANULE);
        assert_true(calls->unmap(view));
    }
    CloseHandle(mapping);
}

static void a_view_from_before_is_unmapped_and_was_never_in_the_books(void **state)
{
    const struct redirected *redirected = *state;
    HANDLE mapping = make_mapping(GRANULE);
    void *view = MapViewOfFile(mapping, FILE_MAP_READ, 0, 0, 0);

    assert_non_null(view);
    assert_no_range(&redirected->subject);
    assert_true(redirected->calls->unmap(view));
    assert_figure(memory_state(view), MEM_FREE);
    assert_no_range(&redirected->subject);
    CloseHandle(mapping);
}

static void what_cannot_be_mapped_or_unmapped_fails_as_in_win32(void **state)
{
    const struct redirected *redirected = *state;
    const struct redirect_target *calls = redirected->calls;
    HANDLE mapping = make_mapping(GRANULE);
    void *owned = calls->alloc(NULL, GRANULE, RESERVE_COMMIT, PAGE_READWRITE);

    assert_non_null(owned);
    assert_same_outcome(calls->map(NULL, FILE_MAP_READ, 0, 0, 0),
                        MapViewOfFile(NULL, FILE_MAP_READ, 0, 0, 0));
    assert_same_outcome(calls->map(mapping, FILE_MAP_READ, 0, 1, 0),
                        MapViewOfFile(mapping, FILE_MAP_READ, 0, 1, 0));
    assert_same_outcome(calls->map(mapping, FILE_MAP_READ, 0, 0, 4 * GRANULE),
                        MapViewOfFile(mapping, FILE_MAP_READ, 0, 0, 4 * GRANULE));
    assert_same_outcome(calls->unmap(NULL), UnmapViewOfFile(NULL));
    assert_same_outcome(calls->unmap(owned), UnmapViewOfFile(owned));
    assert_same_outcome(calls->unmap((void *)UINTPTR_MAX), UnmapViewOfFile((void *)UINTPTR_MAX));
    assert_no_range(&redirected->subject);
    assert_true(is_owned(&redirected->subject, owned));
    assert_true(calls->free(owned, 0, MEM_RELEASE));
    CloseHandle(mapping);
}

static void a_mapped_view_cannot_be_freed_as_pages(void **state)
{
    const struct redirected *redirected = *state;
    HANDLE mapping = make_mapping(GRANULE);
    void *view = redirected->calls->map(mapping, FILE_MAP_READ, 0, 0, 0);

    assert_non_null(view);
    assert_same_outcome(redirected->calls->free(view, 0, MEM_RELEASE),
                        VirtualFree(view, 0, MEM_RELEASE));
    assert_one_range(&redirected->subject, view, GRANULE);
    assert_true(redirected->calls->unmap(view));
    CloseHandle(mapping);
}

/* ------------------------------------------------------------------------------------------------
 * Threads
 * --------------------------------------------------------------------------------------------- */

#define SLOTS 4
#define EXCHANGES 4000
#define EXCHANGERS 4

/*
 * How often a free may go wrong that meets the making or the release of a region at its address. In
 * 64 bits regions have places of their own (places.h), and a new one never comes where one just
 * was. In 32 bits the system hands out what was just freed (foreign.h).
 */
#ifdef _WIN64
#define MOST_WRONG 0
#else
#define MOST_WRONG 4
#endif

/*
 * Every thread frees the memory that it finds in a slot, which other threads may be doing at the
 * same time. The thread whose free succeeds puts new memory into the slot, often at the very same
 * address. A loser's free must not reach Win32 while the address is on its way to another owner.
 */
struct exchange {
    const struct redirect_target *calls;
    char *volatile slots[SLOTS];
    volatile LONG frees, allocations, failures;
    volatile LONG started;
};

struct exchanger {
    struct exchange *exchange;
    uint64_t random;
};

static void *alloc_for_slot(struct exchange *exchange)
{
    void *memory = exchange->calls->alloc(NULL, GRANULE, RESERVE_COMMIT, PAGE_READWRITE);

    InterlockedIncrement(memory ? &exchange->allocations : &exchange->failures);
    return memory;
}

static DWORD WINAPI exchange_memory(void *context)
{
    struct exchanger *exchanger = context;
    struct exchange *exchange = exchanger->exchange;

    /*
     * No thread may be started meanwhile: its stack could come to lie at an address that was freed,
     * and a second free of that address would rightly be passed on to Win32.
     */
    InterlockedIncrement(&exchange->started);
    while (exchange->started < EXCHANGERS)
        SwitchToThread();
    for (unsigned round = 0; round < EXCHANGES; round++) {
        char *volatile *slot = &exchange->slots[(next_random(&exchanger->random) >> 8) % SLOTS];

        if (exchange->calls->free(*slot, 0, MEM_RELEASE)) {
            char *made = alloc_for_slot(exchange);
            char *displaced = InterlockedExchangePointer((void *volatile *)slot, made);

            InterlockedIncrement(&exchange->frees);
            /*
             * This is the memory of another winner, or has been freed already. If it is alive it
             * must be freed, or the sum is wrong.
             */
            if (exchange->calls->free(displaced, 0, MEM_RELEASE))
                InterlockedIncrement(&exchange->frees);
        }
    }
    return 0;
}

static void of_threads_that_free_the_same_memory_one_wins(void **state)
{
    const struct redirected *redirected = *state;
    struct exchange exchange = {.calls = redirected->calls};
    struct exchanger exchangers[EXCHANGERS];
    struct threads threads;
    ULONGLONG live, told;

    for (unsigned i = 0; i < SLOTS; i++)
        exchange.slots[i] = alloc_for_slot(&exchange);
    for (unsigned i = 0; i < COUNT_OF(exchangers); i++)
        exchangers[i] = (struct exchanger){&exchange, SEED + i};
    threads_start(&threads, COUNT_OF(exchangers), exchange_memory, exchangers,
                  sizeof(exchangers[0]));
    threads_join(&threads);
    assert_figure(exchange.failures, 0);
    assert_figure(statistics_of(&redirected->subject).Status, HostMemStatusOpen);
    assert_clean_audit(&redirected->subject);
    live = statistics_of(&redirected->subject).Regions.Now;
    told = live - (ULONGLONG)(exchange.allocations - exchange.frees);
    assert_between(told, 0, MOST_WRONG);
    for (unsigned i = 0; i < SLOTS; i++)
        exchange.frees += redirected->calls->free(exchange.slots[i], 0, MEM_RELEASE);
    assert_figure(exchange.frees, (ULONGLONG)exchange.allocations + told);
    assert_figure(statistics_of(&redirected->subject).Regions.Now, 0);
}

#define LENDINGS 3000
#define LENDERS 2
#define BUSY 4

/*
 * Threads free memory of Win32's through the module, where a region was or where Win32 wants, while
 * others make regions and release them. It is nobody else's, so every free of it succeeds.
 */
struct lending {
    const struct redirect_target *calls;
    volatile LONG lent, refused, wrong, ended;
};

/* Win32's memory, at the address or elsewhere. */
static void lend_and_free(struct lending *lending, void *address)
{
    void *memory = VirtualAlloc(address, GRANULE, RESERVE_COMMIT, PAGE_READWRITE);

    if (!memory)
        return;
    InterlockedIncrement(&lending->lent);
    if (!lending->calls->free(memory, 0, MEM_RELEASE)) {
        InterlockedIncrement(&lending->refused);
        VirtualFree(memory, 0, MEM_RELEASE);
    }
}

static DWORD WINAPI lend(void *context)
{
    struct lending *lending = context;

    for (unsigned round = 0; round < LENDINGS; round++) {
        void *address = lending->calls->alloc(NULL, GRANULE, RESERVE_COMMIT, PAGE_READWRITE);

        if (!address || !lending->calls->free(address, 0, MEM_RELEASE))
            InterlockedIncrement(&lending->wrong);
        lend_and_free(lending, address);
        lend_and_free(lending, NULL);
    }
    InterlockedIncrement(&lending->ended);
    return 0;
}

static DWORD WINAPI keep_busy(void *context)
{
    struct lending *lending = context;

    while (lending->ended < LENDERS) {
        char *memory = lending->calls->alloc(NULL, GRANULE, RESERVE_COMMIT, PAGE_READWRITE);

        if (!memory) {
            InterlockedIncrement(&lending->wrong);
            continue;
        }
        memory[0] = 1; /* it is there as long as it is not freed */
        if (!lending->calls->free(memory, 0, MEM_RELEASE))
            InterlockedIncrement(&lending->wrong);
    }
    return 0;
}

static void somebody_else_s_memory_is_freed_however_busy_the_manager_is(void **state)
{
    const struct redirected *redirected = *state;
    struct lending lending = {.calls = redirected->calls};
    struct threads lenders, busy;

    threads_start(&busy, BUSY, keep_busy, &lending, 0);
    threads_start(&lenders, LENDERS, lend, &lending, 0);
    threads_join(&lenders);
    threads_join(&busy);
    print_message("%ld frees of Win32's memory\n", lending.lent);
    assert_between(lending.lent, LENDERS * LENDINGS, 2 * LENDERS * LENDINGS);
    assert_between(lending.refused, 0, MOST_WRONG);
    assert_figure(lending.wrong, 0);
    assert_figure(statistics_of(&redirected->subject).Status, HostMemStatusOpen);
    assert_figure(statistics_of(&redirected->subject).Regions.Now, 0);
    assert_clean_audit(&redirected->subject);
}

/* ------------------------------------------------------------------------------------------------
 * Addresses that change hands
 * --------------------------------------------------------------------------------------------- */

static void somebody_else_s_memory_where_a_region_was_is_freed_as_theirs(void **state)
{
    const struct redirected *redirected = *state;
    const struct redirect_target *calls = redirected->calls;
    char *address = redirected_alloc(redirected, NULL, 2 * GRANULE, RESERVE_COMMIT);

    redirected_release(redirected, address);
    for (SIZE_T size = PAGE; size <= 2 * GRANULE; size *= 2) {
        assert_address(VirtualAlloc(address, size, RESERVE_COMMIT, PAGE_READWRITE), address);
        assert_true(calls->free(address, PAGE, MEM_DECOMMIT));
        assert_figure(memory_state(address), MEM_RESERVE);
        SetLastError(UNTOUCHED);
        assert_true(calls->free(address, 0, MEM_RELEASE));
        assert_last_error(UNTOUCHED);
        assert_figure(memory_state(address), MEM_FREE);
    }
    assert_figure(statistics_of(&redirected->subject).Regions.Now, 0);
}

/* ------------------------------------------------------------------------------------------------
 * When the manager serves no more
 * --------------------------------------------------------------------------------------------- */

static void after_close_the_module_goes_to_win32(void **state)
{
    const struct redirected *redirected = *state;
    const struct redirect_target *calls = redirected->calls;
    HANDLE mapping = make_mapping(GRANULE);
    MEMORY_BASIC_INFORMATION information;
    void *memory, *view;
    DWORD old;

    assert_hresult(IHostMemInspection_Close(redirected->subject.inspection), S_OK);
    memory = calls->alloc(NULL, GRANULE, RESERVE_COMMIT, PAGE_READWRITE);
    assert_non_null(memory);
    assert_false(is_owned(&redirected->subject, memory));
    assert_figure(calls->query(memory, &information, sizeof(information)), sizeof(information));
    assert_true(calls->protect(memory, PAGE, PAGE_READONLY, &old));
    assert_true(calls->free(memory, 0, MEM_RELEASE));
    assert_figure(memory_state(memory), MEM_FREE);
    view = calls->map(mapping, FILE_MAP_READ, 0, 0, 0);
    assert_non_null(view);
    assert_no_range(&redirected->subject);
    assert_true(calls->unmap(view));
    CloseHandle(mapping);
}

#ifndef _WIN64

/* ------------------------------------------------------------------------------------------------
 * Views that find no room
 * --------------------------------------------------------------------------------------------- */

#define MIB ((SIZE_T)1 << 20)

/* Takes all of the address space in pieces of that size. Returns how many there were. */
static unsigned fill_address_space(void **pieces, unsigned most, SIZE_T size)
{
    unsigned count = 0;

    while (count < most &&
           (pieces[count] = VirtualAlloc(NULL, size, MEM_RESERVE, PAGE_NOACCESS)) != NULL)
        count++;
    return count;
}

/* The functions that map, as the module or as Win32 has them. */
typedef void *map_call(const struct redirected *redirected, HANDLE mapping, SIZE_T size);

static void *map_plainly(const struct redirected *redirected, HANDLE mapping, SIZE_T size)
{
    return redirected->calls->map(mapping, FILE_MAP_READ, 0, 0, size);
}

static void *map_ex(const struct redirected *redirected, HANDLE mapping, SIZE_T size)
{
    return redirected->calls->map_ex(mapping, FILE_MAP_READ, 0, 0, size, NULL);
}

static void *map_ex_numa(const struct redirected *redirected, HANDLE mapping, SIZE_T size)
{
    return redirected->calls->map_ex_numa(mapping, FILE_MAP_READ, 0, 0, size, NULL,
                                          NUMA_NO_PREFERRED_NODE);
}

static void *map_by_win32(const struct redirected *redirected, HANDLE mapping, SIZE_T size)
{
    (void)redirected;
    return MapViewOfFile(mapping, FILE_MAP_READ, 0, 0, size);
}

static ULONGLONG needs_of(const struct redirected *redirected)
{
    return statistics_of(&redirected->subject).Methods[HostMemNeedsVirtualAddressSpace].Calls;
}

/* Win32 finds no room, then the module does, and then nobody: the reservation is given up once. */
static void assert_room_is_made(struct redirected *redirected, map_call *map, HANDLE mapping,
                                const char *about)
{
    static void *pieces[4096];
    const HOSTMEM_OPTIONS options = {.cbSize = sizeof(options), .EmergencyReservation = 8 * MIB};
    void *view, *direct, *again;
    unsigned count;

    redirected_restart(redirected, &options);
    count = fill_address_space(pieces, COUNT_OF(pieces), 2 * MIB);
    direct = map_by_win32(redirected, mapping, 0);
    view = map(redirected, mapping, 0);
    again = map(redirected, mapping, 8 * MIB);
    for (unsigned i = 0; i < count; i++)
        VirtualFree(pieces[i], 0, MEM_RELEASE);
    assert_address_of(about, direct, NULL);
    assert_figure_of(about, view != NULL, true);
    assert_address_of(about, again, NULL);
    assert_figure_of(about, needs_of(redirected), 1);
    assert_figure_of(about, statistics_of(&redirected->subject).MappedRanges.Now, 1);
    assert_true(redirected->calls->unmap(view));
    /* It is held again: the next one may have it. */
    assert_succeeds(
        IHostMemoryManager_NeedsVirtualAddressSpace(redirected->subject.manager, NULL, PAGE));
}

static void a_view_without_room_gets_the_emergency_reservation(void **state)
{
    struct redirected *redirected = *state;
    HANDLE mapping =
        CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 4 * MIB, NULL);

    assert_non_null(mapping);
    assert_room_is_made(redirected, map_plainly, mapping, "MapViewOfFile");
    assert_room_is_made(redirected, map_ex, mapping, "MapViewOfFileEx");
    assert_room_is_made(redirected, map_ex_numa, mapping, "MapViewOfFileExNuma");
    CloseHandle(mapping);
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        redirected_promise(memory_of_the_module_is_owned_and_accounted),
        redirected_promise(query_and_protect_answer_as_win32_and_are_counted),
        redirected_promise(what_fails_fails_with_win32_s_error),
        redirected_promise(missing_out_pointers_answer_as_in_win32),
        redirected_promise(what_succeeds_leaves_the_last_error_alone),
        redirected_promise(frees_of_memory_from_before_pass_through_and_are_counted),
        redirected_promise(commits_in_memory_from_before_are_foreign),
        redirected_promise(frees_of_what_is_no_memory_of_anybody_fail_as_in_win32),
        redirected_promise(the_second_free_of_the_same_memory_fails),
        redirected_promise(a_wrong_free_of_the_module_s_own_memory_fails_and_changes_nothing),
        redirected_promise(a_heap_block_cannot_be_freed_as_pages),
        redirected_promise(the_host_s_own_regions_can_be_freed_by_the_module),
        redirected_promise(every_handle_of_this_process_counts_as_this_process),
        redirected_promise(memory_of_another_process_passes_through),
        redirected_promise(a_free_in_another_process_does_not_touch_this_one_s_region),
        redirected_promise(handles_of_no_process_fail_as_in_win32),
        redirected_promise(mapped_views_appear_and_vanish),
        redirected_promise(views_mapped_at_an_address_appear_and_vanish),
        redirected_promise(views_unmapped_by_unmap_view_of_file_ex_vanish),
        redirected_promise(a_view_unmapped_by_an_interior_address_vanishes),
        redirected_promise(a_view_from_before_is_unmapped_and_was_never_in_the_books),
        redirected_promise(what_cannot_be_mapped_or_unmapped_fails_as_in_win32),
        redirected_promise(a_mapped_view_cannot_be_freed_as_pages),
        redirected_promise(of_threads_that_free_the_same_memory_one_wins),
        redirected_promise(somebody_else_s_memory_is_freed_however_busy_the_manager_is),
        redirected_promise(somebody_else_s_memory_where_a_region_was_is_freed_as_theirs),
        redirected_promise(after_close_the_module_goes_to_win32),
#ifndef _WIN64
        redirected_promise(a_view_without_room_gets_the_emergency_reservation),
#endif
    };

    print_message("seed 0x%" PRIx64 "\n", SEED);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
