/*
 * report_text_heap.h: what the report for people tells about heaps and their blocks.
 */
#ifndef HOSTMEM_REPORT_REPORT_TEXT_HEAP_H
#define HOSTMEM_REPORT_REPORT_TEXT_HEAP_H

#include "report/snapshot.h"
#include "base/text.h"

/* Rows for the kinds of address that IHostMalloc::Free refused. */
void report_text_refused_blocks(struct text *text, const HOSTMEM_STATISTICS *statistics);

/* Sections; each is left out when there is nothing to tell. */
void report_text_heaps(struct text *text, const struct list *heaps);
void report_text_live_blocks(struct text *text, const struct list *groups);
void report_text_damages(struct text *text, const struct snapshot *snapshot);

#endif
