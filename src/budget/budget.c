/*
 * budget.c: see budget.h.
 */
#include "budget/budget.h"

#include "counters/relaxed.h"

/*
 * Bounds, and what is granted, are sequentially consistent: a thread that changes one and then
 * looks whether the pressure state is still right (pressure.h) must not look first.
 */
#define LOAD_IN_ORDER(field) atomic_load_explicit(&(field), memory_order_seq_cst)
#define STORE_IN_ORDER(field, value) atomic_store_explicit(&(field), value, memory_order_seq_cst)

static const struct budget_limit no_limit = {BUDGET_ENDLESS, 0, BUDGET_ENDLESS};

void budget_init(struct budget *budget)
{
    budget_set_limit(&budget->reserved, &no_limit);
    budget_set_limit(&budget->committed, &no_limit);
}

static uint64_t add_saturating(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

void budget_set_limit(struct budget_kind *kind, const struct budget_limit *limit)
{
    uint64_t app_domain = add_saturating(limit->limit, limit->app_domain_reserve);

    STORE_RELAXED(kind->app_domain_reserve, limit->app_domain_reserve);
    STORE_RELAXED(kind->process_reserve, limit->process_reserve);
    STORE_IN_ORDER(kind->bounds[BUDGET_TASK_CRITICAL], limit->limit);
    STORE_IN_ORDER(kind->bounds[BUDGET_APP_DOMAIN_CRITICAL], app_domain);
    STORE_IN_ORDER(kind->bounds[BUDGET_PROCESS_CRITICAL],
                   add_saturating(app_domain, limit->process_reserve));
}

struct budget_limit budget_get_limit(const struct budget_kind *kind)
{
    struct budget_limit limit = {budget_bound(kind, BUDGET_TASK_CRITICAL),
                                 LOAD_RELAXED(kind->app_domain_reserve),
                                 LOAD_RELAXED(kind->process_reserve)};

    return limit;
}

uint64_t budget_bound(const struct budget_kind *kind, enum budget_level level)
{
    return LOAD_IN_ORDER(
        kind->bounds[level < BUDGET_PROCESS_CRITICAL ? level : BUDGET_PROCESS_CRITICAL]);
}

/* A figure is negative for a moment when something was subtracted before it was added. */
static uint64_t not_negative(uint64_t value)
{
    return (int64_t)value < 0 ? 0 : value;
}

uint64_t budget_used(const struct budget_kind *kind)
{
    return not_negative(LOAD_IN_ORDER(kind->granted.now));
}

uint64_t budget_charged(const struct budget_kind *kind)
{
    return not_negative(LOAD_RELAXED(kind->charged));
}

/* True if the amount can be added to what is charged. An amount of 0 can, even beyond the limit. */
static bool fits(const struct budget_kind *kind, uint64_t charged, uint64_t amount,
                 enum budget_level level)
{
    uint64_t bound = budget_bound(kind, level);

    return !amount || bound == BUDGET_ENDLESS ||
           (amount <= bound && not_negative(charged) <= bound - amount);
}

static bool ask(struct budget_kind *kind, uint64_t amount, enum budget_level level)
{
    uint64_t charged = LOAD_RELAXED(kind->charged);

    do {
        if (!fits(kind, charged, amount, level))
            return false;
    } while (!atomic_compare_exchange_weak_explicit(&kind->charged, &charged, charged + amount,
                                                    memory_order_relaxed, memory_order_relaxed));
    return true;
}

static void take_back(struct budget_kind *kind, uint64_t amount)
{
    atomic_fetch_sub_explicit(&kind->charged, amount, memory_order_relaxed);
}

bool budget_ask(struct budget *budget, struct budget_charge charge, enum budget_level level)
{
    /*
     * Otherwise a request that the committed limit refuses would hold address space for a moment,
     * for want of which another request could be refused.
     */
    if (!fits(&budget->committed, LOAD_RELAXED(budget->committed.charged), charge.committed, level))
        return false;
    if (charge.reserved && !ask(&budget->reserved, charge.reserved, level))
        return false;
    if (!charge.committed || ask(&budget->committed, charge.committed, level))
        return true;
    take_back(&budget->reserved, charge.reserved);
    return false;
}

static bool is_denied(const struct budget *budget, const struct budget_request *request)
{
    return budget->decide && (request->charge.reserved || request->charge.committed) &&
           !budget->decide(budget->decide_context, request);
}

enum budget_answer budget_request(struct budget *budget, const struct budget_request *request)
{
    if (is_denied(budget, request))
        return BUDGET_DENIED;
    return budget_ask(budget, request->charge, request->level) ? BUDGET_CHARGED : BUDGET_REFUSED;
}

void budget_return(struct budget *budget, struct budget_charge charge)
{
    if (charge.committed)
        take_back(&budget->committed, charge.committed);
    if (charge.reserved)
        take_back(&budget->reserved, charge.reserved);
}

void budget_note(struct budget *budget, struct budget_charge charge)
{
    if (charge.reserved)
        gauge_add(&budget->reserved.granted, charge.reserved);
    if (charge.committed)
        gauge_add(&budget->committed.granted, charge.committed);
}

void budget_force(struct budget *budget, struct budget_charge charge)
{
    atomic_fetch_add_explicit(&budget->reserved.charged, charge.reserved, memory_order_relaxed);
    atomic_fetch_add_explicit(&budget->committed.charged, charge.committed, memory_order_relaxed);
    budget_note(budget, charge);
}

void budget_unnote(struct budget *budget, struct budget_charge charge)
{
    if (charge.committed)
        gauge_subtract(&budget->committed.granted, charge.committed);
    if (charge.reserved)
        gauge_subtract(&budget->reserved.granted, charge.reserved);
}

void budget_refund(struct budget *budget, struct budget_charge charge)
{
    budget_unnote(budget, charge);
    budget_return(budget, charge);
}
