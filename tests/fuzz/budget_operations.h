/*
 * budget_operations.h: the operations of fuzz_budget, as bytes and in words. A charge is kept in a
 * ticket until it is noted, returned or refunded.
 */
#ifndef HOSTMEM_TESTS_BUDGET_OPERATIONS_H
#define HOSTMEM_TESTS_BUDGET_OPERATIONS_H

#include "fuzz.h"

enum budget_kind_of_operation {
    BUDGET_LIMIT,
    BUDGET_ASK,
    BUDGET_NOTE,   /* part of a ticket is granted */
    BUDGET_RETURN, /* part of what is not granted */
    BUDGET_FORCE,
    BUDGET_UNNOTE, /* part of what is granted */
    BUDGET_REFUND, /* likewise */
    BUDGET_THRESHOLDS,
    BUDGET_SYSTEM, /* is short of memory, or no more */
    BUDGET_END_CALL,
    BUDGET_OPERATIONS
};

/* Each field is taken modulo the number of its values. */
struct budget_operation {
    uint8_t kind;
    uint8_t ticket;
    uint8_t unit; /* amounts are so many of these: budget_units; */
    uint8_t reserved;
    uint8_t committed;
    uint8_t level;
    uint8_t more; /* which limit, refused or not, how many operations the callback does */
    uint8_t time; /* that passes before the end of a call, in steps of budget_times */
};

_Static_assert(sizeof(struct budget_operation) == FUZZ_OPERATION, "no padding");

#define BUDGET_TICKETS 8u

enum {
    BUDGET_UNITS = 6,
    BUDGET_TIMES = 6
};

extern const uint64_t budget_units[BUDGET_UNITS];
extern const uint64_t budget_times[BUDGET_TIMES];

/* The amounts that the fields mean: less than 2^57, but for limits. */
static inline uint64_t budget_amount(const struct budget_operation *operation, uint8_t count)
{
    return budget_units[operation->unit % BUDGET_UNITS] * count;
}

/* Limits: the largest values of the bytes are no limit, and the largest there is. */
uint64_t budget_limit_of(const struct budget_operation *operation, uint8_t count);

#endif
