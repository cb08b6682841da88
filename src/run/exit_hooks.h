/*
 * exit_hooks.h: seeing the program end, whichever way it ends, before the process comes down.
 *
 * A program need not come back from Main. Environment.Exit, an unhandled exception, FailFast and
 * Ctrl+C all end the process from within the runtime or Windows. hostmem-run puts itself in their
 * way, has the report written, and lets them go on as if nothing had been: the exit code is theirs.
 */
#ifndef HOSTMEM_RUN_EXIT_HOOKS_H
#define HOSTMEM_RUN_EXIT_HOOKS_H

#include "host.h"

/* Call once, after host_load and before host_start; the reporter must be ready. */
void exit_hooks_install(const struct host *host);

#endif
