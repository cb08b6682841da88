/*
 * running_code.h: code that a thread runs all the time, on a page that a test has written to: if
 * the page could not be executed for a moment, the thread would fault there.
 */
#ifndef HOSTMEM_TESTS_API_RUNNING_CODE_H
#define HOSTMEM_TESTS_API_RUNNING_CODE_H

#include "support.h"

struct running_code {
    void (*code)(void); /* that returns at once */
    volatile BOOL stop;
    volatile unsigned runs;
    void *handler;
    struct threads threads;
};

/* Returns when the code runs. One at a time. */
void running_code_begin(struct running_code *running, void (*code)(void));

/* Ends the thread. Fails the test if it has faulted. */
void running_code_end(struct running_code *running);

#endif
