/*
 * memory_status_hooks.h: what a redirected module is told of the machine's memory.
 */
#ifndef HOSTMEM_REDIRECT_MEMORY_STATUS_HOOKS_H
#define HOSTMEM_REDIRECT_MEMORY_STATUS_HOOKS_H

#include "hosting/manager.h"

/* The hook for a Win32 function of that name; NULL: there is none. */
void *memory_status_hooks_find(const char *function);

/* A manager has been bound: handles that modules have had from earlier ones follow it, too. */
void memory_status_hooks_follow(struct manager *manager);

/* A redirection has ended: if it was the last, these handles tell of nothing any more. */
void memory_status_hooks_unfollow(void);

#endif
