/*
 * limit_verdict.c: see limit_verdict.h.
 */
#include "report/limit_verdict.h"

uint64_t limit_total(const HOSTMEM_LIMIT *limit)
{
    if (!limit->Limit)
        return 0;
    return limit->Limit > UINT64_MAX - limit->AppDomainReserve
               ? UINT64_MAX
               : limit->Limit + limit->AppDomainReserve;
}

static bool is_within(const HOSTMEM_GAUGE *gauge, const HOSTMEM_LIMIT *limit)
{
    return !limit_total(limit) || gauge->Peak <= limit_total(limit);
}

/* The refusals of all levels together. */
static HOSTMEM_FIRST_COUNT sum(const HOSTMEM_FIRST_COUNT *refused)
{
    HOSTMEM_FIRST_COUNT all = {0};

    for (int level = 0; level <= eProcessCritical; level++) {
        if (refused[level].Count && (!all.Count || refused[level].FirstOrder < all.FirstOrder)) {
            all.FirstOrder = refused[level].FirstOrder;
            all.FirstMilliseconds = refused[level].FirstMilliseconds;
        }
        all.Count += refused[level].Count;
    }
    return all;
}

static uint64_t distance(uint64_t a, uint64_t b)
{
    return a < b ? b - a : a - b;
}

struct limit_verdict limit_verdict(const HOSTMEM_LIMITS *limits,
                                   const HOSTMEM_STATISTICS *statistics)
{
    const HOSTMEM_FIRST_COUNT *low = &statistics->Notifications[eMemoryAvailableLow - 1];
    const HOSTMEM_FIRST_COUNT refused = sum(statistics->RefusedRequests);
    struct limit_verdict verdict = {
        .has_limit = limit_total(&limits->Committed) || limit_total(&limits->Reserved),
        .is_kept = is_within(&statistics->Committed, &limits->Committed) &&
                   is_within(&statistics->Reserved, &limits->Reserved),
        .refusals = refused.Count,
    };

    if (!refused.Count)
        return verdict;
    if (!low->Count) {
        verdict.warning = LIMIT_NEVER_WARNED;
        return verdict;
    }
    verdict.warning =
        low->FirstOrder < refused.FirstOrder ? LIMIT_WARNED_IN_TIME : LIMIT_WARNED_LATE;
    verdict.milliseconds = distance(low->FirstMilliseconds, refused.FirstMilliseconds);
    return verdict;
}

struct limit_outside limit_outside(const struct snapshot *snapshot)
{
    const struct page_count *owners = snapshot->process.owners;
    struct limit_outside outside = {.is_known = snapshot->has_process};

    if (!outside.is_known)
        return outside;
    outside.inside = owners[PAGE_OWNER_HOSTMEM].committed + owners[PAGE_OWNER_SECTION].committed;
    outside.stacks = owners[PAGE_OWNER_STACK].committed;
    outside.heaps = owners[PAGE_OWNER_HEAP].committed;
    outside.others = owners[PAGE_OWNER_SYSTEM].committed + owners[PAGE_OWNER_UNKNOWN].committed;
    outside.mapped = owners[PAGE_OWNER_FILE].committed + owners[PAGE_OWNER_SHARED].committed;
    outside.is_more =
        outside.stacks + outside.heaps + outside.others + outside.mapped > outside.inside;
    return outside;
}

unsigned limit_permille(uint64_t used, uint64_t limit)
{
    return (unsigned)(limit >= UINT64_MAX / 1000000 ? used / (limit / 1000) : used * 1000 / limit);
}
