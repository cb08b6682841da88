/*
 * oracle.h: what a manager must answer: what Win32's twin answers, and one rule besides.
 *
 * The rule is ownership (DESIGN.md, I1). A free of memory that the manager did not hand out, or of
 * a range that leaves the region in which it begins, is HOST_E_INVALIDOPERATION and touches
 * nothing. Win32 is not asked then: its own answer may be that it is done.
 */
#ifndef HOSTMEM_TESTS_DIFFERENTIAL_ORACLE_H
#define HOSTMEM_TESTS_DIFFERENTIAL_ORACLE_H

#include "answer.h"

/* Whether the step is a free that is not the manager's to do. Before the step is made. */
bool oracle_refuses(struct world *world, const struct step *step);

/* The answer that is right; has the step done in Win32's twin. */
struct answer oracle_answer(struct world *world, const struct step *step);

/* Learns from Win32's answer which regions there are, and what the counters must say. */
void oracle_learn(struct world *world, const struct step *step, const struct answer *answer);

#endif
