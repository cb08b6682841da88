/*
 * gen0_size.h: the collector's first generation, made to fit a limit.
 *
 * Left to itself, the collector lets a program allocate as much as the processor's cache holds
 * (tens of mebibytes on a server) before it first looks at the memory load: it would meet a small
 * limit before it has collected anything. CoreCLR takes the size from the environment, while it
 * starts; ICLRGCManager::SetGCStartupLimits, which is meant for that, crashes it until it has.
 */
#ifndef HOSTMEM_RUN_LAUNCH_CORECLR_GEN0_SIZE_H
#define HOSTMEM_RUN_LAUNCH_CORECLR_GEN0_SIZE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Before the runtime starts. `limit`: bytes that may be committed; 0: none. True: the
 * environment says a size now, which it did not before; gen0_size_forget has to follow.
 */
bool gen0_size_fit(uint64_t limit);

/* When the runtime has started: the program finds the environment as it was. */
void gen0_size_forget(void);

#endif
