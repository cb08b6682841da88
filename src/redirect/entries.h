/*
 * entries.h: which entries of a module's import address tables a redirection rewrites, and what was
 * in them.
 */
#ifndef HOSTMEM_REDIRECT_ENTRIES_H
#define HOSTMEM_REDIRECT_ENTRIES_H

#include "hosting/manager.h"

#include <hostmem/hostmem.h>

/*
 * Beside HostMemRedirectModule's flags. The first: only the loader's functions are redirected. The
 * second: a module without entries to rewrite is S_OK, unless it is redirected with
 * HOSTMEM_REDIRECT_FOLLOW already.
 */
#define REDIRECT_LOADER_ONLY 0x80000000u
#define REDIRECT_MAY_BE_EMPTY 0x40000000u

/* An entry that was rewritten. */
struct rewritten {
    void *volatile *entry;
    void *original; /* what was in it */
    void *hook;     /* what is in it */
};

struct redirection {
    HOSTMEM_REDIRECTION *name; /* redirect_module.c: by which the host knows it */
    struct redirection *next;  /* in the list of whoever keeps it: redirect_module.c, follow.c */
    struct redirection *below; /* entries.c: the next in its list */
    HMODULE module;
    DWORD flags;
    bool is_standing; /* entries.c: in its list; the module has not been unloaded since */
    size_t capacity;  /* entries that there is room for */
    size_t count;     /* entries that were rewritten */
    struct rewritten entries[];
};

/*
 * Counts the entries to rewrite. S_OK: the redirection is to be made, with room for so many;
 * S_FALSE, or why it cannot be made: HostMemRedirectModule's.
 */
HRESULT entries_survey(HMODULE module, DWORD flags, size_t *count);

/*
 * Notes the entries in the redirection and rewrites them. S_FALSE: another thread has just
 * rewritten them all; Win32's error: nothing is rewritten.
 */
HRESULT entries_rewrite(struct redirection *redirection);

/*
 * Puts them back. S_FALSE: the module had been unloaded; Win32's first error: the other entries
 * have been put back.
 */
HRESULT entries_put_back(struct redirection *redirection);

/*
 * A module was unloaded under its redirections: their entries are no more. Another module may get
 * the addresses.
 */
void entries_forget(const void *module);

#endif
