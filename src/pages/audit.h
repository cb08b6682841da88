/*
 * audit.h: compares the books with the system, region by region.
 *
 * Runs while other threads work, and keeps none of them waiting. The comparison of a part of a
 * region counts only if the part was at rest throughout (activity.h), and a difference only if no
 * foreign request was under way either (region_operation.h). Otherwise it is made again, a few
 * times.
 */
#ifndef HOSTMEM_PAGES_AUDIT_H
#define HOSTMEM_PAGES_AUDIT_H

#include "pages/pages.h"

/* In the order of HOSTMEM_DIFFERENCE_KIND (hostmem/inspection.h). */
enum audit_kind {
    AUDIT_ONLY_IN_BOOKS = 1,
    AUDIT_ONLY_IN_SYSTEM,
    AUDIT_REGION_MISSING,
    AUDIT_REGION_LARGER,
    AUDIT_RESERVED_TOTAL,
    AUDIT_COMMITTED_TOTAL,
    AUDIT_REGIONS_TOTAL,
    AUDIT_BLOCKS_TOTAL, /* these two are found by heap_audit (heap/heap_walk.h) */
    AUDIT_BLOCK_BYTES_TOTAL,
    AUDIT_RESERVED_CHARGE, /* books: what is granted; system: what is charged */
    AUDIT_COMMITTED_CHARGE
};

struct audit_difference {
    enum audit_kind kind;
    struct region_facts region; /* all zero for the totals */
    uintptr_t address;
    uint64_t books;  /* totals: by the gauges */
    uint64_t system; /* totals: by adding up the regions in the books */
};

struct audit {
    bool totals_compared;
    uint64_t regions;        /* that were compared, be it in part */
    uint64_t busy;           /* those that were not compared wholly */
    uint64_t busy_bytes;     /* what was left out of them */
    uint64_t reserved;       /* by the system, in what was compared */
    uint64_t committed;      /* likewise */
    uint64_t books_reserved; /* by the books, in the same parts */
    uint64_t books_committed;
    uint64_t differences;
};

/* Called for each difference; false ends the audit. */
typedef bool audit_callback(void *context, const struct audit_difference *difference);

/* False: the callback ended it. */
bool audit_run(const struct pages *pages, struct audit *audit, audit_callback *callback,
               void *context);

/*
 * The same without the system: compares the totals with the records. For books of which nobody
 * changes anything any more (reader/).
 */
bool audit_records(const struct pages *pages, struct audit *audit, audit_callback *callback,
                   void *context);

#endif
