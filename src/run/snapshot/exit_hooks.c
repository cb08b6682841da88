/*
 * exit_hooks.c: the ways out of a process that runs CoreCLR.
 *
 *   Environment.Exit           the runtime's import of ExitProcess
 *   Environment.FailFast,      its import of RaiseFailFastException
 *   a fatal error of its own   or of TerminateProcess
 *   an unhandled exception     the filter that it gives SetUnhandledExceptionFilter
 *   the program's own calls    what the runtime finds by GetProcAddress for platform invocation
 *   Ctrl+C and the like        a console control handler, which is asked after the program's own
 *   ExitProcess by others      the thread-local storage callback at process detach, when all other
 *                              threads are gone (Windows only: Wine calls none for a program)
 * TerminateProcess by other libraries, and by other processes, leaves no way to be seen.
 */
#include "run/snapshot/exit_hooks.h"

#include "pe/import_table.h"
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

/* Where Windows chooses the exit code. */
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

/* The runtime's filter first: it is what prints the exception. */
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

static FARPROC WINAPI get_proc_address(HMODULE module, LPCSTR name);

static const struct hook {
    const char *function;
    void *replacement;
} hooks[] = {{"ExitProcess", IMPORT_OF(exit_process)},
             {"TerminateProcess", IMPORT_OF(terminate_process)},
             {"RaiseFailFastException", IMPORT_OF(raise_fail_fast)},
             {"SetUnhandledExceptionFilter", IMPORT_OF(set_unhandled_exception_filter)},
             {"GetProcAddress", IMPORT_OF(get_proc_address)}};

enum {
    HOOKS = sizeof(hooks) / sizeof(hooks[0])
};

/* The same function has an address in each of the libraries that Windows keeps it in. */
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

/* What the program itself imports, the runtime looks up: it must find the replacements. */
static FARPROC WINAPI get_proc_address(HMODULE module, LPCSTR name)
{
    FARPROC found = GetProcAddress(module, name);

    for (int i = 0; found && i < HOOKS; i++)
        for (int library = 0; library < SYSTEM_LIBRARIES; library++)
            if (IMPORT_OF(found) == originals[i][library])
                return (FARPROC)(uintptr_t)hooks[i].replacement;
    return found;
}

/* An entry that cannot be written leaves the process-detach callback to see the end. */
static bool hook_import(void *context, const struct import *import)
{
    (void)context;
    for (int i = 0; i < HOOKS; i++)
        if (import_text_is_equal(import->function, hooks[i].function))
            import_write(import->entry, hooks[i].replacement);
    return true;
}

/* ------------------------------------------------------------------------------------------------
 * Windows' own calls
 * --------------------------------------------------------------------------------------------- */

/*
 * Handlers are asked in reverse order of their registration, so this one, registered before the
 * runtime starts, is reached when no handler of the program has taken the event; Windows then ends
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

/* The C runtime's directory of such callbacks runs from .CRT$XLA to .CRT$XLZ. */
static const PIMAGE_TLS_CALLBACK process_detach_entry __attribute__((section(".CRT$XLY"), used)) =
    process_detach;

void exit_hooks_install(void)
{
    find_originals();
    SetUnhandledExceptionFilter(unhandled_exception);
    SetConsoleCtrlHandler(console_control, TRUE);
}

void exit_hooks_watch(HMODULE module)
{
    import_walk(module, hook_import, NULL);
}
