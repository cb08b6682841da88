/*
 * play.h: plays sequences of steps in a new world, and compares after each step.
 */
#ifndef HOSTMEM_TESTS_DIFFERENTIAL_PLAY_H
#define HOSTMEM_TESTS_DIFFERENTIAL_PLAY_H

#include "compare.h"

/* The result of a play. */
struct outcome {
    struct difference difference; /* the first; the play ends with it */
    size_t step;                  /* after which it was found */
    size_t asked;                 /* steps that could be made */
    struct answer ours[MOST_STEPS], expected[MOST_STEPS];
};

/*
 * Plays the sequence; after every step both windows are compared from end to end, and the audit is
 * made. True: no difference.
 */
bool play_again(const struct world_maker *maker, const struct sequence *sequence,
                struct outcome *outcome);

/*
 * Plays `steps` random steps of that seed, then gives back what is left, and keeps the steps in the
 * sequence. After every step its surroundings are compared; at intervals, and in the end, all. The
 * same seed and number give the same steps.
 */
bool play_random(const struct world_maker *maker, uint64_t seed, size_t steps,
                 struct sequence *sequence, struct outcome *outcome);

#endif
