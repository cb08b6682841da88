/*
 * measure.h: comparing two ways to do the same thing, in one run.
 *
 * Rounds alternate between the two, so that whatever else the machine does falls on both; medians
 * over many rounds leave out those that it fell on hard. What is measured is therefore the ratio;
 * the nanoseconds are only as good as the machine is quiet.
 */
#ifndef HOSTMEM_BENCH_MEASURE_H
#define HOSTMEM_BENCH_MEASURE_H

#include <stdbool.h>
#include <stdint.h>

#define MOST_THREADS 2

/* Does the work so many times on one of the threads, 0 to MOST_THREADS - 1. False: it went wrong.
 */
typedef bool (*work)(void *context, unsigned thread, uint64_t times);

struct comparison {
    const char *name;
    work win32;
    work hostmem;
    void *context;
    unsigned threads;
};

struct effort {
    unsigned rounds;
    double seconds; /* that a round of one side shall take */
};

struct figures {
    double win32_ns; /* of one operation, on each thread: medians over the rounds */
    double hostmem_ns;
    double ratio;      /* hostmem to Win32: median of the rounds' ratios */
    double ratio_low;  /* a quarter of the rounds was below */
    double ratio_high; /* a quarter of the rounds was above */
};

/* False: the work went wrong, or there is no memory or thread to do it with. */
bool measure(const struct comparison *comparison, const struct effort *effort,
             struct figures *figures);

#endif
