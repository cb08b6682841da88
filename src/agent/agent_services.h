/*
 * agent_services.h: what the agent does for hostmem-host.exe, the program of hostmem's own that
 * hosts runtimes in its process.
 */
#ifndef HOSTMEM_AGENT_AGENT_SERVICES_H
#define HOSTMEM_AGENT_AGENT_SERVICES_H

#include "board/board.h"
#include "board/ending.h"

#include <hostmem/hostmem.h>

struct agent_services {
    struct board *board;
    IHostMemoryManager *manager;
    IHostMemInspection *inspection;

    /* Also called for each module that HOSTMEM_OPTIONS.pfnModule is called for. */
    HOSTMEM_MODULE_CALLBACK module_callback;
    void *module_context;

    /* Redirects a module and notes it: HostMemRedirectModule's result. kind: HOSTMEM_MODULE_KIND.
     */
    HRESULT (*redirect)(HMODULE module, DWORD flags, DWORD kind);

    /* closing.h's closing_write. */
    void (*close)(enum ending_kind kind);
};

/* Exported by hostmem-agent.dll. NULL: hostmem-run has not put the agent into this process. */
struct agent_services *HostMemAgentServices(void);

/* Calls module_callback, if hostmem-host has set one. */
void agent_services_module(const HOSTMEM_MODULE *module);

#endif
