/*
 * child.h: the process that the program runs in: starting it with the agent inside, and waiting for
 * its end.
 */
#ifndef HOSTMEM_RUN_WATCH_CHILD_H
#define HOSTMEM_RUN_WATCH_CHILD_H

#include "board/board.h"

#include <windows.h>

#include <stdbool.h>
#include <wchar.h>

struct child {
    HANDLE process;
    DWORD process_id;
    HANDLE section;
    struct board *board; /* a view of the board alone */
    HANDLE job;          /* NULL, unless it is to end with hostmem-run */
};

/* What to start, and how. */
struct child_order {
    const wchar_t *program; /* absolute path of the file that is started */
    wchar_t *command_line;
    const char *shown_program; /* UTF-8: what the report names; program, but for hostmem-host */
    struct board_orders orders;
    bool ends_with_parent;
};

/*
 * Starts the process with the agent inside, and returns when the agent has started. GO_ON, or the
 * exit code of the failure that it has announced; then no process is left.
 */
int child_start(struct child *child, const struct child_order *order);

/* Waits for the end. False: it has not come within so many milliseconds. */
bool child_wait(const struct child *child, DWORD milliseconds);

/* Of a process that has ended. */
DWORD child_exit_code(const struct child *child);

/* It has ended: with --kill-with-parent, what it has started may stay when hostmem-run ends. */
void child_let_go(struct child *child);

/*
 * True: the agent has ended the program because its limit is too small for its runtime. *code: the
 * exit code of this failure, which was announced.
 */
bool child_limit_is_too_small(const struct board *board, int *code);

/* The board as it is now. False: it makes no sense. */
bool child_copy_board(const struct child *child, struct board *copy);

#endif
