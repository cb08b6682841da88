/*
 * version.h: the order of runtime versions, such as 2.0.0 and 3.0.0-preview7-27912-14.
 */
#ifndef HOSTMEM_BASE_VERSION_H
#define HOSTMEM_BASE_VERSION_H

#include <stdbool.h>
#include <wchar.h>

/* Three numbers with dots between; what follows a hyphen is free. */
bool version_is_one(const wchar_t *text);

/*
 * Less than, equal to, or greater than 0, as a is older than, the same as, or newer than b. Both
 * are versions. Numbers count as numbers; a release is newer than its own pre-releases; these are
 * compared part by part, as Semantic Versioning 2.0.0 (section 11) has it.
 */
int version_compare(const wchar_t *a, const wchar_t *b);

#endif
