/*
 * labels.h: the words that both reports use for what hostmem counts.
 */
#ifndef HOSTMEM_REPORT_LABELS_H
#define HOSTMEM_REPORT_LABELS_H

#include "board/ending.h"

#include <hostmem/hostmem.h>

/* The method's name in its interface. */
const char *label_of_method(HOSTMEM_METHOD method);

/* One word, such as "foreign" or "other_heap". */
const char *label_of_refusal(HOSTMEM_REFUSAL refusal);

/* "task_critical", "app_domain_critical" or "process_critical". */
const char *label_of_level(DWORD level);

/* "low", "neutral" or "high": how much memory is available. */
const char *label_of_pressure(DWORD pressure);

/* "open", "broken" or "closed". */
const char *label_of_status(DWORD status);

/* "host", "process" or "module": whose a heap is. */
const char *label_of_heap(DWORD kind);

/* Short, such as "ExitProcess". */
const char *label_of_ending(enum ending_kind kind);

/* A clause, such as "committed in the books only". */
const char *label_of_difference(HOSTMEM_DIFFERENCE_KIND kind);

#endif
