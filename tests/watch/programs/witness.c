/*
 * witness.c: a native program that tells what it was given, for comparing runs with and without
 * hostmem.
 *
 * Usage: witness COMMAND...
 *
 *   --arguments ARGUMENT...  prints each
 *   --surroundings           prints its environment, its directory, what its standard handles are,
 *                            whether it has a console, and how many handles of each type it has
 *   --start ARGUMENT...      starts itself with these, inheriting handles, and waits
 *   --echo                   copies stdin to stdout
 *   --churn                  four threads take and give back memory until somebody ends it; prints
 *                            "waiting" when they are at work
 */
#include <windows.h>

#include <winternl.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

enum {
    EXIT_USAGE = 2,
    HANDLES_MOST = 4096,
    TYPES_MOST = 32,
    THREADS = 4,
    KEPT = 64
};

/* ------------------------------------------------------------------------------------------------
 * Writing
 * --------------------------------------------------------------------------------------------- */

static void write_bytes(const char *bytes, DWORD length)
{
    DWORD written;

    WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), bytes, length, &written, NULL);
}

static void write_text(const wchar_t *text)
{
    int size = WideCharToMultiByte(CP_UTF8, 0, text, -1, NULL, 0, NULL, NULL);
    char *bytes = malloc((size_t)size);

    if (!bytes)
        exit(EXIT_USAGE);
    WideCharToMultiByte(CP_UTF8, 0, text, -1, bytes, size, NULL, NULL);
    write_bytes(bytes, (DWORD)size - 1);
    free(bytes);
}

static void write_number(const wchar_t *before, unsigned long number, const wchar_t *after)
{
    wchar_t text[32];

    swprintf(text, 32, L"%lu", number);
    write_text(before);
    write_text(text);
    write_text(after);
}

/* ------------------------------------------------------------------------------------------------
 * What it was given
 * --------------------------------------------------------------------------------------------- */

static int tell_arguments(int count, wchar_t **arguments)
{
    for (int i = 0; i < count; i++) {
        write_number(L"", (unsigned long)wcslen(arguments[i]), L" characters: ");
        write_text(arguments[i]);
        write_text(L"\n");
    }
    return count;
}

static void tell_environment(void)
{
    wchar_t *block = GetEnvironmentStringsW();

    for (wchar_t *at = block; *at; at += wcslen(at) + 1) {
        write_text(at);
        write_text(L"\n");
    }
    FreeEnvironmentStringsW(block);
}

static void tell_standard_handles(void)
{
    static const DWORD which[] = {STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE};

    for (int i = 0; i < 3; i++) {
        HANDLE handle = GetStdHandle(which[i]);

        write_number(L"standard handle ", (unsigned long)i, L": ");
        write_number(handle ? L"type " : L"none, type ", handle ? GetFileType(handle) : 0, L"\n");
    }
}

static void tell_console(void)
{
    HANDLE console = CreateFileW(L"CONOUT$", GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE,
                                 NULL, OPEN_EXISTING, 0, NULL);

    write_text(console == INVALID_HANDLE_VALUE ? L"console: none\n" : L"console: there is one\n");
    if (console != INVALID_HANDLE_VALUE)
        CloseHandle(console);
}

struct type {
    wchar_t name[64];
    unsigned long count;
};

static bool name_type(HANDLE handle, wchar_t name[64])
{
    _Alignas(8) char room[1024];
    const PUBLIC_OBJECT_TYPE_INFORMATION *type = (const void *)room;
    size_t length;

    if (NtQueryObject(handle, ObjectTypeInformation, room, sizeof(room), NULL) < 0)
        return false;
    length = type->TypeName.Length / sizeof(wchar_t);
    length = length < 63 ? length : 63;
    wmemcpy(name, type->TypeName.Buffer, length);
    name[length] = L'\0';
    return true;
}

static void tell_handles(void)
{
    static struct type types[TYPES_MOST];
    int count = 0;

    for (uintptr_t value = 4; value < HANDLES_MOST; value += 4) {
        wchar_t name[64];
        int at = 0;

        if (!name_type((HANDLE)value, name))
            continue;
        while (at < count && wcscmp(types[at].name, name))
            at++;
        if (at == TYPES_MOST)
            continue;
        if (at == count)
            wcscpy(types[count++].name, name);
        types[at].count++;
    }
    for (int i = 0; i < count; i++) {
        write_number(L"handles: ", types[i].count, L" ");
        write_text(types[i].name);
        write_text(L"\n");
    }
}

static int tell_surroundings(void)
{
    wchar_t directory[1024];

    tell_environment();
    GetCurrentDirectoryW(1024, directory);
    write_text(directory);
    write_text(L"\n");
    tell_standard_handles();
    tell_console();
    tell_handles();
    return 0;
}

/* ------------------------------------------------------------------------------------------------
 * What it does
 * --------------------------------------------------------------------------------------------- */

static wchar_t *quote(const wchar_t *program, int count, wchar_t **arguments)
{
    size_t size = wcslen(program) + 3;
    wchar_t *line;

    for (int i = 0; i < count; i++)
        size += wcslen(arguments[i]) + 3;
    line = calloc(size, sizeof(*line));
    if (!line)
        exit(EXIT_USAGE);
    wcscat(wcscat(wcscat(line, L"\""), program), L"\"");
    for (int i = 0; i < count; i++)
        wcscat(wcscat(wcscat(line, L" \""), arguments[i]), L"\"");
    return line;
}

static int start(const wchar_t *program, int count, wchar_t **arguments)
{
    wchar_t *line = quote(program, count, arguments);
    STARTUPINFOW startup = {.cb = sizeof(startup)};
    PROCESS_INFORMATION made;
    DWORD code = EXIT_USAGE;

    if (CreateProcessW(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &made)) {
        WaitForSingleObject(made.hProcess, INFINITE);
        GetExitCodeProcess(made.hProcess, &code);
        CloseHandle(made.hThread);
        CloseHandle(made.hProcess);
    }
    free(line);
    return (int)code;
}

static int start_self(int count, wchar_t **arguments)
{
    wchar_t program[1024];

    GetModuleFileNameW(NULL, program, 1024);
    return start(program, count, arguments);
}

static int echo(void)
{
    HANDLE input = GetStdHandle(STD_INPUT_HANDLE);
    static char bytes[65536];
    DWORD read;

    if (!input)
        return 3;
    while (ReadFile(input, bytes, sizeof(bytes), &read, NULL) && read)
        write_bytes(bytes, read);
    return 0;
}

static DWORD WINAPI churn(void *number)
{
    void *kept[KEPT] = {0};
    uint32_t random = (uint32_t)(uintptr_t)number * 2654435761u + 1;

    for (;;) {
        int slot = (int)(random >> 26);
        char *block;

        random = random * 1664525u + 1013904223u;
        if (kept[slot])
            VirtualFree(kept[slot], 0, MEM_RELEASE);
        block = VirtualAlloc(NULL, 0x20000, MEM_RESERVE, PAGE_NOACCESS);
        kept[slot] = block;
        if (block &&
            VirtualAlloc(block + (random >> 12) % 0x1f000, 0x1000, MEM_COMMIT, PAGE_READWRITE))
            VirtualFree(block, 0x1000, MEM_DECOMMIT);
    }
    return 0;
}

static int churn_forever(void)
{
    for (uintptr_t i = 0; i < THREADS; i++)
        if (!CreateThread(NULL, 0, churn, (void *)i, 0, NULL))
            return EXIT_USAGE;
    write_text(L"waiting\n");
    Sleep(INFINITE);
    return 0;
}

int wmain(int count, wchar_t **arguments)
{
    const wchar_t *command = count > 1 ? arguments[1] : L"";

    if (!wcscmp(command, L"--arguments"))
        return tell_arguments(count - 2, arguments + 2);
    if (!wcscmp(command, L"--surroundings"))
        return tell_surroundings();
    if (!wcscmp(command, L"--start"))
        return start_self(count - 2, arguments + 2);
    if (!wcscmp(command, L"--echo"))
        return echo();
    if (!wcscmp(command, L"--churn"))
        return churn_forever();
    return EXIT_USAGE;
}
