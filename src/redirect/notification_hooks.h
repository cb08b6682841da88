/*
 * notification_hooks.h: what a redirected module calls instead of Win32's functions for memory
 * resource notifications: its handles follow the manager's pressure.
 */
#ifndef HOSTMEM_REDIRECT_NOTIFICATION_HOOKS_H
#define HOSTMEM_REDIRECT_NOTIFICATION_HOOKS_H

#include "hosting/manager.h"

/* The hook for the Win32 function of that name; NULL: there is none. */
void *notification_hooks_find(const char *function);

/* A manager has been bound: the handles that modules have, also from earlier, follow it. */
void notification_hooks_follow(struct manager *manager);

/* A redirection has ended: if it was the last, none of the handles is signalled any more. */
void notification_hooks_unfollow(void);

#endif
