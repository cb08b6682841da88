/*
 * pressure.c: see pressure.h.
 */
#include "budget/pressure.h"

/* The word: the state, the state told last, and the teller, or 0. */
#define STATE_MASK UINT64_C(3)
#define TOLD_SHIFT 2
#define TOLD_MASK (UINT64_C(3) << TOLD_SHIFT)
#define TELLER_SHIFT 32
#define TELLER_MASK (UINT64_C(0xffffffff) << TELLER_SHIFT)
#define WORD_AT_FIRST ((uint64_t)PRESSURE_HIGH | (uint64_t)PRESSURE_HIGH << TOLD_SHIFT)

static enum pressure_state state_of(uint64_t word)
{
    return (enum pressure_state)(word & STATE_MASK);
}

static enum pressure_state told_of(uint64_t word)
{
    return (enum pressure_state)((word & TOLD_MASK) >> TOLD_SHIFT);
}

static uint32_t teller_of(uint64_t word)
{
    return (uint32_t)(word >> TELLER_SHIFT);
}

static uint64_t with_state(uint64_t word, enum pressure_state state)
{
    return (word & ~STATE_MASK) | state;
}

static uint64_t with_teller(uint64_t word, uint32_t teller)
{
    return (word & ~TELLER_MASK) | (uint64_t)teller << TELLER_SHIFT;
}

/* The word with its state being told by that thread. */
static uint64_t with_telling(uint64_t word, uint32_t teller)
{
    return with_teller((word & ~TOLD_MASK) | (word & STATE_MASK) << TOLD_SHIFT, teller);
}

static bool wants_telling(uint64_t word)
{
    return !teller_of(word) && state_of(word) != told_of(word);
}

static uint64_t load_word(const struct pressure *pressure)
{
    return atomic_load_explicit(&pressure->word, memory_order_seq_cst);
}

/* False: *word is what was found instead. */
static bool swap_word(struct pressure *pressure, uint64_t *word, uint64_t new_word)
{
    uint64_t found = *word;
    bool swapped = atomic_compare_exchange_strong_explicit(
        &pressure->word, &found, new_word, memory_order_seq_cst, memory_order_seq_cst);

    if (!swapped)
        *word = found;
    return swapped;
}

void pressure_init(struct pressure *pressure, const struct budget_kind *kind)
{
    pressure->kind = kind;
    pressure_set_system(pressure, false);
    atomic_store_explicit(&pressure->told_tick, 0, memory_order_relaxed);
    pressure_set_thresholds(pressure, PRESSURE_LOW_PERCENT, PRESSURE_HIGH_PERCENT);
    atomic_store_explicit(&pressure->word, WORD_AT_FIRST, memory_order_seq_cst);
}

void pressure_set_thresholds(struct pressure *pressure, uint32_t low, uint32_t high)
{
    atomic_store_explicit(&pressure->thresholds, low | high << 16, memory_order_seq_cst);
}

void pressure_get_thresholds(const struct pressure *pressure, uint32_t *low, uint32_t *high)
{
    uint32_t thresholds = atomic_load_explicit(&pressure->thresholds, memory_order_seq_cst);

    *low = thresholds & 0xffff;
    *high = thresholds >> 16;
}

void pressure_set_system(struct pressure *pressure, bool is_low)
{
    atomic_store_explicit(&pressure->system_is_low, is_low, memory_order_seq_cst);
}

bool pressure_is_idle(const struct pressure *pressure)
{
    return load_word(pressure) == WORD_AT_FIRST &&
           budget_bound(pressure->kind, BUDGET_TASK_CRITICAL) == BUDGET_ENDLESS &&
           !atomic_load_explicit(&pressure->system_is_low, memory_order_seq_cst);
}

enum pressure_state pressure_state(const struct pressure *pressure)
{
    return state_of(load_word(pressure));
}

/* Four parts are a percent, so that a quarter of a distance in percent is whole parts. */
#define PARTS_A_PERCENT 4u
#define PARTS 400u

/* used * PARTS > limit * parts, without overflow: parts <= PARTS. */
static bool is_above(uint64_t used, uint64_t limit, uint32_t parts)
{
    return used > limit / PARTS * parts + limit % PARTS * parts / PARTS;
}

/* used * PARTS < limit * parts, likewise: the bound is rounded up. */
static bool is_below(uint64_t used, uint64_t limit, uint32_t parts)
{
    return used < limit / PARTS * parts + (limit % PARTS * parts + PARTS - 1) / PARTS;
}

static enum pressure_state right_state(const struct pressure *pressure, enum pressure_state now)
{
    uint64_t limit = budget_bound(pressure->kind, BUDGET_TASK_CRITICAL);
    uint64_t used = budget_used(pressure->kind);
    uint32_t low, high, quarter;

    if (atomic_load_explicit(&pressure->system_is_low, memory_order_seq_cst))
        return PRESSURE_LOW;
    if (limit == BUDGET_ENDLESS)
        return PRESSURE_HIGH;
    pressure_get_thresholds(pressure, &low, &high);
    quarter = low - high; /* of a percent, each of which is four parts */
    low *= PARTS_A_PERCENT;
    high *= PARTS_A_PERCENT;
    if (is_above(used, limit, low) ||
        (now == PRESSURE_LOW && !is_below(used, limit, low - quarter)))
        return PRESSURE_LOW;
    if (is_below(used, limit, high) ||
        (now == PRESSURE_HIGH && !is_above(used, limit, high + quarter)))
        return PRESSURE_HIGH;
    return PRESSURE_NEUTRAL;
}

/* Only the teller calls this. A tick older than that of an earlier teller is ignored. */
static void note_low(struct pressure *pressure, uint64_t tick, enum pressure_state state)
{
    if (state == PRESSURE_LOW &&
        tick > atomic_load_explicit(&pressure->told_tick, memory_order_relaxed))
        atomic_store_explicit(&pressure->told_tick, tick, memory_order_relaxed);
}

/* Writes the right state. True: the caller has become the teller. */
static bool bring_up_to_date(struct pressure *pressure, uint32_t thread)
{
    uint64_t word = load_word(pressure);

    for (;;) {
        uint64_t right = with_state(word, right_state(pressure, state_of(word)));
        bool tells = wants_telling(right);

        if (tells)
            right = with_telling(right, thread);
        if (right == word)
            return false;
        if (!swap_word(pressure, &word, right))
            continue;
        if (tells)
            return true; /* pressure_next looks again */
        word = right;
    }
}

static bool reminder_is_due(const struct pressure *pressure, uint64_t tick)
{
    uint64_t told = atomic_load_explicit(&pressure->told_tick, memory_order_relaxed);

    return tick > told && tick - told >= PRESSURE_REMINDER_MILLISECONDS;
}

/* Is Low due to be told once more? True: it seems so, and the caller has become the teller. */
static bool begin_reminder(struct pressure *pressure, struct pressure_caller caller)
{
    uint64_t word = load_word(pressure);

    return state_of(word) == PRESSURE_LOW && !teller_of(word) &&
           reminder_is_due(pressure, caller.tick) &&
           swap_word(pressure, &word, with_teller(word, caller.thread));
}

bool pressure_begin(struct pressure *pressure, bool refused, struct pressure_caller caller,
                    enum pressure_state *state)
{
    bool changed = bring_up_to_date(pressure, caller.thread);

    if (!changed && !(refused && begin_reminder(pressure, caller)))
        return false;
    /* Before the swap another thread may have told Low, after which the word is the same again. */
    if (!changed && !reminder_is_due(pressure, caller.tick))
        return pressure_next(pressure, caller, state);
    *state = told_of(load_word(pressure)); /* only the teller writes that part */
    note_low(pressure, caller.tick, *state);
    return true;
}

bool pressure_next(struct pressure *pressure, struct pressure_caller caller,
                   enum pressure_state *state)
{
    uint64_t word = load_word(pressure);

    for (;;) {
        uint64_t next = with_state(word, right_state(pressure, state_of(word)));
        bool tells = state_of(next) != told_of(next);

        next = tells ? with_telling(next, caller.thread) : with_teller(next, 0);
        if (!swap_word(pressure, &word, next))
            continue;
        if (!tells)
            break;
        *state = told_of(next);
        note_low(pressure, caller.tick, *state);
        return true;
    }
    /*
     * A thread that moved a figure after the look above acted on it, unless it found this thread
     * telling. So look again.
     */
    return pressure_begin(pressure, false, caller, state);
}

uint32_t pressure_teller(const struct pressure *pressure)
{
    return teller_of(load_word(pressure));
}

bool pressure_take_over(struct pressure *pressure, uint32_t ended, struct pressure_caller caller,
                        enum pressure_state *state)
{
    uint64_t word = load_word(pressure);

    while (teller_of(word) == ended) {
        uint64_t right = with_state(word, right_state(pressure, state_of(word)));

        if (!swap_word(pressure, &word, with_telling(right, caller.thread)))
            continue;
        *state = state_of(right);
        note_low(pressure, caller.tick, *state);
        return true;
    }
    return false;
}
