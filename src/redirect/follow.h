/*
 * follow.h: which of the modules that a runtime loads are brought to its manager, too.
 *
 * Promise: while at least one redirection follows, each runtime, JIT compiler, collector and part
 * of the .NET host that a followed module loads is redirected before the load returns, and its own
 * loads are followed. With the last such redirection those of the modules that were loaded end.
 */
#ifndef HOSTMEM_REDIRECT_FOLLOW_H
#define HOSTMEM_REDIRECT_FOLLOW_H

#include <hostmem/hostmem.h>

/*
 * One redirection that follows more, with these of HostMemRedirectModule's flags. S_OK;
 * HRESULT_FROM_WIN32(ERROR_BUSY): there are some with others.
 */
HRESULT follow_begin(DWORD flags);

/* One less. The first of Win32's errors, if the modules that were loaded could not be put back. */
DWORD follow_end(void);

/* Those of a module: of a part of the .NET host only the loads are followed. */
DWORD follow_flags(HMODULE module, DWORD flags);

/* A followed module has loaded this one, as code. Keeps the last error. */
void follow_module(HMODULE module);

#endif
