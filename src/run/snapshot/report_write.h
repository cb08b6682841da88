/*
 * report_write.h: what became of the memory, told to people on stderr and to machines in a JSON
 * file.
 */
#ifndef HOSTMEM_RUN_SNAPSHOT_REPORT_WRITE_H
#define HOSTMEM_RUN_SNAPSHOT_REPORT_WRITE_H

#include "report/ending.h"
#include "run/launch/memory_manager.h"
#include "run/launch/program.h"
#include "run/launch/runtime.h"

#include <stdbool.h>

/* What is reported on, and where to. */
struct report_order {
    const struct program *program;
    const struct runtime *runtime;
    const struct memory_manager *memory;
    HANDLE json_file; /* INVALID_HANDLE_VALUE: none is wanted */
    bool print;       /* on stderr */
};

/* Takes no lock and no heap memory. One thread. */
void report_write(const struct report_order *order, const struct ending *ending);

#endif
