/*
 * worker.h: a thread that calls every method, on its own memory and on shared memory, until it is
 * told to stop. It may be suspended anywhere.
 *
 * It prints nothing, allocates nothing but from the manager, and asserts nothing: see calls.h.
 */
#ifndef HOSTMEM_TESTS_STRESS_WORKER_H
#define HOSTMEM_TESTS_STRESS_WORKER_H

#include "shared_world.h"

#define SLOTS 160u
#define CONTESTED_PAGES 16u

struct worker {
    struct world *world;
    struct caller caller;
    unsigned number;
    uint64_t random;
    volatile LONG finished;

    /* Its own. */
    IHostMalloc *heap;
    char *arena;
    struct {
        void *block;
        SIZE_T size;
    } slots[SLOTS];

    /*
     * An address at which the worker has a region now and then. The controller may release that
     * region while the worker is suspended in the middle of a call on it. Whichever of the two
     * swaps `contested_live` from 1 to 0 releases the region. No other thread asks for that
     * address.
     */
    char *contested;
    volatile LONG contested_live;

    /* The same of a view of the section that all share. */
    char *contested_view;
    volatile LONG contested_view_live;
};

/* What workers have at first; fails the test if that cannot be had. */
void workers_make(struct worker *workers, unsigned count, struct world *world, uint64_t seed);

/* The thread. */
DWORD WINAPI worker_run(void *worker);

#endif
