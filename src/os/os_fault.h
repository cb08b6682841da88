/*
 * os_fault.h: fault points of the seam, for builds for tests (HOSTMEM_TESTING).
 *
 * In such a build each request for memory asks OS_FAULT_STRIKES whether it has to fail, and a test
 * chooses the request that does. In every other build the answer is the constant false.
 */
#ifndef HOSTMEM_OS_OS_FAULT_H
#define HOSTMEM_OS_OS_FAULT_H

#ifdef HOSTMEM_TESTING

#include <stdbool.h>
#include <stdint.h>

enum os_fault_kind {
    OS_FAULT_METADATA, /* os_metadata_reserve and os_metadata_commit */
    OS_FAULT_PAGES,    /* os_alloc */
    OS_FAULT_KINDS
};

/* Makes the n-th request of this kind from now on fail (1: the next one), once. 0: none. */
void os_fault_at(enum os_fault_kind kind, uint64_t n);

/* How many requests of this kind there were since the last os_fault_at. */
uint64_t os_fault_requests(enum os_fault_kind kind);

/* Counts a request of this kind. True: it is to fail. */
bool os_fault_strikes(enum os_fault_kind kind);
#define OS_FAULT_STRIKES(kind) os_fault_strikes(kind)

#else
#define OS_FAULT_STRIKES(kind) false
#endif

#endif
