/*
 * racer.c: several threads end the process at the same time, each in its own way, while others
 * allocate.
 */
#include <windows.h>

#include <stdlib.h>

enum {
    ENDERS = 4,
    OTHERS = 2,
    HELD = 4 << 20
};

static HANDLE go;

static DWORD WINAPI end(void *way)
{
    WaitForSingleObject(go, INFINITE);
    switch ((int)(ULONG_PTR)way) {
    case 0:
        ExitProcess(20);
    case 1:
        TerminateProcess(GetCurrentProcess(), 21);
        break;
    case 2:
        ExitProcess(22);
    default:
        RaiseException(0xe0000023, 0, 0, NULL);
    }
    return 0;
}

_Noreturn static DWORD WINAPI allocate(void *unused)
{
    (void)unused;
    WaitForSingleObject(go, INFINITE);
    for (;;)
        VirtualFree(VirtualAlloc(NULL, 0x10000, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE), 0,
                    MEM_RELEASE);
}

int main(int argc, char **argv)
{
    int first = argc > 1 ? atoi(argv[1]) : 0;

    SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX);
    go = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!go || !VirtualAlloc(NULL, HELD, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE))
        return 1;
    for (int i = 0; i < OTHERS; i++)
        CloseHandle(CreateThread(NULL, 0, allocate, NULL, 0, NULL));
    for (int i = 0; i < ENDERS; i++)
        CloseHandle(CreateThread(NULL, 0, end, (void *)(ULONG_PTR)((first + i) % ENDERS), 0, NULL));
    SetEvent(go);
    Sleep(INFINITE);
    return 0;
}
