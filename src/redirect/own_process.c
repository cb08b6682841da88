/*
 * own_process.c: see own_process.h.
 *
 * GetProcessId needs a right to query. A handle may lack it: .NET ends its own process through one
 * with PROCESS_TERMINATE alone.
 */
#include "redirect/own_process.h"

#include <stdatomic.h>
#include <stdint.h>

/* kernelbase's CompareObjectHandles (Windows 10), or NULL. Always written with the same value. */
typedef BOOL WINAPI compare_handles(HANDLE first, HANDLE second);
static _Atomic(compare_handles *) real_CompareObjectHandles;

void own_process_prepare(void)
{
    HMODULE kernelbase = NULL;
    FARPROC function = NULL;

    if (GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT, L"kernelbase.dll",
                           &kernelbase))
        function = GetProcAddress(kernelbase, "CompareObjectHandles");
    atomic_store_explicit(&real_CompareObjectHandles, (compare_handles *)(uintptr_t)function,
                          memory_order_release);
}

/* The same question to a duplicate with the right to query: the system may grant one. */
static bool is_own_by_duplicate(HANDLE process)
{
    HANDLE duplicate;
    bool own;

    if (!DuplicateHandle(GetCurrentProcess(), process, GetCurrentProcess(), &duplicate,
                         PROCESS_QUERY_LIMITED_INFORMATION, FALSE, 0))
        return false;
    own = GetProcessId(duplicate) == GetCurrentProcessId();
    CloseHandle(duplicate);
    return own;
}

static bool is_own(HANDLE process)
{
    compare_handles *compare =
        atomic_load_explicit(&real_CompareObjectHandles, memory_order_acquire);
    DWORD id;

    if (process == GetCurrentProcess())
        return true;
    id = GetProcessId(process);
    if (id || !process)
        return id == GetCurrentProcessId();
    return compare ? compare(process, GetCurrentProcess()) : is_own_by_duplicate(process);
}

bool own_process_is(HANDLE process)
{
    DWORD last_error = GetLastError();
    bool own = is_own(process);

    SetLastError(last_error);
    return own;
}
