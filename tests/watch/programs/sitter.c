/*
 * sitter.c: a native program that holds some memory until it is told to end.
 *
 * sitter MIB CODE [EVENT [START]]: allocates so many MiB by VirtualAlloc, prints "ready" and its
 * process identifier, and ends with that exit code: at once, or when the event of that name is set.
 * With START it first starts itself anew as `sitter 0 0 START`, and ends without waiting for it.
 */
#include <windows.h>

#include <stdio.h>
#include <wchar.h>

enum {
    PATIENCE_MILLISECONDS = 120 * 1000,
    LINE_SIZE = 1024
};

static void start_another(const wchar_t *event)
{
    STARTUPINFOW startup = {.cb = sizeof(startup)};
    PROCESS_INFORMATION made;
    wchar_t own[LINE_SIZE], line[2 * LINE_SIZE];

    GetModuleFileNameW(NULL, own, LINE_SIZE);
    swprintf(line, 2 * LINE_SIZE, L"\"%ls\" 0 0 %ls", own, event);
    if (CreateProcessW(own, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &made))
        printf("started %lu\n", made.dwProcessId);
}

static void wait_for(const wchar_t *name)
{
    HANDLE event = OpenEventW(SYNCHRONIZE, FALSE, name);

    if (event)
        WaitForSingleObject(event, PATIENCE_MILLISECONDS);
}

int wmain(int argc, wchar_t **argv)
{
    SIZE_T size;

    if (argc < 3)
        return 1;
    size = (SIZE_T)wcstoul(argv[1], NULL, 10) << 20;
    if (size && !VirtualAlloc(NULL, size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE))
        return 1;
    if (argc > 4)
        start_another(argv[4]);
    printf("ready %lu\n", GetCurrentProcessId());
    fflush(stdout);
    if (argc > 3)
        wait_for(argv[3]);
    return (int)wcstoul(argv[2], NULL, 10);
}
