/*
 * compare.h: finds the first thing in which the manager's twin is wrong.
 */
#ifndef HOSTMEM_TESTS_DIFFERENTIAL_COMPARE_H
#define HOSTMEM_TESTS_DIFFERENTIAL_COMPARE_H

#include "answer.h"

struct difference {
    const char *what; /* NULL: none */
    ULONGLONG actual, expected;
    enum step_place place; /* where in memory; PLACE_ANYWHERE: it is not about a place */
    unsigned made;
    uintptr_t offset;
};

/* Two answers to a step. */
bool compare_answers(const struct step *step, const struct answer *ours,
                     const struct answer *expected, struct difference *difference);

/*
 * Compares what VirtualQuery says of both twins, page by page, in the regions that the step may
 * have touched and a granule on either side. Counts anew what is committed in them.
 */
bool compare_memory_near(struct world *world, const struct step *step,
                         struct difference *difference);

/* The same for both windows from end to end, and for all other regions. */
bool compare_all_memory(struct world *world, struct difference *difference);

/*
 * Compares the manager's totals, peaks and counters with the sums over the regions, and what it
 * says of the region that the step points at.
 */
bool compare_books(struct world *world, const struct step *step, struct difference *difference);

/* Checks that the manager's audit finds nothing. */
bool compare_audit(const struct world *world, struct difference *difference);

#endif
