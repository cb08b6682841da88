/*
 * follow.h: redirects the parts of a runtime that a followed module loads
 * (HOSTMEM_REDIRECT_FOLLOW).
 *
 * Promise: while a redirection with that flag stands, each runtime, JIT compiler, collector and
 * part of the .NET host that a followed module loads is redirected before the load returns, and its
 * own loads are followed. When the last redirection with that flag ends, so do the redirections of
 * the modules that were found in this way.
 */
#ifndef HOSTMEM_REDIRECT_FOLLOW_H
#define HOSTMEM_REDIRECT_FOLLOW_H

#include "redirect/redirection.h"

/*
 * The redirection follows, with HostMemRedirectModule's flags. The caller has begun it. S_OK;
 * HRESULT_FROM_WIN32(ERROR_BUSY): others follow with other flags.
 */
HRESULT follow_begin(struct redirection *redirection, DWORD flags);

/*
 * The redirection follows no more; one that never did is fine. S_OK, or Win32's first error if the
 * import table of a module that was found could not be put back.
 */
HRESULT follow_end(struct redirection *redirection);

/*
 * A module was loaded: redirects it if it is part of a runtime, and calls pfnModule. S_FALSE: it is
 * none, was redirected before, or nothing is followed; else what redirecting it answers.
 */
HRESULT follow_module(HMODULE module);

/*
 * Redirects the libraries that are loaded now and are not redirected, if the host's redirections
 * follow with HOSTMEM_REDIRECT_LIBRARIES. pfnModule is called for each; for one that cannot be
 * redirected once, and it is not tried again while something is followed.
 */
void follow_libraries(void);

/* The flags to redirect a module with: of a part of the .NET host only the loads are followed. */
DWORD follow_flags(HMODULE module, DWORD flags);

#endif
