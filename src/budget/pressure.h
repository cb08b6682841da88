/*
 * pressure.h: the memory pressure, in three states, and which thread notifies the runtime of it.
 *
 * The state follows from what is committed and the task-critical limit: Low above one threshold,
 * High below another, Neutral between; and Low while the system itself is short of memory. A state
 * is left only when the figure is a quarter of the distance between the thresholds beyond the one
 * that it was entered by: with 90 % and 70 %, Low is left below 85 % and High above 75 %. A figure
 * that swings about a threshold does not make the state swing.
 *
 * Protocol. To tell the runtime a state is to notify it of the state. One word holds the state, the
 * state that the runtime was told last, and whether a thread is telling the runtime one now: the
 * teller. The word changes by compare-and-swap:
 * - A thread that has changed what is committed, or a limit, looks whether the state is still
 *   right, and writes the right one. Having written it, it looks again. If another thread moved a
 *   figure meanwhile, this thread sees the figure, or the other one sees what this one wrote: the
 *   gauge and the word are sequentially consistent.
 * - If the state is not the one told last, and there is no teller, the same swap makes the thread
 *   the teller, whose number is then in the word. So a change is told once, by the thread that made
 *   it.
 * - Before it stops, the teller looks whether the state has changed since, and if so tells that as
 *   well, also if another thread made the change. So changes are told in order, a callback is never
 *   entered by two threads at once, nor from within itself, and the state told last is the right
 *   one. Changes that cancel each other meanwhile are not told. No thread waits; a teller that is
 *   suspended in the middle holds up further notifications and nothing else.
 * - If the teller has ended without having stopped (it was terminated), any thread that knows so
 *   takes its place by compare-and-swap from a word that names the ended one, and tells the state
 *   that is right, even if that was told last: nobody knows whether it was heard.
 * - A thread that wants to remind the runtime of Low becomes the teller first. Only then does it
 *   know for certain when Low was told last: no other thread can tell it in between.
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

/* While requests are refused, Low is told again after that much time. */
#define PRESSURE_REMINDER_MILLISECONDS 1000u

struct pressure {
    const struct budget_kind *kind; /* whose limit and use decide */
    _Atomic uint64_t word;
    _Atomic uint32_t thresholds; /* percent: bits 0-15 Low above; bits 16-31 High below */
    _Atomic bool system_is_low;
    _Atomic uint64_t told_tick; /* when Low was told last; only the teller writes it */
};

/* The default thresholds; nothing is used yet, so the state is High. */
void pressure_init(struct pressure *pressure, const struct budget_kind *kind);

/* high < low <= 100. The caller calls pressure_begin after it. */
void pressure_set_thresholds(struct pressure *pressure, uint32_t low, uint32_t high);
void pressure_get_thresholds(const struct pressure *pressure, uint32_t *low, uint32_t *high);

/* Whether the system itself is short of memory. The caller calls pressure_begin after it. */
void pressure_set_system(struct pressure *pressure, bool is_low);

/*
 * True if there is no limit, the system is not short of memory, and both the state and the state
 * told last are High, as at first: pressure_begin need not be called.
 */
bool pressure_is_idle(const struct pressure *pressure);

enum pressure_state pressure_state(const struct pressure *pressure);

/* Who calls: a number that no other living thread has and that is not 0; and when. */
struct pressure_caller {
    uint32_t thread;
    uint64_t tick; /* milliseconds */
};

/*
 * To be called after every change. True: the caller has to tell the runtime *state, and then to
 * call pressure_next until that is false. `refused`: the budget has just refused a request, and a
 * reminder may be due.
 */
bool pressure_begin(struct pressure *pressure, bool refused, struct pressure_caller caller,
                    enum pressure_state *state);

/* To be called after *state has been told. True: *state is another one to tell. */
bool pressure_next(struct pressure *pressure, struct pressure_caller caller,
                   enum pressure_state *state);

/* The thread that is the teller now; 0: there is none. */
uint32_t pressure_teller(const struct pressure *pressure);

/*
 * That teller has ended. True: the caller has its place, and goes on as after pressure_begin.
 * False: another thread has, or it was the teller no more.
 */
bool pressure_take_over(struct pressure *pressure, uint32_t ended, struct pressure_caller caller,
                        enum pressure_state *state);

#endif
