/*
 * host.h: hostmem.dll as this process uses it: one manager, its host control, and which modules
 * have been brought to it.
 */
#ifndef HOSTMEM_RUN_LAUNCH_MEMORY_MANAGER_H
#define HOSTMEM_RUN_LAUNCH_MEMORY_MANAGER_H

#include <hostmem/hostmem.h>

#include <stdbool.h>

enum {
    MEMORY_MANAGER_MODULES = 16 /* more of them are served all the same, and not told of */
};

/* What is asked of hostmem.dll beyond managing the runtime's pages. */
struct memory_manager_options {
    DWORD redirect_flags; /* HostMemRedirectModule's */
    DWORD manager_flags;  /* HOSTMEM_OPTIONS.dwFlags */
    SIZE_T guard_above;   /* HOSTMEM_OPTIONS.GuardAbove */
    HOSTMEM_LIMITS limits;
};

struct memory_manager {
    struct memory_manager_options options; /* set before memory_manager_open */
    IHostMemoryManager *manager;
    IHostMemInspection *inspection;
    IHostControl *control;
    HRESULT control_result;                      /* what SetHostControl said */
    const char *modules[MEMORY_MANAGER_MODULES]; /* the names of the redirected ones; NULL behind
                                                    the last */
    LONG volatile module_count;
    HRESULT module_result; /* why one could not be redirected; S_OK: all could */

    /* Told of each part of .NET's own host that is loaded; may be NULL. Set before
     * memory_manager_follow. */
    void (*host_module_callback)(HMODULE module);
};

/*
 * Makes the manager and its host control. GO_ON, or the exit code of the failure that it has
 * announced, as all functions here.
 */
int memory_manager_open(struct memory_manager *memory);

/*
 * Brings a module to the manager, and what it loads of a runtime. The runtime's imports that end
 * the process are watched from then on. The redirection stays till the process is gone: the runtime
 * runs as long. is_runtime: it is one, and no part of .NET's host, whose own memory is left alone.
 */
int memory_manager_follow(struct memory_manager *memory, HMODULE module, bool is_runtime);

/* Announces that a call of hostmem.dll, the step, has failed. The exit code for it. */
int memory_manager_refused(const char *step, HRESULT result);

/*
 * Announces that a call of the runtime's has; tells of the limit where that may be the reason, and
 * of hostmem.dll instead if that could not redirect one of the runtime's modules.
 */
int memory_manager_runtime_failed(const struct memory_manager *memory, const char *step,
                                  HRESULT result);

#endif
