/*
 * process_look.h: a look at all pages of a process, from outside, while it runs. The process is not
 * stopped for it.
 */
#ifndef HOSTMEM_RUN_SNAPSHOT_PROCESS_LOOK_H
#define HOSTMEM_RUN_SNAPSHOT_PROCESS_LOOK_H

#include "board/board.h"

#include <stdbool.h>

struct process_look {
    bool is_there;
    struct page_map map;
    ULONGLONG taken; /* GetTickCount64 */
};

/*
 * process: a handle with the rights PROCESS_QUERY_INFORMATION and PROCESS_VM_READ, or NULL. board:
 * a copy (board_copy.h). inspection: of the books behind it, read just before. If the process ends
 * meanwhile, or cannot be looked at, *look stays as it was.
 */
void process_look_take(struct process_look *look, HANDLE process, const struct board *board,
                       IHostMemInspection *inspection);

#endif
