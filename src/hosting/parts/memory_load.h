/*
 * memory_load.h: GetMemoryLoad's figures: the system's, or the commit limit's where that is
 * tighter; and how much of a limit is used. What a redirected module is told instead of
 * GlobalMemoryStatusEx's figures is decided in memory_status.h.
 *
 * Sizes are bytes. Suspension-safe.
 */
#ifndef HOSTMEM_HOSTING_PARTS_MEMORY_LOAD_H
#define HOSTMEM_HOSTING_PARTS_MEMORY_LOAD_H

#include "budget/budget.h"

struct memory_load {
    uint32_t percent;   /* of physical memory or of the commit limit, whichever is higher */
    uint64_t available; /* of physical memory or below the limit, whichever is less */
};

/*
 * IHostMemoryManager::GetMemoryLoad's figures. Returns 0 or Win32's error number. Here and below,
 * `held` is charged but without use, and would be given back before a request is refused: it does
 * not count as used.
 */
uint32_t memory_load_read(const struct budget *budget, uint64_t held, struct memory_load *load);

/* What is left below the task-critical limit; UINT64_MAX: there is no limit. */
uint64_t memory_load_room(const struct budget_kind *kind, uint64_t held);

/* How much of the task-critical limit is used, in percent, at most 100; 0: there is no limit. */
uint32_t memory_load_percent(const struct budget_kind *kind, uint64_t held);

#endif
