/*
 * oracle.h: what a manager must answer: what Win32 answers, with one exception.
 *
 * The exception is ownership (invariant I1). A free of memory that the manager did not hand out, or
 * of a range that leaves the region in which it begins, is HOST_E_INVALIDOPERATION and touches
 * nothing. Win32 is not asked then, since it might do it.
 */
#ifndef HOSTMEM_TESTS_DIFFERENTIAL_ORACLE_H
#define HOSTMEM_TESTS_DIFFERENTIAL_ORACLE_H

#include "answer.h"

/* Whether the step is a free that the manager must refuse. Ask before the step is made. */
bool oracle_refuses(struct world *world, const struct step *step);

/* Makes the step in Win32's twin, and returns the right answer. */
struct answer oracle_answer(struct world *world, const struct step *step);

/* Learns from Win32's answer which regions there are, and what the counters must say. */
void oracle_learn(struct world *world, const struct step *step, const struct answer *answer);

#endif
