/*
 * compare.c: see compare.h.
 */
#include "compare.h"

/* True if they are the same; else notes the difference. */
static bool is_same(struct difference *difference, const char *what, ULONGLONG actual,
                    ULONGLONG expected)
{
    if (actual == expected)
        return true;
    *difference = (struct difference){
        .what = what, .actual = actual, .expected = expected, .place = PLACE_ANYWHERE};
    return false;
}

/* ------------------------------------------------------------------------------------------------
 * Answers
 * --------------------------------------------------------------------------------------------- */

bool compare_answers(const struct step *step, const struct answer *ours,
                     const struct answer *expected, struct difference *difference)
{
    const char *name;

    if (!is_same(difference, "the HRESULT", (ULONG)ours->hr, (ULONG)expected->hr) ||
        !is_same(difference, "the last error", ours->last_error, expected->last_error))
        return false;
    for (unsigned i = 0; (name = answer_figure_name(step->kind, i)) != NULL; i++) {
        if (!is_same(difference, name, ours->figures[i], expected->figures[i]))
            return false;
    }
    return true;
}

/* ------------------------------------------------------------------------------------------------
 * Memory
 * --------------------------------------------------------------------------------------------- */

/* A part of a twin: the window, or a region that Win32 found a place for. */
struct part {
    enum step_place place;
    unsigned made;
    const char *ours, *theirs; /* its origin */
};

/* Pages that are alike, up to the end of what is looked at. */
struct run {
    uintptr_t end;
    ULONGLONG allocation_base; /* relative */
    DWORD allocation_protect, state, protect, type;
};

static struct run run_at(const char *origin, uintptr_t offset, uintptr_t limit)
{
    MEMORY_BASIC_INFORMATION range;
    struct run run = {.end = limit};

    if (!VirtualQuery(origin + offset, &range, sizeof(range)))
        return run;
    run.end = (uintptr_t)range.BaseAddress + range.RegionSize - (uintptr_t)origin;
    if (run.end > limit)
        run.end = limit;
    run.state = range.State;
    if (range.State == MEM_FREE)
        return run; /* the rest is undefined */
    run.allocation_base = (uintptr_t)range.AllocationBase - (uintptr_t)origin;
    run.allocation_protect = range.AllocationProtect;
    run.protect = range.State == MEM_COMMIT ? range.Protect : 0;
    run.type = range.Type;
    return run;
}

static bool compare_runs(const struct run *ours, const struct run *theirs,
                         struct difference *difference)
{
    return is_same(difference, "the state of a page", ours->state, theirs->state) &&
           is_same(difference, "AllocationBase", ours->allocation_base, theirs->allocation_base) &&
           is_same(difference, "AllocationProtect", ours->allocation_protect,
                   theirs->allocation_protect) &&
           is_same(difference, "the protection of a page", ours->protect, theirs->protect) &&
           is_same(difference, "the type of a page", ours->type, theirs->type) &&
           is_same(difference, "how far pages are alike", ours->end, theirs->end);
}

/* Win32's twin has regions where the world has them, and counts what is committed in them. */
static bool account(struct world *world, const struct part *part, uintptr_t at,
                    const struct run *run, struct difference *difference)
{
    struct world_region *region = world_find_at(world, part->place, part->made, at);

    if (!is_same(difference, "region in the test's own model", region != NULL,
                 run->state != MEM_FREE))
        return false;
    if (!region)
        return true;
    if (!is_same(difference, "base in the test's own model", region->begin, run->allocation_base))
        return false;
    if (run->state == MEM_COMMIT)
        region->committed += run->end - at;
    return true;
}

/* Nothing is known to be committed before the walk. */
static void forget_committed(struct world *world, const struct part *part, uintptr_t begin,
                             uintptr_t end)
{
    for (unsigned i = 0; i < world->region_count; i++) {
        struct world_region *region = &world->regions[i];

        if (region->place == part->place && region->made == part->made && region->begin < end &&
            begin < region->begin + region->size)
            region->committed = 0;
    }
}

/* begin and end lie in no region's middle. */
static bool walk(struct world *world, const struct part *part, uintptr_t begin, uintptr_t end,
                 struct difference *difference)
{
    struct run ours, theirs;

    forget_committed(world, part, begin, end);
    for (uintptr_t at = begin; at < end; at = theirs.end) {
        ours = run_at(part->ours, at, end);
        theirs = run_at(part->theirs, at, end);
        if (!compare_runs(&ours, &theirs, difference) ||
            !account(world, part, at, &theirs, difference)) {
            difference->place = part->place;
            difference->made = part->made;
            difference->offset = at;
            return false;
        }
    }
    return true;
}

static bool walk_window(struct world *world, uintptr_t begin, uintptr_t end,
                        struct difference *difference)
{
    const struct part window = {PLACE_WINDOW, 0, world->ours.window, world->theirs.window};

    return walk(world, &window, begin, end, difference);
}

static bool walk_made(struct world *world, unsigned made, struct difference *difference)
{
    const struct part part = {PLACE_MADE, made, world->ours.made[made], world->theirs.made[made]};
    const struct world_region *region = world_find_at(world, PLACE_MADE, made, 0);

    return !region || walk(world, &part, 0, region->size, difference);
}

/* Moves both ends outwards until they lie in no region's middle. */
static void widen(const struct world *world, uintptr_t *begin, uintptr_t *end)
{
    uintptr_t old_begin = *begin, old_end = *end;

    for (unsigned i = 0; i < world->region_count; i++) {
        const struct world_region *region = &world->regions[i];
        uintptr_t region_end = region->begin + region->size;

        if (region->place != PLACE_WINDOW || region->begin >= old_end || old_begin >= region_end)
            continue;
        *begin = region->begin < *begin ? region->begin : *begin;
        *end = region_end > *end ? region_end : *end;
    }
}

/* The offset's granule and its neighbours; further, if the step's size goes further. */
static bool walk_window_near(struct world *world, const struct step *step,
                             struct difference *difference)
{
    SIZE_T left = WINDOW_SIZE - step->offset;
    uintptr_t begin = step->offset & ~(GRANULE - 1);
    uintptr_t end = left > GRANULE && step->size < left - GRANULE
                        ? step->offset + step->size + GRANULE
                        : WINDOW_SIZE;

    begin -= begin ? GRANULE : 0;
    end = (end + GRANULE - 1) & ~(GRANULE - 1);
    widen(world, &begin, &end);
    return walk_window(world, begin, end, difference);
}

bool compare_memory_near(struct world *world, const struct step *step,
                         struct difference *difference)
{
    switch (step->place) {
    case PLACE_WINDOW:
        return walk_window_near(world, step, difference);
    case PLACE_MADE:
        return walk_made(world, step->made, difference);
    default:
        return step->offset || walk_made(world, step->made, difference);
    }
}

bool compare_all_memory(struct world *world, struct difference *difference)
{
    if (!walk_window(world, 0, WINDOW_SIZE, difference))
        return false;
    for (unsigned made = 0; made < MADE; made++) {
        if (!walk_made(world, made, difference))
            return false;
    }
    return true;
}

/* ------------------------------------------------------------------------------------------------
 * Books
 * --------------------------------------------------------------------------------------------- */

static bool compare_gauge(struct difference *difference, const char *now, const char *peak,
                          const HOSTMEM_GAUGE *gauge, const ULONGLONG expected[2])
{
    return is_same(difference, now, gauge->Now, expected[0]) &&
           is_same(difference, peak, gauge->Peak, expected[1]);
}

static bool compare_totals(struct world *world, struct difference *difference)
{
    HOSTMEM_STATISTICS statistics = statistics_of(&world->subject);
    const struct world_books *books = &world->books;

    world_sum(world);
    return is_same(difference, "Status", statistics.Status, HostMemStatusOpen) &&
           compare_gauge(difference, "Reserved.Now", "Reserved.Peak", &statistics.Reserved,
                         (ULONGLONG[]){books->reserved, books->reserved_peak}) &&
           compare_gauge(difference, "Committed.Now", "Committed.Peak", &statistics.Committed,
                         (ULONGLONG[]){books->committed, books->committed_peak}) &&
           compare_gauge(difference, "Regions.Now", "Regions.Peak", &statistics.Regions,
                         (ULONGLONG[]){books->regions, books->regions_peak}) &&
           is_same(difference, "RefusedFrees", statistics.RefusedFrees, books->refused_frees) &&
           is_same(difference, "ForeignCommits", statistics.ForeignCommits, books->foreign_commits);
}

/* Checks whether the memory at the step's address belongs to a region. */
static bool compare_found(struct world *world, const struct step *step,
                          struct difference *difference)
{
    const struct world_region *region = world_find(world, step);
    const char *address = world_address(&world->ours, step);
    bool owned = region && region->owned;
    HOSTMEM_REGION found;
    HRESULT hr = IHostMemInspection_FindRegion(world->subject.inspection, address, &found);

    if (!is_same(difference, "FindRegion's HRESULT", (ULONG)hr, (ULONG)(owned ? S_OK : S_FALSE)))
        return false;
    if (!owned)
        return true;
    return is_same(difference, "FindRegion's Base", (uintptr_t)address - (uintptr_t)found.Base,
                   step->offset - region->begin) &&
           is_same(difference, "FindRegion's Size", found.Size, region->size) &&
           is_same(difference, "FindRegion's Committed", found.Committed, region->committed);
}

bool compare_books(struct world *world, const struct step *step, struct difference *difference)
{
    if (!compare_totals(world, difference))
        return false;
    if (step->place == PLACE_ANYWHERE ||
        (step->place == PLACE_MADE && !world->ours.made[step->made]))
        return true;
    return compare_found(world, step, difference);
}

/* ------------------------------------------------------------------------------------------------
 * The audit
 * --------------------------------------------------------------------------------------------- */

static HRESULT CALLBACK note_first(void *context, const HOSTMEM_DIFFERENCE *found)
{
    HOSTMEM_DIFFERENCE *first = context;

    if (!first->Kind)
        *first = *found;
    return S_OK;
}

/* No `default`: the compiler reports a kind that is missing here. */
static const char *audit_text(HOSTMEM_DIFFERENCE_KIND kind)
{
    if (!kind)
        return "the audit's HRESULT, or regions busy or not compared";
    switch (kind) {
    case HostMemOnlyInBooks:
        return "the audit: only in the books";
    case HostMemOnlyInSystem:
        return "the audit: only in the system";
    case HostMemRegionMissing:
        return "the audit: region missing";
    case HostMemRegionLarger:
        return "the audit: region larger";
    case HostMemReservedTotal:
        return "the audit: total of reserved bytes";
    case HostMemCommittedTotal:
        return "the audit: total of committed bytes";
    case HostMemRegionsTotal:
        return "the audit: total of regions";
    case HostMemBlocksTotal:
        return "the audit: total of blocks";
    case HostMemBlockBytesTotal:
        return "the audit: total of bytes in blocks";
    case HostMemReservedCharge:
        return "the audit: charge for reserved bytes";
    case HostMemCommittedCharge:
        return "the audit: charge for committed bytes";
    case HostMemSectionOnlyInBooks:
        return "the audit: only in the books, in a section";
    case HostMemSectionOnlyInSystem:
        return "the audit: only in the system, in a section";
    case HostMemViewMissing:
        return "the audit: view missing";
    case HostMemSectionsTotal:
        return "the audit: total of sections";
    case HostMemSectionBytesTotal:
        return "the audit: total of bytes in sections";
    case HostMemSectionViewsTotal:
        return "the audit: total of views of sections";
    }
    return "the audit: an unknown kind of difference";
}

bool compare_audit(const struct world *world, struct difference *difference)
{
    HOSTMEM_AUDIT audit = {.cbSize = sizeof(audit)};
    HOSTMEM_DIFFERENCE first = {0};
    HRESULT hr = IHostMemInspection_Audit(world->subject.inspection, &audit, note_first, &first);

    if (hr != S_OK || audit.Differences || audit.Busy || !audit.TotalsCompared) {
        *difference = (struct difference){.what = audit_text(first.Kind),
                                          .actual = first.Books,
                                          .expected = first.System,
                                          .place = PLACE_ANYWHERE};
        return false;
    }
    return is_same(difference, "regions that the audit met", audit.Regions, world->books.regions) &&
           is_same(difference, "committed bytes that the audit met", audit.CommittedBytes,
                   world->books.committed) &&
           is_same(difference, "reserved bytes that the audit met", audit.ReservedBytes,
                   world->books.reserved);
}
