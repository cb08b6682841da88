/*
 * audit_result.h: what an audit finds.
 */
#ifndef HOSTMEM_PAGES_AUDIT_AUDIT_RESULT_H
#define HOSTMEM_PAGES_AUDIT_AUDIT_RESULT_H

#include "pages/region.h"
#include "pages/sections/section.h"

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
    AUDIT_COMMITTED_CHARGE,
    AUDIT_SECTION_ONLY_IN_BOOKS, /* these three: in a view of a section */
    AUDIT_SECTION_ONLY_IN_SYSTEM,
    AUDIT_VIEW_MISSING,
    AUDIT_SECTIONS_TOTAL,
    AUDIT_SECTION_BYTES_TOTAL,
    AUDIT_SECTION_VIEWS_TOTAL
};

struct audit_difference {
    enum audit_kind kind;
    struct region_facts region;   /* all zero but for regions */
    struct section_facts section; /* likewise for sections */
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

    uint64_t sections;        /* those of which a view was compared */
    uint64_t sections_unseen; /* those of which none was */
    uint64_t section_bytes;   /* committed, by the system; a page counts with each view of it */
    uint64_t books_sections;
    uint64_t books_section_bytes;
    uint64_t books_views;
};

/* Called for each difference; false ends the audit. */
typedef bool audit_callback(void *context, const struct audit_difference *difference);

#endif
