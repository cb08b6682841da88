/*
 * redirection.h: the import table entries of one module, rewritten to hooks and put back.
 */
#ifndef HOSTMEM_REDIRECT_REDIRECTION_H
#define HOSTMEM_REDIRECT_REDIRECTION_H

#include "hosting/manager.h"

#include <hostmem/hostmem.h>

/* Besides HostMemRedirectModule's flags: only calls of the loader are rewritten, none for memory.
 */
#define REDIRECT_LOADER_ONLY 0x80000000u

struct rewritten {
    void *volatile *entry;
    void *original;
    void *hook;
};

struct HOSTMEM_REDIRECTION {
    atomic_bool stands;                /* redirect_module.c: until it is removed */
    struct HOSTMEM_REDIRECTION *older; /* redirect_module.c */
    struct HOSTMEM_REDIRECTION *next;  /* follow.c */
    HMODULE module;
    DWORD flags;
    size_t capacity;
    size_t count;
    struct rewritten entries[];
};

/*
 * Redirects a loaded module, and keeps it loaded. S_OK, S_FALSE or why not, as
 * HostMemRedirectModule has it.
 */
HRESULT redirection_make(struct manager *manager, HMODULE module, DWORD flags,
                         struct HOSTMEM_REDIRECTION **redirection);

/*
 * Puts the entries back and lets go of the manager and the module; the structure stays. Win32's
 * first error, if any.
 */
DWORD redirection_undo(struct HOSTMEM_REDIRECTION *redirection);

#endif
