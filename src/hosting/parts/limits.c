/*
 * limits.c: see limits.h.
 */
#include "hosting/parts/limits.h"

#include "hosting/errors/error_info.h"

_Static_assert(HOSTMEM_DEFAULT_LOW_PERCENT == PRESSURE_LOW_PERCENT, "one fact");
_Static_assert(HOSTMEM_DEFAULT_HIGH_PERCENT == PRESSURE_HIGH_PERCENT, "one fact");

static struct budget_limit limit_from_public(const HOSTMEM_LIMIT *limit)
{
    struct budget_limit inner = {limit->Limit, limit->AppDomainReserve, limit->ProcessReserve};

    if (!inner.limit)
        inner.limit = BUDGET_ENDLESS;
    if (!inner.process_reserve)
        inner.process_reserve = BUDGET_ENDLESS;
    else if (inner.process_reserve == HOSTMEM_NO_RESERVE)
        inner.process_reserve = 0;
    return inner;
}

static HOSTMEM_LIMIT limit_to_public(const struct budget_kind *kind)
{
    struct budget_limit inner = budget_get_limit(kind);
    HOSTMEM_LIMIT limit = {inner.limit, inner.app_domain_reserve, inner.process_reserve};

    if (inner.limit == BUDGET_ENDLESS)
        limit.Limit = 0;
    if (inner.process_reserve == BUDGET_ENDLESS)
        limit.ProcessReserve = 0;
    else if (!inner.process_reserve)
        limit.ProcessReserve = HOSTMEM_NO_RESERVE;
    return limit;
}

HRESULT limits_set(struct limits *limits, const HOSTMEM_LIMITS *wanted)
{
    DWORD low, high;
    struct budget_limit reserved, committed;

    if (wanted->cbSize != sizeof(*wanted))
        return error_info_set(BAD_LIMITS_SIZE, wanted->cbSize);
    if (wanted->Unused)
        return error_info_set(BAD_LIMITS_UNUSED, wanted->Unused);
    low = wanted->LowPercent ? wanted->LowPercent : HOSTMEM_DEFAULT_LOW_PERCENT;
    high = wanted->HighPercent ? wanted->HighPercent : HOSTMEM_DEFAULT_HIGH_PERCENT;
    if (low > 100)
        return error_info_set(BAD_LOW_PERCENT, low);
    if (high >= low)
        return error_info_set(BAD_HIGH_PERCENT, high);
    reserved = limit_from_public(&wanted->Reserved);
    committed = limit_from_public(&wanted->Committed);
    pressure_set_thresholds(&limits->notify.pressure, low, high);
    budget_set_limit(&limits->budget->reserved, &reserved);
    budget_set_limit(&limits->budget->committed, &committed);
    return S_OK;
}

void limits_get(const struct limits *limits, HOSTMEM_LIMITS *read)
{
    uint32_t low, high;

    pressure_get_thresholds(&limits->notify.pressure, &low, &high);
    *read = (HOSTMEM_LIMITS){
        .cbSize = sizeof(*read),
        .LowPercent = low,
        .HighPercent = high,
        .Committed = limit_to_public(&limits->budget->committed),
        .Reserved = limit_to_public(&limits->budget->reserved),
    };
}

HRESULT limits_init(struct limits *limits, struct budget *budget, const HOSTMEM_OPTIONS *options)
{
    limits->budget = budget;
    if ((options->dwFlags & HOSTMEM_WATCH_SYSTEM) && !pressure_notify_watch_system(&limits->notify))
        return E_OUTOFMEMORY;
    return options->pLimits ? limits_set(limits, options->pLimits) : S_OK;
}
