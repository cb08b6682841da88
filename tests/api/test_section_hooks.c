/*
 * test_section_hooks.c: a module whose calls for sections, their handles and their views reach a
 * manager (src/redirect/hooks/sections): they answer as Win32's own, and what the sections have
 * committed is in the books, once, and within the limits.
 */
#include "looked_up.h"
#include "section.h"

#include <string.h>

/* winbase.h has it for programs that need Windows 10 only. */
typedef HANDLE WINAPI create2_function(HANDLE, SECURITY_ATTRIBUTES *, ULONG, ULONG, ULONG, ULONG64,
                                       PCWSTR, MEM_EXTENDED_PARAMETER *, ULONG);
typedef HANDLE WINAPI create_from_app_function(HANDLE, SECURITY_ATTRIBUTES *, ULONG, ULONG64,
                                               PCWSTR);
typedef HANDLE WINAPI create_numa_function(HANDLE, SECURITY_ATTRIBUTES *, DWORD, DWORD, DWORD,
                                           LPCVOID, DWORD);

#define ANY_NODE ((DWORD)-1)

#ifdef _WIN64
#define HUGE_SIZE ((ULONGLONG)2 << 40) /* as .NET asks for */
#else
#define HUGE_SIZE ((ULONGLONG)64 << 20)
#endif

/* ------------------------------------------------------------------------------------------------
 * What the module calls
 * --------------------------------------------------------------------------------------------- */

static HANDLE make(const struct looker *looker, DWORD protect, ULONGLONG size)
{
    return LOOKED_UP(looker, CreateFileMappingW)(INVALID_HANDLE_VALUE, NULL, protect,
                                                 (DWORD)(size >> 32), (DWORD)size, NULL);
}

static HANDLE make_reserved(const struct looker *looker, ULONGLONG size)
{
    HANDLE handle = make(looker, PAGE_EXECUTE_READWRITE | SEC_RESERVE, size);

    assert_non_null(handle);
    return handle;
}

static char *map(const struct looker *looker, HANDLE handle, DWORD access, ULONGLONG offset,
                 SIZE_T size)
{
    char *view = LOOKED_UP(looker, MapViewOfFile)(handle, access, (DWORD)(offset >> 32),
                                                  (DWORD)offset, size);

    assert_non_null(view);
    return view;
}

static char *map_writable(const struct looker *looker, HANDLE handle)
{
    return map(looker, handle, FILE_MAP_WRITE, 0, 0);
}

static void unmap(const struct looker *looker, void *view)
{
    assert_true(LOOKED_UP(looker, UnmapViewOfFile)(view));
}

static void close(const struct looker *looker, HANDLE handle)
{
    assert_true(LOOKED_UP(looker, CloseHandle)(handle));
}

static void *commit(const struct looker *looker, void *address, SIZE_T size, DWORD protect)
{
    return LOOKED_UP(looker, VirtualAlloc)(address, size, MEM_COMMIT, protect);
}

static void assert_sections(const struct looker *looker, ULONGLONG sections, ULONGLONG bytes,
                            ULONGLONG views)
{
    HOSTMEM_STATISTICS statistics = statistics_of(&looker->subject);

    assert_figure(statistics.Sections.Now, sections);
    assert_figure(statistics.SectionBytes.Now, bytes);
    assert_figure(statistics.SectionViews.Now, views);
    assert_figure(statistics.Committed.Now, bytes);
    assert_figure(statistics.CallsUnderWay, 0);
    assert_clean_audit(&looker->subject);
}

static void limit_committed(const struct looker *looker, ULONGLONG bytes)
{
    HOSTMEM_LIMITS limits = {.cbSize = sizeof(limits), .Committed = {.Limit = bytes}};

    assert_succeeds(IHostMemInspection_SetLimits(looker->subject.inspection, &limits));
}

/* ------------------------------------------------------------------------------------------------
 * Sections
 * --------------------------------------------------------------------------------------------- */

static HRESULT CALLBACK keep_section(void *context, const HOSTMEM_SECTION *section)
{
    *(HOSTMEM_SECTION *)context = *section;
    return S_OK;
}

static void what_a_module_commits_in_views_is_in_the_books(void **state)
{
    const struct looker *looker = *state;
    HANDLE handle = make_reserved(looker, 8 * GRANULE + 1);
    char *view = map_writable(looker, handle);
    HOSTMEM_SECTION section, found;
    HMODULE caller = NULL;

    assert_sections(looker, 1, 0, 1);
    assert_address(commit(looker, view + 3 * PAGE, 2 * PAGE, PAGE_READWRITE), view + 3 * PAGE);
    view[4 * PAGE] = 1;
    assert_sections(looker, 1, 2 * PAGE, 1);
    assert_succeeds(
        IHostMemInspection_EnumSections(looker->subject.inspection, keep_section, &section));
    assert_figure(section.Size, 8 * GRANULE + PAGE);
    assert_figure(section.Committed, 2 * PAGE);
    assert_figure(section.Reserved, TRUE);
    assert_figure(section.Protect, PAGE_EXECUTE_READWRITE | SEC_RESERVE);
    assert_figure(section.Handles, 1);
    assert_figure(section.Views, 1);
    assert_figure(section.ThreadId, GetCurrentThreadId());
    assert_figure(section.Sequence, 1);
    assert_true(GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS |
                                       GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                                   section.Caller, &caller));
    assert_address(caller, GetModuleHandleW(NULL)); /* the test called the hook itself */
    assert_hresult(
        IHostMemInspection_FindSection(looker->subject.inspection, view + 8 * GRANULE, &found),
        S_OK);
    assert_figure(found.Sequence, 1);
    assert_figure(statistics_of(&looker->subject).MappedRanges.Peak, 0);
    assert_figure(statistics_of(&looker->subject).ForeignCommits, 0);
    assert_figure(statistics_of(&looker->subject).SectionViewBytes.Now, 8 * GRANULE + PAGE);
    unmap(looker, view);
    assert_hresult(IHostMemInspection_FindSection(looker->subject.inspection, view, &found),
                   S_FALSE);
    assert_sections(looker, 1, 2 * PAGE, 0);
    close(looker, handle);
    assert_sections(looker, 0, 0, 0);
}

/* Each way that the system has, in turn. NULL: there are no more. */
static HANDLE make_in_way(const struct looker *looker, unsigned way, bool *known)
{
    const DWORD size = 3 * PAGE;
    any_function *function;
    static const char *const names[] = {"CreateFileMappingA",     "CreateFileMappingW",
                                        "CreateFileMappingNumaA", "CreateFileMappingNumaW",
                                        "CreateFileMapping2",     "CreateFileMappingFromApp"};

    function = look_up(looker, names[way]);
    *known = function != NULL;
    if (!function)
        return NULL;
    if (way < 2)
        return ((__typeof__(CreateFileMappingW) *)function)(INVALID_HANDLE_VALUE, NULL,
                                                            PAGE_READWRITE, 0, size, NULL);
    if (way < 4)
        return ((create_numa_function *)function)(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0,
                                                  size, NULL, ANY_NODE);
    if (way == 4)
        return ((create2_function *)function)(INVALID_HANDLE_VALUE, NULL,
                                              FILE_MAP_READ | FILE_MAP_WRITE, PAGE_READWRITE,
                                              SEC_COMMIT, size, NULL, NULL, 0);
    return ((create_from_app_function *)function)(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, size,
                                                  NULL);
}

static void each_way_to_make_a_section_is_seen(void **state)
{
    const struct looker *looker = *state;

    for (unsigned way = 0; way < 6; way++) {
        bool known;
        HANDLE handle = make_in_way(looker, way, &known);

        if (!known)
            continue;
        assert_non_null(handle);
        assert_sections(looker, 1, 3 * PAGE, 0);
        close(looker, handle);
        assert_sections(looker, 0, 0, 0);
    }
}

/* As .NET maps its code: one huge section, and two views of each part of it. */
static void a_page_that_two_views_show_counts_once(void **state)
{
    const struct looker *looker = *state;
    HANDLE handle = make_reserved(looker, HUGE_SIZE);
    ULONGLONG offset = HUGE_SIZE - 64 * GRANULE;
    char *code = map(looker, handle, FILE_MAP_READ | FILE_MAP_EXECUTE, offset, 32 * GRANULE);
    char *data = map(looker, handle, FILE_MAP_WRITE, offset, GRANULE);

    assert_non_null(commit(looker, code, 4 * PAGE, PAGE_EXECUTE_READ));
    data[PAGE] = 42;
    assert_figure(code[PAGE], 42);
    assert_sections(looker, 1, 4 * PAGE, 2);
    assert_non_null(commit(looker, data + 3 * PAGE, 3 * PAGE, PAGE_READWRITE));
    assert_sections(looker, 1, 6 * PAGE, 2);
    assert_figure(statistics_of(&looker->subject).ForeignCommits, 0);
    unmap(looker, data);
    unmap(looker, code);
    assert_sections(looker, 1, 6 * PAGE, 0);
    close(looker, handle);
    assert_sections(looker, 0, 0, 0);
}

static void a_section_of_a_file_is_none_of_the_manager_s(void **state)
{
    const struct looker *looker = *state;
    wchar_t path[MAX_PATH];
    HANDLE file, handle;
    char *view;

    assert_true(GetModuleFileNameW(NULL, path, COUNT_OF(path)) != 0);
    file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    assert_true(file != INVALID_HANDLE_VALUE);
    handle = LOOKED_UP(looker, CreateFileMappingW)(file, NULL, PAGE_READONLY, 0, 0, NULL);
    assert_non_null(handle);
    view = map(looker, handle, FILE_MAP_READ, 0, GRANULE);
    assert_sections(looker, 0, 0, 0);
    assert_figure(statistics_of(&looker->subject).Mapped.Now, GRANULE);
    unmap(looker, view);
    assert_figure(statistics_of(&looker->subject).Mapped.Now, 0);
    close(looker, handle);
    close(looker, file);
}

/* ------------------------------------------------------------------------------------------------
 * What Win32 answers
 * --------------------------------------------------------------------------------------------- */

struct outcome {
    ULONGLONG result; /* 0, or 1 for every handle */
    DWORD last_error;
};

static struct outcome outcome_of_making(__typeof__(CreateFileMappingW) *function, DWORD protect,
                                        DWORD high, DWORD low, const wchar_t *name, HANDLE *handle)
{
    struct outcome outcome;

    SetLastError(UNTOUCHED);
    *handle = function(INVALID_HANDLE_VALUE, NULL, protect, high, low, name);
    outcome = (struct outcome){*handle != NULL, GetLastError()};
    return outcome;
}

static void assert_same(const struct looker *looker, DWORD protect, DWORD high, DWORD low,
                        const wchar_t *name)
{
    HANDLE ours, theirs;
    struct outcome our =
        outcome_of_making(LOOKED_UP(looker, CreateFileMappingW), protect, high, low, name, &ours);
    struct outcome their = outcome_of_making(CreateFileMappingW, protect, high, low, name, &theirs);

    assert_figure(our.result, their.result);
    assert_figure(our.last_error, their.last_error);
    if (ours)
        close(looker, ours);
    if (theirs)
        CloseHandle(theirs);
}

static void a_request_answers_as_win32(void **state)
{
    const struct looker *looker = *state;
    HANDLE existing = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, GRANULE,
                                         L"hostmem-test-existing");

    assert_non_null(existing);
    assert_same(looker, PAGE_READWRITE, 0, PAGE, NULL);
    assert_same(looker, PAGE_READWRITE, 0, 0, NULL);
    assert_same(looker, 0, 0, PAGE, NULL);
    assert_same(looker, PAGE_READWRITE, 0x7fffffff, 0xffffffff, NULL);
    assert_same(looker, PAGE_READWRITE, 0, PAGE, L"hostmem-test-existing");
    assert_same(looker, PAGE_READWRITE, 0, PAGE, L"nowhere\\at\\all");
    assert_sections(looker, 0, 0, 0);
    assert_figure(statistics_of(&looker->subject).Sections.Peak, 1);
    CloseHandle(existing);
}

static void a_section_that_existed_is_not_the_module_s_making(void **state)
{
    const struct looker *looker = *state;
    HANDLE existing = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, GRANULE,
                                         L"hostmem-test-existing");
    HANDLE handle = LOOKED_UP(looker, CreateFileMappingW)(
        INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 2 * GRANULE, L"hostmem-test-existing");
    char *view;

    assert_non_null(handle);
    assert_sections(looker, 0, 0, 0);
    view = map_writable(looker, handle);
    assert_figure(statistics_of(&looker->subject).MappedRanges.Now, 1);
    unmap(looker, view);
    close(looker, handle);
    CloseHandle(existing);
}

/* It costs nothing that is not paid for. */
static void a_section_that_exists_is_opened_whatever_the_limit(void **state)
{
    const struct looker *looker = *state;
    HANDLE existing = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 4 * GRANULE,
                                         L"hostmem-test-existing");
    HANDLE handle;

    limit_committed(looker, GRANULE);
    assert_same(looker, PAGE_READWRITE, 0, 4 * GRANULE, L"hostmem-test-existing");
    handle = LOOKED_UP(looker, CreateFileMappingA)(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0,
                                                   4 * GRANULE, "hostmem-test-existing");
    assert_non_null(handle);
    assert_last_error(ERROR_ALREADY_EXISTS);
    close(looker, handle);
    assert_sections(looker, 0, 0, 0);
    assert_figure(statistics_of(&looker->subject).RefusedRequests[eAppDomainCritical].Count, 0);
    CloseHandle(existing);
    assert_null(LOOKED_UP(looker, CreateFileMappingW)(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0,
                                                      4 * GRANULE, L"hostmem-test-existing"));
    assert_null(LOOKED_UP(looker, CreateFileMappingA)(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0,
                                                      4 * GRANULE, "hostmem-test-existing"));
    assert_sections(looker, 0, 0, 0);
}

static void pages_in_views_cannot_be_decommitted(void **state)
{
    const struct looker *looker = *state;
    HANDLE handle = make_reserved(looker, 2 * GRANULE);
    char *view = map_writable(looker, handle);
    __typeof__(VirtualFree) *free_pages = LOOKED_UP(looker, VirtualFree);
    BOOL ours, theirs;
    DWORD our_error;

    assert_non_null(commit(looker, view, 2 * PAGE, PAGE_READWRITE));
    ours = free_pages(view, PAGE, MEM_DECOMMIT);
    our_error = GetLastError();
    theirs = VirtualFree(view, PAGE, MEM_DECOMMIT);
    assert_figure(ours, FALSE);
    assert_figure(theirs, FALSE);
    assert_figure(our_error, GetLastError());
    assert_figure(our_error, ERROR_INVALID_PARAMETER);
    assert_sections(looker, 1, 2 * PAGE, 1);
    unmap(looker, view);
    close(looker, handle);
}

static void an_address_beyond_a_view_answers_as_win32(void **state)
{
    const struct looker *looker = *state;
    HANDLE handle = make_reserved(looker, 4 * GRANULE);
    char *view = map(looker, handle, FILE_MAP_WRITE, 0, GRANULE);
    DWORD our_error;

    assert_null(commit(looker, view, 2 * GRANULE, PAGE_READWRITE));
    our_error = GetLastError();
    assert_null(VirtualAlloc(view, 2 * GRANULE, MEM_COMMIT, PAGE_READWRITE));
    assert_figure(our_error, GetLastError());
    assert_null(commit(looker, view, PAGE, 0));
    assert_sections(looker, 1, 0, 1);
    unmap(looker, view);
    assert_false(LOOKED_UP(looker, UnmapViewOfFile)(view)); /* once more */
    assert_figure(GetLastError(), ERROR_INVALID_ADDRESS);
    close(looker, handle);
}

/* ------------------------------------------------------------------------------------------------
 * Limits
 * --------------------------------------------------------------------------------------------- */

static void a_limit_holds_to_the_byte(void **state)
{
    const struct looker *looker = *state;
    HANDLE handle = make_reserved(looker, 64 * GRANULE);
    char *view = map_writable(looker, handle);
    HANDLE other;

    limit_committed(looker, 10 * PAGE);
    assert_non_null(commit(looker, view, 6 * PAGE, PAGE_READWRITE));
    SetLastError(UNTOUCHED);
    assert_null(make(looker, PAGE_READWRITE, 4 * PAGE + 1));
    assert_figure(GetLastError(), ERROR_COMMITMENT_LIMIT);
    SetLastError(UNTOUCHED);
    assert_null(commit(looker, view + PAGE, 10 * PAGE, PAGE_READWRITE));
    assert_figure(GetLastError(), ERROR_COMMITMENT_LIMIT);
    assert_figure(memory_state(view + 6 * PAGE), MEM_RESERVE);
    assert_sections(looker, 1, 6 * PAGE, 1);
    assert_figure(statistics_of(&looker->subject).RefusedRequests[eAppDomainCritical].Count, 2);
    other = make(looker, PAGE_READWRITE, 4 * PAGE);
    assert_non_null(other);
    assert_sections(looker, 2, 10 * PAGE, 1);
    assert_non_null(commit(looker, view, 6 * PAGE, PAGE_READWRITE)); /* nothing new */
    assert_figure(statistics_of(&looker->subject).Committed.Peak, 10 * PAGE);
    close(looker, other);
    unmap(looker, view);
    close(looker, handle);
}

static void what_is_held_without_use_is_given_back_before_a_section_is_refused(void **state)
{
    const struct looker *looker = *state;
    IHostMalloc *heap = subject_heap(&looker->subject);
    void *blocks[4000];
    HANDLE handle;
    ULONGLONG held;

    for (unsigned i = 0; i < COUNT_OF(blocks); i++)
        blocks[i] = heap_block(heap, 256);
    for (unsigned i = 0; i < COUNT_OF(blocks); i++)
        assert_succeeds(IHostMalloc_Free(heap, blocks[i]));
    held = statistics_of(&looker->subject).Committed.Now;
    assert_between(held, 4 * GRANULE, 64 * GRANULE);
    limit_committed(looker, held);
    handle = make(looker, PAGE_READWRITE, 3 * GRANULE);
    assert_non_null(handle);
    assert_figure(statistics_of(&looker->subject).SectionBytes.Now, 3 * GRANULE);
    assert_figure(statistics_of(&looker->subject).RefusedRequests[eAppDomainCritical].Count, 0);
    close(looker, handle);
    IHostMalloc_Release(heap);
}

/* ------------------------------------------------------------------------------------------------
 * Handles
 * --------------------------------------------------------------------------------------------- */

static HANDLE duplicate(const struct looker *looker, HANDLE handle, DWORD options)
{
    HANDLE made = NULL;

    assert_true(LOOKED_UP(looker, DuplicateHandle)(GetCurrentProcess(), handle, GetCurrentProcess(),
                                                   &made, 0, FALSE,
                                                   options | DUPLICATE_SAME_ACCESS));
    assert_non_null(made);
    return made;
}

static void duplicates_stand_for_the_same_section(void **state)
{
    const struct looker *looker = *state;
    HANDLE first = make(looker, PAGE_READWRITE, 4 * PAGE);
    HANDLE second = duplicate(looker, first, 0), third;
    char *view;

    assert_sections(looker, 1, 4 * PAGE, 0);
    close(looker, first);
    assert_sections(looker, 1, 4 * PAGE, 0);
    third = duplicate(looker, second, DUPLICATE_CLOSE_SOURCE);
    assert_sections(looker, 1, 4 * PAGE, 0);
    view = map_writable(looker, third);
    assert_sections(looker, 1, 4 * PAGE, 1);
    close(looker, third);
    view[0] = 1;
    assert_sections(looker, 1, 4 * PAGE, 1);
    unmap(looker, view);
    assert_sections(looker, 0, 0, 0);
}

static void a_source_that_is_closed_by_duplicating_is_gone(void **state)
{
    const struct looker *looker = *state;
    __typeof__(DuplicateHandle) *duplicate_handle = LOOKED_UP(looker, DuplicateHandle);
    HANDLE handle = make(looker, PAGE_READWRITE, PAGE);

    /* Wine closes it, but says that it could not duplicate it. */
    duplicate_handle(GetCurrentProcess(), handle, NULL, NULL, 0, FALSE, DUPLICATE_CLOSE_SOURCE);
    assert_sections(looker, 0, 0, 0);
}

static void a_handle_that_cannot_be_closed_stays(void **state)
{
    const struct looker *looker = *state;
    HANDLE handle = make(looker, PAGE_READWRITE, PAGE);

    assert_true(SetHandleInformation(handle, HANDLE_FLAG_PROTECT_FROM_CLOSE,
                                     HANDLE_FLAG_PROTECT_FROM_CLOSE));
    assert_false(LOOKED_UP(looker, CloseHandle)(handle));
    assert_sections(looker, 1, PAGE, 0);
    assert_true(SetHandleInformation(handle, HANDLE_FLAG_PROTECT_FROM_CLOSE, 0));
    close(looker, handle);
    assert_sections(looker, 0, 0, 0);
}

static void a_source_that_cannot_be_closed_by_duplicating_stays(void **state)
{
    const struct looker *looker = *state;
    HANDLE handle = make(looker, PAGE_READWRITE, PAGE);
    HANDLE duplicate = NULL;

    assert_true(SetHandleInformation(handle, HANDLE_FLAG_PROTECT_FROM_CLOSE,
                                     HANDLE_FLAG_PROTECT_FROM_CLOSE));
    assert_true(LOOKED_UP(looker, DuplicateHandle)(GetCurrentProcess(), handle, GetCurrentProcess(),
                                                   &duplicate, 0, FALSE,
                                                   DUPLICATE_SAME_ACCESS | DUPLICATE_CLOSE_SOURCE));
    close(looker, duplicate);
    assert_sections(looker, 1, PAGE, 0);
    assert_true(SetHandleInformation(handle, HANDLE_FLAG_PROTECT_FROM_CLOSE, 0));
    close(looker, handle);
    assert_sections(looker, 0, 0, 0);
}

static void
a_handle_that_was_closed_unseen_leaves_the_books_when_its_value_comes_again(void **state)
{
    const struct looker *looker = *state;
    HANDLE handle = make(looker, PAGE_READWRITE, PAGE);
    HANDLE event = CreateEventW(NULL, FALSE, FALSE, NULL), others[64];
    unsigned count = 0;

    assert_true(CloseHandle(handle));
    assert_sections(looker, 1, PAGE, 0);
    do
        others[count] = duplicate(looker, event, 0); /* the system gives low values first */
    while (others[count++] != handle && count < COUNT_OF(others));
    assert_address(others[count - 1], handle);
    assert_sections(looker, 0, 0, 0);
    while (count)
        close(looker, others[--count]);
    handle = make(looker, PAGE_READWRITE, PAGE);
    assert_true(CloseHandle(handle));
    LOOKED_UP(looker, CloseHandle)(handle); /* whatever it is by now */
    assert_sections(looker, 0, 0, 0);
    CloseHandle(event);
}

typedef HANDLE WINAPI open_function(DWORD, BOOL, LPCVOID);

/* The system gives low values first: the one that was closed comes again. */
static void a_handle_that_was_closed_unseen_is_forgotten_when_a_section_is_opened(void **state)
{
    const struct looker *looker = *state;
    const struct {
        const char *function;
        const void *name;
    } ways[] = {{"OpenFileMappingA", "hostmem-test-opened"},
                {"OpenFileMappingW", L"hostmem-test-opened"},
                {"OpenFileMappingFromApp", L"hostmem-test-opened"}};
    HANDLE existing = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 4 * GRANULE,
                                         L"hostmem-test-opened");

    for (unsigned way = 0; way < COUNT_OF(ways); way++) {
        open_function *open = (open_function *)look_up(looker, ways[way].function);
        HANDLE handle = open ? make(looker, PAGE_READWRITE, GRANULE) : NULL, others[64];
        unsigned count = 0;

        if (!open)
            continue;
        assert_true(CloseHandle(handle));
        assert_sections(looker, 1, GRANULE, 0);
        do
            others[count] = open(FILE_MAP_WRITE, FALSE, ways[way].name);
        while (others[count++] != handle && count < COUNT_OF(others));
        assert_address(others[count - 1], handle);
        assert_sections(looker, 0, 0, 0);
        while (count)
            close(looker, others[--count]);
    }
    CloseHandle(existing);
}

/* Unseen, the value of a closed handle comes to stand for a larger section. */
static void a_view_of_more_than_the_known_section_counts_as_a_mapped_range(void **state)
{
    const struct looker *looker = *state;
    HANDLE existing = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 4 * GRANULE,
                                         L"hostmem-test-larger");
    HANDLE handle = make(looker, PAGE_READWRITE, GRANULE), others[64];
    unsigned count = 0;
    char *view;

    assert_true(CloseHandle(handle));
    do
        others[count] = OpenFileMappingW(FILE_MAP_WRITE, FALSE, L"hostmem-test-larger");
    while (others[count++] != handle && count < COUNT_OF(others));
    assert_address(others[count - 1], handle);
    view = map(looker, handle, FILE_MAP_WRITE, 2 * GRANULE, 0);
    assert_figure(statistics_of(&looker->subject).SectionViews.Now, 0);
    assert_figure(statistics_of(&looker->subject).SectionViewBytes.Now, 0);
    assert_figure(statistics_of(&looker->subject).Mapped.Now, 2 * GRANULE);
    unmap(looker, view);
    while (count)
        close(looker, others[--count]);
    assert_sections(looker, 0, 0, 0);
    CloseHandle(existing);
}

/* Unseen by the first manager, a handle of its is closed; the second one gets the value. */
static void a_handle_that_another_manager_gets_is_forgotten_by_the_first(void **state)
{
    struct looker *looker = *state;
    struct subject first = looker->subject;
    HANDLE handle = make(looker, PAGE_READWRITE, PAGE), others[64];
    unsigned count = 0;

    IHostMemInspection_AddRef(first.inspection);
    looker_restart(looker, NULL);
    assert_figure(statistics_of(&first).Sections.Now, 1);
    assert_true(CloseHandle(handle));
    do
        others[count] = make(looker, PAGE_READWRITE, PAGE);
    while (others[count++] != handle && count < COUNT_OF(others));
    assert_address(others[count - 1], handle);
    assert_figure(statistics_of(&first).Sections.Now, 0);
    assert_sections(looker, count, count * PAGE, 0);
    while (count)
        close(looker, others[--count]);
    assert_sections(looker, 0, 0, 0);
    IHostMemInspection_Release(first.inspection);
}

/* ------------------------------------------------------------------------------------------------
 * Redirections that end
 * --------------------------------------------------------------------------------------------- */

static void a_section_that_outlives_the_redirection_is_closed_in_its_manager_s_books(void **state)
{
    struct looker *looker = *state;
    __typeof__(CloseHandle) *close_handle = LOOKED_UP(looker, CloseHandle);
    __typeof__(VirtualAlloc) *alloc = LOOKED_UP(looker, VirtualAlloc);
    __typeof__(UnmapViewOfFile) *unmap_view = LOOKED_UP(looker, UnmapViewOfFile);
    HANDLE handle = make_reserved(looker, GRANULE);
    char *view = map_writable(looker, handle);

    looker_end(looker);
    assert_non_null(alloc(view, PAGE, MEM_COMMIT, PAGE_READWRITE));
    assert_sections(looker, 1, PAGE, 1);
    assert_true(unmap_view(view));
    assert_true(close_handle(handle));
    assert_sections(looker, 0, 0, 0);
}

/* ------------------------------------------------------------------------------------------------
 * Books that others read
 * --------------------------------------------------------------------------------------------- */

static void books_that_are_read_from_outside_have_the_sections(void **state)
{
    struct looker *looker = *state;
    struct shared_section place = section_make(SEC_RESERVE, HostMemGetBooksSize());
    HOSTMEM_OPTIONS options = options_in(&place, 0);
    HOSTMEM_SECTION first, second, found;
    struct subject books;
    HANDLE handle;
    char *view;

    looker_restart(looker, &options);
    handle = make_reserved(looker, 4 * GRANULE);
    view = map_writable(looker, handle);
    assert_non_null(commit(looker, view + PAGE, 3 * PAGE, PAGE_READWRITE));
    books = books_of_section(&place);
    assert_figure(statistics_of(&books).Sections.Now, 1);
    assert_figure(statistics_of(&books).SectionBytes.Now, 3 * PAGE);
    assert_figure(statistics_of(&books).SectionViews.Now, 1);
    assert_figure(statistics_of(&books).Committed.Now, 3 * PAGE);
    assert_clean_audit(&books);
    assert_succeeds(
        IHostMemInspection_EnumSections(looker->subject.inspection, keep_section, &first));
    assert_succeeds(IHostMemInspection_EnumSections(books.inspection, keep_section, &second));
    second.AgeMilliseconds = first.AgeMilliseconds;
    assert_memory_equal(&first, &second, sizeof(first));
    assert_hresult(IHostMemInspection_FindSection(books.inspection, view + GRANULE, &found), S_OK);
    assert_figure(found.Committed, 3 * PAGE);
    assert_hresult(IHostMemInspection_FindSection(books.inspection, view + 4 * GRANULE, &found),
                   S_FALSE);
    IHostMemInspection_Release(books.inspection);
    unmap(looker, view);
    close(looker, handle);
    looker_restart(looker, NULL);
    section_end(&place);
}

/* ------------------------------------------------------------------------------------------------
 * Threads
 * --------------------------------------------------------------------------------------------- */

struct race {
    const struct looker *looker;
    HANDLE handle;
    char *volatile view;
    volatile LONG ended;
    volatile LONG commits;
};

/* The view may be unmapped at any moment, and mapped anew. */
static DWORD WINAPI commit_on_and_on(void *context)
{
    struct race *race = context;
    __typeof__(VirtualAlloc) *alloc = LOOKED_UP(race->looker, VirtualAlloc);
    unsigned page = 0;

    while (!race->ended) {
        char *view = race->view;

        /* Wine 8 forgets the last page of a view that is unmapped. */
        if (view && alloc(view + page++ % 255 * PAGE, PAGE, MEM_COMMIT, PAGE_READWRITE))
            InterlockedIncrement(&race->commits);
    }
    return 0;
}

static void a_view_that_is_unmapped_while_pages_are_committed_in_it_leaves_exact_books(void **state)
{
    const struct looker *looker = *state;
    struct race race = {.looker = looker, .handle = make_reserved(looker, 256 * PAGE)};
    HANDLE threads[2];
    HOSTMEM_SECTION section;

    for (unsigned i = 0; i < COUNT_OF(threads); i++)
        threads[i] = CreateThread(NULL, 0, commit_on_and_on, &race, 0, NULL);
    for (unsigned round = 0; round < 300 || race.commits < 300; round++) {
        char *view = map_writable(looker, race.handle);

        race.view = view;
        if (round % 3)
            Sleep(0);
        race.view = NULL;
        unmap(looker, view);
    }
    race.ended = 1;
    for (unsigned i = 0; i < COUNT_OF(threads); i++) {
        WaitForSingleObject(threads[i], INFINITE);
        CloseHandle(threads[i]);
    }
    race.view = map_writable(looker, race.handle);
    assert_hresult(IHostMemInspection_FindSection(looker->subject.inspection, race.view, &section),
                   S_OK);
    assert_between(section.Committed, PAGE, 256 * PAGE);
    assert_sections(looker, 1, section.Committed, 1);
    unmap(looker, race.view);
    close(looker, race.handle);
    assert_sections(looker, 0, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        looker_promise(what_a_module_commits_in_views_is_in_the_books),
        looker_promise(each_way_to_make_a_section_is_seen),
        looker_promise(a_page_that_two_views_show_counts_once),
        looker_promise(a_section_of_a_file_is_none_of_the_manager_s),
        looker_promise(a_request_answers_as_win32),
        looker_promise(a_section_that_existed_is_not_the_module_s_making),
        looker_promise(a_section_that_exists_is_opened_whatever_the_limit),
        looker_promise(pages_in_views_cannot_be_decommitted),
        looker_promise(an_address_beyond_a_view_answers_as_win32),
        looker_promise(a_limit_holds_to_the_byte),
        looker_promise(what_is_held_without_use_is_given_back_before_a_section_is_refused),
        looker_promise(duplicates_stand_for_the_same_section),
        looker_promise(a_source_that_is_closed_by_duplicating_is_gone),
        looker_promise(a_handle_that_cannot_be_closed_stays),
        looker_promise(a_source_that_cannot_be_closed_by_duplicating_stays),
        looker_promise(a_handle_that_was_closed_unseen_leaves_the_books_when_its_value_comes_again),
        looker_promise(a_handle_that_was_closed_unseen_is_forgotten_when_a_section_is_opened),
        looker_promise(a_view_of_more_than_the_known_section_counts_as_a_mapped_range),
        looker_promise(a_handle_that_another_manager_gets_is_forgotten_by_the_first),
        looker_promise(a_section_that_outlives_the_redirection_is_closed_in_its_manager_s_books),
        looker_promise(books_that_are_read_from_outside_have_the_sections),
        looker_promise(a_view_that_is_unmapped_while_pages_are_committed_in_it_leaves_exact_books),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
