/*
 * memory_status.h: what a redirected module is told instead of GlobalMemoryStatusEx's figures: no
 * more memory than the limits allow, and the load by which .NET's garbage collector decides.
 *
 * Suspension-safe.
 */
#ifndef HOSTMEM_HOSTING_PARTS_MEMORY_STATUS_H
#define HOSTMEM_HOSTING_PARTS_MEMORY_STATUS_H

#include "budget/budget.h"
#include "budget/pressure.h"

#include <stdbool.h>

#include <windows.h>

/*
 * Narrows GlobalMemoryStatusEx's figures down to the limits. The load is raised to that of the
 * commit limit, scaled for .NET's garbage collector (memory_status.c), but not above `most`. The
 * total of physical memory becomes the limit only where `total_is_told`: from .NET 7 on a collector
 * reserves by it, once, and runs out of what it has reserved. `held` as in memory_load.h.
 */
void memory_status_narrow(const struct budget *budget, struct budget_charge held,
                          const struct pressure *pressure, MEMORYSTATUSEX *status, uint32_t most,
                          bool total_is_told);

#endif
