/*
 * report_json_limits.c: limits, refusals and notifications as JSON values, in the forms that
 * report_json.c describes. null stands for no limit, and for what did not happen.
 */
#include "report/report_json_limits.h"

#include "report/json_build.h"
#include "report/labels.h"
#include "report/limit_verdict.h"

/* ------------------------------------------------------------------------------------------------
 * How often, and when first
 * --------------------------------------------------------------------------------------------- */

static void set_time(json_t *object, const char *name, bool happened, uint64_t value)
{
    if (happened)
        json_build_integer(object, name, value);
    else
        json_build_member(object, name, json_null());
}

static json_t *first_count_object(const HOSTMEM_FIRST_COUNT *count)
{
    json_t *object = json_object();

    json_build_integer(object, "count", count->Count);
    set_time(object, "first_milliseconds", count->Count, count->FirstMilliseconds);
    set_time(object, "first_order", count->Count, count->FirstOrder);
    return object;
}

json_t *report_json_refused_requests(const HOSTMEM_STATISTICS *statistics)
{
    json_t *object = json_object();

    for (DWORD level = 0; level <= eProcessCritical; level++)
        json_build_member(object, label_of_level(level),
                          first_count_object(&statistics->RefusedRequests[level]));
    return object;
}

json_t *report_json_notifications(const HOSTMEM_STATISTICS *statistics)
{
    json_t *object = json_object();

    for (DWORD state = eMemoryAvailableLow; state <= eMemoryAvailableHigh; state++)
        json_build_member(object, label_of_pressure(state),
                          first_count_object(&statistics->Notifications[state - 1]));
    return object;
}

/* ------------------------------------------------------------------------------------------------
 * The limits
 * --------------------------------------------------------------------------------------------- */

static json_t *limit_object(const HOSTMEM_LIMIT *limit, const HOSTMEM_GAUGE *gauge)
{
    json_t *object;

    if (!limit->Limit)
        return json_null();
    object = json_object();
    json_build_integer(object, "limit", limit->Limit);
    json_build_integer(object, "app_domain_reserve", limit->AppDomainReserve);
    if (!limit->ProcessReserve)
        json_build_member(object, "process_reserve", json_null());
    else
        json_build_integer(object, "process_reserve",
                           limit->ProcessReserve == HOSTMEM_NO_RESERVE ? 0 : limit->ProcessReserve);
    json_build_integer(object, "total", limit_total(limit));
    json_build_integer(object, "peak", gauge->Peak);
    json_build_integer(object, "peak_permille", limit_permille(gauge->Peak, limit_total(limit)));
    return object;
}

static json_t *warning_value(enum limit_warning warning)
{
    if (warning == LIMIT_NOT_REFUSED)
        return json_null();
    return json_boolean(warning == LIMIT_WARNED_IN_TIME);
}

static json_t *outside_object(const struct limit_outside *outside)
{
    json_t *object;

    if (!outside->is_known)
        return json_null();
    object = json_object();
    json_build_integer(object, "private", outside->stacks + outside->heaps + outside->others);
    json_build_integer(object, "stacks", outside->stacks);
    json_build_integer(object, "heaps", outside->heaps);
    json_build_integer(object, "mapped", outside->mapped);
    json_build_integer(object, "inside", outside->inside);
    json_build_member(object, "more_than_inside", json_boolean(outside->is_more));
    return object;
}

json_t *report_json_limits(const struct snapshot *snapshot)
{
    const HOSTMEM_STATISTICS *statistics = &snapshot->statistics;
    const HOSTMEM_LIMITS *limits = &snapshot->limits;
    const struct limit_verdict verdict = limit_verdict(limits, statistics);
    const struct limit_outside outside = limit_outside(snapshot);
    json_t *object;

    if (!verdict.has_limit)
        return json_null();
    object = json_object();
    json_build_member(object, "committed",
                      limit_object(&limits->Committed, &statistics->Committed));
    json_build_member(object, "reserved", limit_object(&limits->Reserved, &statistics->Reserved));
    json_build_integer(object, "low_percent", limits->LowPercent);
    json_build_integer(object, "high_percent", limits->HighPercent);
    json_build_member(object, "kept", json_boolean(verdict.is_kept));
    json_build_integer(object, "refusals", verdict.refusals);
    json_build_member(object, "warned_before_refusal", warning_value(verdict.warning));
    json_build_member(object, "outside", outside_object(&outside));
    return object;
}
