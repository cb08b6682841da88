/*
 * launch.h: what is known of one run: the program, the runtime that it is for, and the host.
 */
#ifndef HOSTMEM_RUN_LAUNCH_LAUNCH_H
#define HOSTMEM_RUN_LAUNCH_LAUNCH_H

#include "run/launch/arguments.h"
#include "run/launch/memory_manager.h"
#include "run/launch/program.h"
#include "run/launch/runtime.h"

struct launch {
    const struct arguments *arguments;
    struct program program;
    struct runtime runtime; /* filled in at the latest when the program runs */
    struct memory_manager memory;
    const struct launcher *launcher;
};

/*
 * A way to run a program: the same steps for each kind of runtime. Each returns GO_ON, or the exit
 * code of the failure that it has announced.
 */
struct launcher {
    /* Finds the runtime, before anything is made for the run. */
    int (*find)(struct launch *launch);

    /* Loads and starts it. The host is open, the reporter and the exit hooks are ready. */
    int (*start)(struct launch *launch);

    /* Runs the program to its end, and the runtime's managed side, too. Sets *exit_code. */
    int (*run)(struct launch *launch, DWORD *exit_code);
};

#endif
