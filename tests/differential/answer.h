/*
 * answer.h: what a twin answers to a step, in terms that can be compared.
 */
#ifndef HOSTMEM_TESTS_DIFFERENTIAL_ANSWER_H
#define HOSTMEM_TESTS_DIFFERENTIAL_ANSWER_H

#include "twin_world.h"

#define MOST_FIGURES 8

struct answer {
    bool given; /* false: the step could not be made in the world as it was; neither twin was asked
                 */
    HRESULT hr; /* Win32's success, or its error by hresult_of_error */
    DWORD last_error;                /* UNTOUCHED: it was not set */
    ULONGLONG figures[MOST_FIGURES]; /* addresses are relative to the step's place */
};

/* What figure i of such a step is; NULL: there is none. */
const char *answer_figure_name(enum step_kind kind, unsigned i);

/* The step, done by a twin. */
struct answer answer_of(struct world *world, struct twin *twin, const struct step *step);

/* False: the step makes no sense in the world as it is, or would reach out of it. */
bool answer_can_be_had(struct world *world, const struct step *step);

/* Counts writes into pages with PAGE_GUARD, and lets them go on. */
void answer_watch_guards(bool watch);

#endif
