/*
 * reporter.c: the thread, and the word that makes it once.
 *
 *   REPORTER_OFF -> REPORTER_WAITING   report_thread_start
 *   REPORTER_WAITING -> REPORTER_BUSY  the one caller that sees the end first, or cancels
 * Later callers find REPORTER_BUSY and wait for the event that says that the report is out.
 */
#include "run/snapshot/report_thread.h"

#ifdef HOSTMEM_COVERAGE
void __gcov_dump(void);
#endif

enum {
    REPORTER_OFF,
    REPORTER_WAITING,
    REPORTER_BUSY
};

enum {
    REPORTER_STACK = 256 * 1024,
    PATIENCE_MILLISECONDS = 60 * 1000 /* then the process ends without its report */
};

static LONG volatile state = REPORTER_OFF;
static const struct report_order *report_order;
static struct ending program_ending;
static HANDLE wanted;
static HANDLE out;
static DWORD reporter_thread;

/* A process that is ended by force does not write down what has run: it is done with the report. */
static void write_coverage(void)
{
#ifdef HOSTMEM_COVERAGE
    __gcov_dump();
#endif
}

static DWORD WINAPI reporter(void *unused)
{
    (void)unused;
    if (WaitForSingleObject(wanted, INFINITE) == WAIT_OBJECT_0)
        report_write(report_order, &program_ending);
    write_coverage();
    SetEvent(out);
    return 0;
}

bool report_thread_start(const struct report_order *order)
{
    HANDLE thread;

    report_order = order;
    wanted = CreateEventW(NULL, TRUE, FALSE, NULL);
    out = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!wanted || !out)
        return false;
    thread = CreateThread(NULL, REPORTER_STACK, reporter, NULL, STACK_SIZE_PARAM_IS_A_RESERVATION,
                          &reporter_thread);
    if (!thread)
        return false;
    CloseHandle(thread);
    InterlockedExchange(&state, REPORTER_WAITING);
    return true;
}

/* True for the first one who asks. */
static bool claim(void)
{
    return InterlockedCompareExchange(&state, REPORTER_BUSY, REPORTER_WAITING) == REPORTER_WAITING;
}

void report_thread_report(const struct ending *ending)
{
    if (claim()) {
        program_ending = *ending;
        SetEvent(wanted);
    }
    /* A fault of the reporter's own must not wait for itself. */
    if (state == REPORTER_BUSY && GetCurrentThreadId() != reporter_thread)
        WaitForSingleObject(out, PATIENCE_MILLISECONDS);
}

void report_thread_report_alone(const struct ending *ending)
{
    if (claim())
        report_write(report_order, ending);
}

void report_thread_cancel(void)
{
    if (claim())
        SetEvent(out);
}
