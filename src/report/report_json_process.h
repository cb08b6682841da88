/*
 * report_json_process.h: what the report for machines says of all pages of the process.
 */
#ifndef HOSTMEM_REPORT_REPORT_JSON_PROCESS_H
#define HOSTMEM_REPORT_REPORT_JSON_PROCESS_H

#include "report/snapshot.h"

#include <jansson.h>

/* null: nothing is known. */
json_t *report_json_process(const struct snapshot *snapshot);

#endif
