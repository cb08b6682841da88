/*
 * memory_status_hooks.h: what a redirected module calls instead of GlobalMemoryStatusEx. The hook
 * reports no more memory than the manager's limits allow: hosting/parts/memory_status.c decides the
 * figures.
 */
#ifndef HOSTMEM_REDIRECT_MEMORY_STATUS_HOOKS_H
#define HOSTMEM_REDIRECT_MEMORY_STATUS_HOOKS_H

/* The hook for the Win32 function of that name; NULL: there is none. */
void *memory_status_hooks_find(const char *function);

#endif
