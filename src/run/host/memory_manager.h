/*
 * memory_manager.h: the memory manager that hostmem-host gives the runtime of its process: the
 * agent's manager, its host control, and the modules that are redirected to it.
 */
#ifndef HOSTMEM_RUN_HOST_MEMORY_MANAGER_H
#define HOSTMEM_RUN_HOST_MEMORY_MANAGER_H

#include "agent/agent_services.h"

#include <hostmem/hostmem.h>

#include <stdbool.h>

struct memory_manager_options {
    DWORD redirect_flags; /* HostMemRedirectModule's */
    HOSTMEM_LIMITS limits;
};

struct memory_manager {
    /* Set before memory_manager_open. */
    struct memory_manager_options options;
    void (*dotnet_host_module_callback)(HMODULE module); /* called for each part of .NET's own
                                                           host that is loaded; may be NULL */

    IHostMemoryManager *manager;
    IHostMemInspection *inspection;
    IHostControl *control;
    HRESULT (*redirect)(HMODULE module, DWORD flags, DWORD kind); /* the agent's */
    HRESULT control_result;                                       /* what SetHostControl returned */
    HRESULT module_result; /* why a module could not be redirected; S_OK: all could */
};

/*
 * Takes the agent's manager and makes its host control. GO_ON, or the exit code of the failure that
 * it has announced.
 */
int memory_manager_open(struct memory_manager *memory, struct agent_services *services);

/*
 * Redirects a module to the manager, and the modules of a runtime that it loads. The redirections
 * stay until the process ends. is_runtime: the module is a runtime; otherwise it is a part of
 * .NET's host, whose own memory is left alone. GO_ON, or the exit code of the failure that it has
 * announced.
 */
int memory_manager_follow(struct memory_manager *memory, HMODULE module, bool is_runtime);

/* Sees to it that the report tells if this module, which asks for memory by itself, ends the
 * process. */
void memory_manager_watch_endings(const struct memory_manager *memory, HMODULE module);

/* Announces that a call of hostmem.dll, named by step, failed. Returns the exit code for it. */
int memory_manager_refused(const char *step, HRESULT result);

/*
 * Announces that a call of the runtime, named by step, failed, and returns the exit code for it.
 * The message names the limit where that may be the reason, and hostmem.dll instead of the runtime
 * if a module of the runtime could not be redirected.
 */
int memory_manager_runtime_failed(const struct memory_manager *memory, const char *step,
                                  HRESULT result);

#endif
