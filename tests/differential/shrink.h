/*
 * shrink.h: makes a sequence that shows a difference short and plain.
 */
#ifndef HOSTMEM_TESTS_DIFFERENTIAL_SHRINK_H
#define HOSTMEM_TESTS_DIFFERENTIAL_SHRINK_H

#include "play.h"

/*
 * Leaves out steps, then makes those that are left plainer, for as long as a step of the same kind
 * shows a difference in the same thing; each attempt is played in a new world. False, and nothing
 * is changed: played again, the sequence shows no difference.
 */
bool shrink(const struct world_maker *maker, struct sequence *sequence, struct outcome *outcome);

#endif
