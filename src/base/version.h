/*
 * version.h: the order of runtime versions, such as 2.0.0 and 3.0.0-preview7-27912-14.
 */
#ifndef HOSTMEM_BASE_VERSION_H
#define HOSTMEM_BASE_VERSION_H

#include <stdbool.h>
#include <wchar.h>

/* Three numbers with dots between them; anything may follow a hyphen. */
bool version_is_one(const wchar_t *text);

/*
 * Less than 0: a is older than b. 0: they are the same. Greater than 0: a is newer. Both are
 * versions. Numbers are compared as numbers. A release is newer than its own pre-releases, which
 * are compared part by part, as Semantic Versioning 2.0.0 (section 11) says.
 */
int version_compare(const wchar_t *a, const wchar_t *b);

#endif
