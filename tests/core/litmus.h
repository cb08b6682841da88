/*
 * litmus.h: runs two calls at once, in every order of their steps that changes from one call to the
 * other only a few times. No real thread is needed: each call is a voice (voices.h).
 *
 * A step begins at an atomic access (interleaved.h) to an object that both calls touch and one
 * changes, or at a request to the system (system_calls.h). Accesses to anything else cannot change
 * the outcome, so the order is not varied there. Which objects are shared is found out by running:
 * when an order touches a new one, all orders are tried anew.
 *
 * A harmful race nearly always shows with few changes from one call to the other, at the right
 * steps. With X and Y for the two calls, each of them first in turn, these orders are tried: (1) X
 * makes x steps, Y makes y steps, X ends, Y ends: for every x and every y. (2) X makes x steps, Y
 * makes y, X makes x' more, Y ends, X ends: for all of these, or, where there may be more than
 * `most`, for that many, drawn by chance but always the same. With HOSTMEM_TEST_LONG in the
 * environment all are tried.
 */
#ifndef HOSTMEM_TESTS_LITMUS_H
#define HOSTMEM_TESTS_LITMUS_H

#include "voices.h"

/*
 * `scene` is passed to all functions. `set` runs before each order, `check` and `clear` after it.
 */
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

/* Fails in a check or in a call, or prints how many orders were tried. */
void litmus_run(const struct litmus *litmus);

/* For a test's teardown: prints the order in which a check has failed, if one has. */
void litmus_tell_failure(void);

#endif
