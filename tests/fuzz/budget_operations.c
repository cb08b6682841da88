/*
 * budget_operations.c: see budget_operations.h.
 */
#include "budget_operations.h"

#include <stdio.h>
#include <string.h>

#include "budget/budget.h"

const uint64_t budget_units[BUDGET_UNITS] = {1, 1, 7, 100, 4096, UINT64_C(1) << 49};

/* Around a reminder's time, in milliseconds. */
const uint64_t budget_times[BUDGET_TIMES] = {0, 1, 500, 999, 1000, 1001};

uint64_t budget_limit_of(const struct budget_operation *operation, uint8_t count)
{
    if (count == 255)
        return BUDGET_ENDLESS;
    if (count == 254)
        return BUDGET_ENDLESS - 1;
    return budget_amount(operation, count);
}

static void describe_limit(const struct budget_operation *operation, char *text, size_t size)
{
    snprintf(text, size, "limit: %s at %llu, reserves of %llu and %llu",
             operation->more & 1 ? "committed" : "reserved",
             (unsigned long long)budget_limit_of(operation, operation->reserved),
             (unsigned long long)budget_limit_of(operation, operation->committed),
             (unsigned long long)budget_limit_of(operation, operation->level));
}

static void describe_amounts(const char *name, const struct budget_operation *operation, char *text,
                             size_t size)
{
    snprintf(text, size, "%s: ticket %u, %llu reserved, %llu committed, criticality %u", name,
             operation->ticket % BUDGET_TICKETS,
             (unsigned long long)budget_amount(operation, operation->reserved),
             (unsigned long long)budget_amount(operation, operation->committed),
             operation->level % BUDGET_LEVELS);
}

void fuzz_describe(const uint8_t bytes[FUZZ_OPERATION], char *text, size_t size)
{
    static const char *const names[] = {
        [BUDGET_ASK] = "ask",     [BUDGET_NOTE] = "note",     [BUDGET_RETURN] = "return",
        [BUDGET_FORCE] = "force", [BUDGET_UNNOTE] = "unnote", [BUDGET_REFUND] = "refund",
    };
    struct budget_operation operation;

    memcpy(&operation, bytes, sizeof(operation));
    switch (operation.kind % BUDGET_OPERATIONS) {
    case BUDGET_LIMIT:
        describe_limit(&operation, text, size);
        break;
    case BUDGET_THRESHOLDS:
        snprintf(text, size, "thresholds: of %u and %u", operation.reserved, operation.committed);
        break;
    case BUDGET_SYSTEM:
        snprintf(text, size, "system: %s", operation.more & 1 ? "short of memory" : "not short");
        break;
    case BUDGET_END_CALL:
        snprintf(text, size, "end of a call: after %llu ms%s, %u operations in the callback",
                 (unsigned long long)budget_times[operation.time % BUDGET_TIMES],
                 operation.more & 1 ? ", something was refused" : "", operation.more / 2u % 4u);
        break;
    default:
        describe_amounts(names[operation.kind % BUDGET_OPERATIONS], &operation, text, size);
        break;
    }
}
