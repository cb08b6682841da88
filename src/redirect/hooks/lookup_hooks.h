/*
 * lookup_hooks.h: what a redirected module calls instead of GetProcAddress: it gets the hooks that
 * are redirected for it.
 */
#ifndef HOSTMEM_REDIRECT_HOOKS_LOOKUP_HOOKS_H
#define HOSTMEM_REDIRECT_HOOKS_LOOKUP_HOOKS_H

#include "pe/import_table.h"

#include <windows.h>

/* Finds the addresses of GetProcAddress itself. Calls the loader. */
void lookup_hooks_prepare(void);

/*
 * The hook for an import, whose entry held `address` before; NULL: it is not GetProcAddress. There
 * is one hook for each set of features (hook_catalogue.h), because a hook does not know which
 * module has called it.
 */
void *lookup_hooks_find(unsigned features, const struct import *import, const void *address);

/* The features that a hook of this file looks up; 0: it is none of this file's. */
unsigned lookup_hooks_features(const void *hook);

/* The hook of this file for these features. */
void *lookup_hooks_at(unsigned features);

#endif
