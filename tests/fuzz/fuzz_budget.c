/*
 * fuzz_budget.c: sequences of calls of src/budget against a model with 128-bit arithmetic that
 * follows budget.h and pressure.h. The callback of a change of pressure goes on with the sequence,
 * so that calls happen inside it, too.
 */
#include "native.h"

#include "budget/pressure.h"
#include "budget_operations.h"

__extension__ typedef unsigned __int128 wide;

/* What is charged at once is less than 2^63, as budget.h wants it. */
#define MOST (UINT64_C(1) << 62)

enum kind {
    RESERVED,
    COMMITTED,
    KINDS
};

/* What a caller was charged for, and how much of that is granted. */
struct ticket {
    uint64_t charged[KINDS];
    uint64_t granted[KINDS];
};

static struct {
    struct budget budget;
    struct pressure pressure;
    uint64_t tick;

    struct ticket tickets[BUDGET_TICKETS];
    struct budget_limit limits[KINDS];
    uint64_t charged[KINDS], granted[KINDS], peak[KINDS];
    uint32_t low, high;
    bool system_is_low;

    enum pressure_state state, told;
    uint64_t told_tick; /* when Low was told last */
    bool telling;
} run;

static struct budget_kind *kind_of(enum kind kind)
{
    return kind == RESERVED ? &run.budget.reserved : &run.budget.committed;
}

static struct budget_charge charge_of(const uint64_t amounts[KINDS])
{
    return (struct budget_charge){.reserved = amounts[RESERVED], .committed = amounts[COMMITTED]};
}

/* ------------------------------------------------------------------------------------------------
 * What must hold
 * --------------------------------------------------------------------------------------------- */

static uint64_t model_bound(enum kind kind, unsigned level)
{
    const struct budget_limit *limit = &run.limits[kind];
    wide bound = limit->limit;

    if (level >= BUDGET_APP_DOMAIN_CRITICAL)
        bound += limit->app_domain_reserve;
    if (level >= BUDGET_PROCESS_CRITICAL)
        bound += limit->process_reserve;
    return bound > UINT64_MAX ? UINT64_MAX : (uint64_t)bound;
}

static bool model_fits(enum kind kind, uint64_t amount, unsigned level)
{
    uint64_t bound = model_bound(kind, level);

    return !amount || bound == BUDGET_ENDLESS || (wide)run.charged[kind] + amount <= bound;
}

static void check_kind(enum kind kind)
{
    const struct budget_kind *figures = kind_of(kind);
    struct budget_limit limit = budget_get_limit(figures);

    assert_int_equal(budget_charged(figures), run.charged[kind]);
    assert_int_equal(budget_used(figures), run.granted[kind]);
    assert_int_equal(gauge_peak(&figures->granted), run.peak[kind]);
    assert_int_equal(limit.limit, run.limits[kind].limit);
    assert_int_equal(limit.app_domain_reserve, run.limits[kind].app_domain_reserve);
    assert_int_equal(limit.process_reserve, run.limits[kind].process_reserve);
    for (unsigned level = 0; level < BUDGET_LEVELS; level++)
        assert_int_equal(budget_bound(figures, (enum budget_level)level), model_bound(kind, level));
}

/* ------------------------------------------------------------------------------------------------
 * Pressure, as pressure.h tells it
 * --------------------------------------------------------------------------------------------- */

/* used * 400 compared with limit * parts: -1, 0 or 1. */
static int compare(uint64_t used, uint64_t limit, uint32_t parts)
{
    wide a = (wide)used * 400;
    wide b = (wide)limit * parts;

    return a < b ? -1 : a > b;
}

static enum pressure_state model_state(enum pressure_state now)
{
    uint64_t limit = run.limits[COMMITTED].limit;
    uint64_t used = run.granted[COMMITTED];
    uint32_t quarter = run.low - run.high;

    if (run.system_is_low)
        return PRESSURE_LOW;
    if (limit == BUDGET_ENDLESS)
        return PRESSURE_HIGH;
    if (compare(used, limit, 4 * run.low) > 0 ||
        (now == PRESSURE_LOW && compare(used, limit, 4 * run.low - quarter) >= 0))
        return PRESSURE_LOW;
    if (compare(used, limit, 4 * run.high) < 0 ||
        (now == PRESSURE_HIGH && compare(used, limit, 4 * run.high + quarter) <= 0))
        return PRESSURE_HIGH;
    return PRESSURE_NEUTRAL;
}

/* What the callback is told: the model's state, which is a change, or a reminder that is due. */
static void check_told(enum pressure_state state, bool may_remind)
{
    bool reminder = state == run.told;

    assert_false(run.telling);
    assert_int_equal(state, run.state);
    if (reminder) {
        assert_true(may_remind);
        assert_int_equal(state, PRESSURE_LOW);
        assert_true(run.tick >= run.told_tick + PRESSURE_REMINDER_MILLISECONDS);
    }
    run.told = state;
    if (state == PRESSURE_LOW && run.tick > run.told_tick)
        run.told_tick = run.tick;
}

static void end_call(const struct budget_operation *operation)
{
    bool refused = operation->more & 1;
    unsigned within = operation->more / 2u % 4u;
    enum pressure_state state;
    uint64_t tick;
    bool expected;

    run.tick += budget_times[operation->time % BUDGET_TIMES];
    tick = run.tick;
    run.state = model_state(run.state);
    expected = !run.telling &&
               (run.state != run.told || (refused && run.state == PRESSURE_LOW &&
                                          tick >= run.told_tick + PRESSURE_REMINDER_MILLISECONDS));
    assert_int_equal(
        pressure_begin(&run.pressure, refused, (struct pressure_caller){1, tick}, &state),
        expected);
    if (!expected)
        return;
    do {
        const uint8_t *next;

        check_told(state, refused);
        run.telling = true;
        for (unsigned i = 0; i < within && (next = fuzz_next()) != NULL; i++)
            fuzz_perform(next);
        run.telling = false;
        run.state = model_state(run.state);
        expected = run.state != run.told;
        /* Time went on inside the callback; the teller keeps the tick that it began with. */
        run.tick = tick;
        assert_int_equal(pressure_next(&run.pressure, (struct pressure_caller){1, tick}, &state),
                         expected);
        refused = false;
    } while (expected);
}

/* ------------------------------------------------------------------------------------------------
 * Operations
 * --------------------------------------------------------------------------------------------- */

static void set_limit(const struct budget_operation *operation)
{
    enum kind kind = operation->more & 1 ? COMMITTED : RESERVED;
    struct budget_limit limit = {.limit = budget_limit_of(operation, operation->reserved),
                                 .app_domain_reserve =
                                     budget_limit_of(operation, operation->committed),
                                 .process_reserve = budget_limit_of(operation, operation->level)};

    budget_set_limit(kind_of(kind), &limit);
    run.limits[kind] = limit;
}

static void set_thresholds(const struct budget_operation *operation)
{
    run.low = 1 + operation->reserved % 100u;
    run.high = operation->committed % run.low;
    pressure_set_thresholds(&run.pressure, run.low, run.high);
}

static void set_system(const struct budget_operation *operation)
{
    run.system_is_low = operation->more & 1;
    pressure_set_system(&run.pressure, run.system_is_low);
}

/* The amounts, at most so much of each kind. */
static void amounts_of(const struct budget_operation *operation, const uint64_t most[KINDS],
                       uint64_t amounts[KINDS])
{
    amounts[RESERVED] = budget_amount(operation, operation->reserved);
    amounts[COMMITTED] = budget_amount(operation, operation->committed);
    for (enum kind kind = RESERVED; kind < KINDS; kind++) {
        if (amounts[kind] > most[kind])
            amounts[kind] = most[kind];
    }
}

static void add(uint64_t to[KINDS], const uint64_t amounts[KINDS])
{
    for (enum kind kind = RESERVED; kind < KINDS; kind++)
        to[kind] += amounts[kind];
}

static void subtract(uint64_t from[KINDS], const uint64_t amounts[KINDS])
{
    for (enum kind kind = RESERVED; kind < KINDS; kind++)
        from[kind] -= amounts[kind];
}

static void note_peaks(void)
{
    for (enum kind kind = RESERVED; kind < KINDS; kind++) {
        if (run.granted[kind] > run.peak[kind])
            run.peak[kind] = run.granted[kind];
    }
}

static void ask(const struct budget_operation *operation, struct ticket *ticket)
{
    const uint64_t most[KINDS] = {MOST - run.charged[RESERVED], MOST - run.charged[COMMITTED]};
    unsigned level = operation->level % BUDGET_LEVELS;
    uint64_t amounts[KINDS];
    bool expected;

    amounts_of(operation, most, amounts);
    expected = model_fits(RESERVED, amounts[RESERVED], level) &&
               model_fits(COMMITTED, amounts[COMMITTED], level);
    assert_int_equal(budget_ask(&run.budget, charge_of(amounts), (enum budget_level)level),
                     expected);
    if (!expected)
        return;
    add(ticket->charged, amounts);
    add(run.charged, amounts);
}

static void force(const struct budget_operation *operation, struct ticket *ticket)
{
    const uint64_t most[KINDS] = {MOST - run.charged[RESERVED], MOST - run.charged[COMMITTED]};
    uint64_t amounts[KINDS];

    amounts_of(operation, most, amounts);
    budget_force(&run.budget, charge_of(amounts));
    add(ticket->charged, amounts);
    add(ticket->granted, amounts);
    add(run.charged, amounts);
    add(run.granted, amounts);
    note_peaks();
}

static void note(const struct budget_operation *operation, struct ticket *ticket)
{
    uint64_t amounts[KINDS];
    uint64_t most[KINDS] = {ticket->charged[RESERVED], ticket->charged[COMMITTED]};

    subtract(most, ticket->granted);
    amounts_of(operation, most, amounts);
    budget_note(&run.budget, charge_of(amounts));
    add(ticket->granted, amounts);
    add(run.granted, amounts);
    note_peaks();
}

static void give_back(const struct budget_operation *operation, struct ticket *ticket)
{
    uint64_t amounts[KINDS];
    uint64_t most[KINDS] = {ticket->charged[RESERVED], ticket->charged[COMMITTED]};

    subtract(most, ticket->granted);
    amounts_of(operation, most, amounts);
    budget_return(&run.budget, charge_of(amounts));
    subtract(ticket->charged, amounts);
    subtract(run.charged, amounts);
}

static void unnote(const struct budget_operation *operation, struct ticket *ticket)
{
    uint64_t amounts[KINDS];

    amounts_of(operation, ticket->granted, amounts);
    budget_unnote(&run.budget, charge_of(amounts));
    subtract(ticket->granted, amounts);
    subtract(run.granted, amounts);
}

static void refund(const struct budget_operation *operation, struct ticket *ticket)
{
    uint64_t amounts[KINDS];

    amounts_of(operation, ticket->granted, amounts);
    budget_refund(&run.budget, charge_of(amounts));
    subtract(ticket->granted, amounts);
    subtract(ticket->charged, amounts);
    subtract(run.granted, amounts);
    subtract(run.charged, amounts);
}

/* ------------------------------------------------------------------------------------------------
 * An input
 * --------------------------------------------------------------------------------------------- */

static void perform(const struct budget_operation *operation)
{
    struct ticket *ticket = &run.tickets[operation->ticket % BUDGET_TICKETS];

    switch ((enum budget_kind_of_operation)(operation->kind % BUDGET_OPERATIONS)) {
    case BUDGET_LIMIT:
        set_limit(operation);
        break;
    case BUDGET_ASK:
        ask(operation, ticket);
        break;
    case BUDGET_NOTE:
        note(operation, ticket);
        break;
    case BUDGET_RETURN:
        give_back(operation, ticket);
        break;
    case BUDGET_FORCE:
        force(operation, ticket);
        break;
    case BUDGET_UNNOTE:
        unnote(operation, ticket);
        break;
    case BUDGET_REFUND:
        refund(operation, ticket);
        break;
    case BUDGET_THRESHOLDS:
        set_thresholds(operation);
        break;
    case BUDGET_SYSTEM:
        set_system(operation);
        break;
    default:
        end_call(operation);
        break;
    }
}

void fuzz_perform(const uint8_t bytes[FUZZ_OPERATION])
{
    struct budget_operation operation;

    memcpy(&operation, bytes, sizeof(operation));
    perform(&operation);
    for (enum kind kind = RESERVED; kind < KINDS; kind++)
        check_kind(kind);
    assert_int_equal(pressure_state(&run.pressure), run.state);
    assert_true(!pressure_is_idle(&run.pressure) || (!run.telling && run.told == PRESSURE_HIGH));
}

void fuzz_begin(void)
{
    const struct budget_limit none = {BUDGET_ENDLESS, 0, BUDGET_ENDLESS};

    memset(&run, 0, sizeof(run));
    budget_init(&run.budget);
    pressure_init(&run.pressure, &run.budget.committed);
    run.limits[RESERVED] = run.limits[COMMITTED] = none;
    run.low = PRESSURE_LOW_PERCENT;
    run.high = PRESSURE_HIGH_PERCENT;
    run.state = run.told = PRESSURE_HIGH;
    run.tick = 1;
}

void fuzz_end(void)
{
    for (size_t i = 0; i < BUDGET_TICKETS; i++) {
        struct ticket *ticket = &run.tickets[i];
        uint64_t rest[KINDS] = {ticket->charged[RESERVED], ticket->charged[COMMITTED]};

        subtract(rest, ticket->granted);
        budget_return(&run.budget, charge_of(rest));
        budget_refund(&run.budget, charge_of(ticket->granted));
    }
    for (enum kind kind = RESERVED; kind < KINDS; kind++) {
        assert_int_equal(budget_charged(kind_of(kind)), 0);
        assert_int_equal(budget_used(kind_of(kind)), 0);
    }
}
