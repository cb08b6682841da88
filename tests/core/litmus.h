/*
 * litmus.h: two calls at once, in every order of their steps that takes so many changes of thread.
 *
 * A step is an atomic access (interleaved.h) to what both calls touch and one of them changes, or a
 * request to the system (system_calls.h), up to the next one. What the
 * other call never touches, or both only read, may as well happen earlier or later. Which objects
 * are shared shows while orders are tried: they are tried anew until no more are found.
 *
 * A race that does harm nearly always does so already with few changes at the right places. Tried
 * are, with X and Y for the two calls and each of them first in its turn,
 *   - X goes x steps, Y goes y steps, X ends, Y ends, for every x and every y;
 *   - X goes x steps, Y goes y, X goes x' more, Y ends, X ends: all of these, or, where they may be
 *     more than `most`, so many of them, drawn always alike. With HOSTMEM_LITMUS_ALL set, all.
 */
#ifndef HOSTMEM_TESTS_LITMUS_H
#define HOSTMEM_TESTS_LITMUS_H

#include "voices.h"

/* `scene` is handed to all acts; check and clear come after each order, set before it. */
struct litmus {
    const char *name;
    unsigned most;
    void *scene;
    scene_act *set;
    scene_act *first;
    scene_act *second;
    scene_act *check;
    scene_act *clear;
};

/* Fails by a check or an act, or prints how many orders there were. */
void litmus_run(const struct litmus *litmus);

/* A test's teardown, in front of its own: tells the order that a check has failed in, if one has.
 */
void litmus_tell_failure(void);

#endif
