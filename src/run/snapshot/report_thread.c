/*
 * report_thread.c: the thread, and the state by which it makes one report only.
 *
 *   REPORT_OFF -> REPORT_WAITING    report_thread_start
 *   REPORT_WAITING -> REPORT_BUSY   the first caller that sees the end, or cancels
 * Later callers find REPORT_BUSY and wait for the event `written`.
 */
#include "run/snapshot/report_thread.h"

#ifdef HOSTMEM_COVERAGE
void __gcov_dump(void);
#endif

enum {
    REPORT_OFF,
    REPORT_WAITING,
    REPORT_BUSY
};

enum {
    REPORT_STACK = 256 * 1024,
    PATIENCE_MILLISECONDS = 60 * 1000 /* then the process ends without its report */
};

static LONG volatile state = REPORT_OFF;
static const struct report_order *report_order;
static struct ending program_ending;
static HANDLE wanted;
static HANDLE written;
static DWORD report_thread;

/* A process that is ended by force does not write its coverage at exit, so it is written here. */
static void write_coverage(void)
{
#ifdef HOSTMEM_COVERAGE
    __gcov_dump();
#endif
}

static DWORD WINAPI make_report(void *unused)
{
    (void)unused;
    if (WaitForSingleObject(wanted, INFINITE) == WAIT_OBJECT_0)
        report_write(report_order, &program_ending);
    write_coverage();
    SetEvent(written);
    return 0;
}

bool report_thread_start(const struct report_order *order)
{
    HANDLE thread;

    report_order = order;
    wanted = CreateEventW(NULL, TRUE, FALSE, NULL);
    written = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!wanted || !written)
        return false;
    thread = CreateThread(NULL, REPORT_STACK, make_report, NULL, STACK_SIZE_PARAM_IS_A_RESERVATION,
                          &report_thread);
    if (!thread)
        return false;
    CloseHandle(thread);
    InterlockedExchange(&state, REPORT_WAITING);
    return true;
}

/* True for the first caller only. */
static bool claim(void)
{
    return InterlockedCompareExchange(&state, REPORT_BUSY, REPORT_WAITING) == REPORT_WAITING;
}

void report_thread_report(const struct ending *ending)
{
    if (claim()) {
        program_ending = *ending;
        SetEvent(wanted);
    }
    /* A fault of the reporting thread itself must not make it wait for itself. */
    if (state == REPORT_BUSY && GetCurrentThreadId() != report_thread)
        WaitForSingleObject(written, PATIENCE_MILLISECONDS);
}

void report_thread_report_alone(const struct ending *ending)
{
    if (claim())
        report_write(report_order, ending);
}

void report_thread_cancel(void)
{
    if (claim())
        SetEvent(written);
}
