/*
 * layout.c: see layout.h.
 */
#include "layout.h"

#include "run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum {
    PATH_SIZE = 1024,
    PLACES = 4
};

const wchar_t *layout_path(const wchar_t *format, ...)
{
    static wchar_t places[PLACES][PATH_SIZE];
    static int next;
    wchar_t *path = places[next++ % PLACES];
    int length = swprintf(path, PATH_SIZE, L"%ls\\", scratch_directory());
    va_list values;

    va_start(values, format);
    vswprintf(path + length, (size_t)(PATH_SIZE - length), format, values);
    va_end(values);
    return path;
}

void layout_directory(const wchar_t *path)
{
    wchar_t part[PATH_SIZE];
    size_t start = wcslen(scratch_directory()) + 1;

    for (size_t length = start; length <= wcslen(path); length++) {
        if (path[length] && path[length] != L'\\')
            continue;
        wcsncpy(part, path, length);
        part[length] = L'\0';
        CreateDirectoryW(part, NULL);
    }
    assert_true(GetFileAttributesW(path) != INVALID_FILE_ATTRIBUTES);
}

void layout_copy(const wchar_t *from, const wchar_t *to)
{
    if (!CopyFileW(from, to, FALSE))
        fail_msg("%ls could not be copied to %ls: %lu", from, to, GetLastError());
}

void layout_program(const wchar_t *name, const wchar_t *to)
{
    wchar_t from[PATH_SIZE];

    GetModuleFileNameW(NULL, from, PATH_SIZE);
    swprintf(wcsrchr(from, L'\\'), 256, L"\\clr\\%ls", name);
    layout_copy(from, to);
}

/* The names in a directory, without those of directories. False: there is no further one. */
static bool next_file(HANDLE *listing, const wchar_t *directory, WIN32_FIND_DATAW *found)
{
    wchar_t pattern[PATH_SIZE];
    bool more;

    do {
        if (*listing == INVALID_HANDLE_VALUE) {
            swprintf(pattern, PATH_SIZE, L"%ls\\*", directory);
            *listing = FindFirstFileW(pattern, found);
            more = *listing != INVALID_HANDLE_VALUE;
        } else {
            more = FindNextFileW(*listing, found) != FALSE;
        }
    } while (more && (found->dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY));
    if (!more && *listing != INVALID_HANDLE_VALUE)
        FindClose(*listing);
    return more;
}

void layout_copy_all(const wchar_t *from, const wchar_t *to)
{
    HANDLE listing = INVALID_HANDLE_VALUE;
    WIN32_FIND_DATAW found;
    wchar_t source[PATH_SIZE], target[PATH_SIZE];

    while (next_file(&listing, from, &found)) {
        swprintf(source, PATH_SIZE, L"%ls\\%ls", from, found.cFileName);
        swprintf(target, PATH_SIZE, L"%ls\\%ls", to, found.cFileName);
        layout_copy(source, target);
    }
}

void layout_text(const wchar_t *path, const char *text)
{
    HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    DWORD written;

    assert_true(file != INVALID_HANDLE_VALUE);
    assert_true(WriteFile(file, text, (DWORD)strlen(text), &written, NULL));
    CloseHandle(file);
}

void layout_remove(const wchar_t *path)
{
    wchar_t inner[PATH_SIZE];
    WIN32_FIND_DATAW found;
    HANDLE listing;

    swprintf(inner, PATH_SIZE, L"%ls\\*", path);
    listing = FindFirstFileW(inner, &found);
    if (listing == INVALID_HANDLE_VALUE)
        return;
    do {
        swprintf(inner, PATH_SIZE, L"%ls\\%ls", path, found.cFileName);
        if (!(found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY))
            DeleteFileW(inner);
        else if (wcscmp(found.cFileName, L".") != 0 && wcscmp(found.cFileName, L"..") != 0)
            layout_remove(inner);
    } while (FindNextFileW(listing, &found));
    FindClose(listing);
    RemoveDirectoryW(path);
}
