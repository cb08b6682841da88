/*
 * launch.h: one run of a program: what is known of it, and the steps that every kind of runtime
 * takes it through.
 */
#ifndef HOSTMEM_RUN_HOST_LAUNCH_H
#define HOSTMEM_RUN_HOST_LAUNCH_H

#include "board/ending.h"
#include "run/launch/arguments.h"
#include "run/host/memory_manager.h"
#include "run/launch/program.h"
#include "run/host/runtime.h"

struct launch {
    const struct arguments *arguments;
    struct program program;
    struct runtime runtime; /* filled in before the program runs */
    struct memory_manager memory;
    const struct launcher *launcher;

    /*
     * Called by a launcher that learns how the program ended while it still has work to do. Set
     * before launcher->run. A launcher that does not call it leaves the report to its caller.
     */
    void (*program_ended)(const struct ending *ending);

    /* Called by a launcher when memory.control_result and the facts of the runtime are known. */
    void (*runtime_found)(const struct launch *launch);
};

/*
 * How programs of one kind are run. Each step returns GO_ON, or the exit code of the failure that
 * it has announced.
 */
struct launcher {
    /* Finds the runtime, before anything is made for the run. */
    int (*find)(struct launch *launch);

    /* Loads and starts the runtime. launch->memory is open. */
    int (*start)(struct launch *launch);

    /* Runs the program to its end, and ends the runtime's managed side. Sets *exit_code. */
    int (*run)(struct launch *launch, DWORD *exit_code);
};

#endif
