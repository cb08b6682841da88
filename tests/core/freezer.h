/*
 * freezer.h: one call frozen before any of its atomic accesses while others run from beginning to
 * end, as another thread's (interleaved.h, frozen_key.h).
 */
#ifndef HOSTMEM_TESTS_FREEZER_H
#define HOSTMEM_TESTS_FREEZER_H

#include "voices.h"

/*
 * For each moment of `frozen`: sets the scene, runs `frozen` with `other` at that moment, checks.
 * The scene is made anew each time.
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

/* The same, frozen a second time, at any later moment, while `later` runs. */
unsigned perform_twice(const struct play *play, scene_act *later);

/*
 * Two calls frozen at once, as threads of their own, and let go in the order in which they were
 * frozen, so that neither is inside the other: for a moment of `first` and one of `second`,
 *   first goes to its moment, second to its, `between` runs, first ends, `after` runs, second ends,
 * and then what must hold is checked. There are too many pairs of moments to have them all: `pairs`
 * of them are drawn, always the same.
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
