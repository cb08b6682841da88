/*
 * os_posix_runs.h: which addresses are reserved, and what their pages are.
 *
 * A run is a range of pages of one reservation that are alike: all reserved, or all committed with
 * one protection. The runs of a reservation leave no gap, and two neighbours in it differ; so a
 * reservation of any size is one run when it is made, and the run that holds an address is what a
 * query has to tell. The runs of all reservations are one treap, ordered by address, in which each
 * node also knows the largest hole in the subtree below it: room for a new reservation is found in
 * logarithmic time too.
 *
 * Memory comes straight from mmap and is kept for later runs. Nothing here locks.
 */
#ifndef HOSTMEM_OS_POSIX_RUNS_H
#define HOSTMEM_OS_POSIX_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct os_run {
    uintptr_t begin;
    uintptr_t end;
    uintptr_t allocation_begin; /* a multiple of the granule */
    uintptr_t allocation_end;
    uint32_t allocation_protect;
    uint32_t protect; /* 0: reserved, not committed */
};

/* What one os_runs_add or os_runs_replace may need, stocked up. False when memory is out. */
bool os_runs_stock(void);

/* The run that holds the address, or NULL. The answer holds until the runs change next. */
const struct os_run *os_runs_at(uintptr_t address);

/* The first run that begins at or above the address, or NULL. */
const struct os_run *os_runs_from(uintptr_t address);

/* The lowest hole of size bytes that begins at a granule between lower and upper; 0 if none. */
uintptr_t os_runs_hole(uintptr_t lower, uintptr_t upper, size_t size);

/* A new reservation. Nothing may lie there yet. */
void os_runs_add(const struct os_run *reservation);

/* The pages from begin to end, all of one reservation, now have this protection (0: reserved). */
void os_runs_replace(uintptr_t begin, uintptr_t end, uint32_t protect);

/* The reservation is gone. */
void os_runs_remove(uintptr_t allocation_begin, uintptr_t allocation_end);

#endif
