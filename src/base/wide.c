/*
 * wide.c: see wide.h.
 */
#include "base/wide.h"

#include "base/startup_alloc.h"

#include <windows.h>

char *utf8_from_wide(const wchar_t *text)
{
    int size = WideCharToMultiByte(CP_UTF8, 0, text, -1, NULL, 0, NULL, NULL);
    char *copy = startup_alloc((size_t)size + 1);

    WideCharToMultiByte(CP_UTF8, 0, text, -1, copy, size, NULL, NULL);
    return copy;
}

wchar_t *wide_from_utf8(const char *text)
{
    int count = MultiByteToWideChar(CP_UTF8, 0, text, -1, NULL, 0);
    wchar_t *copy = startup_alloc(((size_t)count + 1) * sizeof(wchar_t));

    MultiByteToWideChar(CP_UTF8, 0, text, -1, copy, count);
    return copy;
}

wchar_t *wide_concatenate(const wchar_t *first, const wchar_t *second, const wchar_t *third)
{
    size_t length = wcslen(first) + wcslen(second) + wcslen(third);
    wchar_t *text = startup_alloc((length + 1) * sizeof(wchar_t));

    wcscpy(text, first);
    wcscat(text, second);
    return wcscat(text, third);
}
