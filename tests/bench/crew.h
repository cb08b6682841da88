/*
 * crew.h: threads that live as long as a pattern and begin each round together.
 *
 * The calling thread is member 0. A renewed crew has new threads in its next round: they work on
 * what the threads before them have left.
 */
#ifndef HOSTMEM_BENCH_CREW_H
#define HOSTMEM_BENCH_CREW_H

#include "side.h"

#define MOST_THREADS 16

struct crew;

/* A round: the work, on every member. */
struct round {
    work work;
    void *state;
    uint64_t times;
    bool warm; /* each member does the work once before the start: a first block takes longer */
};

/* NULL: there are no threads. all_new: member 0 is a thread of the crew's, too. */
struct crew *crew_begin(unsigned threads, bool all_new);
void crew_end(struct crew *crew);

/* Seconds from the common start until the last member is done; negative: it went wrong. */
double crew_run(struct crew *crew, const struct round *round);

double now_in_seconds(void);

#endif
