/*
 * watch.h: one watched run of a program, from its start to its report.
 */
#ifndef HOSTMEM_RUN_WATCH_WATCH_H
#define HOSTMEM_RUN_WATCH_WATCH_H

#include "run/launch/arguments.h"
#include "run/watch/plan.h"

#include <windows.h>

/*
 * Starts what was planned, waits for its end and makes the report. Sets *exit_code to the
 * program's. GO_ON, or the exit code of the failure that has been announced.
 */
int watch(const struct plan *plan, const struct arguments *arguments, DWORD *exit_code);

#endif
