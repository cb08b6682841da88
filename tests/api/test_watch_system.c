/*
 * test_watch_system.c: a manager with HOSTMEM_WATCH_SYSTEM while the system runs short of memory.
 * The test sets the condition behind Windows' low-memory resource notification by hand, which Wine
 * allows and Windows does not. Every process sees it, so no other test may run at the same time.
 */
#include "redirected.h"

#include <winternl.h>

#include <stdio.h>

#define RESERVE_COMMIT (MEM_RESERVE | MEM_COMMIT)
#define EXIT_CODE_SKIPPED 77

/* The system is looked at once a second. */
#define LONGER_THAN_A_SECOND 1200

NTSYSAPI NTSTATUS NTAPI NtOpenEvent(PHANDLE event, ACCESS_MASK access,
                                    POBJECT_ATTRIBUTES attributes);

static HANDLE condition;

static bool open_condition(void)
{
    static WCHAR path[] = L"\\KernelObjects\\LowMemoryCondition";
    UNICODE_STRING name = {sizeof(path) - sizeof(WCHAR), sizeof(path), path};
    OBJECT_ATTRIBUTES attributes = {.Length = sizeof(attributes), .ObjectName = &name};

    return NtOpenEvent(&condition, EVENT_MODIFY_STATE | SYNCHRONIZE, &attributes) >= 0;
}

/* Makes the system short of memory, or lets it recover; then makes the manager look. */
static void make_short(const struct subject *subject, bool is_short)
{
    assert_true(is_short ? SetEvent(condition) : ResetEvent(condition));
    Sleep(LONGER_THAN_A_SECOND);
    subject_release(subject, subject_alloc(subject, PAGE, RESERVE_COMMIT, PAGE_READWRITE));
}

static DWORD pressure_of(const struct subject *subject)
{
    return statistics_of(subject).Pressure;
}

static int recover(void **state)
{
    (void)state;
    ResetEvent(condition);
    return 0;
}

static void while_the_system_is_short_of_memory_pressure_is_low(void **state)
{
    const HOSTMEM_OPTIONS options = {.cbSize = sizeof(options), .dwFlags = HOSTMEM_WATCH_SYSTEM};
    struct subject subject = subject_make(&options);

    (void)state;
    assert_figure(pressure_of(&subject), eMemoryAvailableHigh);
    make_short(&subject, true);
    assert_figure(pressure_of(&subject), eMemoryAvailableLow);
    make_short(&subject, false);
    assert_figure(pressure_of(&subject), eMemoryAvailableHigh);
    subject_end(&subject);
}

static void a_limit_is_as_low_as_the_system_whichever_is_lower(void **state)
{
    const HOSTMEM_LIMITS limits = {.cbSize = sizeof(limits), .Committed = {.Limit = 100 * PAGE}};
    const HOSTMEM_OPTIONS options = {
        .cbSize = sizeof(options), .dwFlags = HOSTMEM_WATCH_SYSTEM, .pLimits = &limits};
    struct subject subject = subject_make(&options);
    void *memory = subject_alloc(&subject, 80 * PAGE, RESERVE_COMMIT, PAGE_READWRITE);

    (void)state;
    assert_figure(pressure_of(&subject), eMemoryAvailableNeutral);
    make_short(&subject, true);
    assert_figure(pressure_of(&subject), eMemoryAvailableLow);
    make_short(&subject, false);
    assert_figure(pressure_of(&subject), eMemoryAvailableNeutral);
    subject_release(&subject, memory);
    subject_end(&subject);
}

static void a_manager_that_does_not_watch_is_told_nothing(void **state)
{
    struct subject subject = subject_make(NULL);

    (void)state;
    make_short(&subject, true);
    assert_figure(pressure_of(&subject), eMemoryAvailableHigh);
    subject_end(&subject);
}

static void a_module_s_own_notification_is_signalled_too(void **state)
{
    struct redirected *redirected = *state;
    HANDLE low = redirected->calls->create_notification(LowMemoryResourceNotification);

    assert_figure(WaitForSingleObject(low, 0), WAIT_TIMEOUT);
    make_short(&redirected->subject, true);
    assert_figure(WaitForSingleObject(low, 0), WAIT_OBJECT_0);
    make_short(&redirected->subject, false);
    assert_figure(WaitForSingleObject(low, 0), WAIT_TIMEOUT);
    CloseHandle(low);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(while_the_system_is_short_of_memory_pressure_is_low, recover),
        cmocka_unit_test_teardown(a_limit_is_as_low_as_the_system_whichever_is_lower, recover),
        cmocka_unit_test_teardown(a_manager_that_does_not_watch_is_told_nothing, recover),
        redirected_promise(a_module_s_own_notification_is_signalled_too),
    };

    if (!open_condition()) {
        printf("Skipped: this system's low-memory condition cannot be set by a program.\n");
        return EXIT_CODE_SKIPPED;
    }
    return cmocka_run_group_tests_name("the system's own shortage", tests, NULL, NULL);
}
