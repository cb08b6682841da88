/*
 * heap_hooks.h: what a redirected module calls instead of Win32's heap functions.
 */
#ifndef HOSTMEM_REDIRECT_HOOKS_HEAP_HOOKS_H
#define HOSTMEM_REDIRECT_HOOKS_HEAP_HOOKS_H

#include "redirect/hooks/hook_table.h"

extern const struct hook_table heap_hooks;
extern const struct hook_table native_heap_hooks; /* of ntdll.dll */

#endif
