/*
 * heap_hooks.h: what a redirected module calls instead of Win32's functions for heaps.
 */
#ifndef HOSTMEM_REDIRECT_HEAP_HOOKS_H
#define HOSTMEM_REDIRECT_HEAP_HOOKS_H

/* The hook for the Win32 function of that name; NULL: there is none. */
void *heap_hooks_find(const char *function);

#endif
