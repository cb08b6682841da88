/*
 * agent.h: hostmem-agent.dll, which makes a process visible to hostmem-run and hostmem-top.
 *
 * hostmem-run puts the agent into the programs that it starts. A process that nobody starts in that
 * way (a service, a plug-in host) calls HostMemAgentStart for itself. hostmem-agent.dll has all of
 * hostmem.dll's functions, too: such a host links with hostmem-agent.dll instead of hostmem.dll.
 */
#ifndef HOSTMEM_AGENT_H
#define HOSTMEM_AGENT_H

#include <hostmem/hostmem.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct HOSTMEM_AGENT_OPTIONS {
    DWORD cbSize;                    /* sizeof(HOSTMEM_AGENT_OPTIONS) */
    DWORD dwRedirectFlags;           /* HostMemRedirectModule's; _FOLLOW and _ENDINGS are added */
    const HOSTMEM_OPTIONS *pManager; /* NULL: the defaults. pBooks, pfnModule, pfnDamage,
                                        pfnEnding and pfnStarted must be NULL: they are the
                                        agent's */
    HMODULE hModule;                 /* the module to redirect; NULL: the program's own */
} HOSTMEM_AGENT_OPTIONS;

/*
 * Makes the process's one manager, with its books where other processes of the same user can read
 * them, and redirects a module to it. All runtimes of the process share the manager and its limits.
 * hostmem-top shows the books as long as the process lives, or a reader has them open.
 *   pOptions   NULL: the defaults, which are all zero.
 *   ppManager  out: the manager, with one reference; NULL on failure. The agent keeps a reference
 *              of its own until the process ends.
 * Returns
 *   S_OK: also if the module imports nothing that can be redirected;
 *   E_POINTER: ppManager is NULL;
 *   E_INVALIDARG: cbSize, dwRedirectFlags, hModule, or *pManager: its cbSize, or a member that must
 *   be NULL;
 *   HRESULT_FROM_WIN32(ERROR_ALREADY_INITIALIZED): the process has an agent, hostmem-run's or an
 *   earlier call's; *ppManager is that manager then, with a reference;
 *   HRESULT_FROM_WIN32(ERROR_ALREADY_EXISTS): somebody has made an object of the books' name;
 *   what HostMemCreateManager and HostMemRedirectModule answer; what else the system reports, as
 *   HRESULT_FROM_WIN32.
 * A call that fails leaves nothing, and may be made again. The process's filter of unhandled
 * exceptions stays, and is called before the agent's; its console handlers stay, too.
 * hostmem-agent.dll stays loaded for ever.
 * Any thread that does not hold the loader's lock. Not suspension-safe: call it before the first
 * runtime starts.
 */
HRESULT STDMETHODCALLTYPE HostMemAgentStart(const HOSTMEM_AGENT_OPTIONS *pOptions,
                                            IHostMemoryManager **ppManager);

/*
 * HostMemGetErrorInfo (errors.h) of hostmem-agent.dll: of the calling thread's last
 * HostMemAgentStart that answered E_INVALIDARG, or of what else it called of the agent's manager
 * since. The agent has a hostmem of its own: that of a hostmem.dll in the same process does not
 * know of it.
 */
HRESULT STDMETHODCALLTYPE HostMemAgentGetErrorInfo(HOSTMEM_ERROR_INFO *pInfo);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif
