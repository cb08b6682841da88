/*
 * measure.h: comparing the sides of a pattern, in one run.
 *
 * Rounds go from side to side, so that whatever else the machine does falls on all of them; medians
 * over many rounds leave out those that it fell on hard. What is measured is therefore the ratio;
 * the nanoseconds are only as good as the machine is quiet.
 *
 * The time of an operation is the time that the round took, on as many processors as its threads
 * could use, divided by the operations of all threads: twice as many threads on the same processors
 * show the same time if they do not disturb each other.
 */
#ifndef HOSTMEM_BENCH_MEASURE_H
#define HOSTMEM_BENCH_MEASURE_H

#include "pattern.h"

struct effort {
    unsigned rounds;
    double seconds; /* how long a round of one thread and one side shall take */
    bool quick;     /* with less of everything: the figures mean nothing */
};

struct spread {
    double least;
    double low; /* a quarter was below */
    double median;
    double high; /* a quarter was above */
    double most;
};

struct figures {
    struct spread sides[SIDES]; /* nanoseconds of an operation, or bytes held a byte live */
    struct spread to_win32;     /* hostmem's, over Win32's of the same round */
    struct spread to_mimalloc;  /* likewise; all 0 where mimalloc has no part */
};

/* False: the work went wrong, or there is no memory or thread to do it with. */
bool measure(const struct pattern *pattern, const struct effort *effort, struct figures *figures);

/* Processors that this process may use. */
unsigned processors(void);

#endif
