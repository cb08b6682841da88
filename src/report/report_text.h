/*
 * report_text.h: the report for people.
 */
#ifndef HOSTMEM_REPORT_REPORT_TEXT_H
#define HOSTMEM_REPORT_REPORT_TEXT_H

#include "base/text.h"
#include "report/snapshot.h"

/* Appends the report to text. */
void report_text_write(struct text *text, const struct snapshot *snapshot);

#endif
