/*
 * limits_choose.h: the limits that a command line means.
 */
#ifndef HOSTMEM_RUN_LAUNCH_LIMITS_CHOOSE_H
#define HOSTMEM_RUN_LAUNCH_LIMITS_CHOOSE_H

#include "run/launch/arguments.h"

#include <hostmem/hostmem.h>

/*
 * Fills in limits. What the user did not give is chosen, as --help says, too:
 *   --reserve: a sixteenth of the limit, but 1 MiB to 16 MiB, and at most half of the limit;
 *   --pressure: hostmem's defaults, or less of a limit so small that its low percentage would leave
 *     the collector too little.
 */
void limits_choose(HOSTMEM_LIMITS *limits, const struct arguments *arguments);

#endif
