/*
 * freezer.h: one call frozen before any of its atomic accesses while others run from beginning to
 * end, as another thread's (interleaved.h, frozen_key.h).
 */
#ifndef HOSTMEM_TESTS_FREEZER_H
#define HOSTMEM_TESTS_FREEZER_H

#include "native.h"

typedef void scene_act(void *scene);

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

#endif
