/*
 * report_json.h: the report for machines.
 */
#ifndef HOSTMEM_REPORT_REPORT_JSON_H
#define HOSTMEM_REPORT_REPORT_JSON_H

#include "run/snapshot/report_write.h"
#include "report/snapshot.h"

enum {
    REPORT_JSON_SCHEMA = 1 /* grows when a member changes its meaning or goes; not when one comes */
};

/* Writes to order->json_file. False: there is no memory for it, or the file took not all of it. */
bool report_json_write(const struct report_order *order, const struct ending *ending,
                       const struct snapshot *snapshot, struct arena *arena);

#endif
