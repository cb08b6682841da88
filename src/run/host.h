/*
 * host.h: the CLR host proper: CoreCLR in this process, with hostmem as its memory manager.
 */
#ifndef HOSTMEM_RUN_HOST_H
#define HOSTMEM_RUN_HOST_H

#include "coreclr_hosting.h"
#include "program.h"
#include "runtime.h"

#include <hostmem/hostmem.h>

enum {
    HOST_MODULES = 2 /* coreclr.dll and clrjit.dll */
};

/* What is asked of hostmem.dll beyond managing the runtime's pages. */
struct host_options {
    DWORD redirect_flags; /* HostMemRedirectModule's */
    DWORD manager_flags;  /* HOSTMEM_OPTIONS.dwFlags */
    SIZE_T guard_above;   /* HOSTMEM_OPTIONS.GuardAbove */
    HOSTMEM_LIMITS limits;
};

struct host {
    struct host_options options;   /* set before host_load */
    HMODULE modules[HOST_MODULES]; /* in the order of host_module_names */
    BOOL
        is_redirected[HOST_MODULES]; /* likewise; some runtimes' clrjit.dll imports nothing of it */
    BOOL fits_first_generation;      /* see first_generation.h */
    IHostMemoryManager *manager;
    IHostMemInspection *inspection;
    IHostControl *control;
    HRESULT control_result; /* what SetHostControl said */
    ICLRRuntimeHost4 *clr;  /* ICLRRuntimeHost2 only, unless has_latched_exit_code */
    BOOL has_latched_exit_code;
    DWORD domain;
};

extern const char *const host_module_names[HOST_MODULES];

/*
 * The three steps of a run. Each returns GO_ON, or the exit code of the failure that it has
 * announced.
 */

/* Loads the runtime's modules, makes the manager, and redirects the modules to it. */
int host_load(struct host *host, const struct runtime *runtime);

/* Gives the runtime its host control, starts it, and makes the program's domain. */
int host_start(struct host *host, const struct runtime *runtime, const struct program *program);

/* Runs the program to its end, the handlers of ProcessExit included. */
int host_run(struct host *host, const struct program *program, DWORD *exit_code);

#endif
