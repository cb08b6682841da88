/*
 * local_hooks.h: what a redirected module calls instead of Win32's functions for local and global
 * memory.
 */
#ifndef HOSTMEM_REDIRECT_HOOKS_LOCAL_HOOKS_H
#define HOSTMEM_REDIRECT_HOOKS_LOCAL_HOOKS_H

#include "redirect/hooks/hook_table.h"

extern const struct hook_table local_hooks;

#endif
