/*
 * test_notification_hooks.c: handles of memory resource notifications as a redirected module meets
 * them: whom they follow and until when, what they may be asked, and how asking fails.
 *
 * The first test must stay the first: it is about a process in which no module has asked yet.
 */
#include "redirected.h"

#include <winternl.h>

#define RESERVE_COMMIT (MEM_RESERVE | MEM_COMMIT)
#define LIMIT (100 * PAGE)
#define SOME_IS_LOW (95 * PAGE)
#define SOME_IS_NEUTRAL (80 * PAGE)

static const HOSTMEM_LIMITS usual = {.cbSize = sizeof(usual), .Committed = {.Limit = LIMIT}};

static void limit(struct redirected *redirected, const HOSTMEM_LIMITS *limits)
{
    const HOSTMEM_OPTIONS options = {.cbSize = sizeof(options), .pLimits = limits};

    redirected_restart(redirected, &options);
}

static void *alloc(const struct redirected *redirected, SIZE_T size)
{
    void *memory = redirected->calls->alloc(NULL, size, RESERVE_COMMIT, PAGE_READWRITE);

    assert_non_null(memory);
    return memory;
}

static void release(const struct redirected *redirected, void *memory)
{
    assert_true(redirected->calls->free(memory, 0, MEM_RELEASE));
}

static void set_limit(const struct redirected *redirected, ULONGLONG bytes)
{
    const HOSTMEM_LIMITS limits = {.cbSize = sizeof(limits), .Committed = {.Limit = bytes}};

    assert_succeeds(IHostMemInspection_SetLimits(redirected->subject.inspection, &limits));
}

static HANDLE create(const struct redirected *redirected, MEMORY_RESOURCE_NOTIFICATION_TYPE type)
{
    HANDLE handle = redirected->calls->create_notification(type);

    assert_non_null(handle);
    return handle;
}

static HANDLE create_low(const struct redirected *redirected)
{
    return create(redirected, LowMemoryResourceNotification);
}

static HANDLE create_high(const struct redirected *redirected)
{
    return create(redirected, HighMemoryResourceNotification);
}

/* A handle is signalled, or is not: as a wait for it shows. Fails for a handle that is none. */
static bool is_signalled(HANDLE handle)
{
    DWORD result = WaitForSingleObject(handle, 0);

    assert_true(result == WAIT_OBJECT_0 || result == WAIT_TIMEOUT);
    return result == WAIT_OBJECT_0;
}

static ULONGLONG notifications(const struct redirected *redirected, EMemoryAvailable state)
{
    return statistics_of(&redirected->subject).Notifications[state - eMemoryAvailableLow].Count;
}

/* ------------------------------------------------------------------------------------------------
 * What counts as told
 * --------------------------------------------------------------------------------------------- */

static void a_change_is_counted_as_told_once_a_module_has_asked(void **state)
{
    struct redirected *redirected = *state;
    HANDLE low;

    limit(redirected, &usual);
    release(redirected, alloc(redirected, SOME_IS_LOW));
    assert_figure(notifications(redirected, eMemoryAvailableLow), 0);
    assert_figure(notifications(redirected, eMemoryAvailableHigh), 0);
    low = create_low(redirected);
    release(redirected, alloc(redirected, SOME_IS_LOW));
    assert_figure(notifications(redirected, eMemoryAvailableLow), 1);
    assert_figure(notifications(redirected, eMemoryAvailableNeutral), 0);
    assert_figure(notifications(redirected, eMemoryAvailableHigh), 1);
    assert_true(CloseHandle(low));
}

static void what_happens_after_the_redirection_is_told_to_nobody(void **state)
{
    struct redirected *redirected = *state;
    HANDLE low, high;
    void *memory;

    limit(redirected, &usual);
    low = create_low(redirected);
    high = create_high(redirected);
    redirected_end(redirected);
    memory = subject_alloc(&redirected->subject, SOME_IS_LOW, RESERVE_COMMIT, PAGE_READWRITE);
    assert_figure(statistics_of(&redirected->subject).Pressure, eMemoryAvailableLow);
    assert_false(is_signalled(low));
    assert_figure(notifications(redirected, eMemoryAvailableLow), 0);
    subject_release(&redirected->subject, memory);
    assert_false(is_signalled(high));
    assert_true(CloseHandle(low));
    assert_true(CloseHandle(high));
}

/* ------------------------------------------------------------------------------------------------
 * Whom handles follow
 * --------------------------------------------------------------------------------------------- */

static void new_limits_signal_in_both_directions(void **state)
{
    struct redirected *redirected = *state;
    HANDLE low, high;
    void *memory;

    limit(redirected, &usual);
    low = create_low(redirected);
    high = create_high(redirected);
    memory = alloc(redirected, 50 * PAGE);
    assert_true(is_signalled(high));
    set_limit(redirected, 52 * PAGE);
    assert_true(is_signalled(low));
    assert_false(is_signalled(high));
    set_limit(redirected, 62 * PAGE);
    assert_false(is_signalled(low));
    assert_false(is_signalled(high));
    set_limit(redirected, LIMIT);
    assert_true(is_signalled(high));
    set_limit(redirected, 40 * PAGE); /* less than is used */
    assert_true(is_signalled(low));
    set_limit(redirected, 0);
    assert_false(is_signalled(low));
    assert_true(is_signalled(high));
    release(redirected, memory);
    assert_true(CloseHandle(low));
    assert_true(CloseHandle(high));
}

static void closing_one_handle_leaves_the_others_at_work(void **state)
{
    struct redirected *redirected = *state;
    HANDLE low[3], high[2];
    void *memory;

    limit(redirected, &usual);
    for (size_t i = 0; i < COUNT_OF(low); i++)
        low[i] = create_low(redirected);
    for (size_t i = 0; i < COUNT_OF(high); i++)
        high[i] = create_high(redirected);
    assert_true(CloseHandle(low[1]));
    assert_true(CloseHandle(high[0]));
    memory = alloc(redirected, SOME_IS_LOW);
    assert_true(is_signalled(low[0]));
    assert_true(is_signalled(low[2]));
    assert_false(is_signalled(high[1]));
    assert_true(CloseHandle(low[0]));
    release(redirected, memory);
    assert_false(is_signalled(low[2]));
    assert_true(is_signalled(high[1]));
    assert_true(CloseHandle(low[2]));
    assert_true(CloseHandle(high[1]));
    memory = alloc(redirected, SOME_IS_LOW); /* with all of them closed, a new one is right */
    low[0] = create_low(redirected);
    assert_true(is_signalled(low[0]));
    release(redirected, memory);
    assert_false(is_signalled(low[0]));
    assert_true(CloseHandle(low[0]));
}

static void handles_follow_until_the_last_module_s_redirection_ends(void **state)
{
    struct redirected *redirected = *state;
    struct redirected other = {.flags = 0};
    HANDLE low;
    void *memory;

    limit(redirected, &usual);
    other.subject = redirected->subject;
    redirected_load(&other, L"redirect_api_set.dll");
    redirected_begin(&other);
    low = create_low(redirected);
    memory = subject_alloc(&redirected->subject, SOME_IS_LOW, RESERVE_COMMIT, PAGE_READWRITE);
    redirected_end(redirected);
    assert_true(is_signalled(low));
    subject_release(&redirected->subject, memory);
    assert_false(is_signalled(low));
    memory = subject_alloc(&redirected->subject, SOME_IS_LOW, RESERVE_COMMIT, PAGE_READWRITE);
    assert_true(is_signalled(low));
    redirected_end(&other);
    assert_false(is_signalled(low));
    subject_release(&redirected->subject, memory);
    redirected_unload(&other);
    assert_true(CloseHandle(low));
}

static void a_handle_of_the_system_s_own_still_tells_of_the_system(void **state)
{
    struct redirected *redirected = *state;
    HANDLE system = CreateMemoryResourceNotification(LowMemoryResourceNotification);
    BOOL is_low = 2, system_is_low = 3;
    void *memory;

    assert_non_null(system);
    limit(redirected, &usual);
    memory = alloc(redirected, SOME_IS_LOW);
    assert_true(QueryMemoryResourceNotification(system, &system_is_low));
    assert_true(redirected->calls->query_notification(system, &is_low));
    assert_figure(is_low, system_is_low);
    release(redirected, memory);
    assert_true(CloseHandle(system));
}

/* What Windows' own QueryMemoryResourceNotification does is to query an event. */
static void a_handle_can_be_queried_like_the_system_s_own(void **state)
{
    struct redirected *redirected = *state;
    HANDLE low;
    BOOL is_low = 2;
    void *memory;
    LONG information[2] = {-1, -1}; /* EVENT_BASIC_INFORMATION: type, state */
    NTSTATUS(NTAPI * query_event)(HANDLE, int, void *, ULONG, ULONG *);
    FARPROC function = GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "NtQueryEvent");

    assert_true(function != NULL);
    query_event = (NTSTATUS(NTAPI *)(HANDLE, int, void *, ULONG, ULONG *))(void (*)(void))function;
    limit(redirected, &usual);
    low = create_low(redirected);
    memory = alloc(redirected, SOME_IS_LOW);
    assert_figure(query_event(low, 0, information, sizeof(information), NULL), 0);
    assert_figure(information[1], 1);
    redirected_end(redirected);
    assert_true(redirected->calls->query_notification(low, &is_low)); /* Win32's own now */
    assert_figure(is_low, FALSE);
    redirected_begin(redirected);
    release(redirected, memory);
    assert_true(CloseHandle(low));
}

/* ------------------------------------------------------------------------------------------------
 * Failures, and last errors
 * --------------------------------------------------------------------------------------------- */

static void what_succeeds_leaves_the_last_error_alone(void **state)
{
    struct redirected *redirected = *state;
    MEMORYSTATUSEX status = {.dwLength = sizeof(status)};
    HANDLE handles[2];
    BOOL is_set;

    limit(redirected, &usual);
    for (int type = 0; type < 2; type++) {
        SetLastError(UNTOUCHED);
        handles[type] = create(redirected, (MEMORY_RESOURCE_NOTIFICATION_TYPE)type);
        assert_last_error(UNTOUCHED);
        assert_true(redirected->calls->query_notification(handles[type], &is_set));
        assert_last_error(UNTOUCHED);
    }
    assert_true(redirected->calls->memory_status(&status));
    assert_last_error(UNTOUCHED);
    assert_true(CloseHandle(handles[0]));
    assert_true(CloseHandle(handles[1]));
}

/* The module's query and Win32's own fail alike. */
static void check_query_fails(const struct redirected *redirected, const char *about, HANDLE handle,
                              bool with_state)
{
    BOOL is_set = 2;
    BOOL *result = with_state ? &is_set : NULL;
    DWORD expected;

    SetLastError(UNTOUCHED);
    assert_figure_of(about, QueryMemoryResourceNotification(handle, result), FALSE);
    expected = GetLastError();
    SetLastError(UNTOUCHED);
    assert_figure_of(about, redirected->calls->query_notification(handle, result), FALSE);
    assert_figure_of(about, GetLastError(), expected);
    assert_figure_of(about, is_set, 2);
}

static void a_query_of_no_handle_fails_as_windows_does(void **state)
{
    struct redirected *redirected = *state;
    HANDLE closed, thread = NULL;

    limit(redirected, &usual);
    closed = create_low(redirected);
    assert_true(CloseHandle(closed));
    check_query_fails(redirected, "closed", closed, true);
    check_query_fails(redirected, "NULL", NULL, true);
    /* A handle that may not be waited for. */
    assert_true(DuplicateHandle(GetCurrentProcess(), GetCurrentThread(), GetCurrentProcess(),
                                &thread, THREAD_GET_CONTEXT, FALSE, 0));
    check_query_fails(redirected, "not to be waited for", thread, true);
    assert_true(CloseHandle(thread));
}

/* ------------------------------------------------------------------------------------------------
 * GlobalMemoryStatusEx
 * --------------------------------------------------------------------------------------------- */

static DWORD load_of(const struct redirected *redirected)
{
    MEMORYSTATUSEX status = {.dwLength = sizeof(status)};

    assert_true(redirected->calls->memory_status(&status));
    return status.dwMemoryLoad;
}

static bool system_is_loaded(void)
{
    MEMORYSTATUSEX status = {.dwLength = sizeof(status)};

    assert_true(GlobalMemoryStatusEx(&status));
    if (status.dwMemoryLoad > 85)
        print_message("The system's own load is %lu %%: nothing to see.\n", status.dwMemoryLoad);
    return status.dwMemoryLoad > 85;
}

static void a_refusal_by_one_manager_says_nothing_of_the_next(void **state)
{
    static const HOSTMEM_LIMITS narrow = {.cbSize = sizeof(narrow),
                                          .Committed = {.Limit = 8 << 20}};
    struct redirected *redirected = *state;
    void *memory;

    if (system_is_loaded())
        skip();
    limit(redirected, &narrow);
    assert_null(redirected->calls->alloc(NULL, 9 << 20, RESERVE_COMMIT, PAGE_READWRITE));
    limit(redirected, &usual);
    memory = alloc(redirected, SOME_IS_LOW); /* none of the collector's heap: that is larger */
    assert_figure(load_of(redirected), 95);
    release(redirected, memory);
}

static void use_above_the_limit_is_100_percent_and_no_room(void **state)
{
    struct redirected *redirected = *state;
    MEMORYSTATUSEX status = {.dwLength = sizeof(status)};
    void *memory;

    limit(redirected, &usual);
    memory = alloc(redirected, SOME_IS_NEUTRAL);
    set_limit(redirected, 40 * PAGE);
    assert_true(redirected->calls->memory_status(&status));
    assert_figure(status.dwMemoryLoad, 100);
    assert_figure(status.ullTotalPhys, 40 * PAGE);
    assert_figure(status.ullAvailPhys, 0);
    assert_figure(status.ullAvailPageFile, 0);
    release(redirected, memory);
}

static void a_manager_that_serves_no_more_signals_nothing(void **state)
{
    struct redirected *redirected = *state;
    HANDLE low, high;
    void *memory;

    limit(redirected, &usual);
    low = create_low(redirected);
    high = create_high(redirected);
    memory = alloc(redirected, SOME_IS_LOW);
    assert_true(is_signalled(low));
    assert_succeeds(IHostMemInspection_Close(redirected->subject.inspection));
    assert_false(is_signalled(low));
    redirected_end(redirected);
    redirected_begin(redirected);
    assert_false(is_signalled(low));
    assert_false(is_signalled(high));
    assert_true(VirtualFree(memory, 0, MEM_RELEASE));
    assert_true(CloseHandle(low));
    assert_true(CloseHandle(high));
    redirected_restart(redirected, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        redirected_promise(a_change_is_counted_as_told_once_a_module_has_asked),
        redirected_promise(what_happens_after_the_redirection_is_told_to_nobody),
        redirected_promise(new_limits_signal_in_both_directions),
        redirected_promise(closing_one_handle_leaves_the_others_at_work),
        redirected_promise(handles_follow_until_the_last_module_s_redirection_ends),
        redirected_promise(a_manager_that_serves_no_more_signals_nothing),
        redirected_promise(a_handle_of_the_system_s_own_still_tells_of_the_system),
        redirected_promise(a_handle_can_be_queried_like_the_system_s_own),
        redirected_promise(what_succeeds_leaves_the_last_error_alone),
        redirected_promise(a_query_of_no_handle_fails_as_windows_does),
        redirected_promise(a_refusal_by_one_manager_says_nothing_of_the_next),
        redirected_promise(use_above_the_limit_is_100_percent_and_no_room),
    };

    return cmocka_run_group_tests_name("notifications of redirected modules", tests, NULL, NULL);
}
