/*
 * generate.h: random steps, most of them near existing regions, many of them wrong.
 *
 * A step is drawn from numbers that the seed determines and from the regions that exist. So a
 * sequence is the same each time, as long as Win32 answers the same.
 */
#ifndef HOSTMEM_TESTS_DIFFERENTIAL_GENERATE_H
#define HOSTMEM_TESTS_DIFFERENTIAL_GENERATE_H

#include "twin_world.h"

struct generator {
    uint64_t random;
};

struct generator generate_from(uint64_t seed);

struct step generate_step(struct generator *generator, struct world *world);

/* A step that gives back one of the regions there are; false: there are none. */
bool generate_last_step(const struct world *world, struct step *step);

#endif
