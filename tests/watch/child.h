/*
 * child.h: what a test does to the process that hostmem-run has started.
 */
#ifndef HOSTMEM_TESTS_WATCH_CHILD_H
#define HOSTMEM_TESTS_WATCH_CHILD_H

#include "run.h"

/* Waits until the program has written that. False: hostmem-run has ended before. */
bool wait_for_output(const struct run_process *runner, const char *said);

/* The process that it has started, to be ended, waited for and read; fails the test if there is
 * none. */
HANDLE open_child(const struct run_process *runner);

#endif
