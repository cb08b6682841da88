/*
 * limit_verdict.h: whether a limit was kept, and whether the runtime was warned before a refusal.
 */
#ifndef HOSTMEM_REPORT_LIMIT_VERDICT_H
#define HOSTMEM_REPORT_LIMIT_VERDICT_H

#include "report/snapshot.h"

#include <stdbool.h>
#include <stdint.h>

/* All that a program may use: the limit and the reserve above it. 0: there is no limit. */
uint64_t limit_total(const HOSTMEM_LIMIT *limit);

enum limit_warning {
    LIMIT_NOT_REFUSED,   /* there was no refusal */
    LIMIT_NEVER_WARNED,  /* the runtime was not notified that memory is low */
    LIMIT_WARNED_LATE,   /* notified after the first refusal */
    LIMIT_WARNED_IN_TIME /* notified before it */
};

struct limit_verdict {
    bool has_limit; /* of either kind; false: the other members mean nothing */
    bool is_kept;   /* no peak was above its limit */
    uint64_t refusals;
    enum limit_warning warning;
    uint64_t milliseconds; /* between the warning and the first refusal */
};

struct limit_verdict limit_verdict(const HOSTMEM_LIMITS *limits,
                                   const HOSTMEM_STATISTICS *statistics);

/*
 * What the process has committed outside of hostmem's books, and so outside of any limit: images
 * and hostmem's own books do not count.
 */
struct limit_outside {
    bool is_known; /* the process was looked at; false: the other members mean nothing */
    bool is_more;  /* outside is more than inside: the limit says little about the process */
    uint64_t inside;
    uint64_t stacks;
    uint64_t heaps;  /* Windows' */
    uint64_t others; /* other private memory: the system's, and what native code allocates */
    uint64_t mapped; /* files, and sections that hostmem does not know */
};

struct limit_outside limit_outside(const struct snapshot *snapshot);

/* Tenths of a percent, rounded down: 1000 only if the limit was reached. limit is not 0. */
unsigned limit_permille(uint64_t used, uint64_t limit);

#endif
