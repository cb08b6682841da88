/*
 * loader_hooks.h: what a followed module's calls of the loader come to.
 */
#ifndef HOSTMEM_REDIRECT_LOADER_HOOKS_H
#define HOSTMEM_REDIRECT_LOADER_HOOKS_H

/* The hook for one of Win32's functions; NULL: there is none. */
void *loader_hooks_find(const char *function);

#endif
