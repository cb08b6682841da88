/*
 * report_text_heap.h: what the report for people says about heaps and their blocks.
 */
#ifndef HOSTMEM_REPORT_REPORT_TEXT_HEAP_H
#define HOSTMEM_REPORT_REPORT_TEXT_HEAP_H

#include "base/text.h"
#include "report/snapshot.h"

/* Rows for the kinds of address that IHostMalloc::Free refused. */
void report_text_refused_blocks(struct text *text, const HOSTMEM_STATISTICS *statistics);

/* Sections. A section with nothing to say is left out. */
void report_text_heaps(struct text *text, const struct snapshot *snapshot);
void report_text_live_blocks(struct text *text, const struct snapshot *snapshot);
void report_text_damaged_blocks(struct text *text, const struct snapshot *snapshot);

#endif
