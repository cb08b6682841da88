/*
 * closing.h: what is written on the board when the process ends: how, and what only the process
 * itself can say of its memory (the audit, and whose its pages are).
 */
#ifndef HOSTMEM_AGENT_CLOSING_H
#define HOSTMEM_AGENT_CLOSING_H

#include "board/ending.h"

#include <hostmem/hostmem.h>

/* The first call counts; a later one waits a while for it. Any thread, at any time. */
void closing_write(enum ending_kind kind);

/* The same at process detach, when there are no other threads any more. */
void closing_write_alone(enum ending_kind kind);

#endif
