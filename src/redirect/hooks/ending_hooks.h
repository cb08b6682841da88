/*
 * ending_hooks.h: what a redirected module calls instead of Win32's functions that end the process,
 * so that HOSTMEM_OPTIONS.pfnEnding is called first, and those that start another, so that these
 * are counted.
 */
#ifndef HOSTMEM_REDIRECT_HOOKS_ENDING_HOOKS_H
#define HOSTMEM_REDIRECT_HOOKS_ENDING_HOOKS_H

#include "redirect/hooks/hook_table.h"

extern const struct hook_table ending_hooks;

/* The hooks for functions of ntdll.dll. */
extern const struct hook_table native_ending_hooks;

/* The hooks for functions that start processes. */
extern const struct hook_table child_hooks;

#endif
