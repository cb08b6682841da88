/*
 * test_notification_hooks.c: memory resource notifications of a redirected module: which manager
 * their handles follow and until when, how they can be queried, and how queries fail.
 *
 * The first test must stay the first: it needs a process in which no module has created a
 * notification yet.
 */
#include "redirected.h"

#include <winternl.h>

#define RESERVE_COMMIT (MEM_RESERVE | MEM_COMMIT)
#define LIMIT (100 * PAGE)
#define SOME_IS_LOW (95 * PAGE)

static const HOSTMEM_LIMITS usual = {.cbSize = sizeof(usual), .Committed = {.Limit = LIMIT}};

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

/* Whether a handle is signalled, as a wait for it shows. Fails for a value that is no handle. */
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

    redirected_limit(redirected, &usual);
    redirected_release(redirected, redirected_alloc(redirected, NULL, SOME_IS_LOW, RESERVE_COMMIT));
    assert_figure(notifications(redirected, eMemoryAvailableLow), 0);
    assert_figure(notifications(redirected, eMemoryAvailableHigh), 0);
    low = create_low(redirected);
    redirected_release(redirected, redirected_alloc(redirected, NULL, SOME_IS_LOW, RESERVE_COMMIT));
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

    redirected_limit(redirected, &usual);
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
 * What a module sees of the pressure
 * --------------------------------------------------------------------------------------------- */

/* Asks in both ways, which must agree. */
static bool is_set(const struct redirected *redirected, HANDLE notification)
{
    BOOL state = 2;

    assert_true(redirected->calls->query_notification(notification, &state));
    assert_figure(state, is_signalled(notification));
    return state != FALSE;
}

static void notifications_follow_the_manager_s_pressure(void **state)
{
    struct redirected *redirected = *state;
    const struct redirect_target *calls = redirected->calls;
    HANDLE low, high;
    void *memory;

    redirected_limit(redirected, &usual);
    low = calls->create_notification(LowMemoryResourceNotification);
    high = calls->create_notification(HighMemoryResourceNotification);
    assert_non_null(low);
    assert_non_null(high);
    for (int round = 0; round < 3; round++) {
        assert_false(is_set(redirected, low));
        assert_true(is_set(redirected, high));
        memory = redirected_alloc(redirected, NULL, 80 * PAGE, RESERVE_COMMIT);
        assert_false(is_set(redirected, low));
        assert_false(is_set(redirected, high));
        redirected_release(redirected, memory);
        memory = subject_alloc(&redirected->subject, 95 * PAGE, RESERVE_COMMIT, PAGE_READWRITE);
        assert_true(is_set(redirected, low));
        assert_false(is_set(redirected, high));
        subject_release(&redirected->subject, memory);
    }
    assert_figure(statistics_of(&redirected->subject).Notifications[0].Count, 3);
    assert_true(CloseHandle(low));
    assert_true(CloseHandle(high));
}

static void a_notification_made_late_says_what_is_so(void **state)
{
    struct redirected *redirected = *state;
    const HOSTMEM_LIMITS wider = {.cbSize = sizeof(wider), .Committed = {.Limit = 1000 * PAGE}};
    HANDLE first, second;
    void *memory;

    redirected_limit(redirected, &usual);
    memory = redirected_alloc(redirected, NULL, 95 * PAGE, RESERVE_COMMIT);
    first = redirected->calls->create_notification(LowMemoryResourceNotification);
    assert_true(is_set(redirected, first));
    second = redirected->calls->create_notification(LowMemoryResourceNotification);
    assert_true(CloseHandle(first));
    assert_true(is_set(redirected, second));
    assert_succeeds(IHostMemInspection_SetLimits(redirected->subject.inspection, &wider));
    assert_false(is_set(redirected, second));
    assert_true(CloseHandle(second));
    redirected_release(redirected, memory);
}

static void a_notification_outlives_a_redirection_and_follows_the_next_one(void **state)
{
    struct redirected *redirected = *state;
    HANDLE low, high;
    void *memory;

    redirected_limit(redirected, &usual);
    low = redirected->calls->create_notification(LowMemoryResourceNotification);
    high = redirected->calls->create_notification(HighMemoryResourceNotification);
    memory = redirected_alloc(redirected, NULL, 95 * PAGE, RESERVE_COMMIT);
    assert_true(is_signalled(low));
    redirected_end(redirected);
    assert_false(is_signalled(low));
    assert_false(is_signalled(high));
    redirected_begin(redirected);
    assert_true(is_signalled(low));
    redirected_release(redirected, memory);
    assert_true(is_signalled(high));
    redirected_limit_committed(redirected, 50 * PAGE, 0);
    assert_true(is_signalled(high));
    memory = redirected_alloc(redirected, NULL, 48 * PAGE, RESERVE_COMMIT);
    assert_true(is_signalled(low));
    redirected_release(redirected, memory);
    assert_true(CloseHandle(low));
    assert_true(CloseHandle(high));
}

static DWORD WINAPI wait_for_notification(void *context)
{
    return WaitForSingleObject(*(HANDLE *)context, 120000);
}

static void a_thread_that_waits_for_a_notification_wakes_up(void **state)
{
    struct redirected *redirected = *state;
    struct threads threads;
    DWORD result = WAIT_FAILED;
    HANDLE low;
    void *memory;

    redirected_limit(redirected, &usual);
    low = redirected->calls->create_notification(LowMemoryResourceNotification);
    threads_start(&threads, 1, wait_for_notification, &low, sizeof(low));
    memory = redirected_alloc(redirected, NULL, 95 * PAGE, RESERVE_COMMIT);
    assert_figure(WaitForSingleObject(threads.handles[0], 120000), WAIT_OBJECT_0);
    assert_true(GetExitCodeThread(threads.handles[0], &result));
    assert_figure(result, WAIT_OBJECT_0);
    threads_join(&threads);
    redirected_release(redirected, memory);
    assert_true(CloseHandle(low));
}

static void a_notification_of_an_unknown_type_fails_as_windows_does(void **state)
{
    struct redirected *redirected = *state;
    const struct redirect_target *calls = redirected->calls;
    HANDLE none;
    DWORD error;

    SetLastError(UNTOUCHED);
    none = calls->create_notification((MEMORY_RESOURCE_NOTIFICATION_TYPE)7);
    error = GetLastError();
    assert_null(none);
    SetLastError(UNTOUCHED);
    assert_null(CreateMemoryResourceNotification((MEMORY_RESOURCE_NOTIFICATION_TYPE)7));
    assert_last_error(error);
}

/* ------------------------------------------------------------------------------------------------
 * Which manager handles follow
 * --------------------------------------------------------------------------------------------- */

static void new_limits_signal_in_both_directions(void **state)
{
    struct redirected *redirected = *state;
    HANDLE low, high;
    void *memory;

    redirected_limit(redirected, &usual);
    low = create_low(redirected);
    high = create_high(redirected);
    memory = redirected_alloc(redirected, NULL, 50 * PAGE, RESERVE_COMMIT);
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
    redirected_release(redirected, memory);
    assert_true(CloseHandle(low));
    assert_true(CloseHandle(high));
}

static void closing_one_handle_leaves_the_others_at_work(void **state)
{
    struct redirected *redirected = *state;
    HANDLE low[3], high[2];
    void *memory;

    redirected_limit(redirected, &usual);
    for (size_t i = 0; i < COUNT_OF(low); i++)
        low[i] = create_low(redirected);
    for (size_t i = 0; i < COUNT_OF(high); i++)
        high[i] = create_high(redirected);
    assert_true(CloseHandle(low[1]));
    assert_true(CloseHandle(high[0]));
    memory = redirected_alloc(redirected, NULL, SOME_IS_LOW, RESERVE_COMMIT);
    assert_true(is_signalled(low[0]));
    assert_true(is_signalled(low[2]));
    assert_false(is_signalled(high[1]));
    assert_true(CloseHandle(low[0]));
    redirected_release(redirected, memory);
    assert_false(is_signalled(low[2]));
    assert_true(is_signalled(high[1]));
    assert_true(CloseHandle(low[2]));
    assert_true(CloseHandle(high[1]));
    memory = redirected_alloc(redirected, NULL, SOME_IS_LOW,
                              RESERVE_COMMIT); /* with all of them closed, a new one is right */
    low[0] = create_low(redirected);
    assert_true(is_signalled(low[0]));
    redirected_release(redirected, memory);
    assert_false(is_signalled(low[0]));
    assert_true(CloseHandle(low[0]));
}

static void handles_follow_until_the_last_module_s_redirection_ends(void **state)
{
    struct redirected *redirected = *state;
    struct redirected other = {.flags = 0};
    HANDLE low;
    void *memory;

    redirected_limit(redirected, &usual);
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

static void a_manager_that_serves_no_more_signals_nothing(void **state)
{
    struct redirected *redirected = *state;
    HANDLE low, high;
    void *memory;

    redirected_limit(redirected, &usual);
    low = create_low(redirected);
    high = create_high(redirected);
    memory = redirected_alloc(redirected, NULL, SOME_IS_LOW, RESERVE_COMMIT);
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

static void a_handle_of_the_system_s_own_still_tells_of_the_system(void **state)
{
    struct redirected *redirected = *state;
    HANDLE system = CreateMemoryResourceNotification(LowMemoryResourceNotification);
    BOOL is_low = 2, system_is_low = 3;
    void *memory;

    assert_non_null(system);
    redirected_limit(redirected, &usual);
    memory = redirected_alloc(redirected, NULL, SOME_IS_LOW, RESERVE_COMMIT);
    assert_true(QueryMemoryResourceNotification(system, &system_is_low));
    assert_true(redirected->calls->query_notification(system, &is_low));
    assert_figure(is_low, system_is_low);
    redirected_release(redirected, memory);
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
    redirected_limit(redirected, &usual);
    low = create_low(redirected);
    memory = redirected_alloc(redirected, NULL, SOME_IS_LOW, RESERVE_COMMIT);
    assert_figure(query_event(low, 0, information, sizeof(information), NULL), 0);
    assert_figure(information[1], 1);
    redirected_end(redirected);
    assert_true(redirected->calls->query_notification(low, &is_low)); /* Win32's own now */
    assert_figure(is_low, FALSE);
    redirected_begin(redirected);
    redirected_release(redirected, memory);
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

    redirected_limit(redirected, &usual);
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

    redirected_limit(redirected, &usual);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        redirected_promise(a_change_is_counted_as_told_once_a_module_has_asked),
        redirected_promise(what_happens_after_the_redirection_is_told_to_nobody),
        redirected_promise(notifications_follow_the_manager_s_pressure),
        redirected_promise(a_notification_made_late_says_what_is_so),
        redirected_promise(a_notification_outlives_a_redirection_and_follows_the_next_one),
        redirected_promise(a_thread_that_waits_for_a_notification_wakes_up),
        redirected_promise(a_notification_of_an_unknown_type_fails_as_windows_does),
        redirected_promise(new_limits_signal_in_both_directions),
        redirected_promise(closing_one_handle_leaves_the_others_at_work),
        redirected_promise(handles_follow_until_the_last_module_s_redirection_ends),
        redirected_promise(a_manager_that_serves_no_more_signals_nothing),
        redirected_promise(a_handle_of_the_system_s_own_still_tells_of_the_system),
        redirected_promise(a_handle_can_be_queried_like_the_system_s_own),
        redirected_promise(what_succeeds_leaves_the_last_error_alone),
        redirected_promise(a_query_of_no_handle_fails_as_windows_does),
    };

    return cmocka_run_group_tests_name("notifications of redirected modules", tests, NULL, NULL);
}
