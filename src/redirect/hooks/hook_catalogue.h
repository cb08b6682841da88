/*
 * hook_catalogue.h: all hooks, and which of them a redirection's flags ask for.
 */
#ifndef HOSTMEM_REDIRECT_HOOKS_HOOK_CATALOGUE_H
#define HOSTMEM_REDIRECT_HOOKS_HOOK_CATALOGUE_H

#include <stdbool.h>

#include <windows.h>

/* What is redirected for a module. */
enum hook_features {
    HOOKS_STATUS = 1, /* what reports the machine's memory */
    HOOKS_HEAP = 2,
    HOOKS_LOADS = 4,
    HOOKS_ENDINGS = 8, /* what ends this process, and starts others */
    HOOKS_PAGES = 16,  /* pages and views */
    HOOKS_ALL = 31
};

/* Finds the addresses of the functions that hooks stand for. Calls the loader. */
void hook_catalogue_prepare(void);

/* The hook for a function that is imported from a module by name; NULL: there is none. */
void *hook_catalogue_find_import(unsigned features, const char *module, const char *function);

/*
 * The hook for what GetProcAddress has found, by its address, in a module. `function` is the name
 * that was asked for; NULL: it was an ordinal. NULL: there is no hook.
 */
void *hook_catalogue_find_export(unsigned features, const void *module, const void *address,
                                 const char *function);

/* True if functions of this module are Win32's: kernel32, kernelbase or an API set. */
bool hook_catalogue_is_win32(const char *module);

#endif
