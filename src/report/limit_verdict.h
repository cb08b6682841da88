/*
 * limit_verdict.h: what became of a limit: the few facts that a reader wants first.
 */
#ifndef HOSTMEM_REPORT_LIMIT_VERDICT_H
#define HOSTMEM_REPORT_LIMIT_VERDICT_H

#include <hostmem/hostmem.h>

#include <stdbool.h>
#include <stdint.h>

/* All that a program may use: the limit and what is kept in reserve above it. 0: there is none. */
uint64_t limit_total(const HOSTMEM_LIMIT *limit);

enum limit_warning {
    LIMIT_NOT_REFUSED,   /* there was nothing to warn of */
    LIMIT_NEVER_WARNED,  /* refused, and the runtime was not told that memory is low */
    LIMIT_WARNED_LATE,   /* told after the first refusal */
    LIMIT_WARNED_IN_TIME /* told before it */
};

struct limit_verdict {
    bool has_limit; /* on either kind; false: nothing below means anything */
    bool is_kept;   /* no peak was above its limit */
    uint64_t refusals;
    enum limit_warning warning;
    uint64_t milliseconds; /* from the warning to the first refusal, or the other way round */
};

struct limit_verdict limit_verdict(const HOSTMEM_LIMITS *limits,
                                   const HOSTMEM_STATISTICS *statistics);

/* Tenths of a percent, rounded down: 1000 only if the limit was reached. limit is not 0. */
unsigned limit_permille(uint64_t used, uint64_t limit);

#endif
