/*
 * exit_hooks.c: the ways in which a process that runs a CLR can end, and what sees each.
 *
 *   Environment.Exit           the runtime's import of ExitProcess
 *   Environment.FailFast,      its import of RaiseFailFastException
 *   a fatal error of its own   or of TerminateProcess
 *   an unhandled exception     the filter that it gives SetUnhandledExceptionFilter
 *   the program's own calls    what the runtime finds by GetProcAddress for platform invocation
 *   Ctrl+C and the like        a console control handler, which Windows calls after the program's
 *   ExitProcess by others      the thread-local storage callback at process detach, when all other
 *                              threads are gone (Windows only: Wine does not call a program's)
 * TerminateProcess by other libraries and by other processes cannot be seen.
 */
#include "run/snapshot/exit_hooks.h"

#include "pe/import_table.h"
#include "run/launch/import_hooks.h"
#include "run/snapshot/report_thread.h"

#include <stdint.h>

/* ------------------------------------------------------------------------------------------------
 * The runtime's imports
 * --------------------------------------------------------------------------------------------- */

static void *volatile runtime_filter; /* what the runtime gave SetUnhandledExceptionFilter */

static void report_code(enum ending_kind kind, DWORD exit_code)
{
    const struct ending ending = {.kind = kind, .has_exit_code = true, .exit_code = exit_code};

    report_thread_report(&ending);
}

/* For ends where Windows chooses the exit code. */
static void report_end(enum ending_kind kind)
{
    const struct ending ending = {.kind = kind};

    report_thread_report(&ending);
}

static void WINAPI exit_process(UINT exit_code)
{
    report_code(ENDING_EXIT_PROCESS, exit_code);
    ExitProcess(exit_code);
}

static BOOL WINAPI terminate_process(HANDLE process, UINT exit_code)
{
    if (GetProcessId(process) == GetCurrentProcessId())
        report_code(ENDING_TERMINATE_PROCESS, exit_code);
    return TerminateProcess(process, exit_code);
}

static void WINAPI raise_fail_fast(PEXCEPTION_RECORD record, PCONTEXT context, DWORD flags)
{
    report_end(ENDING_FAIL_FAST);
    RaiseFailFastException(record, context, flags);
}

static LPTOP_LEVEL_EXCEPTION_FILTER filter_at(void *address)
{
    return (LPTOP_LEVEL_EXCEPTION_FILTER)(uintptr_t)address;
}

/* The runtime's filter runs first: it prints the exception. */
static LONG WINAPI unhandled_exception(EXCEPTION_POINTERS *exception)
{
    LPTOP_LEVEL_EXCEPTION_FILTER filter = filter_at(runtime_filter);
    LONG verdict = filter ? filter(exception) : EXCEPTION_CONTINUE_SEARCH;

    if (verdict != EXCEPTION_CONTINUE_EXECUTION)
        report_code(ENDING_UNHANDLED_EXCEPTION, exception->ExceptionRecord->ExceptionCode);
    return verdict;
}

static LPTOP_LEVEL_EXCEPTION_FILTER WINAPI
set_unhandled_exception_filter(LPTOP_LEVEL_EXCEPTION_FILTER filter)
{
    return filter_at(InterlockedExchangePointer(&runtime_filter, IMPORT_OF(filter)));
}

static const struct import_hook hooks[] = {
    {"ExitProcess", IMPORT_OF(exit_process)},
    {"TerminateProcess", IMPORT_OF(terminate_process)},
    {"RaiseFailFastException", IMPORT_OF(raise_fail_fast)},
    {"SetUnhandledExceptionFilter", IMPORT_OF(set_unhandled_exception_filter)},
    {"GetProcAddress", IMPORT_OF(import_hooks_get_proc_address)}};

enum {
    HOOKS = sizeof(hooks) / sizeof(hooks[0])
};

/* A function can have one address in each of these libraries. */
static const char *const system_libraries[] = {"kernel32.dll", "kernelbase.dll"};

enum {
    SYSTEM_LIBRARIES = sizeof(system_libraries) / sizeof(system_libraries[0])
};

static void *originals[HOOKS][SYSTEM_LIBRARIES];

static void find_originals(void)
{
    for (int library = 0; library < SYSTEM_LIBRARIES; library++) {
        HMODULE module = GetModuleHandleA(system_libraries[library]);

        for (int i = 0; module && i < HOOKS; i++)
            originals[i][library] = IMPORT_OF(GetProcAddress(module, hooks[i].function));
    }
}

/*
 * An import_hooks_lookup: what the program itself calls by platform invocation, the runtime looks
 * up. Compared by address, since other modules may export functions of these names.
 */
static FARPROC look_up(HMODULE module, LPCSTR name, FARPROC found)
{
    (void)module;
    (void)name;
    for (int i = 0; i < HOOKS; i++)
        for (int library = 0; library < SYSTEM_LIBRARIES; library++)
            if (IMPORT_OF(found) == originals[i][library])
                return (FARPROC)(uintptr_t)hooks[i].replacement;
    return found;
}

/* ------------------------------------------------------------------------------------------------
 * Windows' own calls
 * --------------------------------------------------------------------------------------------- */

/*
 * Windows calls handlers in reverse order of their registration. This one is registered before the
 * runtime starts, so it is called when no handler of the program took the event; then Windows ends
 * the process.
 */
static BOOL WINAPI console_control(DWORD event)
{
    (void)event;
    report_end(ENDING_CONSOLE_CONTROL);
    return FALSE;
}

static void NTAPI process_detach(PVOID module, DWORD reason, PVOID reserved)
{
    const struct ending ending = {.kind = ENDING_PROCESS_DETACH};

    (void)module;
    (void)reserved;
    if (reason == DLL_PROCESS_DETACH)
        report_thread_report_alone(&ending);
}

/* The C runtime gathers these callbacks from the sections .CRT$XLA to .CRT$XLZ. */
static const PIMAGE_TLS_CALLBACK process_detach_entry __attribute__((section(".CRT$XLY"), used)) =
    process_detach;

void exit_hooks_install(void)
{
    find_originals();
    import_hooks_add_lookup(look_up);
    SetUnhandledExceptionFilter(unhandled_exception);
    SetConsoleCtrlHandler(console_control, TRUE);
}

/* Where an entry cannot be written, the process-detach callback sees the end. */
void exit_hooks_watch(HMODULE module)
{
    import_hooks_write(module, hooks, HOOKS);
}
