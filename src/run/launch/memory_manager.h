/*
 * memory_manager.h: the memory manager that hostmem-run gives the runtime of this process: one
 * manager of hostmem.dll, its host control, and the modules that are redirected to it.
 */
#ifndef HOSTMEM_RUN_LAUNCH_MEMORY_MANAGER_H
#define HOSTMEM_RUN_LAUNCH_MEMORY_MANAGER_H

#include <hostmem/hostmem.h>

#include <stdbool.h>

enum {
    MEMORY_MANAGER_MODULES = 16 /* names kept; further modules are redirected but not named */
};

/* What hostmem.dll shall do besides managing the runtime's pages. */
struct memory_manager_options {
    DWORD redirect_flags; /* HostMemRedirectModule's */
    DWORD manager_flags;  /* HOSTMEM_OPTIONS.dwFlags */
    SIZE_T guard_above;   /* HOSTMEM_OPTIONS.GuardAbove */
    HOSTMEM_LIMITS limits;
};

struct memory_manager {
    /* Set before memory_manager_open. */
    struct memory_manager_options options;
    HOSTMEM_DAMAGE_CALLBACK damage_callback;         /* HOSTMEM_OPTIONS.pfnDamage; may be NULL */
    void (*runtime_module_callback)(HMODULE module); /* called for each module of the runtime
                                                        that asks for memory here; may be NULL */
    void (*dotnet_host_module_callback)(HMODULE module); /* called for each part of .NET's own
                                                           host that is loaded; may be NULL */

    IHostMemoryManager *manager;
    IHostMemInspection *inspection;
    IHostControl *control;
    HRESULT control_result;                      /* what SetHostControl returned */
    const char *modules[MEMORY_MANAGER_MODULES]; /* names of the redirected ones; NULL ends them */
    LONG volatile module_count;
    HRESULT module_result; /* why a module could not be redirected; S_OK: all could */
};

/*
 * Makes the manager and its host control. GO_ON, or the exit code of the failure that it has
 * announced.
 */
int memory_manager_open(struct memory_manager *memory);

/*
 * Redirects a module to the manager, and the modules of a runtime that it loads. The redirections
 * stay until the process ends. is_runtime: the module is a runtime; otherwise it is a part of
 * .NET's host, whose own memory is left alone. GO_ON, or the exit code of the failure that it has
 * announced.
 */
int memory_manager_follow(struct memory_manager *memory, HMODULE module, bool is_runtime);

/* Calls runtime_module_callback for a module that asks for memory without being redirected. */
void memory_manager_note_module(const struct memory_manager *memory, HMODULE module);

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
