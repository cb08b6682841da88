/*
 * heap_limit_set.h: whether a program's own settings say how large the collector's heap may be.
 */
#ifndef HOSTMEM_RUN_WATCH_HEAP_LIMIT_SET_H
#define HOSTMEM_RUN_WATCH_HEAP_LIMIT_SET_H

#include "board/board.h"
#include "run/watch/plan.h"

/*
 * Sets program_has_heap_limit if the program's runtimeconfig.json names System.GC.HeapHardLimit, or
 * another property that begins so, and program_has_region_size likewise. The file is that of
 * --runtimeconfig, the one beside the program, or the one inside a single file.
 */
void heap_limit_set_by_program(struct board_orders *orders, const struct plan *plan,
                               const struct arguments *arguments);

#endif
