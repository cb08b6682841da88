/*
 * freeze_rounds.h: workers, the thread that suspends them, and a watchdog.
 *
 * In a round a random worker is suspended at a random moment, the suspending thread completes all
 * methods, and the worker goes on. Every so many rounds all workers are suspended, as a garbage
 * collection does. A worker must have begun another call before it is suspended again.
 *
 * The watchdog only waits. If the suspending thread has begun no call for so many seconds, the
 * watchdog notes where it and every suspended thread stand, lets them go, prints all of it, and
 * ends the process: [  FAILED  ].
 */
#ifndef HOSTMEM_TESTS_FREEZE_ROUNDS_H
#define HOSTMEM_TESTS_FREEZE_ROUNDS_H

#include "controller.h"
#include "places.h"

#define MOST_WORKERS MOST_THREADS

struct freezer {
    unsigned worker_count;
    unsigned stall_seconds;
    uint64_t random;

    struct world world;
    struct worker workers[MOST_WORKERS];
    struct threads threads;
    LONG calls[MOST_WORKERS]; /* how many calls each had begun when it was last frozen */
    ULONGLONG freezes_of[MOST_WORKERS];
    struct controller controller;
    struct places places;
    ULONGLONG freezes, freezes_of_all, not_suspended;

    /* For the watchdog. */
    HANDLE thread;                      /* the one that freezes */
    volatile LONG frozen[MOST_WORKERS]; /* 1: the worker is suspended now */
    volatile LONG rounds;
    volatile LONG stalled; /* set by the watchdog: from now on no thread is frozen */
};

/*
 * Runs so many freezes, or more until enough of them met hostmem's own code, and gives everything
 * back; fails the test if anything was wrong.
 */
void freezer_run(struct freezer *freezer, DWORD heap_flags, unsigned freezes, uint64_t seed);

/* Starts a watchdog; and ends it. */
void watchdog_start(struct freezer *freezer);
void watchdog_end(void);

#endif
