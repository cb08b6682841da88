/*
 * thread_list.h: notes on the board which threads there were, so that stacks can be told from other
 * memory when the process ends: by then its other threads have ended, and where the system leaves
 * their stacks, nobody else knows whose they are (census.h).
 */
#ifndef HOSTMEM_AGENT_THREAD_LIST_H
#define HOSTMEM_AGENT_THREAD_LIST_H

#include "board/board.h"

/* The threads that there are. */
void thread_list_begin(struct board *board);

/* The calling thread, which begins. Suspension-safe; any thread, at any time. */
void thread_list_add_own(struct board *board);

#endif
