/*
 * redirection.h: one module's import table entries: rewriting them to hooks, and putting them back.
 */
#ifndef HOSTMEM_REDIRECT_REDIRECTION_H
#define HOSTMEM_REDIRECT_REDIRECTION_H

#include "hosting/manager.h"

#include <hostmem/hostmem.h>

/* Beside HostMemRedirectModule's flags. */
#define REDIRECT_LOADER_ONLY 0x80000000u /* only the loader's functions are redirected */
#define REDIRECT_MAY_BE_EMPTY                                                                      \
    0x40000000u /* a module without entries to rewrite is S_OK, unless it                          \
                   is redirected with HOSTMEM_REDIRECT_FOLLOW already */

/* An entry that was rewritten. */
struct rewritten {
    void *volatile *entry;
    void *original; /* what was in it */
    void *hook;     /* what is in it */
};

struct redirection {
    HOSTMEM_REDIRECTION *name; /* redirect_module.c: by which the host knows it */
    struct redirection *next;  /* in the list of whoever keeps it: redirect_module.c, follow.c */
    struct redirection *below; /* redirection.c: the next in its list */
    HMODULE module;
    DWORD flags;
    bool is_standing; /* redirection.c: in its list; the module has not been unloaded since */
    size_t capacity;  /* entries that there is room for */
    size_t count;     /* entries that were rewritten */
    struct rewritten entries[];
};

/* Redirects a loaded module and keeps it loaded. Results: HostMemRedirectModule's. */
HRESULT redirection_make(struct manager *manager, HMODULE module, DWORD flags,
                         struct redirection **redirection);

/*
 * Puts the entries back, releases the manager and the module, and frees the structure. S_OK;
 * S_FALSE: the module had been unloaded; Win32's first error: the other entries have been put back.
 */
HRESULT redirection_undo(struct redirection *redirection);

#endif
