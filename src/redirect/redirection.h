/*
 * redirection.h: making and undoing the redirection of one module.
 */
#ifndef HOSTMEM_REDIRECT_REDIRECTION_H
#define HOSTMEM_REDIRECT_REDIRECTION_H

#include "redirect/entries.h"

/* Redirects a loaded module and keeps it loaded. Results: HostMemRedirectModule's. */
HRESULT redirection_make(struct manager *manager, HMODULE module, DWORD flags,
                         struct redirection **redirection);

/*
 * Puts the entries back, releases the manager and the module, and frees the structure. S_OK;
 * S_FALSE: the module had been unloaded; Win32's first error: the other entries have been put back.
 */
HRESULT redirection_undo(struct redirection *redirection);

#endif
