/*
 * report_json_limits.h: what the report for machines says about limits.
 */
#ifndef HOSTMEM_REPORT_REPORT_JSON_LIMITS_H
#define HOSTMEM_REPORT_REPORT_JSON_LIMITS_H

#include "report/snapshot.h"

#include <jansson.h>

json_t *report_json_limits(const struct snapshot *snapshot);

/* Objects with a member for each level, and for each state. */
json_t *report_json_refused_requests(const HOSTMEM_STATISTICS *statistics);
json_t *report_json_notifications(const HOSTMEM_STATISTICS *statistics);

#endif
