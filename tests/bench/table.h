/*
 * table.h: what was measured, as a table for people and as JSON for machines.
 */
#ifndef HOSTMEM_BENCH_TABLE_H
#define HOSTMEM_BENCH_TABLE_H

#include "measure.h"

#include <jansson.h>

void table_begin(const struct effort *effort);

/* Prints a line, and keeps it in the array when there is one. */
void table_line(json_t *lines, const struct comparison *comparison, const struct figures *figures);

/* Writes the lines and what they were measured with. False: the file cannot be written. */
bool table_write_json(const char *path, const struct effort *effort, json_t *lines);

#endif
