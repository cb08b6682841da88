/*
 * coreclr_start.h: what a CoreCLR gets from hostmem-run while it starts, whoever starts it.
 */
#ifndef HOSTMEM_RUN_LAUNCH_CORECLR_CORECLR_START_H
#define HOSTMEM_RUN_LAUNCH_CORECLR_CORECLR_START_H

#include "run/launch/coreclr/coreclr_hosting.h"
#include "run/launch/memory_manager.h"

/*
 * Right before the runtime starts, which takes a control only until then. A runtime that refuses it
 * still runs redirected, and so does one that has no such interface (clr is NULL); the report
 * tells.
 */
void coreclr_start_begin(struct memory_manager *memory, ICLRRuntimeHost4 *clr);

/* When it has started, or has failed to. The HRESULT to go on with. */
HRESULT coreclr_start_end(struct memory_manager *memory, HRESULT result);

#endif
