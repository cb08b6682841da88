/*
 * wide.h: UTF-16 strings, paths and the environment, while hostmem-run gets ready.
 *
 * Every string returned is new, lives till the process ends, and is there: without memory for it
 * the process ends with EXIT_CODE_NO_MEMORY. For use by the main thread before the program runs.
 */
#ifndef HOSTMEM_BASE_WIDE_H
#define HOSTMEM_BASE_WIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

enum {
    PATH_MOST = 32768 /* characters of the longest path that Windows has, the NUL included */
};

/* Zeroed memory under the same promise. */
void *startup_alloc(size_t size);

char *utf8_from_wide(const wchar_t *text);
wchar_t *wide_from_utf8(const char *text);
wchar_t *wide_concatenate(const wchar_t *first, const wchar_t *second, const wchar_t *third);

/* directory\name; no separator is doubled. */
wchar_t *path_join(const wchar_t *directory, const wchar_t *name);

/* The absolute form of a path. */
wchar_t *path_full(const wchar_t *path);

/* The directory part of an absolute path, without the separator at its end. */
wchar_t *path_directory(const wchar_t *path);

/* The part of path after its last separator; not a new string. */
const wchar_t *path_file_name(const wchar_t *path);

/* There is such a file, and it is no directory. */
bool path_is_file(const wchar_t *path);

/* NULL when the variable is not set or empty. */
wchar_t *environment_value(const wchar_t *name);

#endif
