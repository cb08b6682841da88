/*
 * report_table.h: the rows of the report's tables, which are 78 columns wide.
 */
#ifndef HOSTMEM_REPORT_REPORT_TABLE_H
#define HOSTMEM_REPORT_REPORT_TABLE_H

#include "base/text.h"

#include <hostmem/hostmem.h>

#include <stdint.h>

/* The rounded size and the exact one, in 29 columns. */
void report_table_bytes(struct text *text, uint64_t bytes);

/* A row: a name, the quantity now, and its peak. */
void report_table_byte_gauge(struct text *text, const char *name, const HOSTMEM_GAUGE *gauge);
void report_table_number_gauge(struct text *text, const char *name, const HOSTMEM_GAUGE *gauge);

/* A row: a longer name and a number. */
void report_table_count(struct text *text, const char *name, uint64_t value);

#endif
