/*
 * redirect_ending.c: see redirect_ending.h. It has no C run-time library, so it imports nothing
 * else.
 */
#include "redirect_ending.h"

static void WINAPI call_exit_process(UINT exit_code)
{
    ExitProcess(exit_code);
}

static BOOL WINAPI call_terminate_process(HANDLE process, UINT exit_code)
{
    return TerminateProcess(process, exit_code);
}

static void WINAPI call_fail_fast(PEXCEPTION_RECORD record, PCONTEXT context, DWORD flags)
{
    RaiseFailFastException(record, context, flags);
}

static LPTOP_LEVEL_EXCEPTION_FILTER WINAPI call_set_filter(LPTOP_LEVEL_EXCEPTION_FILTER filter)
{
    return SetUnhandledExceptionFilter(filter);
}

/* In ntdll.dll; winternl.h does not declare it. */
__declspec(dllimport) LONG WINAPI NtTerminateProcess(HANDLE process, LONG status);

static LONG WINAPI call_nt_terminate_process(HANDLE process, LONG status)
{
    return NtTerminateProcess(process, status);
}

static FARPROC WINAPI call_look_up(HMODULE module, LPCSTR name)
{
    return GetProcAddress(module, name);
}

__declspec(dllexport) redirect_ending_function redirect_ending;

__declspec(dllexport) const struct redirect_ending *WINAPI redirect_ending(void)
{
    static const struct redirect_ending ending = {
        .exit_process = call_exit_process,
        .terminate_process = call_terminate_process,
        .fail_fast = call_fail_fast,
        .set_filter = call_set_filter,
        .nt_terminate_process = call_nt_terminate_process,
        .look_up = call_look_up,
    };

    return &ending;
}

BOOL WINAPI DllMainCRTStartup(HINSTANCE instance, DWORD reason, LPVOID reserved);

BOOL WINAPI DllMainCRTStartup(HINSTANCE instance, DWORD reason, LPVOID reserved)
{
    (void)instance;
    (void)reason;
    (void)reserved;
    return TRUE;
}
