/*
 * page_hooks.h: what a redirected module calls instead of Win32's functions for pages and mapped
 * files.
 */
#ifndef HOSTMEM_REDIRECT_PAGE_HOOKS_H
#define HOSTMEM_REDIRECT_PAGE_HOOKS_H

/* The hook for a function of that name; NULL: it is not redirected. */
void *page_hooks_find(const char *function);

/* Finds what the hooks need of Win32 and old systems lack. Calls the loader. */
void page_hooks_prepare(void);

#endif
