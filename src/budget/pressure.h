/*
 * pressure.h: how tight it is, in three states, and who tells so.
 *
 * The state goes by what is committed against the task-critical limit: Low above one threshold,
 * High below another, Neutral between; and Low while the system itself is short of memory. A state
 * is left only when the figure is a quarter of the distance between the thresholds beyond the one
 * that it was entered by: with 90 % and 70 %, Low is left below 85 % and High above 75 %. A figure
 * that swings about a threshold does not make the state swing.
 *
 * Protocol. One word holds the state, the state that was told last, and whether somebody is telling
 * now. It changes by compare-and-swap:
 * - whoever has changed what is committed, or a limit, looks whether the state is still right, and
 *   writes the right one. Having written it he looks again: a figure that moved meanwhile is seen
 *   by him, or its mover sees what he wrote (the gauge and the word are sequentially consistent).
 * - if the state is not the one told last, and nobody is telling, the same swap makes him the
 *   teller. So a change is told once, by the thread that made it.
 * - before he stops, the teller looks whether the state has changed since, and if so tells that as
 *   well: a change that is made while another one is being told is told by the teller of that one,
 *   after it. So what is told comes in order, a callback is never entered twice at once, nor by
 *   itself, and the state told last is the right one. Changes that cancel each other meanwhile are
 *   not told. Nobody waits; a teller that is frozen in the middle holds up nothing but further
 *   telling.
 * - who wants to remind becomes the teller first, and only then sees for certain when Low was told
 *   last: nobody else can tell it in between.
 */
#ifndef HOSTMEM_BUDGET_PRESSURE_H
#define HOSTMEM_BUDGET_PRESSURE_H

#include "budget/budget.h"

/* EMemoryAvailable. */
enum pressure_state {
    PRESSURE_LOW = 1,
    PRESSURE_NEUTRAL = 2,
    PRESSURE_HIGH = 3
};

#define PRESSURE_LOW_PERCENT 90u
#define PRESSURE_HIGH_PERCENT 70u

/* While requests are refused, Low is told again after that time. */
#define PRESSURE_REMINDER_MILLISECONDS 1000u

struct pressure {
    const struct budget_kind *kind; /* whose limit and use it goes by */
    _Atomic uint32_t word;
    _Atomic uint32_t thresholds; /* percent: Low above, in the lower half, High below, above it */
    _Atomic bool system_is_low;
    _Atomic uint64_t told_tick; /* when Low was told last; only the teller writes it */
};

/* The default thresholds; nothing is used yet, so the state is High. */
void pressure_init(struct pressure *pressure, const struct budget_kind *kind);

/* high < low <= 100. Followed by pressure_begin. */
void pressure_set_thresholds(struct pressure *pressure, uint32_t low, uint32_t high);
void pressure_get_thresholds(const struct pressure *pressure, uint32_t *low, uint32_t *high);

/* Likewise followed by pressure_begin. */
void pressure_set_system(struct pressure *pressure, bool is_low);

/* True if there is no limit and never was pressure: nothing to begin, whatever has changed. */
bool pressure_is_idle(const struct pressure *pressure);

enum pressure_state pressure_state(const struct pressure *pressure);

/*
 * After every change. True: the caller has to tell *state, and then to go on with pressure_next
 * until that is false. `refused`: the budget has just refused a request, and a reminder may be due.
 */
bool pressure_begin(struct pressure *pressure, bool refused, uint64_t tick,
                    enum pressure_state *state);

/* After *state has been told: true if there is another one to tell. */
bool pressure_next(struct pressure *pressure, uint64_t tick, enum pressure_state *state);

#endif
