/*
 * test_memory_status.c: what GlobalMemoryStatusEx tells a redirected module: no more memory than
 * its limits leave it, and the load at which its collector works best.
 */
#include "redirected.h"

#include <string.h>

#define RESERVE_COMMIT (MEM_RESERVE | MEM_COMMIT)
#define MIB ((SIZE_T)1 << 20)

static MEMORYSTATUSEX redirected_status(const struct redirected *redirected)
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

/* The system's own load is too high for the limit's load to be seen. */
static bool system_is_loaded(void)
{
    DWORD load = system_status().dwMemoryLoad;

    if (load > 85)
        print_message("The system's own load is %lu %%: nothing to see.\n", load);
    return load > 85;
}

static void a_module_is_told_of_no_more_memory_than_its_limits(void **state)
{
    struct redirected *redirected = *state;
    const HOSTMEM_LIMITS limits = {.cbSize = sizeof(limits),
                                   .Committed = {.Limit = 64 * MIB},
                                   .Reserved = {.Limit = 128 * MIB}};
    MEMORYSTATUSEX status;
    void *memory;

    redirected_limit(redirected, &limits);
    memory = redirected_alloc(redirected, NULL, 48 * MIB, RESERVE_COMMIT);
    assert_non_null(memory);
    status = redirected_status(redirected);
    assert_figure(status.ullTotalPhys, 64 * MIB);
    assert_figure(status.ullAvailPhys, 16 * MIB);
    assert_figure(status.ullTotalPageFile, 64 * MIB);
    assert_figure(status.ullAvailPageFile, 16 * MIB);
    assert_figure(status.ullTotalVirtual, 128 * MIB);
    assert_figure(status.ullAvailVirtual, 80 * MIB);
    redirected_release(redirected, memory);
}

static void without_limits_a_module_is_told_what_the_system_says(void **state)
{
    MEMORYSTATUSEX status = redirected_status(*state), system = system_status();

    assert_figure(status.ullTotalPhys, system.ullTotalPhys);
    assert_figure(status.ullTotalPageFile, system.ullTotalPageFile);
    assert_figure(status.ullTotalVirtual, system.ullTotalVirtual);
    assert_at_least(status.ullAvailPhys, 64 * MIB);
}

static void the_host_itself_is_told_what_the_system_says(void **state)
{
    struct redirected *redirected = *state;
    ULONGLONG total = system_status().ullTotalPhys;

    redirected_limit_committed(redirected, 64 * MIB, 0);
    assert_figure(redirected_status(redirected).ullTotalPhys, 64 * MIB);
    assert_figure(system_status().ullTotalPhys, total);
    redirected_end(redirected);
    assert_figure(redirected_status(redirected).ullTotalPhys, total);
}

static void a_structure_of_the_wrong_size_is_refused_as_windows_does(void **state)
{
    struct redirected *redirected = *state;
    MEMORYSTATUSEX ours, system;
    BOOL done, expected;
    DWORD error;

    redirected_limit_committed(redirected, 64 * MIB, 0);
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

    redirected_limit(redirected, &limits);
    for (size_t i = 0; i < count; i++) {
        void *memory = redirected_alloc(redirected, NULL, expected[i][0] * PAGE, RESERVE_COMMIT);

        assert_non_null(memory);
        if (expected[i][1] > system + 5)
            assert_figure(redirected_status(redirected).dwMemoryLoad, expected[i][1]);
        else
            assert_at_least(redirected_status(redirected).dwMemoryLoad, expected[i][1]);
        redirected_release(redirected, memory);
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
    char *heap, *small;

    if (system_is_loaded())
        skip();
    redirected_limit_committed(redirected, 10 * MIB, MIB);
    heap = redirected_alloc(redirected, NULL, 16 * MIB, MEM_RESERVE);
    small = redirected_alloc(redirected, NULL, MIB, MEM_RESERVE);
    assert_non_null(redirected_alloc(redirected, heap, 9 * MIB + MIB / 2, MEM_COMMIT));
    assert_figure(redirected_status(redirected).dwMemoryLoad, 95);
    assert_null(redirected_alloc(redirected, heap + 10 * MIB, MIB, MEM_COMMIT));
    assert_figure(redirected_status(redirected).dwMemoryLoad, 89);
    assert_figure(redirected_status(redirected).ullAvailPhys, MIB / 2);
    assert_non_null(
        redirected_alloc(redirected, small, PAGE, MEM_COMMIT)); /* nothing of the heap's */
    assert_figure(redirected_status(redirected).dwMemoryLoad, 89);
    assert_non_null(redirected_alloc(redirected, heap + 10 * MIB, PAGE, MEM_COMMIT));
    assert_figure(redirected_status(redirected).dwMemoryLoad, 95);
    redirected_release(redirected, heap);
    redirected_release(redirected, small);
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
    redirected_limit_committed(redirected, 100 * PAGE, 0);
    memory = redirected_alloc(redirected, NULL, 95 * PAGE, RESERVE_COMMIT);
    assert_true(is_owned(&redirected->subject, memory));
    assert_figure(redirected_status(redirected).ullTotalPhys, total);
    low = redirected->calls->create_notification(LowMemoryResourceNotification);
    assert_true(redirected->calls->query_notification(low, &is_low));
    assert_true(QueryMemoryResourceNotification(low, &system_is_low));
    assert_figure(is_low, system_is_low);
    assert_figure(statistics_of(&redirected->subject).Notifications[0].Count, 0);
    assert_true(CloseHandle(low));
    redirected_release(redirected, memory);
}

static void a_refusal_by_one_manager_says_nothing_of_the_next(void **state)
{
    static const HOSTMEM_LIMITS narrow = {.cbSize = sizeof(narrow),
                                          .Committed = {.Limit = 8 << 20}};
    struct redirected *redirected = *state;
    void *memory;

    if (system_is_loaded())
        skip();
    redirected_limit(redirected, &narrow);
    assert_null(redirected->calls->alloc(NULL, 9 << 20, RESERVE_COMMIT, PAGE_READWRITE));
    redirected_limit_committed(redirected, 100 * PAGE, 0);
    memory = redirected_alloc(redirected, NULL, 95 * PAGE,
                              RESERVE_COMMIT); /* none of the collector's heap: that is larger */
    assert_figure(redirected_status(redirected).dwMemoryLoad, 95);
    redirected_release(redirected, memory);
}

static void use_above_the_limit_is_100_percent_and_no_room(void **state)
{
    struct redirected *redirected = *state;
    const HOSTMEM_LIMITS less = {.cbSize = sizeof(less), .Committed = {.Limit = 40 * PAGE}};
    MEMORYSTATUSEX status = {.dwLength = sizeof(status)};
    void *memory;

    redirected_limit_committed(redirected, 100 * PAGE, 0);
    memory = redirected_alloc(redirected, NULL, 80 * PAGE, RESERVE_COMMIT);
    assert_succeeds(IHostMemInspection_SetLimits(redirected->subject.inspection, &less));
    assert_true(redirected->calls->memory_status(&status));
    assert_figure(status.dwMemoryLoad, 100);
    assert_figure(status.ullTotalPhys, 40 * PAGE);
    assert_figure(status.ullAvailPhys, 0);
    assert_figure(status.ullAvailPageFile, 0);
    redirected_release(redirected, memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        redirected_promise(a_module_is_told_of_no_more_memory_than_its_limits),
        redirected_promise(without_limits_a_module_is_told_what_the_system_says),
        redirected_promise(the_host_itself_is_told_what_the_system_says),
        redirected_promise(a_structure_of_the_wrong_size_is_refused_as_windows_does),
        redirected_promise(the_load_is_90_percent_where_memory_becomes_low),
        redirected_promise(while_the_collector_s_heap_stands_refused_the_load_is_below_90_percent),
        redirected_promise(with_the_flag_a_module_is_told_what_the_system_says),
        redirected_promise(a_refusal_by_one_manager_says_nothing_of_the_next),
        redirected_promise(use_above_the_limit_is_100_percent_and_no_room),
    };

    return cmocka_run_group_tests_name("GlobalMemoryStatusEx of redirected modules", tests, NULL,
                                       NULL);
}
