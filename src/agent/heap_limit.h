/*
 * heap_limit.h: tells a runtime's collector how large its heap may be, while the runtime starts.
 *
 * The collector reads it from the environment. The variables are there from the moment that the
 * runtime's module is loaded until the runtime has read its settings, so that neither the program
 * nor a process that it starts finds them.
 */
#ifndef HOSTMEM_AGENT_HEAP_LIMIT_H
#define HOSTMEM_AGENT_HEAP_LIMIT_H

#include <windows.h>

/*
 * A module was redirected, with HostMemRedirectModule's flags. If it is a runtime whose collector
 * knows a hard limit, and there is a limit, it is told, unless the user or the program has set one.
 * Under hostmem-run a process whose limit is too small for the runtime ends here: hostmem-run says
 * why.
 */
void heap_limit_tell(HMODULE module, DWORD flags);

/* HOSTMEM_OPTIONS.pfnStarted: takes the variables out again, if they are the agent's. */
void CALLBACK heap_limit_take_back(void *context);

#endif
