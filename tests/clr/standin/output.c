/*
 * output.c: writes to the standard handles as Console.WriteLine does in a program with UTF-8.
 */
#include "output.h"

#include <windows.h>

static void write_text(DWORD handle, const wchar_t *text)
{
    const int size = WideCharToMultiByte(CP_UTF8, 0, text, -1, NULL, 0, NULL, NULL);
    char *bytes = size > 0 ? HeapAlloc(GetProcessHeap(), 0, (SIZE_T)size) : NULL;
    DWORD written;

    if (!bytes)
        return;
    WideCharToMultiByte(CP_UTF8, 0, text, -1, bytes, size, NULL, NULL);
    WriteFile(GetStdHandle(handle), bytes, (DWORD)size - 1, &written, NULL);
    HeapFree(GetProcessHeap(), 0, bytes);
}

void output_line(const wchar_t *first, const wchar_t *second)
{
    write_text(STD_OUTPUT_HANDLE, first);
    write_text(STD_OUTPUT_HANDLE, second);
    write_text(STD_OUTPUT_HANDLE, L"\r\n");
}

void output_error(const wchar_t *text)
{
    write_text(STD_ERROR_HANDLE, text);
    write_text(STD_ERROR_HANDLE, L"\r\n");
}
