/*
 * hostfxr_hooks.h: standing between .NET's host and the runtime that it starts.
 *
 * The host asks the runtime for its functions by GetProcAddress. It gets hostmem-run's, which hand
 * the runtime its host control before it starts, let it have what it needs while it does, and note
 * how far it came.
 */
#ifndef HOSTMEM_RUN_LAUNCH_HOSTFXR_HOSTFXR_HOOKS_H
#define HOSTMEM_RUN_LAUNCH_HOSTFXR_HOSTFXR_HOOKS_H

#include "run/launch/launch.h"

/* How far a run has come. */
struct hostfxr_progress {
    bool has_loaded;  /* the host has found a runtime and loaded it */
    bool has_started; /* the runtime has */
    bool has_run;     /* the program has; else result says why the last step failed */
    HRESULT result;
};

/*
 * Call once, before the host is loaded. host_path is what it shall take for the executable that it
 * is run by. Both stay.
 */
void hostfxr_hooks_prepare(struct launch *launch, const wchar_t *host_path);

/* Stands between one of the host's modules (hostfxr.dll, hostpolicy.dll) and what it calls. */
void hostfxr_hooks_watch(HMODULE module);

const struct hostfxr_progress *hostfxr_hooks_progress(void);

#endif
