/*
 * pressure_world.h: a budget with a limit, its pressure, and a listener that stands for the host's
 * callback: it notes what it is told and checks the rules for that.
 */
#ifndef HOSTMEM_TESTS_PRESSURE_WORLD_H
#define HOSTMEM_TESTS_PRESSURE_WORLD_H

#include "native.h"

#include "budget/pressure.h"

#define LIMIT 1000u

/*
 * Everything below `inside` is written by the threads that call the listener, without any
 * synchronisation of its own. The protocol promises that they do so one at a time; the thread
 * sanitizer reports it if they do not.
 */
struct listener {
    struct budget budget;
    struct pressure pressure;
    _Atomic unsigned inside;
    _Atomic unsigned entered_twice;
    unsigned told;                     /* how often */
    unsigned repeated;                 /* the same state again, though no reminder was due */
    char last_told[32];                /* L, N and H, the last of them at the end */
    enum pressure_state told_state;    /* the last one */
    uint64_t told_tick;                /* when Low was told last */
    uint32_t ended;                    /* a thread that has ended; 0: none has */
    void (*within)(struct listener *); /* what the callback does; NULL: nothing */
};

static inline void listener_init(struct listener *listener)
{
    budget_init(&listener->budget);
    pressure_init(&listener->pressure, &listener->budget.committed);
    listener->told_state = PRESSURE_HIGH;
}

static inline void set_limit(struct listener *listener, uint64_t limit)
{
    budget_set_limit(&listener->budget.committed, &(struct budget_limit){limit, 0, 0});
}

/* For CMocka: *state is a new listener with LIMIT. Nothing may have been told twice. */
static inline int listener_set_up(void **state)
{
    struct listener *listener = zeroed(sizeof(struct listener));

    listener_init(listener);
    set_limit(listener, LIMIT);
    *state = listener;
    return 0;
}

static inline int listener_tear_down(void **state)
{
    struct listener *listener = *state;

    assert_int_equal(listener->repeated, 0);
    assert_int_equal(listener->entered_twice, 0);
    free(listener);
    return 0;
}

/* Charges or refunds the difference, whatever the limit says. */
static inline void use(struct listener *listener, int64_t change)
{
    if (change > 0)
        budget_force(&listener->budget, (struct budget_charge){.committed = (uint64_t)change});
    else
        budget_refund(&listener->budget, (struct budget_charge){.committed = (uint64_t)-change});
}

/* Charges or refunds so that exactly that amount is used. For one thread only. */
static inline void use_exactly(struct listener *listener, uint64_t amount)
{
    use(listener, (int64_t)(amount - budget_used(&listener->budget.committed)));
}

static inline void note_told(struct listener *listener, enum pressure_state state, uint64_t tick)
{
    size_t length = strlen(listener->last_told);

    if (state == listener->told_state &&
        (state != PRESSURE_LOW || tick < listener->told_tick + PRESSURE_REMINDER_MILLISECONDS))
        listener->repeated++;
    if (state == PRESSURE_LOW && tick > listener->told_tick)
        listener->told_tick = tick;
    listener->told_state = state;
    listener->told++;
    if (length + 1 == sizeof(listener->last_told))
        memmove(listener->last_told, listener->last_told + 1, length--);
    listener->last_told[length] = "?LNH"[state];
    listener->last_told[length + 1] = '\0';
}

/* The callback. */
static inline void tell(struct listener *listener, enum pressure_state state, uint64_t tick)
{
    if (atomic_fetch_add(&listener->inside, 1))
        atomic_fetch_add(&listener->entered_twice, 1);
    note_told(listener, state, tick);
    if (listener->within)
        listener->within(listener);
    atomic_fetch_sub(&listener->inside, 1);
}

/* A call of the one thread of a test, at that time. */
#define SELF 1u
#define SELF_AT(tick) ((struct pressure_caller){SELF, (tick)})

/* What the ended thread told last may never have been heard. */
static inline bool take_over(struct listener *listener, struct pressure_caller caller,
                             enum pressure_state *state)
{
    if (!listener->ended ||
        !pressure_take_over(&listener->pressure, listener->ended, caller, state))
        return false;
    listener->told_state = (enum pressure_state)0;
    return true;
}

/* Does what a method does about pressure before it returns. */
static inline void end_call(struct listener *listener, bool refused, uint64_t tick)
{
    const struct pressure_caller caller = SELF_AT(tick);
    enum pressure_state state;

    if (!pressure_begin(&listener->pressure, refused, caller, &state) &&
        !take_over(listener, caller, &state))
        return;
    do
        tell(listener, state, tick);
    while (pressure_next(&listener->pressure, caller, &state));
}

/* The same. Returns what the listener was told meanwhile. */
static inline const char *told_by(struct listener *listener, bool refused, uint64_t tick)
{
    listener->last_told[0] = '\0';
    end_call(listener, refused, tick);
    return listener->last_told;
}

static inline const char *told_after(struct listener *listener, uint64_t amount)
{
    use_exactly(listener, amount);
    return told_by(listener, false, 1);
}

#endif
