/*
 * section_audit.c: see section_audit.h.
 */
#include "pages/audit/section_audit.h"

#include "os/os.h"
#include "pages/sections/view.h"

#define ATTEMPTS 8

/* The comparison of one section. */
struct walk {
    const struct sections *sections;
    const struct section *section;
    struct section_facts facts;
    struct audit *audit;
    audit_callback *callback;
    void *context;
    bool stopped; /* by the callback */

    /* Of the view that is being looked at. */
    uint32_t view_index;
    struct view_facts view;
    uint64_t word;      /* section_observe */
    uint64_t committed; /* bytes, by the system */
    bool different;
    bool telling;
    bool interrupted;
    uintptr_t told; /* how far differences have been told */
};

/* True if nothing can have changed since the look began: what it found counts. */
static bool at_rest(const struct walk *walk)
{
    uint64_t word;

    return section_observe(walk->section, &word) && word == walk->word &&
           views_are_still(walk->sections, walk->view_index, &walk->view);
}

/* Tells of the difference between the addresses, unless that was done before. */
static void tell(struct walk *walk, enum audit_kind kind, uintptr_t begin, uintptr_t end)
{
    struct audit_difference difference = {
        .kind = kind, .section = walk->facts, .address = begin, .books = end - begin};

    walk->different = true;
    if (!walk->telling || walk->stopped || walk->interrupted || begin < walk->told)
        return;
    if (!at_rest(walk)) {
        walk->interrupted = true;
        return;
    }
    if (kind == AUDIT_SECTION_ONLY_IN_SYSTEM) {
        difference.system = difference.books;
        difference.books = 0;
    }
    walk->told = end;
    walk->audit->differences++;
    walk->stopped = !walk->callback(walk->context, &difference);
}

/*
 * True if another view says that the page of the section is committed. *end: from there on that
 * view does not tell, or it is where the question ended.
 */
static bool is_told_elsewhere(const struct walk *walk, uint64_t offset, uint64_t *end)
{
    uint32_t cursor = 0;
    struct view_facts view;

    while (views_next(walk->sections, &cursor, &view)) {
        struct os_range system;
        uintptr_t at = view.base + (uintptr_t)(offset - view.offset);

        if (view.section != walk->view.section || offset < view.offset ||
            offset - view.offset >= view.size || !os_query_range(at, &system) ||
            system.allocation_base != view.base || system.state != OS_MEM_COMMIT)
            continue;
        if (system.base + system.size - at < *end - offset)
            *end = offset + (system.base + system.size - at);
        return true;
    }
    return false;
}

/* Compares the addresses [begin, end), all of one state for the system, with the books. */
static void compare_run(struct walk *walk, uintptr_t begin, uintptr_t end, bool committed)
{
    while (begin < end) {
        uint64_t offset = walk->view.offset + (begin - walk->view.base);
        bool set;
        uint64_t run = section_run(walk->section, &walk->sections->nodes, offset,
                                   offset + (end - begin), &set);
        uintptr_t stop = begin + (uintptr_t)(run - offset);

        if (set && !committed && is_told_elsewhere(walk, offset, &run))
            stop = begin + (uintptr_t)(run - offset);
        else if (set != committed)
            tell(walk, set ? AUDIT_SECTION_ONLY_IN_BOOKS : AUDIT_SECTION_ONLY_IN_SYSTEM, begin,
                 stop);
        begin = stop;
    }
}

static void compare_view(struct walk *walk)
{
    uintptr_t at = walk->view.base, end = at + walk->view.size;

    walk->different = false;
    walk->committed = 0;
    while (at < end) {
        struct os_range system;
        bool known = os_query_range(at, &system);
        uintptr_t stop = known && system.base + system.size < end ? system.base + system.size : end;

        if (!known || system.allocation_base != walk->view.base) {
            tell(walk, AUDIT_VIEW_MISSING, at, stop);
        } else {
            bool committed = system.state == OS_MEM_COMMIT;

            walk->committed += committed ? stop - at : 0;
            compare_run(walk, at, stop, committed);
        }
        at = stop;
    }
}

/* Compares a view, and tells what differs. False: it did not come to rest, or is gone. */
static bool look_at_view(struct walk *walk)
{
    walk->told = 0;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        if (!section_observe(walk->section, &walk->word) || !at_rest(walk))
            continue;
        compare_view(walk);
        if (!at_rest(walk))
            continue;
        if (!walk->different)
            return true;
        walk->interrupted = false;
        walk->telling = true;
        compare_view(walk);
        walk->telling = false;
        if (!walk->interrupted)
            return true;
    }
    return false;
}

static void audit_section(struct walk *walk, uint32_t index)
{
    uint32_t cursor = 0;
    bool seen = false;

    while (!walk->stopped && views_next(walk->sections, &cursor, &walk->view)) {
        walk->view_index = cursor;
        if (walk->view.section != index || !look_at_view(walk))
            continue;
        walk->audit->section_bytes += walk->committed;
        seen = true;
    }
    walk->audit->sections += seen;
    walk->audit->sections_unseen += !seen;
}

void section_audit_records(const struct sections *sections, struct audit *audit)
{
    struct section_facts facts;
    struct view_facts view;
    uint32_t cursor = 0;

    while (sections_next(sections, &cursor, &facts)) {
        audit->books_sections++;
        audit->books_section_bytes += facts.committed;
    }
    cursor = 0;
    while (views_next(sections, &cursor, &view))
        audit->books_views++;
}

bool section_audit_run(const struct sections *sections, struct audit *audit,
                       audit_callback *callback, void *context)
{
    uint32_t cursor = 0;
    struct section_facts facts;

    while (sections_next(sections, &cursor, &facts)) {
        struct walk walk = {.sections = sections,
                            .section = sections_at(sections, cursor),
                            .facts = facts,
                            .audit = audit,
                            .callback = callback,
                            .context = context};

        audit_section(&walk, cursor);
        if (walk.stopped)
            return false;
    }
    section_audit_records(sections, audit);
    return true;
}
