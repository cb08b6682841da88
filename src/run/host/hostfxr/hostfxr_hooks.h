/*
 * hostfxr_hooks.h: hostmem-run's functions between .NET's host and the runtime that it starts.
 *
 * The host looks up the runtime's functions by GetProcAddress, and gets hostmem-run's instead. They
 * give the runtime its host control before it starts, do what coreclr_start.h says, and record how
 * far the run has come.
 */
#ifndef HOSTMEM_RUN_HOST_HOSTFXR_HOSTFXR_HOOKS_H
#define HOSTMEM_RUN_HOST_HOSTFXR_HOSTFXR_HOOKS_H

#include "run/host/launch.h"

struct hostfxr_progress {
    bool has_loaded;  /* the host has found a runtime and loaded it */
    bool has_started; /* the runtime has started */
    bool has_run;     /* the program has run */
    HRESULT result;   /* of the last step */
};

/*
 * Call once, before the host is loaded. host_path: the executable that the host shall believe it
 * was started by. Both arguments must stay valid.
 */
void hostfxr_hooks_prepare(struct launch *launch, const wchar_t *host_path);

/* Replaces what one of the host's modules (hostfxr.dll, hostpolicy.dll) calls. */
void hostfxr_hooks_watch(HMODULE module);

const struct hostfxr_progress *hostfxr_hooks_progress(void);

#endif
