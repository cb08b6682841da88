/*
 * reporter.h: the report is made once, whoever sees the end of the program first.
 *
 * It is made by a thread that waits for this from the start: the thread that ends the program may
 * have no stack left to make it on.
 */
#ifndef HOSTMEM_RUN_SNAPSHOT_REPORT_THREAD_H
#define HOSTMEM_RUN_SNAPSHOT_REPORT_THREAD_H

#include "report/ending.h"
#include "run/snapshot/report_write.h"

/* order lives till the process ends. False: there is no memory for a thread. */
bool report_thread_start(const struct report_order *order);

/* Makes the report, if it has not been made; returns when it is out. Any thread, at any time. */
void report_thread_report(const struct ending *ending);

/* The same when all other threads of the process are gone. */
void report_thread_report_alone(const struct ending *ending);

/* No report shall be made any more. */
void report_thread_cancel(void);

#endif
