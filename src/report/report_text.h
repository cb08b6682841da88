/*
 * report_text.h: the report for people.
 */
#ifndef HOSTMEM_REPORT_REPORT_TEXT_H
#define HOSTMEM_REPORT_REPORT_TEXT_H

#include "run/snapshot/report_write.h"
#include "report/snapshot.h"
#include "base/text.h"

void report_text_write(struct text *text, const struct report_order *order,
                       const struct ending *ending, const struct snapshot *snapshot);

#endif
