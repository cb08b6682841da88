/*
 * layout.h: makes the directory of a program and what .NET's host finds beside it, for one test.
 */
#ifndef HOSTMEM_TESTS_CLR_LAYOUT_H
#define HOSTMEM_TESTS_CLR_LAYOUT_H

#include <wchar.h>

/* A path below the scratch directory, absolute. Kept in one of four static places, in turn. */
const wchar_t *layout_path(const wchar_t *format, ...);

/* Makes the directory and those above it, below the scratch directory. */
void layout_directory(const wchar_t *path);

/* Copies a file that lies beside the C# programs. */
void layout_program(const wchar_t *name, const wchar_t *to);

void layout_copy(const wchar_t *from, const wchar_t *to);

/* Every file of a directory, but not what lies below it. */
void layout_copy_all(const wchar_t *from, const wchar_t *to);

void layout_text(const wchar_t *path, const char *text);

/* Deletes a directory and all that is in it. */
void layout_remove(const wchar_t *path);

#endif
