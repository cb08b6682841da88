/*
 * fault_plan.h: an input's faults: which requests to src/os/os.h will fail, and whether one has.
 */
#ifndef HOSTMEM_TESTS_FAULT_PLAN_H
#define HOSTMEM_TESTS_FAULT_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "os/os_fault.h"

/* No fault is planned. Each input begins so. */
void fault_plan_reset(void);

/* The request of that kind after `skipped` others will fail. */
void fault_plan(enum os_fault_kind kind, uint64_t skipped);

/* True if a request has failed by plan since this function was called last. */
bool fault_plan_has_struck(void);

#endif
