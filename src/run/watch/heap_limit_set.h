/*
 * heap_limit_set.h: whether a program's own settings say how large the collector's heap may be.
 */
#ifndef HOSTMEM_RUN_WATCH_HEAP_LIMIT_SET_H
#define HOSTMEM_RUN_WATCH_HEAP_LIMIT_SET_H

#include "run/watch/plan.h"

#include <stdbool.h>

/*
 * True if the program's runtimeconfig.json names System.GC.HeapHardLimit, or another property that
 * begins so: the file of --runtimeconfig, the one beside the program, or the one inside a single
 * file.
 */
bool heap_limit_set_by_program(const struct plan *plan, const struct arguments *arguments);

#endif
