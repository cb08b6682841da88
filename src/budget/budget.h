/*
 * budget.h: how much is in use, of address space and of committed memory.
 *
 * A byte is charged when the system has granted it, and refunded when the system has it back; what
 * the system refuses never shows, not even in a peak. Once all calls have returned, the figures are
 * exactly what the system holds. There is no limit yet: nothing is asked here before the system is.
 */
#ifndef HOSTMEM_BUDGET_BUDGET_H
#define HOSTMEM_BUDGET_BUDGET_H

#include "record/gauge.h"

#include <stdint.h>

struct budget {
    struct gauge reserved;  /* bytes */
    struct gauge committed; /* bytes */
};

/* Bytes of the two kinds. */
struct budget_charge {
    uint64_t reserved;
    uint64_t committed;
};

static inline void budget_charge(struct budget *budget, struct budget_charge charge)
{
    if (charge.reserved)
        gauge_add(&budget->reserved, charge.reserved);
    if (charge.committed)
        gauge_add(&budget->committed, charge.committed);
}

static inline void budget_refund(struct budget *budget, struct budget_charge charge)
{
    if (charge.reserved)
        gauge_subtract(&budget->reserved, charge.reserved);
    if (charge.committed)
        gauge_subtract(&budget->committed, charge.committed);
}

#endif
