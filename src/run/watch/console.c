/*
 * console.c: the system ends a process as soon as its handler for the closing of the console (a
 * logoff, a shutdown) has returned, so that handler waits.
 */
#include "run/watch/console.h"

#include <winternl.h>

#include <stdbool.h>
#include <stdint.h>

static HANDLE finished;

static BOOL WINAPI handle(DWORD event)
{
    if (event != CTRL_C_EVENT && event != CTRL_BREAK_EVENT)
        WaitForSingleObject(finished, INFINITE);
    return TRUE;
}

void console_begin(void)
{
    finished = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (finished)
        SetConsoleCtrlHandler(handle, TRUE);
}

/*
 * The process parameters say so in a part that is not documented; debuggers rely on it. Wine has a
 * third state, which is passed on to processes that are started without a flag: there is no
 * console, but there are the standard streams of a Unix shell.
 */
static bool is_detached(void)
{
    PROCESS_BASIC_INFORMATION basic;
    intptr_t console;

    if (NtQueryInformationProcess(GetCurrentProcess(), ProcessBasicInformation, &basic,
                                  sizeof(basic), NULL) < 0)
        return false;
    console = (intptr_t)basic.PebBaseAddress->ProcessParameters->Reserved2[0];
    return console == 0 || console == -1;
}

static bool has_console(void)
{
    HANDLE console = CreateFileW(L"CONOUT$", GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE,
                                 NULL, OPEN_EXISTING, 0, NULL);

    if (console == INVALID_HANDLE_VALUE)
        return false;
    CloseHandle(console);
    return true;
}

DWORD console_creation_flags(void)
{
    return is_detached() && !has_console() ? DETACHED_PROCESS : 0;
}

void console_end(void)
{
    if (finished)
        SetEvent(finished);
}
