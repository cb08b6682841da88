/*
 * exit_hooks.h: seeing the program end, whichever way it ends, before the process comes down.
 *
 * A program need not come back from Main. Environment.Exit, an unhandled exception, FailFast and
 * Ctrl+C all end the process from within the runtime or Windows. hostmem-run puts itself in their
 * way, has the report written, and lets them go on as if nothing had been: the exit code is theirs.
 */
#ifndef HOSTMEM_RUN_SNAPSHOT_EXIT_HOOKS_H
#define HOSTMEM_RUN_SNAPSHOT_EXIT_HOOKS_H

#include <windows.h>

/* Call once, before the runtime starts; the reporter must be ready. */
void exit_hooks_install(void);

/* Watches the imports of one of the runtime's modules, before it can end the process. */
void exit_hooks_watch(HMODULE module);

#endif
