/*
 * test_standin.c: the calls that the stand-in for .NET Framework makes of its host, and that
 * hostmem answers them as a host must, over a runtime's whole life from SetHostControl to Stop.
 */
#include "standin_use.h"

#include "host_managers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Executes a program, calls a method, and stops the runtime. */
static void live(const struct standin *standin)
{
    static const wchar_t *const arguments[] = {L"one", L"two"};
    struct capture capture;
    LONG exit_code = 0;
    DWORD result = 0;

    capture_begin(&capture, STD_OUTPUT_HANDLE);
    assert_hresult(standin_execute(standin, program_path(), arguments, 2, &exit_code), S_OK);
    assert_figure(exit_code, 42);
    assert_hresult(ICLRRuntimeHost_ExecuteInDefaultAppDomain(standin->host, program_path(), L"Type",
                                                             L"Method", NULL, &result),
                   S_OK);
    assert_figure(result, 7);
    free(capture_end(&capture));
}

static void live_and_stop(const struct standin *standin)
{
    live(standin);
    assert_hresult(ICLRRuntimeHost_Stop(standin->host), S_OK);
}

/* ------------------------------------------------------------------------------------------------
 * SetHostControl
 * --------------------------------------------------------------------------------------------- */

static void the_nine_managers_are_asked_for_in_order_memory_first(void **state)
{
    struct standin standin;

    (void)state;
    standin_start(&standin, NULL, NULL);
    assert_figure(standin.recorder.asked, COUNT_OF(host_managers));
    for (unsigned i = 0; i < COUNT_OF(host_managers); i++)
        assert_figure_of(host_managers[i].name,
                         IsEqualGUID(&standin.recorder.iids[i], &host_managers[i].iid), TRUE);
    standin_end(&standin);
}

static void the_control_is_kept_with_one_reference(void **state)
{
    struct standin standin;

    (void)state;
    standin_start(&standin, NULL, NULL);
    live_and_stop(&standin);
    assert_figure(standin.recorder.add_refs, 1);
    assert_figure(standin.recorder.releases, 0);
    standin_end(&standin);
}

static void no_control_is_E_INVALIDARG(void **state)
{
    struct standin standin;

    (void)state;
    standin_bind(&standin, NULL, NULL);
    assert_hresult(ICLRRuntimeHost_SetHostControl(standin.host, NULL), E_INVALIDARG);
    standin_end(&standin);
}

static void a_control_after_Start_is_E_ACCESSDENIED(void **state)
{
    struct standin standin;

    (void)state;
    standin_start(&standin, NULL, NULL);
    assert_hresult(
        ICLRRuntimeHost_SetHostControl(standin.host, &standin.recorder.IHostControl_iface),
        E_ACCESSDENIED);
    standin_end(&standin);
}

static void a_manager_with_anything_but_S_OK_does_not_count(void **state)
{
    struct standin standin;
    HOSTMEM_STATISTICS statistics;

    (void)state;
    standin_bind(&standin, NULL, NULL);
    standin.recorder.answer = S_FALSE;
    assert_hresult(
        ICLRRuntimeHost_SetHostControl(standin.host, &standin.recorder.IHostControl_iface), S_OK);
    assert_hresult(ICLRRuntimeHost_Start(standin.host), S_OK);
    statistics = statistics_of(&standin.subject);
    assert_figure(statistics.Methods[HostMemCreateMalloc].Calls, 0);
    assert_figure(statistics.Methods[HostMemVirtualAlloc].Calls, 0);
    standin_end(&standin);
}

static void a_manager_that_makes_no_heap_fails_SetHostControl(void **state)
{
    struct standin standin;

    (void)state;
    standin_bind(&standin, NULL, NULL);
    assert_hresult(IHostMemInspection_Close(standin.subject.inspection), S_OK);
    assert_hresult(
        ICLRRuntimeHost_SetHostControl(standin.host, &standin.recorder.IHostControl_iface),
        E_UNEXPECTED);
    standin_end(&standin);
}

/* ------------------------------------------------------------------------------------------------
 * The manager, driven
 * --------------------------------------------------------------------------------------------- */

static const char *const method_names[HOSTMEM_METHODS] = {
    [HostMemCreateMalloc] = "IHostMemoryManager.CreateMalloc",
    [HostMemVirtualAlloc] = "IHostMemoryManager.VirtualAlloc",
    [HostMemVirtualFree] = "IHostMemoryManager.VirtualFree",
    [HostMemVirtualQuery] = "IHostMemoryManager.VirtualQuery",
    [HostMemVirtualProtect] = "IHostMemoryManager.VirtualProtect",
    [HostMemGetMemoryLoad] = "IHostMemoryManager.GetMemoryLoad",
    [HostMemRegisterMemoryNotificationCallback] =
        "IHostMemoryManager.RegisterMemoryNotificationCallback",
    [HostMemNeedsVirtualAddressSpace] = "IHostMemoryManager.NeedsVirtualAddressSpace",
    [HostMemAcquiredVirtualAddressSpace] = "IHostMemoryManager.AcquiredVirtualAddressSpace",
    [HostMemReleasedVirtualAddressSpace] = "IHostMemoryManager.ReleasedVirtualAddressSpace",
    [HostMemMallocAlloc] = "IHostMalloc.Alloc",
    [HostMemMallocDebugAlloc] = "IHostMalloc.DebugAlloc",
    [HostMemMallocFree] = "IHostMalloc.Free",
};

static void a_run_drives_every_method_of_the_manager(void **state)
{
    struct standin standin;
    HOSTMEM_STATISTICS statistics;

    (void)state;
    standin_start(&standin, NULL, NULL);
    live_and_stop(&standin);
    statistics = statistics_of(&standin.subject);
    for (unsigned i = 0; i < HOSTMEM_METHODS; i++)
        assert_figure_of(method_names[i], statistics.Methods[i].Calls > 0, TRUE);
    standin_end(&standin);
}

/* The figures of one line of the trace; fails the test if there is none. */
static HOSTMEM_METHOD_COUNT traced(const char *trace, const char *name)
{
    HOSTMEM_METHOD_COUNT count = {0};
    const char *line = strstr(trace, name);
    unsigned calls = 0, failures = 0;

    assert_non_null(line);
    assert_figure_of(name, sscanf(line + strlen(name), " %u %u", &calls, &failures), 2);
    count.Calls = calls;
    count.Failures = failures;
    return count;
}

static void the_manager_counts_the_calls_that_were_made(void **state)
{
    struct standin standin;
    HOSTMEM_STATISTICS statistics;
    char *trace;

    (void)state;
    standin_start(&standin, NULL, NULL);
    live_and_stop(&standin);
    statistics = statistics_of(&standin.subject);
    trace = file_text(standin.trace);
    for (unsigned i = 0; i < HOSTMEM_METHODS; i++) {
        const HOSTMEM_METHOD_COUNT count = traced(trace, method_names[i]);

        assert_figure_of(method_names[i], statistics.Methods[i].Calls, count.Calls);
        assert_figure_of(method_names[i], statistics.Methods[i].Failures, count.Failures);
    }
    free(trace);
    standin_end(&standin);
}

static void the_trace_names_the_managers_in_the_order_asked(void **state)
{
    struct standin standin;
    const char *at;
    char *trace;

    (void)state;
    standin_start(&standin, NULL, NULL);
    assert_hresult(ICLRRuntimeHost_Stop(standin.host), S_OK);
    trace = file_text(standin.trace);
    assert_figure(traced(trace, "IHostControl.AddRef").Calls, 1);
    assert_figure(traced(trace, "IHostControl.GetHostManager").Calls, COUNT_OF(host_managers));
    assert_figure(traced(trace, "IHostControl.GetHostManager").Failures,
                  COUNT_OF(host_managers) - 1);
    at = trace;
    for (unsigned i = 0; i < COUNT_OF(host_managers); i++) {
        char start[16];

        snprintf(start, sizeof(start), "\n%08lx-", (unsigned long)host_managers[i].iid.Data1);
        at = strstr(at, start);
        assert_figure_of(host_managers[i].name, at != NULL, TRUE);
    }
    free(trace);
    standin_end(&standin);
}

static void only_what_must_fail_does(void **state)
{
    struct standin standin;
    HOSTMEM_STATISTICS statistics;

    (void)state;
    standin_start(&standin, NULL, NULL);
    live_and_stop(&standin);
    statistics = statistics_of(&standin.subject);
    /*
     * Once for each program the stand-in asks for room that cannot be there; the host may give up
     * what it can.
     */
    assert_figure(statistics.Methods[HostMemNeedsVirtualAddressSpace].Calls, 2);
    /* Once at the start it asks for an address that is taken. */
    assert_figure(statistics.Methods[HostMemVirtualAlloc].Failures, 1);
    for (unsigned i = 0; i < HOSTMEM_METHODS; i++)
        if (i != HostMemNeedsVirtualAddressSpace && i != HostMemVirtualAlloc)
            assert_figure_of(method_names[i], statistics.Methods[i].Failures, 0);
    assert_figure(statistics.RefusedFrees, 0);
    for (unsigned i = 0; i < HOSTMEM_REFUSALS; i++)
        assert_figure(statistics.RefusedBlocks[i], 0);
    standin_end(&standin);
}

/* ------------------------------------------------------------------------------------------------
 * The books
 * --------------------------------------------------------------------------------------------- */

/*
 * What the runtime held is given back. Its heap lives on, because a CLR never releases it, with
 * slabs that are spare.
 */
static void assert_balanced(const struct standin *standin)
{
    HOSTMEM_STATISTICS statistics;

    IHostMemInspection_Trim(standin->subject.inspection, NULL);
    statistics = statistics_of(&standin->subject);
    assert_figure(statistics.Blocks.Now, 0);
    assert_figure(statistics.BlockBytes.Now, 0);
    assert_figure(statistics.Reserved.Now, 0);
    assert_figure(statistics.Committed.Now, 0);
    assert_figure(statistics.Regions.Now, 0);
    assert_figure(statistics.Mapped.Now, 0);
    assert_figure(statistics.MappedRanges.Now, 0);
    assert_figure(statistics.Heaps.Now, 1);
    assert_figure(statistics.Status, HostMemStatusOpen);
}

static void the_audit_of_a_running_runtime_is_clean(void **state)
{
    struct standin standin;
    HOSTMEM_STATISTICS statistics;

    (void)state;
    standin_start(&standin, NULL, NULL);
    assert_clean_audit_of("after Start", &standin.subject);
    live(&standin);
    assert_clean_audit_of("after the programs", &standin.subject);
    statistics = statistics_of(&standin.subject);
    assert_at_least(statistics.Reserved.Now, 304 * GRANULE);
    assert_at_least(statistics.Committed.Now, 5 * GRANULE);
    assert_at_least(statistics.Blocks.Now, 64);
    assert_figure(statistics.MappedRanges.Now, 1);
    standin_end(&standin);
}

static void after_Stop_the_books_balance(void **state)
{
    struct standin standin;

    (void)state;
    standin_start(&standin, NULL, NULL);
    live_and_stop(&standin);
    assert_balanced(&standin);
    assert_clean_audit(&standin.subject);
    standin_end(&standin);
}

static void a_runtime_that_is_not_stopped_gives_back_when_it_is_unloaded(void **state)
{
    struct standin standin;

    (void)state;
    standin_start(&standin, NULL, NULL);
    live(&standin);
    standin_unload(&standin);
    assert_balanced(&standin);
    assert_clean_audit(&standin.subject);
    standin_end(&standin);
}

static void a_runtime_that_leaks_does_not_balance(void **state)
{
    struct standin standin;
    HOSTMEM_STATISTICS statistics;

    (void)state;
    standin_start(&standin, L"leak", NULL);
    live_and_stop(&standin);
    standin_unload(&standin);
    IHostMemInspection_Trim(standin.subject.inspection, NULL);
    statistics = statistics_of(&standin.subject);
    assert_figure(statistics.Blocks.Now, 64);
    assert_at_least(statistics.Reserved.Now, 304 * GRANULE);
    assert_at_least(statistics.Committed.Now, 5 * GRANULE);
    assert_figure(statistics.MappedRanges.Now, 1);
    assert_clean_audit(&standin.subject);
    standin_end(&standin);
}

/* ------------------------------------------------------------------------------------------------
 * Refusals
 * --------------------------------------------------------------------------------------------- */

static void a_refused_Start_fails_and_names_the_call(void **state)
{
    const HOSTMEM_LIMITS limits = {
        .cbSize = sizeof(limits),
        .Committed = {.Limit = 4 * PAGE, .ProcessReserve = HOSTMEM_NO_RESERVE}};
    struct standin standin;
    struct capture capture;
    char *errors;

    (void)state;
    standin_bind(&standin, NULL, &limits);
    assert_hresult(
        ICLRRuntimeHost_SetHostControl(standin.host, &standin.recorder.IHostControl_iface), S_OK);
    capture_begin(&capture, STD_ERROR_HANDLE);
    assert_hresult(ICLRRuntimeHost_Start(standin.host), E_FAIL);
    errors = capture_end(&capture);
    assert_string_equal(errors, "stand-in: VirtualAlloc failed (0x8007000e)\r\n");
    free(errors);
    standin_unload(&standin);
    assert_balanced(&standin);
    standin_end(&standin);
}

/*
 * The start's requests are process-critical: no limit refuses them unless the reserve for them is
 * bounded, too. The program's requests are not process-critical.
 */
static void a_refused_program_fails_and_names_the_call(void **state)
{
    const HOSTMEM_LIMITS limits = {.cbSize = sizeof(limits), .Committed = {.Limit = PAGE}};
    struct standin standin;
    struct capture output, errors;
    char *text;
    LONG exit_code = 0;

    (void)state;
    standin_start(&standin, NULL, &limits);
    capture_begin(&output, STD_OUTPUT_HANDLE);
    capture_begin(&errors, STD_ERROR_HANDLE);
    assert_hresult(standin_execute(&standin, program_path(), NULL, 0, &exit_code), E_FAIL);
    text = capture_end(&errors);
    free(capture_end(&output));
    assert_string_equal(text, "stand-in: VirtualAlloc failed (0x8007000e)\r\n");
    free(text);
    assert_hresult(ICLRRuntimeHost_Stop(standin.host), S_OK);
    assert_balanced(&standin);
    standin_end(&standin);
}

static void a_program_under_pressure_allocates_until_it_is_told(void **state)
{
    const HOSTMEM_LIMITS limits = {.cbSize = sizeof(limits), .Committed = {.Limit = 512 * GRANULE}};
    struct standin standin;
    struct capture capture;
    HOSTMEM_STATISTICS statistics;
    LONG exit_code = 0;
    char *text;

    (void)state;
    standin_start(&standin, L"pressure", &limits);
    capture_begin(&capture, STD_OUTPUT_HANDLE);
    assert_hresult(standin_execute(&standin, program_path(), NULL, 0, &exit_code), S_OK);
    text = capture_end(&capture);
    assert_non_null(strstr(text, "\r\nnotified low 1\r\n"));
    free(text);
    assert_hresult(ICLRRuntimeHost_Stop(standin.host), S_OK);
    statistics = statistics_of(&standin.subject);
    assert_between(statistics.Committed.Peak, 460 * GRANULE, 512 * GRANULE);
    assert_figure(statistics.Notifications[eMemoryAvailableLow - 1].Count, 1);
    assert_balanced(&standin);
    standin_end(&standin);
}

static void without_a_limit_pressure_ends_by_itself(void **state)
{
    struct standin standin;
    struct capture capture;
    LONG exit_code = 0;
    char *text;

    (void)state;
    standin_start(&standin, L"pressure", NULL);
    capture_begin(&capture, STD_OUTPUT_HANDLE);
    assert_hresult(standin_execute(&standin, program_path(), NULL, 0, &exit_code), S_OK);
    text = capture_end(&capture);
    assert_non_null(strstr(text, "\r\nnotified low 0\r\n"));
    free(text);
    standin_end(&standin);
}

static void without_a_control_a_program_runs_on_Windows_own_memory(void **state)
{
    struct standin standin;

    (void)state;
    standin_bind(&standin, NULL, NULL);
    assert_hresult(ICLRRuntimeHost_Start(standin.host), S_OK);
    live_and_stop(&standin);
    assert_figure(statistics_of(&standin.subject).Methods[HostMemVirtualAlloc].Calls, 0);
    standin_end(&standin);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nine_managers_are_asked_for_in_order_memory_first),
        cmocka_unit_test(the_control_is_kept_with_one_reference),
        cmocka_unit_test(no_control_is_E_INVALIDARG),
        cmocka_unit_test(a_control_after_Start_is_E_ACCESSDENIED),
        cmocka_unit_test(a_manager_with_anything_but_S_OK_does_not_count),
        cmocka_unit_test(a_manager_that_makes_no_heap_fails_SetHostControl),
        cmocka_unit_test(a_run_drives_every_method_of_the_manager),
        cmocka_unit_test(the_manager_counts_the_calls_that_were_made),
        cmocka_unit_test(the_trace_names_the_managers_in_the_order_asked),
        cmocka_unit_test(only_what_must_fail_does),
        cmocka_unit_test(the_audit_of_a_running_runtime_is_clean),
        cmocka_unit_test(after_Stop_the_books_balance),
        cmocka_unit_test(a_runtime_that_is_not_stopped_gives_back_when_it_is_unloaded),
        cmocka_unit_test(a_runtime_that_leaks_does_not_balance),
        cmocka_unit_test(a_refused_Start_fails_and_names_the_call),
        cmocka_unit_test(a_refused_program_fails_and_names_the_call),
        cmocka_unit_test(a_program_under_pressure_allocates_until_it_is_told),
        cmocka_unit_test(without_a_limit_pressure_ends_by_itself),
        cmocka_unit_test(without_a_control_a_program_runs_on_Windows_own_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
