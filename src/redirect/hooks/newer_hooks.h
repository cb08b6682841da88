/*
 * newer_hooks.h: what a redirected module calls instead of Win32's functions for pages and views
 * that Windows 7 lacks.
 */
#ifndef HOSTMEM_REDIRECT_HOOKS_NEWER_HOOKS_H
#define HOSTMEM_REDIRECT_HOOKS_NEWER_HOOKS_H

#include "redirect/hooks/hook_table.h"

extern const struct hook_table newer_hooks;

#endif
