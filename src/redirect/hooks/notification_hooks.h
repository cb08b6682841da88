/*
 * notification_hooks.h: what a redirected module calls instead of Win32's functions for memory
 * resource notifications: its handles follow the manager's pressure.
 */
#ifndef HOSTMEM_REDIRECT_HOOKS_NOTIFICATION_HOOKS_H
#define HOSTMEM_REDIRECT_HOOKS_NOTIFICATION_HOOKS_H

#include "hosting/manager.h"
#include "redirect/hooks/hook_table.h"

extern const struct hook_table notification_hooks;

/* A manager has been bound: the handles that modules have, also from earlier, follow it. */
void notification_hooks_follow(struct manager *manager);

/* A redirection has ended: if it was the last, none of the handles is signalled any more. */
void notification_hooks_unfollow(void);

#endif
