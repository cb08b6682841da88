/*
 * memory_status.c: see memory_status.h.
 */
#include "hosting/parts/memory_status.h"

#include "hosting/parts/memory_load.h"

static void lower(uint64_t *figure, uint64_t to)
{
    if (to < *figure)
        *figure = to;
}

/*
 * CoreCLR's garbage collector treats a load of 90 % as high, whatever a manager's thresholds are.
 * So the limit's load is scaled: it is 90 % where memory becomes Low, and linear below and above.
 */
#define COLLECTOR_HIGH_LOAD 90u

static uint32_t load_for_collector(const struct pressure *pressure, uint32_t percent)
{
    uint32_t low, high;

    pressure_get_thresholds(pressure, &low, &high);
    if (percent <= low)
        return COLLECTOR_HIGH_LOAD * percent / low;
    return COLLECTOR_HIGH_LOAD + (100 - COLLECTOR_HIGH_LOAD) * (percent - low) / (100 - low);
}

void memory_status_narrow(const struct budget *budget, struct budget_charge held,
                          const struct pressure *pressure, MEMORYSTATUSEX *status, uint32_t most,
                          bool total_is_told)
{
    const struct budget_kind *committed = &budget->committed;
    const struct budget_kind *reserved = &budget->reserved;
    uint32_t percent = load_for_collector(pressure, memory_load_percent(committed, held.committed));
    uint64_t limit = budget_bound(committed, BUDGET_TASK_CRITICAL);

    if (percent > most)
        percent = most;
    if (percent > status->dwMemoryLoad)
        status->dwMemoryLoad = percent;
    if (total_is_told)
        lower(&status->ullTotalPhys, limit);
    lower(&status->ullAvailPhys, memory_load_room(committed, held.committed));
    lower(&status->ullTotalPageFile, limit);
    lower(&status->ullAvailPageFile, memory_load_room(committed, held.committed));
    lower(&status->ullTotalVirtual, budget_bound(reserved, BUDGET_TASK_CRITICAL));
    lower(&status->ullAvailVirtual, memory_load_room(reserved, held.reserved));
}
