/*
 * hook_catalogue.h: all hooks, and which of them a redirection's flags ask for.
 */
#ifndef HOSTMEM_REDIRECT_HOOKS_HOOK_CATALOGUE_H
#define HOSTMEM_REDIRECT_HOOKS_HOOK_CATALOGUE_H

#include "redirect/hooks/hook_table.h"

#include "pe/import_table.h"

#include <stdbool.h>

#include <windows.h>

/* What is redirected for a module. */
enum hook_features {
    HOOKS_STATUS = 1, /* what reports the machine's memory */
    HOOKS_HEAP = 2,
    HOOKS_LOADS = 4,
    HOOKS_ENDINGS = 8, /* what ends this process, and starts others */
    HOOKS_PAGES = 16,  /* pages, sections and views */
    HOOKS_ALL = 31
};

/* Finds the addresses of the functions that hooks stand for. Calls the loader. */
void hook_catalogue_prepare(void);

/*
 * The hook for an imported function; NULL: there is none. It is known by its name or its ordinal,
 * else by its address: what the entry held before any redirection.
 */
void *hook_catalogue_find_import(unsigned features, const struct import *import,
                                 const void *address);

/* The same in one table of hooks, of ntdll's functions (native) or Win32's. */
void *hook_catalogue_find_in(const struct hook_table *table, bool native,
                             const struct import *import, const void *address);

/*
 * True if it cannot be told whether an import of Win32's is a function with a hook: its name is
 * lost, and its address is that of somebody who has rewritten the entry; or it is imported from an
 * API set by an ordinal that is such a function's in one of the libraries behind API sets, and the
 * entry has not been resolved yet (delay-loaded). An entry that has stayed a hook's after an
 * earlier redirection is known.
 */
bool hook_catalogue_is_unknown(unsigned features, const struct import *import, const void *address);

/*
 * True for the hooks of functions that give a module something new which it passes to others of
 * them: memory, a view, a handle. Those others must be redirected whenever these are.
 */
bool hook_catalogue_makes(const void *hook);

/* True for the hooks of functions of heaps that are given a block, or a heap, that there is. */
bool hook_catalogue_takes_blocks(const void *hook);

/*
 * The hook for what GetProcAddress has found, by its address, in a module. `function` is the name
 * that was asked for; NULL: it was an ordinal. NULL: there is no hook.
 */
void *hook_catalogue_find_export(unsigned features, const void *module, const void *address,
                                 const char *function);

#endif
