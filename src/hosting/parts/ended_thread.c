/*
 * ended_thread.c: see ended_thread.h.
 */
#include "hosting/parts/ended_thread.h"

#include <windows.h>

/* The system may have given the id to a thread of another process since. */
static bool has_ended(HANDLE thread)
{
    return WaitForSingleObject(thread, 0) == WAIT_OBJECT_0 ||
           GetProcessIdOfThread(thread) != GetCurrentProcessId();
}

bool ended_thread_is(uint32_t id)
{
    DWORD last_error = GetLastError();
    HANDLE thread = OpenThread(SYNCHRONIZE | THREAD_QUERY_LIMITED_INFORMATION, FALSE, id);
    bool ended = thread ? has_ended(thread) : GetLastError() == ERROR_INVALID_PARAMETER;

    if (thread)
        CloseHandle(thread);
    SetLastError(last_error);
    return ended;
}
