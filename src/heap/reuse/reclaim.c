/*
 * reclaim.c: see reclaim.h, where the protocol is.
 */
#include "heap/reuse/reclaim.h"

#include "heap/check/freed_regions.h"
#include "heap/reuse/delayed_blocks.h"
#include "heap/reuse/heap_live.h"
#include "heap/reuse/idle_slabs.h"
#include "heap/reuse/large_cache.h"
#include "heap/reuse/large_slack.h"

#include "os/os.h"

/* Everything that is kept for later use has a line here. Blocks first: they may empty slabs. */
size_t reclaim(struct heap_space *space)
{
    size_t given = delayed_blocks_give(space, NULL);

    given += freed_regions_give(space, 0);
    given += idle_slabs_give(space, NULL);
    given += large_cache_give(space, NULL);
    given += large_slack_give(space);
    return given;
}

struct budget_charge reclaim_held(const struct heap_space *space)
{
    uint64_t slabs = (uint64_t)idle_slabs_count(space, NULL) * SLAB_SIZE;
    uint64_t large = heap_live(&space->large.bytes);
    uint64_t slack = heap_live(&space->large.slack);

    return (struct budget_charge){.reserved = slabs + (large > slack ? large - slack : 0),
                                  .committed = slabs + large};
}

bool reclaim_is_due(pages_result result)
{
    switch (result) {
    case PAGES_REFUSED:
    case OS_ERROR_NOT_ENOUGH_MEMORY:
    case OS_ERROR_NO_SYSTEM_RESOURCES:
    case OS_ERROR_OUTOFMEMORY:
    case OS_ERROR_WORKING_SET_QUOTA:
    case OS_ERROR_PAGEFILE_QUOTA:
    case OS_ERROR_COMMITMENT_LIMIT:
    case OS_ERROR_NOT_ENOUGH_QUOTA:
        return true;
    default:
        return false;
    }
}

/*
 * How often a request is repeated that the host is asked about each time (notify.h says so, too),
 * or that is for an address: others may give back elsewhere for ever.
 */
#define MOST_REPEATS 8u

bool reclaim_again(struct reclaim_attempt *attempt, pages_result result)
{
    uint64_t before = attempt->given;

    if (!reclaim_is_due(result))
        return false;
    if (attempt->space->pages->budget.decide && attempt->repeats++ == MOST_REPEATS)
        return false;
    reclaim(attempt->space);
    attempt->given = reclaim_given(attempt->space);
    return attempt->given != before;
}

bool reclaim_makes_way(struct reclaim_attempt *attempt, pages_result result, const void *address,
                       size_t size)
{
    uint64_t before = attempt->given;
    struct range range;

    if (result != OS_ERROR_INVALID_ADDRESS || !address ||
        !range_of_pages((uintptr_t)address, size, &range))
        return false;
    range.begin = range_round_down(range.begin, OS_GRANULE_SIZE);
    idle_slabs_give_range(attempt->space, range);
    large_cache_give_range(attempt->space, range);
    attempt->given = reclaim_given(attempt->space);
    return attempt->given != before && attempt->repeats++ < MOST_REPEATS;
}

/* True if the request has failed, and is worth repeating. */
static bool is_worth_repeating(struct reclaim_attempt *attempt, const struct pages_request *request,
                               pages_result result)
{
    if (!result)
        return false;
    return ((request->type & OS_MEM_RESERVE) &&
            reclaim_makes_way(attempt, result, request->address, request->size)) ||
           reclaim_again(attempt, result);
}

void reclaim_count_refusal(struct heap_space *space, uint32_t critical_level, pages_result result)
{
    struct counters *counters = space->pages->counters;

    if (result == PAGES_REFUSED || result == PAGES_DENIED)
        counters_count_first(counters, &counters->refused_requests[critical_level],
                             os_tick_milliseconds());
}

pages_result reclaim_pages_alloc(struct heap_space *space, const struct pages_request *request,
                                 void **memory)
{
    struct reclaim_attempt attempt = reclaim_begin(space);
    pages_result result;

    do
        result = pages_alloc(space->pages, request, memory);
    while (is_worth_repeating(&attempt, request, result));
    reclaim_count_refusal(space, request->critical_level, result);
    large_cache_age(space);
    large_cache_ease(space);
    return result;
}
