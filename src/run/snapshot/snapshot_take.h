/*
 * snapshot_take.h: fills in a snapshot of a program from what it leaves outside itself: its board
 * and its manager's books.
 */
#ifndef HOSTMEM_RUN_SNAPSHOT_SNAPSHOT_TAKE_H
#define HOSTMEM_RUN_SNAPSHOT_SNAPSHOT_TAKE_H

#include "board/board.h"
#include "report/snapshot.h"
#include "run/snapshot/process_look.h"

/*
 * board: a copy (board_copy.h). inspection: of the books behind it. ending: how the program ended,
 * or NULL if it is still running. look: at its pages, or NULL; it counts where the process itself
 * did not look at its end.
 */
void snapshot_take(struct snapshot *snapshot, const struct board *board,
                   IHostMemInspection *inspection, const struct ending *ending,
                   const struct process_look *look);

#endif
