/*
 * audit.c: see audit.h.
 *
 * A region is compared part by part. A first look at a part finds out whether it differs from the
 * books. That counts only if the part was at rest throughout. So that the look needs no memory for
 * its findings, a second one reports them, each only if the part is still as it was when the first
 * one began.
 *
 * A part is a chunk's size, or more where the system says that all pages from its start on are of
 * one state: asking about a large reservation may take long, and should be done once. A part that
 * does not come to rest is compared in pieces: one that is busy is halved, down to single granules,
 * and behind what was compared they become larger again. So a busy granule costs few questions.
 */
#include "pages/audit/audit.h"

#include "os/os.h"
#include "pages/foreign.h"
#include "pages/audit/section_audit.h"

#define ATTEMPTS 8
#define ATTEMPTS_AT_PIECE 2 /* that can be halved */
#define PART_SIZE CHUNK_SIZE

/* What was added up while comparing, in bytes. */
struct sums {
    uint64_t reserved; /* by the system */
    uint64_t committed;
    uint64_t books_reserved;
    uint64_t books_committed;
};

/* A walk over one region. */
struct walk {
    const struct pages *pages;
    const struct region *region;
    struct region_facts facts;
    struct audit *audit;
    audit_callback *callback;
    void *context;
    bool stopped; /* by the callback */
    uint64_t busy;
    struct sums sums;

    /* Of the part that is being looked at. */
    struct range part;
    uint64_t mark;
    uint64_t unentered;
    uint64_t foreign_requests;
    bool different;
    struct sums part_sums;

    /* Of the look that tells. */
    bool telling;
    bool interrupted;
    uintptr_t told[2]; /* how far missing memory, and other differences, have been told */
};

enum look {
    LOOK_GONE,      /* the region is not live any more */
    LOOK_UNSETTLED, /* a thread makes it live, and has not ended */
    LOOK_COMPARED,
    LOOK_BUSY
};

static uintptr_t end_of(const struct walk *walk)
{
    return walk->facts.base + walk->facts.size;
}

/* True if nothing can have changed since the look at the part began: what it found counts. */
static bool at_rest(const struct walk *walk)
{
    uint64_t mark;

    /* A refused release that is over before the region is looked at has changed the mark. */
    return region_is_still(walk->region, &walk->facts) &&
           region_unentered(walk->region) == walk->unentered &&
           activity_observe(&walk->pages->table.chunks, walk->part, &mark) && mark == walk->mark &&
           (!walk->different || foreign_none_since(walk->pages, walk->foreign_requests));
}

/* Tells of the difference that goes up to `end`, unless that was done before. */
static void tell(struct walk *walk, enum audit_kind kind, uintptr_t address, uintptr_t end,
                 uint64_t books, uint64_t system)
{
    struct audit_difference difference = {
        .kind = kind, .region = walk->facts, .address = address, .books = books, .system = system};
    uintptr_t *told = &walk->told[kind != AUDIT_REGION_MISSING];

    walk->different = true;
    if (!walk->telling || walk->stopped || address < *told)
        return;
    if (!at_rest(walk)) {
        walk->interrupted = true;
        return;
    }
    *told = end;
    walk->audit->differences++;
    walk->stopped = !walk->callback(walk->context, &difference);
}

/* Compares pages [begin, end), all of one state for the system, with their bits. */
static void compare_run(struct walk *walk, uintptr_t begin, uintptr_t end, bool committed)
{
    while (begin < end) {
        bool set;
        uintptr_t stop = committed_run(&walk->pages->table.chunks, begin, end, &set);

        walk->part_sums.books_committed += set ? stop - begin : 0;
        if (set && !committed)
            tell(walk, AUDIT_ONLY_IN_BOOKS, begin, stop, stop - begin, 0);
        if (!set && committed)
            tell(walk, AUDIT_ONLY_IN_SYSTEM, begin, stop, 0, stop - begin);
        begin = stop;
    }
}

/* Returns how far, within the region, the pages at the end of the part have the same state. */
static uintptr_t compare_part(struct walk *walk)
{
    uintptr_t at = walk->part.begin;
    uintptr_t reach = at;

    walk->different = false;
    walk->part_sums = (struct sums){.books_reserved = walk->part.end - at};
    while (at < walk->part.end) {
        struct os_range system;
        bool known = os_query_range(at, &system);
        bool ours = known && system.allocation_base == walk->facts.base;
        bool committed = ours && system.state == OS_MEM_COMMIT;
        uintptr_t stop;

        reach = end_of(walk);
        if (known && system.base + system.size < reach)
            reach = system.base + system.size;
        stop = reach < walk->part.end ? reach : walk->part.end;
        walk->part_sums.reserved += ours ? stop - at : 0;
        walk->part_sums.committed += committed ? stop - at : 0;
        if (!ours)
            tell(walk, AUDIT_REGION_MISSING, at, stop, stop - at, 0);
        compare_run(walk, at, stop, committed);
        at = stop;
    }
    return reach;
}

static void add_part(struct walk *walk)
{
    walk->sums.reserved += walk->part_sums.reserved;
    walk->sums.committed += walk->part_sums.committed;
    walk->sums.books_reserved += walk->part_sums.books_reserved;
    walk->sums.books_committed += walk->part_sums.books_committed;
}

/* Prepares a look at a part. LOOK_COMPARED: it is at rest. */
static enum look begin_part(struct walk *walk, uintptr_t begin, uintptr_t end)
{
    walk->part = (struct range){begin, end};
    walk->foreign_requests = foreign_requests(walk->pages);
    walk->unentered = region_unentered(walk->region);
    if (!region_is_still(walk->region, &walk->facts))
        return region_is_unsettled(walk->region, &walk->facts) ? LOOK_UNSETTLED : LOOK_GONE;
    if (region_unentered_under_way(walk->unentered))
        return LOOK_BUSY;
    return activity_observe(&walk->pages->table.chunks, walk->part, &walk->mark) ? LOOK_COMPARED
                                                                                 : LOOK_BUSY;
}

/* Tells what differs in the part. False: something has changed meanwhile. */
static bool tell_part(struct walk *walk)
{
    walk->interrupted = false;
    walk->telling = true;
    compare_part(walk);
    walk->telling = false;
    return !walk->interrupted;
}

/* Compares a part, and tells what differs. *reach: see compare_part. */
static enum look look_at(struct walk *walk, uintptr_t begin, uintptr_t end, int attempts,
                         uintptr_t *reach)
{
    enum look look = LOOK_BUSY;

    for (int attempt = 0; attempt < attempts && look != LOOK_GONE; attempt++) {
        look = begin_part(walk, begin, end);
        if (look != LOOK_COMPARED)
            continue;
        *reach = compare_part(walk);
        look = LOOK_BUSY;
        if (!at_rest(walk) || (walk->different && !tell_part(walk)))
            continue;
        add_part(walk);
        return LOOK_COMPARED;
    }
    *reach = end;
    return look;
}

/* Half of a size, in whole granules. */
static size_t half_of(size_t size)
{
    return range_round_down(size / 2 + OS_GRANULE_SIZE - 1, OS_GRANULE_SIZE);
}

/* Compares a part that is busy somewhere, but for the granules that are. */
static enum look look_at_pieces(struct walk *walk, uintptr_t begin, uintptr_t end)
{
    size_t size = half_of(end - begin);
    bool grows = false; /* what is busy lies behind */

    while (begin < end) {
        uintptr_t reach, next = end;
        bool halves;
        enum look look;

        if (end - begin > size)
            next = range_round_down(begin + size, OS_GRANULE_SIZE);
        halves = next - begin > OS_GRANULE_SIZE;
        look = look_at(walk, begin, next, halves ? ATTEMPTS_AT_PIECE : ATTEMPTS, &reach);
        if (look != LOOK_COMPARED && look != LOOK_BUSY)
            return look;
        halves = halves && look == LOOK_BUSY;
        if (halves) {
            size = half_of(next - begin);
        } else {
            walk->busy += look == LOOK_BUSY ? next - begin : 0;
            size *= grows ? 2 : 1;
            begin = next;
        }
        grows = !halves;
    }
    return LOOK_COMPARED;
}

/* Memory beyond the end that has the region's allocation base belongs to it. */
static void look_beyond(struct walk *walk)
{
    uintptr_t end = end_of(walk);
    struct os_range system;

    if (begin_part(walk, end - OS_PAGE_SIZE, end) != LOOK_COMPARED ||
        !os_query_range(end, &system) || system.allocation_base != walk->facts.base)
        return;
    walk->telling = true;
    tell(walk, AUDIT_REGION_LARGER, end, end + 1, 0, system.base + system.size - end);
    walk->telling = false;
}

static enum look look_at_region(struct walk *walk)
{
    uintptr_t at = walk->facts.base;
    uintptr_t end = end_of(walk);
    uintptr_t reach = at;
    enum look look = LOOK_COMPARED;

    while (at < end && look == LOOK_COMPARED) {
        uintptr_t stop = end - at > PART_SIZE ? at + PART_SIZE : end;

        if (reach > stop)
            stop = reach;
        look = look_at(walk, at, stop, ATTEMPTS, &reach);
        if (look == LOOK_BUSY)
            look = look_at_pieces(walk, at, stop);
        at = stop;
    }
    if (look == LOOK_COMPARED)
        look_beyond(walk);
    return look;
}

static void audit_region(struct walk *walk)
{
    struct audit *audit = walk->audit;
    enum look look;

    if (!region_read(walk->region, &walk->facts))
        return;
    look = look_at_region(walk);
    if (look == LOOK_GONE)
        return;
    if (look == LOOK_UNSETTLED)
        walk->busy = walk->facts.size - walk->sums.books_reserved;
    audit->regions++;
    audit->busy += walk->busy != 0;
    audit->busy_bytes += walk->busy;
    audit->reserved += walk->sums.reserved;
    audit->committed += walk->sums.committed;
    audit->books_reserved += walk->sums.books_reserved;
    audit->books_committed += walk->sums.books_committed;
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

/* The gauges of sections, to be read before the look that finds that no call is under way. */
struct section_gauges {
    uint64_t sections;
    uint64_t bytes;
    uint64_t views;
};

static struct section_gauges section_gauges_now(const struct counters *counters)
{
    return (struct section_gauges){gauge_now(&counters->sections),
                                   gauge_now(&counters->section_bytes),
                                   gauge_now(&counters->section_views)};
}

static bool section_totals(const struct section_gauges *gauges, struct audit *audit,
                           audit_callback *callback, void *context)
{
    return tell_total(audit, callback, context, AUDIT_SECTIONS_TOTAL, gauges->sections,
                      audit->books_sections) &&
           tell_total(audit, callback, context, AUDIT_SECTION_BYTES_TOTAL, gauges->bytes,
                      audit->books_section_bytes) &&
           tell_total(audit, callback, context, AUDIT_SECTION_VIEWS_TOTAL, gauges->views,
                      audit->books_views);
}

static bool audit_totals(const struct pages *pages, struct audit *audit, audit_callback *callback,
                         void *context, uint64_t mark)
{
    uint64_t reserved = gauge_now(&pages->budget.reserved.granted);
    uint64_t committed = gauge_now(&pages->budget.committed.granted);
    uint64_t reserved_charge = budget_charged(&pages->budget.reserved);
    uint64_t committed_charge = budget_charged(&pages->budget.committed);
    uint64_t regions = gauge_now(&pages->counters->regions);
    struct section_gauges sections = section_gauges_now(pages->counters);

    audit->totals_compared = audit->busy == 0 && counters_are_quiet(pages->counters, mark);
    if (!audit->totals_compared)
        return true;
    return tell_total(audit, callback, context, AUDIT_RESERVED_TOTAL, reserved,
                      audit->books_reserved) &&
           tell_total(audit, callback, context, AUDIT_COMMITTED_TOTAL, committed,
                      audit->books_committed + audit->books_section_bytes) &&
           tell_total(audit, callback, context, AUDIT_REGIONS_TOTAL, regions, audit->regions) &&
           tell_total(audit, callback, context, AUDIT_RESERVED_CHARGE, reserved, reserved_charge) &&
           tell_total(audit, callback, context, AUDIT_COMMITTED_CHARGE, committed,
                      committed_charge) &&
           section_totals(&sections, audit, callback, context);
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
                            .callback = callback,
                            .context = context};

        audit_region(&walk);
        if (walk.stopped)
            return false;
    }
    return section_audit_run(&pages->sections, audit, callback, context) &&
           audit_totals(pages, audit, callback, context, mark);
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
            audit->books_committed += facts.committed;
        }
    }
    audit->reserved = audit->books_reserved;
    audit->committed = audit->books_committed;
    section_audit_records(&pages->sections, audit);
    return audit_totals(pages, audit, callback, context, mark);
}
