/*
 * test_request_level.c: limits as a redirected module meets them: whom they refuse, and what the
 * module is told of the machine's memory.
 */
#include "redirected.h"

#include <string.h>

#define RESERVE_COMMIT (MEM_RESERVE | MEM_COMMIT)
#define MIB ((SIZE_T)1 << 20)

/* ------------------------------------------------------------------------------------------------
 * A module under a limit
 * --------------------------------------------------------------------------------------------- */

/* The manager of the redirected module is one with these limits from now on. */
static void limit(struct redirected *redirected, const HOSTMEM_LIMITS *limits)
{
    const HOSTMEM_OPTIONS options = {.cbSize = sizeof(options), .pLimits = limits};

    redirected_restart(redirected, &options);
}

static void limit_committed(struct redirected *redirected, ULONGLONG bytes, ULONGLONG reserve)
{
    const HOSTMEM_LIMITS limits = {.cbSize = sizeof(limits),
                                   .Committed = {.Limit = bytes,
                                                 .AppDomainReserve = reserve,
                                                 .ProcessReserve = HOSTMEM_NO_RESERVE}};

    limit(redirected, &limits);
}

static void set_level(const struct redirected *redirected, EMemoryCriticalLevel level)
{
    assert_succeeds(IHostMemInspection_SetRedirectedLevel(redirected->subject.inspection, level));
}

static ULONGLONG refusals(const struct redirected *redirected, EMemoryCriticalLevel level)
{
    return statistics_of(&redirected->subject).RefusedRequests[level].Count;
}

static void *alloc(const struct redirected *redirected, void *address, SIZE_T size, DWORD type)
{
    return redirected->calls->alloc(address, size, type, PAGE_READWRITE);
}

static void release(const struct redirected *redirected, void *memory)
{
    assert_true(redirected->calls->free(memory, 0, MEM_RELEASE));
}

/* A request that the limits refuse, as of that level. */
#define assert_refused_as(redirected, level, request)                                              \
    do {                                                                                           \
        ULONGLONG refused_before = refusals((redirected), (level));                                \
        SetLastError(UNTOUCHED);                                                                   \
        assert_null(request);                                                                      \
        assert_last_error(ERROR_COMMITMENT_LIMIT);                                                 \
        assert_figure(refusals((redirected), (level)), refused_before + 1);                        \
    } while (0)

/* ------------------------------------------------------------------------------------------------
 * Who is refused
 * --------------------------------------------------------------------------------------------- */

static void what_a_module_asks_for_is_refused_with_win32_s_own_error(void **state)
{
    struct redirected *redirected = *state;
    const struct redirect_target *calls = redirected->calls;
    HANDLE self = GetCurrentProcess();

    limit_committed(redirected, 16 * MIB, 0);
    assert_refused_as(redirected, eTaskCritical,
                      calls->alloc(NULL, 17 * MIB, RESERVE_COMMIT, PAGE_READWRITE));
    assert_refused_as(redirected, eTaskCritical,
                      calls->alloc_ex(self, NULL, 17 * MIB, RESERVE_COMMIT, PAGE_READWRITE));
    assert_refused_as(redirected, eTaskCritical,
                      calls->alloc_ex_numa(self, NULL, 17 * MIB, RESERVE_COMMIT, PAGE_READWRITE,
                                           NUMA_NO_PREFERRED_NODE));
    assert_figure(statistics_of(&redirected->subject).Committed.Peak, 0);
}

static void the_collector_s_heap_is_task_critical_and_all_else_may_use_the_reserve(void **state)
{
    struct redirected *redirected = *state;
    char *heap, *small;

    limit_committed(redirected, 4 * MIB, 2 * MIB);
    heap = alloc(redirected, NULL, 8 * MIB, MEM_RESERVE);
    small = alloc(redirected, NULL, 8 * MIB - PAGE, MEM_RESERVE);
    assert_non_null(alloc(redirected, heap + 4 * MIB, 4 * MIB, MEM_COMMIT));
    assert_refused_as(redirected, eTaskCritical,
                      alloc(redirected, heap + 3 * MIB, PAGE, MEM_COMMIT));
    assert_non_null(alloc(redirected, small, MIB, MEM_COMMIT));
    assert_non_null(alloc(redirected, small + 4 * MIB, MIB, MEM_COMMIT));
    assert_refused_as(redirected, eAppDomainCritical,
                      alloc(redirected, small + 2 * MIB, PAGE, MEM_COMMIT));
    assert_refused_as(redirected, eAppDomainCritical,
                      alloc(redirected, NULL, PAGE, RESERVE_COMMIT));
    release(redirected, heap);
    release(redirected, small);
}

static void the_start_of_a_new_segment_may_use_the_reserve(void **state)
{
    struct redirected *redirected = *state;
    char *full, *fresh;

    limit_committed(redirected, 8 * MIB, 4 * MIB);
    full = alloc(redirected, NULL, 8 * MIB, RESERVE_COMMIT);
    fresh = alloc(redirected, NULL, 16 * MIB, MEM_RESERVE);
    assert_non_null(full);
    assert_refused_as(redirected, eTaskCritical,
                      alloc(redirected, fresh, 2 * MIB + PAGE, MEM_COMMIT));
    assert_non_null(alloc(redirected, fresh, 2 * PAGE, MEM_COMMIT));
    assert_non_null(alloc(redirected, fresh + 2 * PAGE, 2 * MIB, MEM_COMMIT));
    assert_refused_as(redirected, eTaskCritical,
                      alloc(redirected, fresh + 4 * MIB, PAGE, MEM_COMMIT));
    release(redirected, full);
    release(redirected, fresh);
}

static void before_the_runtime_is_up_all_is_as_critical_as_the_host_says(void **state)
{
    struct redirected *redirected = *state;
    const HOSTMEM_LIMITS limits = {
        .cbSize = sizeof(limits),
        .Committed = {.Limit = 8 * MIB, .AppDomainReserve = MIB, .ProcessReserve = MIB}};
    void *memory;

    limit(redirected, &limits);
    set_level(redirected, eProcessCritical);
    assert_figure(statistics_of(&redirected->subject).RedirectedLevel, eProcessCritical);
    memory = alloc(redirected, NULL, 10 * MIB, RESERVE_COMMIT);
    assert_non_null(memory);
    assert_refused_as(redirected, eProcessCritical, alloc(redirected, NULL, 1, RESERVE_COMMIT));
    release(redirected, memory);
    set_level(redirected, eAppDomainCritical);
    assert_refused_as(redirected, eAppDomainCritical,
                      alloc(redirected, NULL, 10 * MIB, RESERVE_COMMIT));
    memory = alloc(redirected, NULL, 9 * MIB, RESERVE_COMMIT);
    assert_non_null(memory);
    release(redirected, memory);
    set_level(redirected, eTaskCritical);
    assert_refused_as(redirected, eTaskCritical, alloc(redirected, NULL, 9 * MIB, RESERVE_COMMIT));
    for (size_t i = 0; i < COUNT_OF(no_levels); i++)
        assert_hresult(
            IHostMemInspection_SetRedirectedLevel(redirected->subject.inspection, no_levels[i]),
            E_INVALIDARG);
    assert_figure(statistics_of(&redirected->subject).RedirectedLevel, eTaskCritical);
}

static volatile LONG raised;

static LONG CALLBACK note_no_memory(EXCEPTION_POINTERS *pointers)
{
    if (pointers->ExceptionRecord->ExceptionCode != STATUS_NO_MEMORY)
        return EXCEPTION_CONTINUE_SEARCH;
    InterlockedIncrement(&raised);
    return EXCEPTION_CONTINUE_EXECUTION;
}

/* A request of the heap that the limits refuse, and how often it raises STATUS_NO_MEMORY. */
#define assert_heap_refuses(request, exceptions)                                                   \
    do {                                                                                           \
        raised = 0;                                                                                \
        SetLastError(UNTOUCHED);                                                                   \
        assert_null(request);                                                                      \
        assert_last_error(ERROR_NOT_ENOUGH_MEMORY);                                                \
        assert_figure(raised, (exceptions));                                                       \
    } while (0)

static void a_heap_under_a_limit_fails_as_windows_heaps_do(void **state)
{
    struct redirected *redirected = *state;
    const struct redirect_target *calls = redirected->calls;
    HANDLE heap = GetProcessHeap();
    void *handler = AddVectoredExceptionHandler(1, note_no_memory);
    unsigned char *block;

    limit_committed(redirected, MIB, MIB);
    block = calls->heap_alloc(GetProcessHeap(), 0, 100);
    assert_non_null(block);
    memset(block, 0x5a, 100);
    assert_heap_refuses(calls->heap_alloc(heap, 0, 3 * MIB), 0);
    assert_heap_refuses(calls->heap_realloc(heap, 0, block, 3 * MIB), 0);
    assert_heap_refuses(calls->heap_alloc(heap, HEAP_GENERATE_EXCEPTIONS, 3 * MIB), 1);
    assert_heap_refuses(calls->heap_realloc(heap, HEAP_GENERATE_EXCEPTIONS, block, 3 * MIB), 1);
    assert_true(RemoveVectoredExceptionHandler(handler) != 0);
    assert_figure(refusals(redirected, eAppDomainCritical), 4);
    assert_figure(calls->heap_size(GetProcessHeap(), 0, block), 100);
    for (int i = 0; i < 100; i++)
        assert_figure(block[i], 0x5a);
    block = calls->heap_realloc(GetProcessHeap(), 0, block, 3 * MIB / 2); /* uses the reserve */
    assert_non_null(block);
    assert_figure(block[99], 0x5a);
    assert_true(calls->heap_free(GetProcessHeap(), 0, block));
}

/* ------------------------------------------------------------------------------------------------
 * GlobalMemoryStatusEx
 * --------------------------------------------------------------------------------------------- */

static MEMORYSTATUSEX status_of(const struct redirected *redirected)
{
    MEMORYSTATUSEX status = {.dwLength = sizeof(status)};

    assert_true(redirected->calls->memory_status(&status));
    return status;
}

static MEMORYSTATUSEX system_status(void)
{
    MEMORYSTATUSEX status = {.dwLength = sizeof(status)};

    assert_true(GlobalMemoryStatusEx(&status));
    return status;
}

static void a_module_is_told_of_no_more_memory_than_its_limits(void **state)
{
    struct redirected *redirected = *state;
    const HOSTMEM_LIMITS limits = {.cbSize = sizeof(limits),
                                   .Committed = {.Limit = 64 * MIB},
                                   .Reserved = {.Limit = 128 * MIB}};
    MEMORYSTATUSEX status;
    void *memory;

    limit(redirected, &limits);
    memory = alloc(redirected, NULL, 48 * MIB, RESERVE_COMMIT);
    assert_non_null(memory);
    status = status_of(redirected);
    assert_figure(status.ullTotalPhys, 64 * MIB);
    assert_figure(status.ullAvailPhys, 16 * MIB);
    assert_figure(status.ullTotalPageFile, 64 * MIB);
    assert_figure(status.ullAvailPageFile, 16 * MIB);
    assert_figure(status.ullTotalVirtual, 128 * MIB);
    assert_figure(status.ullAvailVirtual, 80 * MIB);
    release(redirected, memory);
}

static void without_limits_a_module_is_told_what_the_system_says(void **state)
{
    MEMORYSTATUSEX status = status_of(*state), system = system_status();

    assert_figure(status.ullTotalPhys, system.ullTotalPhys);
    assert_figure(status.ullTotalPageFile, system.ullTotalPageFile);
    assert_figure(status.ullTotalVirtual, system.ullTotalVirtual);
    assert_at_least(status.ullAvailPhys, 64 * MIB);
}

static void the_host_itself_is_told_what_the_system_says(void **state)
{
    struct redirected *redirected = *state;
    ULONGLONG total = system_status().ullTotalPhys;

    limit_committed(redirected, 64 * MIB, 0);
    assert_figure(status_of(redirected).ullTotalPhys, 64 * MIB);
    assert_figure(system_status().ullTotalPhys, total);
    redirected_end(redirected);
    assert_figure(status_of(redirected).ullTotalPhys, total);
}

static void a_structure_of_the_wrong_size_is_refused_as_windows_does(void **state)
{
    struct redirected *redirected = *state;
    MEMORYSTATUSEX ours, system;
    BOOL done, expected;
    DWORD error;

    limit_committed(redirected, 64 * MIB, 0);
    for (DWORD size = 0; size < 2 * sizeof(ours); size += sizeof(ours) / 4) {
        memset(&ours, 0xcc, sizeof(ours));
        memset(&system, 0xcc, sizeof(system));
        ours.dwLength = system.dwLength = size;
        SetLastError(UNTOUCHED);
        done = redirected->calls->memory_status(&ours);
        error = GetLastError();
        SetLastError(UNTOUCHED);
        expected = GlobalMemoryStatusEx(&system);
        assert_figure(done, expected);
        assert_last_error(error);
        if (!done)
            assert_memory_equal(&ours, &system, sizeof(ours));
    }
}

/* Percent of the limit, and what the module hears of it. The system's own load must be less. */
static void check_load(struct redirected *redirected, DWORD low, DWORD high,
                       const DWORD (*expected)[2], size_t count)
{
    const HOSTMEM_LIMITS limits = {.cbSize = sizeof(limits),
                                   .LowPercent = low,
                                   .HighPercent = high,
                                   .Committed = {.Limit = 100 * PAGE}};
    DWORD system = system_status().dwMemoryLoad;

    limit(redirected, &limits);
    for (size_t i = 0; i < count; i++) {
        void *memory = alloc(redirected, NULL, expected[i][0] * PAGE, RESERVE_COMMIT);

        assert_non_null(memory);
        if (expected[i][1] > system + 5)
            assert_figure(status_of(redirected).dwMemoryLoad, expected[i][1]);
        else
            assert_at_least(status_of(redirected).dwMemoryLoad, expected[i][1]);
        release(redirected, memory);
    }
}

static void the_load_is_90_percent_where_memory_becomes_low(void **state)
{
    static const DWORD usual[][2] = {{1, 1}, {45, 45}, {89, 89}, {90, 90}, {91, 91}, {100, 100}};
    static const DWORD low_at_50[][2] = {{10, 18}, {25, 45}, {49, 88},  {50, 90},
                                         {60, 92}, {75, 95}, {100, 100}};
    static const DWORD low_at_100[][2] = {{50, 45}, {99, 89}, {100, 90}};

    check_load(*state, 90, 70, usual, COUNT_OF(usual));
    check_load(*state, 50, 30, low_at_50, COUNT_OF(low_at_50));
    check_load(*state, 100, 70, low_at_100, COUNT_OF(low_at_100));
}

static void while_the_collector_s_heap_stands_refused_the_load_is_below_90_percent(void **state)
{
    struct redirected *redirected = *state;
    DWORD system = system_status().dwMemoryLoad;
    char *heap, *small;

    if (system > 85) {
        print_message("The system's own load is %lu %%: nothing to see.\n", system);
        skip();
    }
    limit_committed(redirected, 10 * MIB, MIB);
    heap = alloc(redirected, NULL, 16 * MIB, MEM_RESERVE);
    small = alloc(redirected, NULL, MIB, MEM_RESERVE);
    assert_non_null(alloc(redirected, heap, 9 * MIB + MIB / 2, MEM_COMMIT));
    assert_figure(status_of(redirected).dwMemoryLoad, 95);
    assert_null(alloc(redirected, heap + 10 * MIB, MIB, MEM_COMMIT));
    assert_figure(status_of(redirected).dwMemoryLoad, 89);
    assert_figure(status_of(redirected).ullAvailPhys, MIB / 2);
    assert_non_null(alloc(redirected, small, PAGE, MEM_COMMIT)); /* nothing of the heap's */
    assert_figure(status_of(redirected).dwMemoryLoad, 89);
    assert_non_null(alloc(redirected, heap + 10 * MIB, PAGE, MEM_COMMIT));
    assert_figure(status_of(redirected).dwMemoryLoad, 95);
    release(redirected, heap);
    release(redirected, small);
}

/* ------------------------------------------------------------------------------------------------
 * Notifications
 * --------------------------------------------------------------------------------------------- */

#define SIGNALLED(handle) (WaitForSingleObject((handle), 0) == WAIT_OBJECT_0)

/* Both ways of asking, and the same answer. */
static bool is_set(const struct redirected *redirected, HANDLE notification)
{
    BOOL state = 2;

    assert_true(redirected->calls->query_notification(notification, &state));
    assert_figure(state, SIGNALLED(notification));
    return state != FALSE;
}

static void notifications_follow_the_manager_s_pressure(void **state)
{
    struct redirected *redirected = *state;
    const struct redirect_target *calls = redirected->calls;
    HANDLE low, high;
    void *memory;

    limit_committed(redirected, 100 * PAGE, 0);
    low = calls->create_notification(LowMemoryResourceNotification);
    high = calls->create_notification(HighMemoryResourceNotification);
    assert_non_null(low);
    assert_non_null(high);
    for (int round = 0; round < 3; round++) {
        assert_false(is_set(redirected, low));
        assert_true(is_set(redirected, high));
        memory = alloc(redirected, NULL, 80 * PAGE, RESERVE_COMMIT);
        assert_false(is_set(redirected, low));
        assert_false(is_set(redirected, high));
        release(redirected, memory);
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

    limit_committed(redirected, 100 * PAGE, 0);
    memory = alloc(redirected, NULL, 95 * PAGE, RESERVE_COMMIT);
    first = redirected->calls->create_notification(LowMemoryResourceNotification);
    assert_true(is_set(redirected, first));
    second = redirected->calls->create_notification(LowMemoryResourceNotification);
    assert_true(CloseHandle(first));
    assert_true(is_set(redirected, second));
    assert_succeeds(IHostMemInspection_SetLimits(redirected->subject.inspection, &wider));
    assert_false(is_set(redirected, second));
    assert_true(CloseHandle(second));
    release(redirected, memory);
}

static void a_notification_outlives_a_redirection_and_follows_the_next_one(void **state)
{
    struct redirected *redirected = *state;
    HANDLE low, high;
    void *memory;

    limit_committed(redirected, 100 * PAGE, 0);
    low = redirected->calls->create_notification(LowMemoryResourceNotification);
    high = redirected->calls->create_notification(HighMemoryResourceNotification);
    memory = alloc(redirected, NULL, 95 * PAGE, RESERVE_COMMIT);
    assert_true(SIGNALLED(low));
    redirected_end(redirected);
    assert_false(SIGNALLED(low));
    assert_false(SIGNALLED(high));
    redirected_begin(redirected);
    assert_true(SIGNALLED(low));
    release(redirected, memory);
    assert_true(SIGNALLED(high));
    limit_committed(redirected, 50 * PAGE, 0);
    assert_true(SIGNALLED(high));
    memory = alloc(redirected, NULL, 48 * PAGE, RESERVE_COMMIT);
    assert_true(SIGNALLED(low));
    release(redirected, memory);
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

    limit_committed(redirected, 100 * PAGE, 0);
    low = redirected->calls->create_notification(LowMemoryResourceNotification);
    threads_start(&threads, 1, wait_for_notification, &low, sizeof(low));
    memory = alloc(redirected, NULL, 95 * PAGE, RESERVE_COMMIT);
    assert_figure(WaitForSingleObject(threads.handles[0], 120000), WAIT_OBJECT_0);
    assert_true(GetExitCodeThread(threads.handles[0], &result));
    assert_figure(result, WAIT_OBJECT_0);
    threads_join(&threads);
    release(redirected, memory);
    assert_true(CloseHandle(low));
}

static void wrong_notifications_fail_as_windows_does(void **state)
{
    struct redirected *redirected = *state;
    const struct redirect_target *calls = redirected->calls;
    HANDLE low = calls->create_notification(LowMemoryResourceNotification);
    HANDLE none;
    DWORD error;
    BOOL is_low;

    SetLastError(UNTOUCHED);
    none = calls->create_notification((MEMORY_RESOURCE_NOTIFICATION_TYPE)7);
    error = GetLastError();
    assert_null(none);
    SetLastError(UNTOUCHED);
    assert_null(CreateMemoryResourceNotification((MEMORY_RESOURCE_NOTIFICATION_TYPE)7));
    assert_last_error(error);
    SetLastError(UNTOUCHED);
    assert_false(QueryMemoryResourceNotification(NULL, &is_low));
    error = GetLastError();
    SetLastError(UNTOUCHED);
    assert_false(calls->query_notification(NULL, &is_low));
    assert_last_error(error);
    assert_true(CloseHandle(low));
}

static void with_the_flag_a_module_is_told_what_the_system_says(void **state)
{
    struct redirected *redirected = *state;
    ULONGLONG total = system_status().ullTotalPhys;
    HANDLE low;
    BOOL is_low = TRUE, system_is_low = FALSE;
    void *memory;

    redirected_end(redirected);
    redirected->flags = HOSTMEM_REDIRECT_NO_STATUS;
    redirected_begin(redirected);
    limit_committed(redirected, 100 * PAGE, 0);
    memory = alloc(redirected, NULL, 95 * PAGE, RESERVE_COMMIT);
    assert_true(is_owned(&redirected->subject, memory));
    assert_figure(status_of(redirected).ullTotalPhys, total);
    low = redirected->calls->create_notification(LowMemoryResourceNotification);
    assert_true(redirected->calls->query_notification(low, &is_low));
    assert_true(QueryMemoryResourceNotification(low, &system_is_low));
    assert_figure(is_low, system_is_low);
    assert_figure(statistics_of(&redirected->subject).Notifications[0].Count, 0);
    assert_true(CloseHandle(low));
    release(redirected, memory);
}

/* ------------------------------------------------------------------------------------------------
 * Views that find no room
 * --------------------------------------------------------------------------------------------- */

#ifndef _WIN64

/* Takes all of the address space in pieces of that size. How many there were. */
static unsigned fill_address_space(void **pieces, unsigned most, SIZE_T size)
{
    unsigned count = 0;

    while (count < most &&
           (pieces[count] = VirtualAlloc(NULL, size, MEM_RESERVE, PAGE_NOACCESS)) != NULL)
        count++;
    return count;
}

static void a_view_without_room_gets_the_emergency_reservation(void **state)
{
    static void *pieces[4096];
    struct redirected *redirected = *state;
    const HOSTMEM_OPTIONS options = {.cbSize = sizeof(options), .EmergencyReservation = 8 * MIB};
    HANDLE mapping =
        CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 4 * MIB, NULL);
    void *view, *direct, *again;
    unsigned count;

    assert_non_null(mapping);
    redirected_restart(redirected, &options);
    count = fill_address_space(pieces, COUNT_OF(pieces), 2 * MIB);
    direct = MapViewOfFile(mapping, FILE_MAP_READ, 0, 0, 0);
    view = redirected->calls->map(mapping, FILE_MAP_READ, 0, 0, 0);
    again = redirected->calls->map(mapping, FILE_MAP_READ, 0, 0, 8 * MIB);
    for (unsigned i = 0; i < count; i++)
        VirtualFree(pieces[i], 0, MEM_RELEASE);
    assert_null(direct);
    assert_non_null(view);
    assert_null(again);
    assert_figure(
        statistics_of(&redirected->subject).Methods[HostMemNeedsVirtualAddressSpace].Calls, 1);
    assert_figure(statistics_of(&redirected->subject).MappedRanges.Now, 1);
    assert_true(redirected->calls->unmap(view));
    CloseHandle(mapping);
    /* It is held again: the next one may have it. */
    assert_succeeds(
        IHostMemoryManager_NeedsVirtualAddressSpace(redirected->subject.manager, NULL, PAGE));
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        redirected_promise(what_a_module_asks_for_is_refused_with_win32_s_own_error),
        redirected_promise(the_collector_s_heap_is_task_critical_and_all_else_may_use_the_reserve),
        redirected_promise(the_start_of_a_new_segment_may_use_the_reserve),
        redirected_promise(before_the_runtime_is_up_all_is_as_critical_as_the_host_says),
        redirected_heap_promise(a_heap_under_a_limit_fails_as_windows_heaps_do),
        redirected_promise(a_module_is_told_of_no_more_memory_than_its_limits),
        redirected_promise(without_limits_a_module_is_told_what_the_system_says),
        redirected_promise(the_host_itself_is_told_what_the_system_says),
        redirected_promise(a_structure_of_the_wrong_size_is_refused_as_windows_does),
        redirected_promise(the_load_is_90_percent_where_memory_becomes_low),
        redirected_promise(while_the_collector_s_heap_stands_refused_the_load_is_below_90_percent),
        redirected_promise(notifications_follow_the_manager_s_pressure),
        redirected_promise(a_notification_made_late_says_what_is_so),
        redirected_promise(a_notification_outlives_a_redirection_and_follows_the_next_one),
        redirected_promise(a_thread_that_waits_for_a_notification_wakes_up),
        redirected_promise(wrong_notifications_fail_as_windows_does),
        redirected_promise(with_the_flag_a_module_is_told_what_the_system_says),
#ifndef _WIN64
        redirected_promise(a_view_without_room_gets_the_emergency_reservation),
#endif
    };

    return cmocka_run_group_tests_name("limits of redirected modules", tests, NULL, NULL);
}
