/*
 * handle_hooks.h: what a redirected module calls instead of CloseHandle and DuplicateHandle. Win32
 * does it; handles that stand for sections known to a manager (pages/sections/sections.h) are kept
 * in its books.
 *
 * Win32 closes between binding_enter and binding_leave, whatever the handle is of: while a call
 * blocks there, or has left by an exception, a manager that is unbound stays.
 * Whether a handle is open that Win32 has not closed is asked afterwards: if its value has been
 * handed out unseen by then, it stands for the section still.
 */
#ifndef HOSTMEM_REDIRECT_HOOKS_SECTIONS_HANDLE_HOOKS_H
#define HOSTMEM_REDIRECT_HOOKS_SECTIONS_HANDLE_HOOKS_H

#include "hosting/manager.h"
#include "redirect/hooks/hook_table.h"

extern const struct hook_table handle_hooks;

/*
 * The manager that knows the section that a handle stands for; NULL: none does. Between
 * binding_enter and binding_leave.
 */
struct manager *handle_hooks_find(HANDLE handle);

/*
 * Win32 has just handed out the handle, for no section that a manager makes: what its value stood
 * for was closed unseen. The last error stays as it is. Between binding_enter and binding_leave.
 */
void handle_hooks_forget(HANDLE handle);

#endif
