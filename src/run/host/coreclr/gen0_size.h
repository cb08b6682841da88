/*
 * gen0_size.h: makes the collector's first generation (generation 0) fit a limit.
 *
 * By default the collector lets a program allocate as much as the processor's cache holds (tens of
 * mebibytes on a server) before it first looks at the memory load: the program would meet a small
 * limit before the first collection. CoreCLR reads the size from the environment while it starts.
 * ICLRGCManager::SetGCStartupLimits, which is meant for this, crashes a CoreCLR that has not
 * started.
 */
#ifndef HOSTMEM_RUN_HOST_CORECLR_GEN0_SIZE_H
#define HOSTMEM_RUN_HOST_CORECLR_GEN0_SIZE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Call before the runtime starts. limit: bytes that may be committed; 0: no limit. True: the
 * environment now holds a size, which it did not before, and gen0_size_forget must follow.
 */
bool gen0_size_fit(uint64_t limit);

/* Call when the runtime has started: the program shall find its environment unchanged. */
void gen0_size_forget(void);

#endif
