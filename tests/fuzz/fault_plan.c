/*
 * fault_plan.c: see fault_plan.h.
 */
#include "fault_plan.h"

static uint64_t fault_at[OS_FAULT_KINDS]; /* the number of the request; 0: none will fail */

void fault_plan_reset(void)
{
    for (int kind = 0; kind < OS_FAULT_KINDS; kind++) {
        fault_at[kind] = 0;
        os_fault_at(kind, 0);
    }
}

void fault_plan(enum os_fault_kind kind, uint64_t skipped)
{
    fault_at[kind] = 1 + skipped;
    os_fault_at(kind, fault_at[kind]);
}

bool fault_plan_has_struck(void)
{
    bool struck = false;

    for (int kind = 0; kind < OS_FAULT_KINDS; kind++) {
        if (!fault_at[kind] || os_fault_requests(kind) < fault_at[kind])
            continue;
        fault_at[kind] = 0;
        os_fault_at(kind, 0);
        struck = true;
    }
    return struck;
}
