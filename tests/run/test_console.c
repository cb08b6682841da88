/*
 * test_console.c: what hostmem-run does when its console sends an event (src/run/watch/console.h).
 * No Wine sends the closing of a console, a logoff or a shutdown: the handler is called directly.
 */
#include "replaced.h"
#include "support.h"

#include "run/watch/console.h"

enum {
    MOMENT = 50, /* milliseconds in which a handler that does not wait would return */
    PATIENCE = 60 * 1000
};

static struct replaced replaced;
static PHANDLER_ROUTINE handler;

static BOOL WINAPI take_handler(PHANDLER_ROUTINE routine, BOOL add)
{
    assert_true(add);
    handler = routine;
    return TRUE;
}

static int begin(void **state)
{
    (void)state;
    replace_import(&replaced, "SetConsoleCtrlHandler", (void *)(uintptr_t)take_handler);
    console_begin();
    put_import_back(&replaced);
    return handler ? 0 : -1;
}

static DWORD WINAPI call_handler(void *event)
{
    return (DWORD)handler((DWORD)(uintptr_t)event);
}

static void interrupts_are_the_program_s(void **state)
{
    (void)state;
    assert_true(handler(CTRL_C_EVENT));
    assert_true(handler(CTRL_BREAK_EVENT));
}

/* The system ends the process when the handler has returned. */
static void the_end_of_the_console_waits_for_the_report(void **state)
{
    static const DWORD events[] = {CTRL_CLOSE_EVENT, CTRL_LOGOFF_EVENT, CTRL_SHUTDOWN_EVENT};
    HANDLE threads[3];

    (void)state;
    for (int i = 0; i < 3; i++) {
        threads[i] = CreateThread(NULL, 0, call_handler, (void *)(uintptr_t)events[i], 0, NULL);
        assert_non_null(threads[i]);
    }
    assert_figure(WaitForMultipleObjects(3, threads, FALSE, MOMENT), WAIT_TIMEOUT);
    console_end();
    assert_figure(WaitForMultipleObjects(3, threads, TRUE, PATIENCE), WAIT_OBJECT_0);
    for (int i = 0; i < 3; i++)
        CloseHandle(threads[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(interrupts_are_the_program_s),
        cmocka_unit_test(the_end_of_the_console_waits_for_the_report),
    };

    return cmocka_run_group_tests(tests, begin, NULL);
}
