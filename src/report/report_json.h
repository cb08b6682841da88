/*
 * report_json.h: the report for machines.
 */
#ifndef HOSTMEM_REPORT_REPORT_JSON_H
#define HOSTMEM_REPORT_REPORT_JSON_H

#include "report/snapshot.h"

enum {
    REPORT_JSON_SCHEMA = 2 /* grows when a member is removed or changes its meaning */
};

/* Takes the report piece by piece. False ends it. */
typedef bool report_json_output(void *context, const char *bytes, size_t length);

/* False: there is no memory for the report in the arena, or output did not take all of it. */
bool report_json_write(const struct snapshot *snapshot, struct arena *arena,
                       report_json_output *output, void *context);

#endif
