/*
 * wide.c: strings from an arena that only the startup uses.
 */
#include "base/wide.h"

#include "base/arena.h"
#include "base/exit_code.h"

#include <windows.h>

#include <stdbool.h>

static struct arena startup;

void *startup_alloc(size_t size)
{
    void *memory = arena_alloc(&startup, size);

    if (!memory)
        ExitProcess((UINT)fail(EXIT_CODE_NO_MEMORY, "there is no memory to start with."));
    return memory;
}

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

static bool is_separator(wchar_t character)
{
    return character == L'\\' || character == L'/';
}

wchar_t *path_join(const wchar_t *directory, const wchar_t *name)
{
    size_t length = wcslen(directory);
    bool separated = length && is_separator(directory[length - 1]);

    return wide_concatenate(directory, separated ? L"" : L"\\", name);
}

wchar_t *path_full(const wchar_t *path)
{
    DWORD size = GetFullPathNameW(path, 0, NULL, NULL);
    wchar_t *full = startup_alloc(((size_t)size + 1) * sizeof(wchar_t));

    if (!size || !GetFullPathNameW(path, size, full, NULL))
        return wide_concatenate(path, L"", L"");
    return full;
}

const wchar_t *path_file_name(const wchar_t *path)
{
    const wchar_t *name = path;

    for (const wchar_t *at = path; *at; at++)
        if (is_separator(*at))
            name = at + 1;
    return name;
}

/* The separator of "C:\\" belongs to the directory: "C:" would mean another one. */
static bool is_root(const wchar_t *path, size_t length)
{
    return length >= 2 && path[length - 2] == L':';
}

wchar_t *path_directory(const wchar_t *path)
{
    wchar_t *directory = wide_concatenate(path, L"", L"");
    size_t length = (size_t)(path_file_name(path) - path);

    while (length && is_separator(directory[length - 1]) && !is_root(directory, length))
        length--;
    directory[length] = L'\0';
    return directory;
}

bool path_is_file(const wchar_t *path)
{
    DWORD attributes = GetFileAttributesW(path);

    return attributes != INVALID_FILE_ATTRIBUTES && !(attributes & FILE_ATTRIBUTE_DIRECTORY);
}

wchar_t *environment_value(const wchar_t *name)
{
    DWORD size = GetEnvironmentVariableW(name, NULL, 0);
    wchar_t *value;

    if (size <= 1)
        return NULL;
    value = startup_alloc((size_t)size * sizeof(wchar_t));
    return GetEnvironmentVariableW(name, value, size) < size ? value : NULL;
}
