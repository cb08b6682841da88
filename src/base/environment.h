/*
 * environment.h: the variables of this process's environment.
 */
#ifndef HOSTMEM_BASE_ENVIRONMENT_H
#define HOSTMEM_BASE_ENVIRONMENT_H

#include <wchar.h>

/* A new string from startup_alloc.h; NULL: the variable is not set, or empty. */
wchar_t *environment_value(const wchar_t *name);

#endif
