/*
 * running_code.c: see running_code.h.
 */
#include "running_code.h"

static volatile LONG faults;

static DWORD WINAPI run_code(void *context)
{
    struct running_code *running = *(struct running_code **)context;

    while (!running->stop) {
        running->code();
        running->runs++;
    }
    return 0;
}

static LONG WINAPI note_fault(EXCEPTION_POINTERS *exception)
{
    if (exception->ExceptionRecord->ExceptionCode != EXCEPTION_ACCESS_VIOLATION)
        return EXCEPTION_CONTINUE_SEARCH;
    InterlockedIncrement(&faults); /* the page can be executed again soon */
    return EXCEPTION_CONTINUE_EXECUTION;
}

void running_code_begin(struct running_code *running, void (*code)(void))
{
    static struct running_code *context;

    *running =
        (struct running_code){.code = code, .handler = AddVectoredExceptionHandler(1, note_fault)};
    context = running;
    faults = 0;
    threads_start(&running->threads, 1, run_code, &context, sizeof(context));
    while (running->runs < 1000)
        SwitchToThread();
}

void running_code_end(struct running_code *running)
{
    running->stop = TRUE;
    threads_join(&running->threads);
    RemoveVectoredExceptionHandler(running->handler);
    assert_figure(faults, 0);
}
