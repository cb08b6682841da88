/*
 * test_collector.c: in which form the collector of a redirected runtime is told of a limit
 * (src/redirect/runtime/collector.c): HostMemGetHeapHardLimit, what stays of GlobalMemoryStatusEx's
 * figures, and when the runtime's settings have been read.
 *
 * redirect_target.dll makes the calls. follow_runtime.dll stands for a runtime: it exports what one
 * does, and does not say of which version it is.
 */
#include "redirected.h"

#define MIB ((SIZE_T)1 << 20)
#define IS_64_BIT (sizeof(void *) == 8)

static HMODULE runtime;

static int load_runtime(void **state)
{
    runtime = LoadLibraryW(L"follow_runtime.dll");
    (void)state;
    return runtime ? 0 : -1;
}

/* The module and the runtime reach a manager with this limit and reserve. */
static void redirect_both(struct redirected *redirected, ULONGLONG limit, ULONGLONG reserve,
                          HOSTMEM_REDIRECTION **redirection)
{
    redirected_limit_committed(redirected, limit, reserve);
    assert_succeeds(HostMemRedirectModule(redirected->subject.manager, runtime, 0, redirection));
}

static ULONGLONG hard_limit(const struct redirected *redirected, DWORD flags, HRESULT expected)
{
    ULONGLONG bytes = 1;

    assert_hresult(HostMemGetHeapHardLimit(redirected->subject.manager, runtime, flags, &bytes),
                   expected);
    return bytes;
}

/* ------------------------------------------------------------------------------------------------
 * The hard limit
 * --------------------------------------------------------------------------------------------- */

static void the_hard_limit_leaves_room_for_what_is_beside_the_heap(void **state)
{
    struct redirected *redirected = *state;

    redirected_limit_committed(redirected, 64 * MIB, 4 * MIB);
    if (!IS_64_BIT) {
        assert_figure(hard_limit(redirected, 0, S_FALSE), 0);
        return;
    }
    assert_figure(hard_limit(redirected, 0, S_OK), 64 * MIB - 3 * MIB - 64 * MIB / 64);
    assert_figure(hard_limit(redirected, HOSTMEM_REDIRECT_HEAP, S_OK),
                  64 * MIB - 12 * MIB - 64 * MIB / 64);
}

static void without_a_limit_there_is_no_hard_limit(void **state)
{
    assert_figure(hard_limit(*state, 0, S_FALSE), 0);
}

static void a_limit_that_is_too_small_is_answered_by_the_least(void **state)
{
    struct redirected *redirected = *state;
    ULONGLONG least;

    if (!IS_64_BIT)
        skip();
    redirected_limit_committed(redirected, 4 * MIB, 0);
    least = hard_limit(redirected, 0, HRESULT_FROM_WIN32(ERROR_COMMITMENT_LIMIT));
    assert_in_range(least, 7 * MIB, 8 * MIB);
    redirected_limit_committed(redirected, least + PAGE, 0);
    assert_at_least(hard_limit(redirected, 0, S_OK), 4 * MIB - PAGE);
}

static void arguments_that_make_no_sense_are_refused(void **state)
{
    struct redirected *redirected = *state;
    IHostMemoryManager *manager = redirected->subject.manager;
    ULONGLONG bytes = 1;

    assert_hresult(HostMemGetHeapHardLimit(NULL, runtime, 0, &bytes), E_POINTER);
    assert_hresult(HostMemGetHeapHardLimit(manager, runtime, 0, NULL), E_POINTER);
    assert_hresult(HostMemGetHeapHardLimit(manager, runtime, HOSTMEM_REDIRECT_FOLLOW, &bytes),
                   E_INVALIDARG);
    assert_hresult(HostMemGetHeapHardLimit(manager, redirected->module, 0, &bytes), E_INVALIDARG);
    assert_hresult(HostMemGetHeapHardLimit(manager, NULL, 0, &bytes), E_INVALIDARG);
    assert_figure(bytes, 0);
}

/* ------------------------------------------------------------------------------------------------
 * The machine's memory
 * --------------------------------------------------------------------------------------------- */

static MEMORYSTATUSEX told(const struct redirected *redirected)
{
    MEMORYSTATUSEX status = {.dwLength = sizeof(status)};

    assert_true(redirected->calls->memory_status(&status));
    return status;
}

static void a_collector_that_reserves_by_the_total_is_told_the_machines(void **state)
{
    struct redirected *redirected = *state;
    HOSTMEM_REDIRECTION *redirection;
    MEMORYSTATUSEX machine = {.dwLength = sizeof(machine)};

    assert_true(GlobalMemoryStatusEx(&machine));
    redirect_both(redirected, 64 * MIB, 0, &redirection);
    assert_figure(told(redirected).ullTotalPhys, IS_64_BIT ? machine.ullTotalPhys : 64 * MIB);
    assert_figure(told(redirected).ullAvailPageFile, 64 * MIB);
    assert_succeeds(HostMemRemoveRedirection(redirection));
}

static void such_a_collector_is_not_told_of_a_high_load(void **state)
{
    struct redirected *redirected = *state;
    HOSTMEM_REDIRECTION *redirection;
    void *memory;

    redirect_both(redirected, 64 * MIB, 4 * MIB, &redirection);
    memory = redirected_alloc(redirected, NULL, 63 * MIB, MEM_RESERVE | MEM_COMMIT);
    assert_non_null(memory);
    if (told(redirected).dwMemoryLoad != 89)
        assert_true(!IS_64_BIT || told(redirected).dwMemoryLoad > 89); /* the system's own */
    redirected_release(redirected, memory);
    assert_succeeds(HostMemRemoveRedirection(redirection));
}

/* ------------------------------------------------------------------------------------------------
 * The runtime has started
 * --------------------------------------------------------------------------------------------- */

static void CALLBACK count(void *context)
{
    ++*(int *)context;
}

static void the_host_is_told_when_a_runtime_has_read_its_settings(void **state)
{
    struct redirected *redirected = *state;
    int told_times = 0;
    const HOSTMEM_OPTIONS options = {
        .cbSize = sizeof(options), .pfnStarted = count, .pStartedContext = &told_times};

    redirected_restart(redirected, &options);
    CloseHandle(redirected->calls->create_notification(HighMemoryResourceNotification));
    assert_int_equal(told_times, 0);
    CloseHandle(redirected->calls->create_notification(LowMemoryResourceNotification));
    assert_int_equal(told_times, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        redirected_promise(the_hard_limit_leaves_room_for_what_is_beside_the_heap),
        redirected_promise(without_a_limit_there_is_no_hard_limit),
        redirected_promise(a_limit_that_is_too_small_is_answered_by_the_least),
        redirected_promise(arguments_that_make_no_sense_are_refused),
        redirected_promise(a_collector_that_reserves_by_the_total_is_told_the_machines),
        redirected_promise(such_a_collector_is_not_told_of_a_high_load),
        redirected_promise(the_host_is_told_when_a_runtime_has_read_its_settings),
    };

    return cmocka_run_group_tests_name("collectors", tests, load_runtime, NULL);
}
