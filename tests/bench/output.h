/*
 * output.h: what was measured, as a table for people and as JSON for machines; and, on standard
 * error, how far it is.
 */
#ifndef HOSTMEM_BENCH_OUTPUT_H
#define HOSTMEM_BENCH_OUTPUT_H

#include "measure.h"

#include <jansson.h>

/* The system that this runs on, such as "Wine 8.0". */
const char *system_name(void);

/* mimalloc's version, such as "2.0.9"; NULL: this program was built without it. */
const char *mimalloc_version(void);

void table_begin(const struct effort *effort);
void table_line(const struct pattern *pattern, const struct figures *figures);

/* What was measured, and with what, without patterns yet; NULL: there is no memory. */
json_t *json_begin(const struct effort *effort);

/* False: there is no memory. */
bool json_add(json_t *all, const struct pattern *pattern, const struct figures *figures);

/* path: "-" for standard output. False, having said so: it cannot be written. */
bool json_write(const json_t *all, const char *path);

/* Says which pattern is measured, if standard error is a terminal and two seconds have passed. */
void progress_show(const struct pattern *pattern, size_t number, size_t count);
void progress_hide(void);

#endif
