/*
 * section_books.c: see section_books.h.
 */
#include "section_books.h"

/* ------------------------------------------------------------------------------------------------
 * Pages
 * --------------------------------------------------------------------------------------------- */

static void note_page(struct known_section *section, uint32_t page)
{
    unsigned slot = page * 2654435761u % PAGE_SLOTS;

    while (section->pages[slot] && section->pages[slot] != page + 1)
        slot = (slot + 1) % PAGE_SLOTS;
    if (section->pages[slot])
        return;
    section->pages[slot] = page + 1;
    section->committed++;
    assert_true(section->committed < PAGE_SLOTS);
}

static ULONGLONG committed_bytes(const struct known_section *section)
{
    return section->reserved ? (ULONGLONG)section->committed * PAGE : section->size;
}

static bool is_live(const struct known_section *section)
{
    return section->handles || section->views;
}

/* ------------------------------------------------------------------------------------------------
 * Handles
 * --------------------------------------------------------------------------------------------- */

/* The manager's twin has been given a handle: what its value stood for was closed unseen. */
static void learn_value(struct section_books *books, const struct section_twins *twins,
                        unsigned slot)
{
    HANDLE value = twins->ours.handles[slot];

    books->values[slot] = value;
    for (unsigned i = 0; i < books->unseen_count; i++) {
        if (books->unseen[i].value != value)
            continue;
        books->unseen[i].section->handles--;
        books->unseen[i] = books->unseen[--books->unseen_count];
        return;
    }
}

static void learn_make(struct section_books *books, const struct section_twins *twins,
                       const struct section_step *step, const struct section_answer *answer)
{
    struct known_section *section;

    learn_value(books, twins, step->handle);
    books->of_handle[step->handle] = NULL;
    if (answer->last_error == ERROR_ALREADY_EXISTS)
        return;
    assert_true(books->made < KNOWN_SECTIONS);
    section = &books->sections[books->made++];
    section->size = (step->size + PAGE - 1) / PAGE * PAGE;
    section->reserved = (step->protect & SEC_RESERVE) != 0;
    section->handles = 1;
    books->of_handle[step->handle] = section;
}

/* The handle in the slot is gone. */
static void lose_handle(struct section_books *books, unsigned slot)
{
    if (books->of_handle[slot])
        books->of_handle[slot]->handles--;
    books->of_handle[slot] = NULL;
}

static void learn_duplicate(struct section_books *books, const struct section_twins *twins,
                            const struct section_step *step, bool done)
{
    struct known_section *section =
        step->handle < SECTION_HANDLES ? books->of_handle[step->handle] : NULL;

    if (section)
        section->handles++;
    if (step->handle < SECTION_HANDLES && !twins->ours.handles[step->handle])
        lose_handle(books, step->handle);
    if (done) {
        learn_value(books, twins, step->target);
        books->of_handle[step->target] = section;
    } else if (section) {
        section->handles--;
    }
}

static void learn_unseen_close(struct section_books *books, unsigned slot)
{
    struct known_section *section = books->of_handle[slot];

    books->of_handle[slot] = NULL;
    if (!section)
        return;
    assert_true(books->unseen_count < UNSEEN_HANDLES);
    books->unseen[books->unseen_count].value = books->values[slot];
    books->unseen[books->unseen_count++].section = section;
}

/* ------------------------------------------------------------------------------------------------
 * Views
 * --------------------------------------------------------------------------------------------- */

static void learn_map(struct section_books *books, const struct section_twins *twins,
                      const struct section_step *step)
{
    struct known_section *section = books->of_handle[step->handle];

    books->views[step->target] = (struct view_facts){
        .section = section,
        .from = step->from,
        .size = twins->theirs.extents[step->target],
    };
    if (section)
        section->views++;
}

static void learn_unmap(struct section_books *books, const struct section_twins *twins)
{
    for (unsigned i = 0; i < SECTION_VIEWS; i++) {
        if (twins->theirs.views[i] || !books->views[i].size)
            continue;
        if (books->views[i].section)
            books->views[i].section->views--;
        books->views[i] = (struct view_facts){.section = NULL};
    }
}

static void learn_alloc(struct section_books *books, const struct section_twins *twins,
                        const struct section_step *step)
{
    const char *address = section_address(&twins->theirs, step);
    unsigned slot = section_view_at(&twins->theirs, address);
    struct view_facts *view = slot < SECTION_VIEWS ? &books->views[slot] : NULL;
    SIZE_T first, end;

    if (!view || !(step->type & MEM_COMMIT) || (step->type & (MEM_RESET | MEM_RESET_UNDO)))
        return;
    if (!view->section) {
        books->foreign_commits++;
        books->committed_unseen = true;
        return;
    }
    if (!view->section->reserved)
        return;
    first = (SIZE_T)(address - twins->theirs.views[slot]);
    end = first + (SIZE_T)step->size;
    books->reached_an_end = books->reached_an_end || end > view->size - PAGE;
    for (SIZE_T at = first / PAGE * PAGE; at < end; at += PAGE)
        note_page(view->section, (uint32_t)((view->from + at) / PAGE));
}

static void learn_regions(struct section_books *books, const char *window)
{
    MEMORY_BASIC_INFORMATION range;

    books->regions.reserved = books->regions.committed = books->regions.count = 0;
    for (const char *at = window; at < window + SECTION_WINDOW;
         at = (const char *)range.BaseAddress + range.RegionSize) {
        if (!VirtualQuery(at, &range, sizeof(range)))
            break;
        if (range.State == MEM_FREE || range.Type != MEM_PRIVATE)
            continue;
        books->regions.reserved += range.RegionSize;
        books->regions.committed += range.State == MEM_COMMIT ? range.RegionSize : 0;
        books->regions.count += range.BaseAddress == range.AllocationBase;
    }
}

void section_books_learn(struct section_books *books, const struct section_twins *twins,
                         const struct section_step *step, const struct section_answer *answer)
{
    if (step->kind == SECTION_DUPLICATE) {
        learn_duplicate(books, twins, step, answer->done);
        return;
    }
    if (!answer->done)
        return;
    switch (step->kind) {
    case SECTION_MAKE:
        learn_make(books, twins, step, answer);
        break;
    case SECTION_OPEN:
        learn_value(books, twins, step->handle);
        books->of_handle[step->handle] = NULL;
        break;
    case SECTION_CLOSE:
        if (step->handle < SECTION_HANDLES)
            lose_handle(books, step->handle);
        break;
    case SECTION_CLOSE_UNSEEN:
        if (step->handle < SECTION_HANDLES)
            learn_unseen_close(books, step->handle);
        break;
    case SECTION_MAP:
        learn_map(books, twins, step);
        break;
    case SECTION_UNMAP:
        learn_unmap(books, twins);
        break;
    case SECTION_ALLOC:
        learn_alloc(books, twins, step);
        learn_regions(books, twins->theirs.window);
        break;
    case SECTION_FREE:
        learn_regions(books, twins->theirs.window);
        break;
    default:
        break;
    }
}

/* ------------------------------------------------------------------------------------------------
 * Comparing
 * --------------------------------------------------------------------------------------------- */

static const char *compare_sections(const struct section_books *books,
                                    const HOSTMEM_STATISTICS *statistics)
{
    ULONGLONG sections = 0, bytes = 0, views = 0, view_bytes = 0, ranges = 0, range_bytes = 0;

    for (unsigned i = 0; i < books->made; i++) {
        sections += is_live(&books->sections[i]);
        bytes += is_live(&books->sections[i]) ? committed_bytes(&books->sections[i]) : 0;
    }
    for (unsigned i = 0; i < SECTION_VIEWS; i++) {
        bool known = books->views[i].section != NULL;

        views += known;
        view_bytes += known ? books->views[i].size : 0;
        ranges += !known && books->views[i].size;
        range_bytes += known ? 0 : books->views[i].size;
    }
    if (statistics->Sections.Now != sections)
        return "Sections.Now";
    if (statistics->SectionBytes.Now != bytes)
        return "SectionBytes.Now";
    if (statistics->SectionViews.Now != views || statistics->SectionViewBytes.Now != view_bytes)
        return "SectionViews.Now or SectionViewBytes.Now";
    if (statistics->MappedRanges.Now != ranges || statistics->Mapped.Now != range_bytes)
        return "MappedRanges.Now or Mapped.Now";
    return NULL;
}

static const char *compare_totals(const struct section_books *books,
                                  const struct section_twins *twins)
{
    HOSTMEM_STATISTICS statistics = statistics_of(&twins->looker->subject);

    if (statistics.Reserved.Now != books->regions.reserved ||
        statistics.Regions.Now != books->regions.count)
        return "Reserved.Now or Regions.Now";
    if (statistics.Committed.Now != books->regions.committed + statistics.SectionBytes.Now)
        return "Committed.Now";
    if (statistics.ForeignCommits != books->foreign_commits)
        return "ForeignCommits";
    if (statistics.CallsUnderWay)
        return "CallsUnderWay";
    return compare_sections(books, &statistics);
}

static const char *compare_view(const struct section_twins *twins, unsigned slot,
                                const struct view_facts *view)
{
    const char *last = twins->ours.views[slot] + view->size - 1;
    HOSTMEM_SECTION found;
    HRESULT hr = IHostMemInspection_FindSection(twins->looker->subject.inspection, last, &found);

    if (hr != (view->section ? S_OK : S_FALSE))
        return "FindSection's HRESULT";
    if (!view->section)
        return NULL;
    if (found.Size != view->section->size || found.Reserved != (BOOL)view->section->reserved)
        return "FindSection's Size or Reserved";
    if (found.Committed != committed_bytes(view->section))
        return "FindSection's Committed";
    if (found.Handles != view->section->handles || found.Views != view->section->views)
        return "FindSection's Handles or Views";
    return NULL;
}

const char *section_books_compare(const struct section_books *books,
                                  const struct section_twins *twins)
{
    const char *what = compare_totals(books, twins);

    for (unsigned i = 0; i < SECTION_VIEWS && !what; i++) {
        if (books->views[i].size)
            what = compare_view(twins, i, &books->views[i]);
    }
    return what;
}

/* ------------------------------------------------------------------------------------------------
 * The audit
 * --------------------------------------------------------------------------------------------- */

struct findings {
    const struct section_books *books;
    unsigned wrong;
};

static HRESULT CALLBACK judge(void *context, const HOSTMEM_DIFFERENCE *difference)
{
    struct findings *findings = context;
    const struct section_books *books = findings->books;

    findings->wrong += !(difference->Kind == HostMemSectionOnlyInBooks && books->reached_an_end) &&
                       !(difference->Kind == HostMemSectionOnlyInSystem && books->committed_unseen);
    return S_OK;
}

const char *section_books_audit(const struct section_books *books,
                                const struct section_twins *twins)
{
    HOSTMEM_AUDIT audit = {.cbSize = sizeof(audit)};
    struct findings findings = {books, 0};

    IHostMemInspection_Audit(twins->looker->subject.inspection, &audit, judge, &findings);
    if (findings.wrong)
        return "the audit: a difference";
    return audit.TotalsCompared && !audit.Busy ? NULL
                                               : "the audit: a region busy, or no totals compared";
}
