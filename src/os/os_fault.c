/*
 * os_fault.c: see os_fault.h.
 */
#include "os/os_fault.h"

#include <stdatomic.h>

static struct {
    _Atomic uint64_t requests;
    _Atomic uint64_t at;
} faults[OS_FAULT_KINDS];

void os_fault_at(enum os_fault_kind kind, uint64_t n)
{
    atomic_store_explicit(&faults[kind].at, 0, memory_order_relaxed);
    atomic_store_explicit(&faults[kind].requests, 0, memory_order_relaxed);
    atomic_store_explicit(&faults[kind].at, n, memory_order_relaxed);
}

uint64_t os_fault_requests(enum os_fault_kind kind)
{
    return atomic_load_explicit(&faults[kind].requests, memory_order_relaxed);
}

bool os_fault_strikes(enum os_fault_kind kind)
{
    uint64_t request = atomic_fetch_add_explicit(&faults[kind].requests, 1, memory_order_relaxed);

    return request + 1 == atomic_load_explicit(&faults[kind].at, memory_order_relaxed);
}
