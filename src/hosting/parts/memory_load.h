/*
 * memory_load.h: the figures of the machine's memory that a runtime gets: no more than its limits
 * allow.
 *
 * Sizes are bytes. Suspension-safe.
 */
#ifndef HOSTMEM_HOSTING_PARTS_MEMORY_LOAD_H
#define HOSTMEM_HOSTING_PARTS_MEMORY_LOAD_H

#include "budget/budget.h"
#include "budget/pressure.h"

#include <windows.h>

struct memory_load {
    uint32_t percent;   /* of physical memory or of the commit limit, whichever is higher */
    uint64_t available; /* of physical memory or below the limit, whichever is less */
};

/* IHostMemoryManager::GetMemoryLoad's figures. Returns 0 or Win32's error number. */
uint32_t memory_load_read(const struct budget *budget, struct memory_load *load);

/*
 * Narrows GlobalMemoryStatusEx's figures down to the limits. The load is raised to that of the
 * commit limit, scaled for .NET's garbage collector (memory_load.c), but not above `most`.
 */
void memory_load_narrow(const struct budget *budget, const struct pressure *pressure,
                        MEMORYSTATUSEX *status, uint32_t most);

#endif
