/*
 * view_hooks.h: what a redirected module calls instead of Win32's functions for views of mapped
 * files. Win32 maps and unmaps them, the manager keeps the books.
 */
#ifndef HOSTMEM_REDIRECT_HOOKS_VIEW_HOOKS_H
#define HOSTMEM_REDIRECT_HOOKS_VIEW_HOOKS_H

#include "redirect/hooks/hook_table.h"

#include <stdbool.h>

extern const struct hook_table view_hooks;

/* Enters a view in the books, and returns it. NULL: there is none. The last error stays as it is.
 */
LPVOID view_hooks_noted(LPVOID view);

/* One of Win32's ways to unmap, by a handle of this process. */
typedef BOOL unmap_view(HANDLE process, LPVOID address, ULONG flags);

/* Unmaps in one of these ways, and takes the view out of the books. */
BOOL view_hooks_unmap(HANDLE process, LPVOID address, ULONG flags, unmap_view *unmap);

#endif
