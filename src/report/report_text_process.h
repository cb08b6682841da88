/*
 * report_text_process.h: what the report for people says of all pages of the process.
 */
#ifndef HOSTMEM_REPORT_REPORT_TEXT_PROCESS_H
#define HOSTMEM_REPORT_REPORT_TEXT_PROCESS_H

#include "base/text.h"
#include "report/snapshot.h"

/* A table, or that nothing is known. */
void report_text_process(struct text *text, const struct snapshot *snapshot);

#endif
