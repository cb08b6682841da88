/*
 * limits.c: see limits.h.
 */
#include "hosting/limits.h"

#include "os/os.h"

#define WATCH_MILLISECONDS 1000u

/* ------------------------------------------------------------------------------------------------
 * Setting
 * --------------------------------------------------------------------------------------------- */

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

HRESULT limits_set(struct manager *manager, const HOSTMEM_LIMITS *limits)
{
    struct budget *budget = &manager->pages.budget;
    DWORD low, high;
    struct budget_limit reserved, committed;

    if (limits->cbSize != sizeof(*limits) || limits->Unused)
        return E_INVALIDARG;
    low = limits->LowPercent ? limits->LowPercent : PRESSURE_LOW_PERCENT;
    high = limits->HighPercent ? limits->HighPercent : PRESSURE_HIGH_PERCENT;
    if (low > 100 || high >= low)
        return E_INVALIDARG;
    reserved = limit_from_public(&limits->Reserved);
    committed = limit_from_public(&limits->Committed);
    pressure_set_thresholds(&manager->pressure, low, high);
    budget_set_limit(&budget->reserved, &reserved);
    budget_set_limit(&budget->committed, &committed);
    limits_feel_pressure(manager, false);
    return S_OK;
}

void limits_get(const struct manager *manager, HOSTMEM_LIMITS *limits)
{
    const struct budget *budget = &manager->pages.budget;
    uint32_t low, high;

    pressure_get_thresholds(&manager->pressure, &low, &high);
    *limits = (HOSTMEM_LIMITS){
        .cbSize = sizeof(*limits),
        .LowPercent = low,
        .HighPercent = high,
        .Committed = limit_to_public(&budget->committed),
        .Reserved = limit_to_public(&budget->reserved),
    };
}

HRESULT limits_init(struct manager *manager, const HOSTMEM_OPTIONS *options)
{
    manager->born_tick = os_tick_milliseconds();
    pressure_init(&manager->pressure, &manager->pages.budget.committed);
    if ((options->dwFlags & HOSTMEM_WATCH_SYSTEM) && !limits_watch_system(manager))
        return E_OUTOFMEMORY;
    return options->pLimits ? limits_set(manager, options->pLimits) : S_OK;
}

void limits_destroy(struct manager *manager)
{
    HANDLE watch = atomic_load_explicit(&manager->watch, memory_order_acquire);

    if (watch)
        CloseHandle(watch);
}

/* ------------------------------------------------------------------------------------------------
 * The system's own shortage
 * --------------------------------------------------------------------------------------------- */

bool limits_watch_system(struct manager *manager)
{
    HANDLE watch, none = NULL;

    if (atomic_load_explicit(&manager->watch, memory_order_acquire))
        return true;
    watch = CreateMemoryResourceNotification(LowMemoryResourceNotification);
    if (watch && !atomic_compare_exchange_strong_explicit(
                     &manager->watch, &none, watch, memory_order_acq_rel, memory_order_acquire))
        CloseHandle(watch);
    return watch != NULL;
}

/* One thread a second looks. */
static void look_at_system(struct manager *manager, uint64_t tick)
{
    HANDLE watch = atomic_load_explicit(&manager->watch, memory_order_acquire);
    uint64_t watched = atomic_load_explicit(&manager->watched_tick, memory_order_relaxed);
    BOOL is_low;

    if (!watch || tick - watched < WATCH_MILLISECONDS ||
        !atomic_compare_exchange_strong_explicit(&manager->watched_tick, &watched, tick,
                                                 memory_order_relaxed, memory_order_relaxed))
        return;
    if (QueryMemoryResourceNotification(watch, &is_low))
        pressure_set_system(&manager->pressure, is_low != FALSE);
}

/* ------------------------------------------------------------------------------------------------
 * Telling
 * --------------------------------------------------------------------------------------------- */

_Static_assert(eMemoryAvailableLow == (int)PRESSURE_LOW, "one order of states");
_Static_assert(eMemoryAvailableNeutral == (int)PRESSURE_NEUTRAL, "one order of states");
_Static_assert(eMemoryAvailableHigh == (int)PRESSURE_HIGH, "one order of states");

static void tell(struct manager *manager, enum pressure_state state, uint64_t tick)
{
    ICLRMemoryNotificationCallback *callback =
        atomic_load_explicit(&manager->callback, memory_order_acquire);
    manager_listener *listener = atomic_load_explicit(&manager->listener, memory_order_acquire);
    bool heard = callback != NULL;

    if (listener)
        heard |= listener(manager, state);
    if (heard)
        counters_count_first(&manager->counters,
                             &manager->counters.notifications[state - PRESSURE_LOW], tick);
    if (callback)
        callback->lpVtbl->OnMemoryNotification(callback, (EMemoryAvailable)state);
}

void limits_feel_pressure(struct manager *manager, bool refused)
{
    DWORD last_error;
    uint64_t tick;
    enum pressure_state state;
    bool tells;

    if (!manager_is_open(manager) || (pressure_is_idle(&manager->pressure) &&
                                      !atomic_load_explicit(&manager->watch, memory_order_relaxed)))
        return;
    last_error = GetLastError();
    tick = os_tick_milliseconds();
    look_at_system(manager, tick);
    tells = pressure_begin(&manager->pressure, refused, tick, &state);
    while (tells) {
        tell(manager, state, tick);
        tick = os_tick_milliseconds(); /* what is told may take its time */
        tells = pressure_next(&manager->pressure, tick, &state);
    }
    SetLastError(last_error);
}

/* ------------------------------------------------------------------------------------------------
 * What a runtime sees
 * --------------------------------------------------------------------------------------------- */

/* What is left below the task-critical limit; UINT64_MAX: there is none. */
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
    /* Below 100, so that no figure here is too large to be multiplied. */
    return (uint32_t)(limit >= UINT64_MAX / 100 ? used / (limit / 100) : used * 100 / limit);
}

static void lower(uint64_t *figure, uint64_t to)
{
    if (to < *figure)
        *figure = to;
}

uint32_t limits_memory_load(struct manager *manager, struct memory_load *load)
{
    const struct budget_kind *committed = &manager->pages.budget.committed;
    uint32_t percent = percent_used(committed);
    uint32_t error = os_memory_load(&load->percent, &load->available);

    if (error)
        return error;
    if (percent > load->percent)
        load->percent = percent;
    lower(&load->available, room(committed));
    return 0;
}

/*
 * The load as CoreCLR's collector is to see it. It takes 90 % for high, whatever the thresholds: so
 * that is what it hears where memory becomes low, and on both sides of it the figure goes straight.
 */
#define COLLECTORS_HIGH_LOAD 90u

static uint32_t load_for_collector(const struct manager *manager, uint32_t percent)
{
    uint32_t low, high;

    pressure_get_thresholds(&manager->pressure, &low, &high);
    if (percent <= low)
        return COLLECTORS_HIGH_LOAD * percent / low;
    return COLLECTORS_HIGH_LOAD + (100 - COLLECTORS_HIGH_LOAD) * (percent - low) / (100 - low);
}

void limits_narrow(struct manager *manager, MEMORYSTATUSEX *status, uint32_t most)
{
    const struct budget_kind *committed = &manager->pages.budget.committed;
    const struct budget_kind *reserved = &manager->pages.budget.reserved;
    uint32_t percent = load_for_collector(manager, percent_used(committed));
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
