/*
 * redirection.h: one module's import table entries: rewriting them to hooks, and putting them back.
 */
#ifndef HOSTMEM_REDIRECT_REDIRECTION_H
#define HOSTMEM_REDIRECT_REDIRECTION_H

#include "hosting/manager.h"

#include <hostmem/hostmem.h>

/* Beside HostMemRedirectModule's flags: only the loader's functions are redirected. */
#define REDIRECT_LOADER_ONLY 0x80000000u

/* An entry that was rewritten. */
struct rewritten {
    void *volatile *entry;
    void *original; /* what was in it */
    void *hook;     /* what is in it */
};

struct HOSTMEM_REDIRECTION {
    atomic_bool stands;                /* redirect_module.c: true until it is removed */
    struct HOSTMEM_REDIRECTION *older; /* redirect_module.c: the next in its list */
    struct HOSTMEM_REDIRECTION *next;  /* follow.c: the next in its list */
    struct HOSTMEM_REDIRECTION *below; /* redirection.c: the next in its list */
    HMODULE module;
    DWORD flags;
    size_t capacity; /* entries that there is room for */
    size_t count;    /* entries that were rewritten */
    struct rewritten entries[];
};

/* Redirects a loaded module and keeps it loaded. Results: HostMemRedirectModule's. */
HRESULT redirection_make(struct manager *manager, HMODULE module, DWORD flags,
                         struct HOSTMEM_REDIRECTION **redirection);

/*
 * Puts the entries back and releases the manager and the module. The structure stays. Returns 0, or
 * Win32's first error: the other entries have been put back.
 */
DWORD redirection_undo(struct HOSTMEM_REDIRECTION *redirection);

#endif
