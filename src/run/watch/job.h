/*
 * job.h: ends a process when this one ends, however that comes.
 */
#ifndef HOSTMEM_RUN_WATCH_JOB_H
#define HOSTMEM_RUN_WATCH_JOB_H

#include <windows.h>

/*
 * From now on the system ends the process, and the processes that it starts, when this process
 * ends. Returns what job_end wants; NULL: GetLastError.
 */
HANDLE job_begin(HANDLE process);

/* The process has ended: what it started may stay. job may be NULL. */
void job_end(HANDLE job);

#endif
