/*
 * page_hooks.h: what a redirected module calls instead of Win32's functions for pages and mapped
 * files.
 */
#ifndef HOSTMEM_REDIRECT_PAGE_HOOKS_H
#define HOSTMEM_REDIRECT_PAGE_HOOKS_H

/* The hook for the Win32 function of that name; NULL: there is none. */
void *page_hooks_find(const char *function);

/* Finds the functions that the hooks need and that old systems lack. Calls the loader. */
void page_hooks_prepare(void);

#endif
