/*
 * memory_load.c: see memory_load.h.
 */
#include "hosting/parts/memory_load.h"

#include "os/os.h"

/* What is left below the task-critical limit; UINT64_MAX: there is no limit. */
static uint64_t room(const struct budget_kind *kind)
{
    uint64_t limit = budget_bound(kind, BUDGET_TASK_CRITICAL);
    uint64_t used = budget_used(kind);

    if (limit == BUDGET_ENDLESS)
        return UINT64_MAX;
    return used < limit ? limit - used : 0;
}

static uint32_t percent_used(const struct budget_kind *kind)
{
    uint64_t limit = budget_bound(kind, BUDGET_TASK_CRITICAL);
    uint64_t used = budget_used(kind);

    if (limit == BUDGET_ENDLESS)
        return 0;
    if (used >= limit)
        return 100;
    /* `used` is below the limit here. A large limit is divided first, so that nothing overflows. */
    return (uint32_t)(limit >= UINT64_MAX / 100 ? used / (limit / 100) : used * 100 / limit);
}

static void lower(uint64_t *figure, uint64_t to)
{
    if (to < *figure)
        *figure = to;
}

uint32_t memory_load_read(const struct budget *budget, struct memory_load *load)
{
    uint32_t percent = percent_used(&budget->committed);
    uint32_t error = os_memory_load(&load->percent, &load->available);

    if (error)
        return error;
    if (percent > load->percent)
        load->percent = percent;
    lower(&load->available, room(&budget->committed));
    return 0;
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

void memory_load_narrow(const struct budget *budget, const struct pressure *pressure,
                        MEMORYSTATUSEX *status, uint32_t most)
{
    const struct budget_kind *committed = &budget->committed;
    const struct budget_kind *reserved = &budget->reserved;
    uint32_t percent = load_for_collector(pressure, percent_used(committed));
    uint64_t limit = budget_bound(committed, BUDGET_TASK_CRITICAL);

    if (percent > most)
        percent = most;
    if (percent > status->dwMemoryLoad)
        status->dwMemoryLoad = percent;
    lower(&status->ullTotalPhys, limit);
    lower(&status->ullAvailPhys, room(committed));
    lower(&status->ullTotalPageFile, limit);
    lower(&status->ullAvailPageFile, room(committed));
    lower(&status->ullTotalVirtual, budget_bound(reserved, BUDGET_TASK_CRITICAL));
    lower(&status->ullAvailVirtual, room(reserved));
}
