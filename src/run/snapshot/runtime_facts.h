/*
 * runtime_facts.h: which runtime ran in a program, by what its board lists.
 */
#ifndef HOSTMEM_RUN_SNAPSHOT_RUNTIME_FACTS_H
#define HOSTMEM_RUN_SNAPSHOT_RUNTIME_FACTS_H

#include "board/board.h"
#include "report/snapshot.h"

/* Fills in the runtime's family, version and directory. */
void runtime_facts_take(struct snapshot_subject *subject, const struct board *board,
                        struct arena *arena);

#endif
