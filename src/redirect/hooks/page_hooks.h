/*
 * page_hooks.h: what a redirected module calls instead of Win32's functions for pages.
 */
#ifndef HOSTMEM_REDIRECT_HOOKS_PAGE_HOOKS_H
#define HOSTMEM_REDIRECT_HOOKS_PAGE_HOOKS_H

#include "redirect/hooks/hook_table.h"

extern const struct hook_table page_hooks;

/* VirtualAllocExNuma in this process, and VirtualProtect, as a redirected module has them. */
LPVOID page_hooks_alloc(LPVOID address, SIZE_T size, DWORD type, DWORD protect, DWORD node);
BOOL page_hooks_protect(LPVOID address, SIZE_T size, DWORD protect, PDWORD old_protect);

#endif
