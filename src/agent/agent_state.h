/*
 * agent_state.h: the agent's one state, and how it starts.
 */
#ifndef HOSTMEM_AGENT_AGENT_STATE_H
#define HOSTMEM_AGENT_AGENT_STATE_H

#include "board/board.h"

#include <hostmem/hostmem.h>

/* Written while the agent starts, before any other thread can see it; read by any thread. */
struct agent {
    struct board *board; /* NULL: there is no agent in this process yet */
    const void *books;   /* the view that the manager keeps its books in */
    IHostMemoryManager *manager;
    IHostMemInspection *inspection;
};

extern struct agent agent;

/*
 * Makes the manager, with its books in the board's section, and begins to take notes. options: of
 * the manager; the agent's own members are filled in here. *step names what failed.
 */
HRESULT agent_begin(HANDLE section, struct board *board, const HOSTMEM_OPTIONS *options,
                    const char **step);

/*
 * Redirects a module, follows what it loads, and notes it. kind: HOSTMEM_MODULE_KIND; 0: the
 * program itself. S_FALSE: it imports nothing that can be redirected.
 */
HRESULT agent_redirect(HMODULE module, DWORD flags, DWORD kind);

#endif
