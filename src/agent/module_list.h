/*
 * module_list.h: lists on the board which modules the process has loaded, so that a reader can name
 * an address after the process has ended.
 */
#ifndef HOSTMEM_AGENT_MODULE_LIST_H
#define HOSTMEM_AGENT_MODULE_LIST_H

#include "board/board.h"

/*
 * Lists the modules that are there, and from now on each that is loaded or unloaded. Redirects
 * parts of runtimes, whoever loads them, and modules that are wanted by name (board_orders).
 */
void module_list_begin(struct board *board);

#endif
