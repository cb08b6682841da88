/*
 * ending_hooks.c: see ending_hooks.h.
 *
 * Protocol. A manager's `redirected.ending` is NOT_TOLD, the id of the thread that is telling the
 * host of the end, or TOLD.
 * - NOT_TOLD -> a thread's id: by compare-and-swap; of several threads that end the process, one
 *   wins, and calls pfnEnding.
 * - that id -> TOLD: by the same thread, with release, after pfnEnding has returned.
 * - TOLD -> NOT_TOLD: by the same thread, if Win32 has refused to end the process.
 * The other threads wait until the word changes, read with acquire, so that they do not end the
 * process while the host is being told; but not for ever, because the first thread may have been
 * stopped. A thread that ends the process from within pfnEnding finds its own id and goes on.
 */
#include "redirect/hooks/ending_hooks.h"

#include "os/os.h"
#include "redirect/binding.h"
#include "redirect/own_process.h"

/* NTSTATUS codes that winnt.h lacks. */
#define CODE_FAIL_FAST_EXCEPTION ((DWORD)0xc0000602)
#define CODE_NOT_IMPLEMENTED ((LONG)0xc0000002)

#define NOT_TOLD 0u
#define TOLD UINT32_MAX /* no thread's id */

/* How long a thread lets another one tell the host, in milliseconds. */
#define PATIENCE 2000u

static void wait_for_teller(struct redirected *redirected)
{
    uint32_t teller = atomic_load_explicit(&redirected->ending, memory_order_acquire);
    uint64_t begin = os_tick_milliseconds();

    while (teller != TOLD && teller != NOT_TOLD && teller != os_thread_id() &&
           os_tick_milliseconds() - begin < PATIENCE) {
        Sleep(1);
        teller = atomic_load_explicit(&redirected->ending, memory_order_acquire);
    }
}

/* True: this thread has told the host. */
static bool tell_host(struct redirected *redirected, const HOSTMEM_ENDING *ending)
{
    uint32_t expected = NOT_TOLD;

    if (!redirected->ending_callback)
        return false;
    if (!atomic_compare_exchange_strong_explicit(&redirected->ending, &expected, os_thread_id(),
                                                 memory_order_acquire, memory_order_relaxed)) {
        wait_for_teller(redirected);
        return false;
    }
    redirected->ending_callback(redirected->ending_context, ending);
    atomic_store_explicit(&redirected->ending, TOLD, memory_order_release);
    return true;
}

/* The process is about to end. True: this thread has told the host. */
static bool tell(HOSTMEM_ENDING_KIND kind, DWORD code)
{
    const HOSTMEM_ENDING ending = {.Kind = kind, .Code = code};
    struct manager *manager = binding_enter();
    bool told = manager && tell_host(&manager->redirected, &ending);

    binding_leave();
    return told;
}

/* The process goes on after all: the next end is told again. */
static void take_back(void)
{
    struct manager *manager = binding_enter();

    if (manager)
        atomic_store_explicit(&manager->redirected.ending, NOT_TOLD, memory_order_release);
    binding_leave();
}

static void WINAPI hook_ExitProcess(UINT exit_code)
{
    tell(HostMemEndingExitProcess, exit_code);
    ExitProcess(exit_code);
}

static BOOL WINAPI hook_TerminateProcess(HANDLE process, UINT exit_code)
{
    bool told = own_process_is(process) && tell(HostMemEndingTerminateProcess, exit_code);
    BOOL done = TerminateProcess(process, exit_code);

    if (told && !done)
        take_back();
    return done;
}

static void WINAPI hook_RaiseFailFastException(PEXCEPTION_RECORD record, PCONTEXT context,
                                               DWORD flags)
{
    tell(HostMemEndingFailFast, record ? record->ExceptionCode : CODE_FAIL_FAST_EXCEPTION);
    RaiseFailFastException(record, context, flags);
}

/* ------------------------------------------------------------------------------------------------
 * Unhandled exceptions
 * --------------------------------------------------------------------------------------------- */

/*
 * What redirected modules gave SetUnhandledExceptionFilter last; NULL: none. Written with release
 * before Win32 gets `unhandled`, read with acquire.
 */
static _Atomic(LPTOP_LEVEL_EXCEPTION_FILTER) given;

/* The module's filter runs first: a runtime prints the exception there. */
static LONG WINAPI unhandled(EXCEPTION_POINTERS *exception)
{
    LPTOP_LEVEL_EXCEPTION_FILTER filter = atomic_load_explicit(&given, memory_order_acquire);
    LONG verdict = filter ? filter(exception) : EXCEPTION_CONTINUE_SEARCH;

    if (verdict != EXCEPTION_CONTINUE_EXECUTION)
        tell(HostMemEndingUnhandledException, exception->ExceptionRecord->ExceptionCode);
    return verdict;
}

/* The caller gets the filter that was given before, whoever gave it. */
static LPTOP_LEVEL_EXCEPTION_FILTER WINAPI
hook_SetUnhandledExceptionFilter(LPTOP_LEVEL_EXCEPTION_FILTER filter)
{
    LPTOP_LEVEL_EXCEPTION_FILTER before = atomic_load_explicit(&given, memory_order_acquire);
    LPTOP_LEVEL_EXCEPTION_FILTER replaced;

    /* A module that is not redirected may have got `unhandled`, and have passed it on. */
    if (filter != unhandled)
        before = atomic_exchange_explicit(&given, filter, memory_order_acq_rel);
    replaced = SetUnhandledExceptionFilter(unhandled);
    return replaced == unhandled ? before : replaced;
}

static struct hook hooks[] = {
    HOOK(ExitProcess),
    HOOK(TerminateProcess),
    HOOK(RaiseFailFastException),
    HOOK(SetUnhandledExceptionFilter),
};

const struct hook_table ending_hooks = HOOK_TABLE(hooks);

/* ------------------------------------------------------------------------------------------------
 * ntdll
 * --------------------------------------------------------------------------------------------- */

static LONG WINAPI hook_NtTerminateProcess(HANDLE process, LONG status);

static struct hook native_hooks[] = {
    HOOK(NtTerminateProcess),
};

const struct hook_table native_ending_hooks = HOOK_TABLE(native_hooks);

/* Without a process it ends the other threads only, and is no end. */
static LONG WINAPI hook_NtTerminateProcess(HANDLE process, LONG status)
{
    typedef LONG WINAPI terminate_process(HANDLE process, LONG status);
    terminate_process *pass = (terminate_process *)hook_win32(&native_hooks[0]);
    bool told =
        process && own_process_is(process) && tell(HostMemEndingTerminateProcess, (DWORD)status);
    LONG result = pass ? pass(process, status) : CODE_NOT_IMPLEMENTED;

    if (told)
        take_back();
    return result;
}

/* ------------------------------------------------------------------------------------------------
 * Other processes
 * --------------------------------------------------------------------------------------------- */

/* Counts a process that was started. */
static BOOL counted(BOOL started)
{
    struct manager *manager = binding_enter();

    if (manager && started)
        counter_increment(&manager->counters.child_processes);
    binding_leave();
    return started;
}

static BOOL WINAPI hook_CreateProcessA(LPCSTR application, LPSTR command_line,
                                       LPSECURITY_ATTRIBUTES process_security,
                                       LPSECURITY_ATTRIBUTES thread_security, BOOL inherits,
                                       DWORD flags, LPVOID environment, LPCSTR directory,
                                       LPSTARTUPINFOA startup, LPPROCESS_INFORMATION information)
{
    return counted(CreateProcessA(application, command_line, process_security, thread_security,
                                  inherits, flags, environment, directory, startup, information));
}

static BOOL WINAPI hook_CreateProcessW(LPCWSTR application, LPWSTR command_line,
                                       LPSECURITY_ATTRIBUTES process_security,
                                       LPSECURITY_ATTRIBUTES thread_security, BOOL inherits,
                                       DWORD flags, LPVOID environment, LPCWSTR directory,
                                       LPSTARTUPINFOW startup, LPPROCESS_INFORMATION information)
{
    return counted(CreateProcessW(application, command_line, process_security, thread_security,
                                  inherits, flags, environment, directory, startup, information));
}

static struct hook starting[] = {HOOK(CreateProcessA), HOOK(CreateProcessW)};

const struct hook_table child_hooks = HOOK_TABLE(starting);
