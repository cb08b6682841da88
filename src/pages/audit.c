/*
 * audit.c: see audit.h.
 *
 * A first walk over a region finds out whether it differs from the books. That counts only if the
 * region was at rest throughout. So that the walk needs no memory for its findings, a second walk
 * reports them, each only if the region is still as it was when the first walk began.
 */
#include "pages/audit.h"

#include "os/os.h"
#include "pages/region_operation.h"

#define ATTEMPTS 8

/* One walk over one region. */
struct walk {
    const struct pages *pages;
    const struct region *region;
    uint64_t life;
    uint64_t foreign_requests;
    struct region_facts facts;
    struct audit *audit;
    audit_callback *callback; /* NULL: only look */
    void *context;
    bool different;
    bool stopped;
    uint64_t reserved; /* by the system */
    uint64_t committed;
};

enum look {
    LOOK_GONE,
    LOOK_COMPARED,
    LOOK_BUSY
};

/* True if nothing can have changed since the walk began: what it found counts. */
static bool at_rest(const struct walk *walk)
{
    return region_at_rest_since(walk->region, walk->life) &&
           (!walk->different || operation_no_foreign_since(walk->pages, walk->foreign_requests));
}

static void tell(struct walk *walk, enum audit_kind kind, uintptr_t address, uint64_t books,
                 uint64_t system)
{
    struct audit_difference difference = {kind, walk->facts, address, books, system};

    walk->different = true;
    if (!walk->callback || walk->stopped || !at_rest(walk))
        return;
    walk->audit->differences++;
    walk->stopped = !walk->callback(walk->context, &difference);
}

/* Compares pages [begin, end), all of one state for the system, with their bits. */
static void compare_run(struct walk *walk, uintptr_t begin, uintptr_t end, bool committed)
{
    while (begin < end) {
        bool set;
        uintptr_t stop = committed_run(&walk->pages->table.chunks, begin, end, &set);

        if (set && !committed)
            tell(walk, AUDIT_ONLY_IN_BOOKS, begin, stop - begin, 0);
        if (!set && committed)
            tell(walk, AUDIT_ONLY_IN_SYSTEM, begin, 0, stop - begin);
        begin = stop;
    }
}

static void compare_region(struct walk *walk)
{
    uintptr_t at = walk->facts.base;
    uintptr_t end = at + walk->facts.size;
    struct os_range system;

    walk->different = false;
    walk->reserved = walk->committed = 0;
    while (at < end) {
        uintptr_t stop = end;
        bool known = os_query_range(at, &system);
        bool ours = known && system.allocation_base == walk->facts.base;
        bool committed = ours && system.state == OS_MEM_COMMIT;

        if (known && system.base + system.size < stop)
            stop = system.base + system.size;
        if (ours)
            walk->reserved += stop - at;
        else
            tell(walk, AUDIT_REGION_MISSING, at, stop - at, 0);
        if (committed)
            walk->committed += stop - at;
        compare_run(walk, at, stop, committed);
        at = stop;
    }
    /* Memory beyond the end that has this region's allocation base belongs to it. */
    if (os_query_range(end, &system) && system.allocation_base == walk->facts.base)
        tell(walk, AUDIT_REGION_LARGER, end, 0, system.base + system.size - end);
}

static enum look look_at_rest(struct walk *walk)
{
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        walk->foreign_requests = operation_foreign_requests(walk->pages);
        walk->life = region_observe(walk->region);
        if (!region_read(walk->region, &walk->facts))
            return LOOK_GONE;
        compare_region(walk);
        if (at_rest(walk))
            return LOOK_COMPARED;
    }
    return LOOK_BUSY;
}

static void audit_region(struct walk *walk, audit_callback *callback)
{
    struct audit *audit = walk->audit;

    walk->callback = NULL;
    switch (look_at_rest(walk)) {
    case LOOK_GONE:
        return;
    case LOOK_BUSY:
        audit->busy++;
        return;
    case LOOK_COMPARED:
        break;
    }
    audit->regions++;
    audit->reserved += walk->reserved;
    audit->committed += walk->committed;
    audit->books_reserved += walk->facts.size;
    audit->books_committed += pages_committed(walk->pages, &walk->facts);
    if (walk->different) {
        walk->callback = callback;
        compare_region(walk);
    }
}

static bool tell_total(struct audit *audit, audit_callback *callback, void *context,
                       enum audit_kind kind, uint64_t books, uint64_t system)
{
    struct audit_difference difference = {.kind = kind, .books = books, .system = system};

    if (books == system)
        return true;
    audit->differences++;
    return callback(context, &difference);
}

static bool audit_totals(const struct pages *pages, struct audit *audit, audit_callback *callback,
                         void *context, uint64_t mark)
{
    uint64_t reserved = gauge_now(&pages->budget.reserved.granted);
    uint64_t committed = gauge_now(&pages->budget.committed.granted);
    uint64_t reserved_charge = budget_charged(&pages->budget.reserved);
    uint64_t committed_charge = budget_charged(&pages->budget.committed);
    uint64_t regions = gauge_now(&pages->counters->regions);

    audit->totals_compared = audit->busy == 0 && counters_are_quiet(pages->counters, mark);
    if (!audit->totals_compared)
        return true;
    return tell_total(audit, callback, context, AUDIT_RESERVED_TOTAL, reserved,
                      audit->books_reserved) &&
           tell_total(audit, callback, context, AUDIT_COMMITTED_TOTAL, committed,
                      audit->books_committed) &&
           tell_total(audit, callback, context, AUDIT_REGIONS_TOTAL, regions, audit->regions) &&
           tell_total(audit, callback, context, AUDIT_RESERVED_CHARGE, reserved, reserved_charge) &&
           tell_total(audit, callback, context, AUDIT_COMMITTED_CHARGE, committed,
                      committed_charge);
}

bool audit_run(const struct pages *pages, struct audit *audit, audit_callback *callback,
               void *context)
{
    uint64_t mark = counters_mark(pages->counters);
    uint32_t limit = region_table_limit(&pages->table);

    *audit = (struct audit){0};
    for (uint32_t index = 1; index <= limit; index++) {
        struct walk walk = {.pages = pages,
                            .region = region_table_at(&pages->table, index),
                            .audit = audit,
                            .context = context};

        audit_region(&walk, callback);
        if (walk.stopped)
            return false;
    }
    return audit_totals(pages, audit, callback, context, mark);
}

bool audit_records(const struct pages *pages, struct audit *audit, audit_callback *callback,
                   void *context)
{
    uint64_t mark = counters_mark(pages->counters);
    uint32_t limit = region_table_limit(&pages->table);

    *audit = (struct audit){0};
    for (uint32_t index = 1; index <= limit; index++) {
        const struct region *region = region_table_at(&pages->table, index);
        struct region_facts facts;

        if (region_is_busy(region)) {
            audit->busy++;
        } else if (region_read(region, &facts)) {
            audit->regions++;
            audit->books_reserved += facts.size;
            audit->books_committed += pages_committed(pages, &facts);
        }
    }
    audit->reserved = audit->books_reserved;
    audit->committed = audit->books_committed;
    return audit_totals(pages, audit, callback, context, mark);
}
