/*
 * path.h: the parts of paths.
 *
 * Every string returned is a new one from startup_alloc.h, and so never NULL, unless a function
 * says otherwise.
 */
#ifndef HOSTMEM_BASE_PATH_H
#define HOSTMEM_BASE_PATH_H

#include <stdbool.h>
#include <wchar.h>

enum {
    PATH_MOST = 32768 /* characters of the longest path that Windows has, the NUL included */
};

/* directory\name; no separator is doubled. */
wchar_t *path_join(const wchar_t *directory, const wchar_t *name);

/* The absolute form of a path. */
wchar_t *path_full(const wchar_t *path);

/* The directory part of an absolute path, without the separator at its end. */
wchar_t *path_directory(const wchar_t *path);

/* The part of path after its last separator: no new string, and for use by any thread. */
const wchar_t *path_file_name(const wchar_t *path);

/* There is such a file, and it is not a directory. */
bool path_is_file(const wchar_t *path);

#endif
