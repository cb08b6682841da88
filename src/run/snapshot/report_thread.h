/*
 * report_thread.h: makes the report once, for the thread that sees the end of the program first.
 *
 * A dedicated thread waits for this from the start and makes the report: the thread that ends the
 * program may have no stack left for that.
 */
#ifndef HOSTMEM_RUN_SNAPSHOT_REPORT_THREAD_H
#define HOSTMEM_RUN_SNAPSHOT_REPORT_THREAD_H

#include "report/ending.h"
#include "run/snapshot/report_write.h"

/* order must stay valid until the process ends. False: there is no memory for a thread. */
bool report_thread_start(const struct report_order *order);

/* Has the report made unless it has been; returns when it is written. Any thread, at any time. */
void report_thread_report(const struct ending *ending);

/* The same, on the calling thread: all others of the process are gone. */
void report_thread_report_alone(const struct ending *ending);

/* Prevents a report that has not been asked for yet. */
void report_thread_cancel(void);

#endif
