/*
 * coreclr_start.h: what a CoreCLR gets from hostmem-run while it starts, whether hostmem-run or
 * .NET's host starts it.
 */
#ifndef HOSTMEM_RUN_HOST_CORECLR_CORECLR_START_H
#define HOSTMEM_RUN_HOST_CORECLR_CORECLR_START_H

#include "run/host/coreclr_hosting.h"
#include "run/host/memory_manager.h"

/* The module's export GetCLRRuntimeHost; NULL: it has none. */
get_clr_runtime_host_function coreclr_start_entry(HMODULE module);

/*
 * Call right before the runtime starts: it accepts a host control only until then. A runtime that
 * refuses the control, or has no interface for it (clr is NULL), still runs redirected; the report
 * says so.
 */
void coreclr_start_begin(struct memory_manager *memory, ICLRRuntimeHost4 *clr);

/*
 * Call when the runtime has started, or has failed to start. result: what the call that starts it
 * returned. Returns the HRESULT to go on with.
 */
HRESULT coreclr_start_end(struct memory_manager *memory, HRESULT result);

#endif
