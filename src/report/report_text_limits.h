/*
 * report_text_limits.h: what the report for people says about limits.
 */
#ifndef HOSTMEM_REPORT_REPORT_TEXT_LIMITS_H
#define HOSTMEM_REPORT_REPORT_TEXT_LIMITS_H

#include "base/text.h"
#include "report/snapshot.h"

/* Two sections, and the verdict. Without a limit they are left out. */
void report_text_limits(struct text *text, const struct snapshot *snapshot);
void report_text_limit_verdict(struct text *text, const struct snapshot *snapshot);

#endif
