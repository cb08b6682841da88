/*
 * path.c: see path.h.
 */
#include "base/path.h"

#include "base/startup_alloc.h"
#include "base/wide.h"

#include <windows.h>

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
