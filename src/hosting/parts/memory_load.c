/*
 * memory_load.c: see memory_load.h.
 */
#include "hosting/parts/memory_load.h"

#include "os/os.h"

static uint64_t used_of(const struct budget_kind *kind, uint64_t held)
{
    uint64_t used = budget_used(kind);

    return used > held ? used - held : 0;
}

uint64_t memory_load_room(const struct budget_kind *kind, uint64_t held)
{
    uint64_t limit = budget_bound(kind, BUDGET_TASK_CRITICAL);
    uint64_t used = used_of(kind, held);

    if (limit == BUDGET_ENDLESS)
        return UINT64_MAX;
    return used < limit ? limit - used : 0;
}

uint32_t memory_load_percent(const struct budget_kind *kind, uint64_t held)
{
    uint64_t limit = budget_bound(kind, BUDGET_TASK_CRITICAL);
    uint64_t used = used_of(kind, held);

    if (limit == BUDGET_ENDLESS)
        return 0;
    if (used >= limit)
        return 100;
    /* `used` is below the limit here. A large limit is divided first, so that nothing overflows. */
    return (uint32_t)(limit >= UINT64_MAX / 100 ? used / (limit / 100) : used * 100 / limit);
}

uint32_t memory_load_read(const struct budget *budget, uint64_t held, struct memory_load *load)
{
    uint32_t percent = memory_load_percent(&budget->committed, held);
    uint32_t error = os_memory_load(&load->percent, &load->available);
    uint64_t room;

    if (error)
        return error;
    if (percent > load->percent)
        load->percent = percent;
    room = memory_load_room(&budget->committed, held);
    if (room < load->available)
        load->available = room;
    return 0;
}
