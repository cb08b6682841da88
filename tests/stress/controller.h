/*
 * controller.h: what the suspending thread completes while others stay suspended: every method, on
 * its own memory, on shared memory, and on what a suspended thread is using; and whether the books
 * of its own memory are right meanwhile.
 *
 * While a thread is suspended it calls nothing but the manager (calls.h): the suspended thread may
 * hold any lock of the C library, of a heap or of the loader.
 */
#ifndef HOSTMEM_TESTS_STRESS_CONTROLLER_H
#define HOSTMEM_TESTS_STRESS_CONTROLLER_H

#include "worker.h"

#define KEPT 24u

struct controller {
    struct world *world;
    struct caller caller;
    uint64_t random;

    char *arena; /* its own */
    bool committed[ARENA_PAGES];

    IHostMalloc *heap; /* its own */
    DWORD heap_number;
    struct {
        void *block;
        SIZE_T size;
        unsigned line; /* 0: not by DebugAlloc */
    } kept[KEPT];
    ULONGLONG blocks, block_bytes, allocations, frees; /* what the heap's figures must be */

    ULONGLONG contested_releases, contested_unmaps, totals_compared;
};

/* Fails the test if it cannot be made. */
void controller_make(struct controller *controller, struct world *world, uint64_t seed);
void controller_end(struct controller *controller);

/*
 * Does all of it while the worker `frozen` is suspended. `all`: every other worker is suspended,
 * too, so that the totals do not change.
 */
void controller_complete_everything(struct controller *controller, struct worker *frozen, bool all);

#endif
