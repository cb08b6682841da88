/*
 * freezer.h: freezes one call before each of its atomic accesses in turn, while other calls run
 * from beginning to end. The others run on the frozen call's own stack but with another thread's
 * key (frozen_key.h), so no real thread is needed and every interleaving can be repeated.
 *
 * The words used here: a moment is a point just before an atomic access (interleaved.h) or beside a
 * request to the system (system_calls.h). A scene is the data that one run works on. A play is a
 * scene with a call to freeze and a call to run meanwhile.
 */
#ifndef HOSTMEM_TESTS_FREEZER_H
#define HOSTMEM_TESTS_FREEZER_H

#include "voices.h"

/*
 * Runs the play once for each moment of `frozen`: `set` makes a new scene, `frozen` runs, `other`
 * runs at that moment, `check` checks, `clear` ends the scene.
 */
struct play {
    size_t size;
    scene_act *set;
    scene_act *frozen;
    scene_act *other;
    scene_act *check;
    scene_act *clear;
};

/* Returns how many moments there were. */
unsigned perform(const struct play *play);

/* The same, but `frozen` is frozen a second time, at each later moment, while `later` runs. */
unsigned perform_twice(const struct play *play, scene_act *later);

/*
 * Two calls frozen at once, each on a stack of its own (voices.h). They end in the order in which
 * they were frozen, so neither runs inside the other. For a moment of `first` and one of `second`:
 * first runs to its moment, second to its own, `between` runs, first ends, `after` runs, second
 * ends, `check` checks. There are too many pairs of moments to try all: `pairs` of them are drawn,
 * always the same ones.
 */
struct duet {
    size_t size;
    unsigned pairs;
    scene_act *set;
    scene_act *first;
    scene_act *second;
    scene_act *between;
    scene_act *after;
    scene_act *check;
    scene_act *clear;
};

/* Returns how many pairs there were. */
unsigned perform_duet(const struct duet *duet);

#endif
