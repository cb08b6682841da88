/*
 * wide.h: UTF-16 strings, and their conversion from and to UTF-8.
 *
 * Every string returned is a new one from startup_alloc.h, and so never NULL.
 */
#ifndef HOSTMEM_BASE_WIDE_H
#define HOSTMEM_BASE_WIDE_H

#include <wchar.h>

char *utf8_from_wide(const wchar_t *text);
wchar_t *wide_from_utf8(const char *text);
wchar_t *wide_concatenate(const wchar_t *first, const wchar_t *second, const wchar_t *third);

#endif
