/*
 * loader_hooks.h: what a followed module calls instead of Win32's loader.
 *
 * Win32 loads the module; the hook then calls back, before the load returns to its caller.
 */
#ifndef HOSTMEM_REDIRECT_HOOKS_LOADER_HOOKS_H
#define HOSTMEM_REDIRECT_HOOKS_LOADER_HOOKS_H

#include "redirect/hooks/hook_table.h"

#include <windows.h>

/* A module has been loaded as code. The callback must keep the last error. */
typedef void loaded_callback(HMODULE module);

/* The one callback. To be set before any entry is rewritten to a hook. */
void loader_hooks_set_callback(loaded_callback *callback);

extern const struct hook_table loader_hooks;

#endif
