/*
 * collector.h: in which form the garbage collector of a redirected runtime lives with a limit.
 * docs/ARCHITECTURE.md ("Limits and pressure") has the measurements behind each decision.
 *
 * Protocol: the kind is one word of the manager, which only grows, by compare-and-swap: where
 * several runtimes share a manager, the one that takes least of what others take decides. Relaxed:
 * it is set before the runtime's first call, and the figures may be told in either form meanwhile.
 */
#ifndef HOSTMEM_REDIRECT_RUNTIME_COLLECTOR_H
#define HOSTMEM_REDIRECT_RUNTIME_COLLECTOR_H

#include "hosting/manager.h"

#include <stdbool.h>

enum collector_kind {
    COLLECTOR_NONE,      /* no runtime has been redirected */
    COLLECTOR_BY_STATUS, /* adapts to the memory of the machine: takes a limit for its size */
    COLLECTOR_BY_LIMIT   /* reserves by the memory of the machine, and has a hard limit */
};

/* A module is being redirected to the manager. Calls the loader. */
void collector_note(struct manager *manager, HMODULE module);

/* Suspension-safe. */
enum collector_kind collector_kind_of(const struct manager *manager);

/*
 * HostMemGetHeapHardLimit's result, for a module that is loaded. flags: HostMemRedirectModule's.
 * Calls the loader.
 */
HRESULT collector_hard_limit(const struct manager *manager, HMODULE module, DWORD flags,
                             uint64_t *bytes);

#endif
