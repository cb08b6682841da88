/*
 * live_line.h: a line about the books of a program that is running.
 */
#ifndef HOSTMEM_RUN_WATCH_LIVE_LINE_H
#define HOSTMEM_RUN_WATCH_LIVE_LINE_H

#include <hostmem/hostmem.h>

/* Writes it to stderr. */
void live_line_write(IHostMemInspection *inspection);

#endif
