/*
 * test_notification_faults.c: memory resource notifications of a redirected module when the system
 * has no event or no handle for them (src/redirect/hooks/notification_hooks.c).
 *
 * It needs a process in which no module has created a notification yet.
 */
#include "looked_up.h"
#include "replaced.h"

static HANDLE WINAPI no_event(LPSECURITY_ATTRIBUTES attributes, BOOL manual, BOOL state,
                              LPCWSTR name)
{
    (void)attributes;
    (void)manual;
    (void)state;
    (void)name;
    SetLastError(ERROR_NO_SYSTEM_RESOURCES);
    return NULL;
}

static BOOL WINAPI no_handle(HANDLE from, HANDLE source, HANDLE to, LPHANDLE target, DWORD access,
                             BOOL inherits, DWORD options)
{
    (void)from;
    (void)source;
    (void)to;
    (void)target;
    (void)access;
    (void)inherits;
    (void)options;
    SetLastError(ERROR_NO_SYSTEM_RESOURCES);
    return FALSE;
}

static void assert_refused(const struct looker *looker, const char *function, void *replacement)
{
    struct replaced replaced;
    HANDLE notification;
    DWORD error;

    replace_import(&replaced, function, replacement);
    notification =
        LOOKED_UP(looker, CreateMemoryResourceNotification)(LowMemoryResourceNotification);
    error = GetLastError();
    put_import_back(&replaced);
    assert_address_of(function, notification, NULL);
    assert_figure_of(function, error, ERROR_NO_SYSTEM_RESOURCES);
}

static void a_notification_that_cannot_be_made_is_refused_and_the_next_one_works(void **state)
{
    const struct looker *looker = *state;
    HANDLE notification;
    BOOL signalled = TRUE;

    assert_refused(looker, "CreateEventW", (void *)(uintptr_t)no_event);
    assert_refused(looker, "DuplicateHandle", (void *)(uintptr_t)no_handle);
    notification =
        LOOKED_UP(looker, CreateMemoryResourceNotification)(LowMemoryResourceNotification);
    assert_non_null(notification);
    assert_true(LOOKED_UP(looker, QueryMemoryResourceNotification)(notification, &signalled));
    assert_false(signalled);
    assert_true(CloseHandle(notification));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        looker_promise(a_notification_that_cannot_be_made_is_refused_and_the_next_one_works),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
