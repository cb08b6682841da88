/*
 * exit_hooks.h: has the report made when the program ends, whichever way it ends.
 *
 * A program need not return from Main. Environment.Exit, an unhandled exception, FailFast and
 * Ctrl+C end the process from within the runtime or Windows. The hooks have the report written
 * first, and then let the process end as it would have: the exit code is the program's.
 */
#ifndef HOSTMEM_RUN_SNAPSHOT_EXIT_HOOKS_H
#define HOSTMEM_RUN_SNAPSHOT_EXIT_HOOKS_H

#include <windows.h>

/* Call once, before the runtime starts and after report_thread_start. */
void exit_hooks_install(void);

/* Hooks the imports of one of the runtime's modules. Call before the module can end the process. */
void exit_hooks_watch(HMODULE module);

#endif
