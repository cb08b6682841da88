/*
 * report_write.h: takes a snapshot of this process, and writes the report on it: for people to
 * stderr, for machines to a JSON file.
 */
#ifndef HOSTMEM_RUN_SNAPSHOT_REPORT_WRITE_H
#define HOSTMEM_RUN_SNAPSHOT_REPORT_WRITE_H

#include "report/ending.h"
#include "run/launch/launch.h"

#include <stdbool.h>

struct report_order {
    const struct launch *launch;
    HANDLE json_file; /* INVALID_HANDLE_VALUE: none is wanted. report_write closes it */
    bool print;       /* to stderr */
};

/* Takes no lock and no heap memory. Only one thread may call it, and only once. */
void report_write(const struct report_order *order, const struct ending *ending);

#endif
