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

/*
 * Asks the manager for address space if a view could not be mapped for want of it, as a CLR asks
 * its host. True: the manager has given some up, and mapping is worth another try. False: the last
 * error is what it was, because a manager with nothing to give up sets the same one.
 */
bool view_hooks_made_room(LPCVOID view, LPVOID address, SIZE_T size);

/* One of Win32's ways to unmap, by a handle of this process. */
typedef BOOL unmap_view(HANDLE process, LPVOID address, ULONG flags);

/* Unmaps in one of these ways, and takes the view out of the books. */
BOOL view_hooks_unmap(HANDLE process, LPVOID address, ULONG flags, unmap_view *unmap);

#endif
