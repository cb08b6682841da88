/*
 * report_text.h: the report for people.
 */
#ifndef HOSTMEM_RUN_REPORT_TEXT_H
#define HOSTMEM_RUN_REPORT_TEXT_H

#include "report.h"
#include "snapshot.h"
#include "text.h"

void report_text_write(struct text *text, const struct report_order *order,
                       const struct ending *ending, const struct snapshot *snapshot);

#endif
