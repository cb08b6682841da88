/*
 * import_hooks.h: replacing functions that a module calls: in its import table, and in what it
 * looks up by GetProcAddress.
 */
#ifndef HOSTMEM_RUN_HOST_IMPORT_HOOKS_H
#define HOSTMEM_RUN_HOST_IMPORT_HOOKS_H

#include <windows.h>

#include <stddef.h>

struct import_hook {
    const char *function;
    void *replacement;
};

/*
 * Writes the replacements into the module's import table. An entry that cannot be written keeps its
 * function.
 */
void import_hooks_write(HMODULE module, const struct import_hook *hooks, size_t count);

/* Decides what a look-up of name in module yields: found, which is not NULL, or a replacement. */
typedef FARPROC import_hooks_lookup(HMODULE module, LPCSTR name, FARPROC found);

/*
 * Adds such a function, at most IMPORT_HOOKS_LOOKUPS of them. The first that yields a replacement
 * wins. Call before a module with hooks runs.
 */
void import_hooks_add_lookup(import_hooks_lookup *lookup);

enum {
    IMPORT_HOOKS_LOOKUPS = 2
};

/*
 * The one replacement for GetProcAddress: it looks up as the import did that it has replaced, and
 * calls the functions that were added.
 */
FARPROC WINAPI import_hooks_get_proc_address(HMODULE module, LPCSTR name);

#endif
