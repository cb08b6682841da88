/*
 * hooks.h: the functions that a redirected module calls instead of Win32's, and the one manager
 * that they serve.
 */
#ifndef HOSTMEM_REDIRECT_HOOKS_H
#define HOSTMEM_REDIRECT_HOOKS_H

#include "hosting/manager.h"

/* The hook for a function of that name; NULL: it is not redirected. */
void *hooks_find(const char *function);

/* Finds what the hooks need of Win32 and old systems lack. Calls the loader. */
void hooks_prepare(void);

/*
 * Lets the hooks serve a manager, and keeps it alive for one more redirection. False: they serve
 * another one.
 */
bool hooks_bind(struct manager *manager);

/* Ends one redirection; the last one lets the manager go. */
void hooks_unbind(void);

#endif
