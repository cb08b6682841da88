/*
 * limits_choose.c: see limits_choose.h.
 */
#include "run/launch/limits_choose.h"

#define MIB (UINT64_C(1) << 20)

/* What is kept of a limit for the runtime's own needs. */
static uint64_t choose_reserve(uint64_t limit)
{
    const uint64_t least = MIB, most = 16 * MIB;
    uint64_t reserve = limit / 16;

    if (reserve < least)
        reserve = limit / 2 < least ? limit / 2 : least;
    return reserve < most ? reserve : most;
}

/*
 * Where memory becomes low. The collector lets a program allocate up to 6 MiB between two
 * collections, and looks at the load in some of them only: three such steps and a little more
 * should be left.
 */
static unsigned choose_low_percent(uint64_t limit)
{
    const uint64_t left = 20 * MIB;
    const unsigned least = 50, most = HOSTMEM_DEFAULT_LOW_PERCENT;

    if (limit >= left * 100 / (100 - most))
        return most;
    return limit > left * 100 / (100 - least) ? 100 - (unsigned)(left * 100 / limit) : least;
}

void limits_choose(HOSTMEM_LIMITS *limits, const struct arguments *arguments)
{
    uint64_t reserve =
        arguments->has_reserve ? arguments->reserve : choose_reserve(arguments->limit);

    limits->cbSize = sizeof(*limits);
    limits->Committed.Limit = arguments->limit - reserve;
    limits->Committed.AppDomainReserve = reserve;
    limits->Reserved.Limit = arguments->limit_reserved;
    limits->LowPercent = arguments->low_percent;
    limits->HighPercent = arguments->high_percent;
    if (arguments->limit && !limits->LowPercent) {
        limits->LowPercent = choose_low_percent(limits->Committed.Limit);
        limits->HighPercent =
            limits->LowPercent - (HOSTMEM_DEFAULT_LOW_PERCENT - HOSTMEM_DEFAULT_HIGH_PERCENT);
    }
}
