/*
 * own_process.c: see own_process.h.
 *
 * GetProcessId needs a right to query. A handle may lack it: .NET ends its own process through one
 * with PROCESS_TERMINATE alone. Comparing the objects, and asking what a handle allows, need none.
 */
#include "redirect/own_process.h"

#include <stdatomic.h>
#include <stdint.h>

/* kernelbase's CompareObjectHandles (Windows 10), or NULL. Always written with the same value. */
typedef BOOL WINAPI compare_handles(HANDLE first, HANDLE second);
static _Atomic(compare_handles *) real_CompareObjectHandles;

/* ntdll's NtQueryObject. Always written with the same value. */
typedef LONG NTAPI query_object(HANDLE handle, ULONG kind, void *buffer, ULONG size,
                                ULONG *returned);
static _Atomic(query_object *) real_NtQueryObject;

/* What NtQueryObject tells of a handle: a structure of 14 members of 32 bits. */
#define BASIC_INFORMATION 0u
#define BASIC_MEMBERS 14u
#define GRANTED_ACCESS 1u /* the second of them */

static FARPROC find(LPCWSTR library, LPCSTR function)
{
    HMODULE module = NULL;

    GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT, library, &module);
    return module ? GetProcAddress(module, function) : NULL;
}

void own_process_prepare(void)
{
    FARPROC compare = find(L"kernelbase.dll", "CompareObjectHandles");
    FARPROC query = find(L"ntdll.dll", "NtQueryObject");

    atomic_store_explicit(&real_CompareObjectHandles, (compare_handles *)(uintptr_t)compare,
                          memory_order_release);
    atomic_store_explicit(&real_NtQueryObject, (query_object *)(uintptr_t)query,
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
    if (!process)
        return false;
    if (compare)
        return compare(process, GetCurrentProcess());
    id = GetProcessId(process);
    return id ? id == GetCurrentProcessId() : is_own_by_duplicate(process);
}

bool own_process_is(HANDLE process)
{
    DWORD last_error = GetLastError();
    bool own = is_own(process);

    SetLastError(last_error);
    return own;
}

/* Where the system does not tell, the handle is taken to allow everything. */
static bool allows(HANDLE process, ACCESS_MASK rights)
{
    query_object *query = atomic_load_explicit(&real_NtQueryObject, memory_order_acquire);
    ULONG information[BASIC_MEMBERS];

    return process == GetCurrentProcess() || !query ||
           query(process, BASIC_INFORMATION, information, sizeof(information), NULL) < 0 ||
           (information[GRANTED_ACCESS] & rights) == rights;
}

bool own_process_is_with(HANDLE process, ACCESS_MASK rights)
{
    return own_process_is(process) && allows(process, rights);
}
