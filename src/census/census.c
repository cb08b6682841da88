/*
 * census.c: every page is looked at once; private allocations that are not in the books are kept,
 * and counted when it is known whose they are.
 */
#define COBJMACROS
#include "census/census.h"

#include "census/census_heaps.h"
#include "census/census_threads.h"
#include "census/census_work.h"

#include <winternl.h>

enum {
#ifdef _WIN64
    PEB_SIZE = 0x7c8,
    PEB_PARAMETERS = 0x20,
    PARAMETERS_ENVIRONMENT = 0x80,
#else
    PEB_SIZE = 0x480,
    PEB_PARAMETERS = 0x10,
    PARAMETERS_ENVIRONMENT = 0x48,
#endif
    OWN_WORDS = 4, /* of an allocation of hostmem's own: one is its manager's address */
    GRANULE = 0x10000,
    SHARED_DATA = 0x7ffe0000, /* the page that the system shares with all processes */
    MAPPED_NAME = 2           /* MemoryMappedFilenameInformation */
};

NTSTATUS NTAPI NtQueryVirtualMemory(HANDLE process, const void *address, int information,
                                    void *buffer, SIZE_T size, SIZE_T *length);

/* Of the one call at a time. */
static struct census_work the_work;

/* ------------------------------------------------------------------------------------------------
 * Pages, one after another
 * --------------------------------------------------------------------------------------------- */

/* A page of an image that may be written and was not is still PAGE_WRITECOPY. */
static bool is_copy(const MEMORY_BASIC_INFORMATION *pages)
{
    return pages->Type == MEM_IMAGE &&
           (pages->Protect & (PAGE_READWRITE | PAGE_EXECUTE_READWRITE)) != 0;
}

static void count_type(struct page_map *map, const MEMORY_BASIC_INFORMATION *pages)
{
    if (pages->Type == MEM_PRIVATE)
        map->private_bytes += pages->RegionSize;
    else if (pages->Type == MEM_IMAGE)
        map->image_bytes += pages->RegionSize;
    else
        map->mapped_bytes += pages->RegionSize;
    if (is_copy(pages))
        map->image_written += pages->RegionSize;
}

static void count(struct page_map *map, const MEMORY_BASIC_INFORMATION *pages,
                  enum page_owner owner)
{
    struct page_count *of_owner = &map->owners[owner];

    of_owner->reserved += pages->RegionSize;
    if (pages->BaseAddress == pages->AllocationBase)
        of_owner->allocations++;
    if (pages->State == MEM_COMMIT)
        of_owner->committed += pages->RegionSize;
}

/* A section of the paging file has no name of a file. */
static bool is_of_file(struct census_work *work, const void *view)
{
    return NtQueryVirtualMemory(work->process, view, MAPPED_NAME, work->scratch,
                                sizeof(work->scratch), NULL) >= 0;
}

static enum page_owner owner_of_view(struct census_work *work, const struct census_subject *subject,
                                     const void *view)
{
    HOSTMEM_SECTION section;

    if ((uintptr_t)view == subject->notes->board_view ||
        (uintptr_t)view == subject->notes->books_view)
        return PAGE_OWNER_BOOKS;
    if (IHostMemInspection_FindSection(subject->inspection, view, &section) == S_OK)
        return PAGE_OWNER_SECTION;
    return is_of_file(work, view) ? PAGE_OWNER_FILE : PAGE_OWNER_SHARED;
}

/* What is not in the books is counted when it is known whose it is. */
static struct census_allocation *keep(struct census_work *work,
                                      const struct census_subject *subject, uintptr_t base,
                                      enum page_owner *owner)
{
    HOSTMEM_REGION region;

    *owner = PAGE_OWNER_HOSTMEM;
    if (IHostMemInspection_FindRegion(subject->inspection, (const void *)base, &region) == S_OK)
        return NULL;
    *owner = PAGE_OWNER_UNKNOWN;
    return census_add(work, base);
}

/* Of the allocation that was looked at last: a large one has many runs of pages. */
struct last_look {
    const void *allocation;
    enum page_owner owner;
    struct census_allocation *kept; /* NULL: its pages are counted at once */
};

static void begin_allocation(struct last_look *last, struct census_work *work,
                             const struct census_subject *subject,
                             const MEMORY_BASIC_INFORMATION *pages)
{
    last->allocation = pages->AllocationBase;
    last->kept = NULL;
    if (pages->Type == MEM_IMAGE)
        last->owner = PAGE_OWNER_IMAGE;
    else if (pages->Type == MEM_MAPPED)
        last->owner = owner_of_view(work, subject, pages->AllocationBase);
    else
        last->kept = keep(work, subject, (uintptr_t)pages->AllocationBase, &last->owner);
}

static void walk(struct page_map *map, struct census_work *work,
                 const struct census_subject *subject)
{
    struct last_look last = {NULL, PAGE_OWNER_UNKNOWN, NULL};
    MEMORY_BASIC_INFORMATION pages;
    uintptr_t at = 0;

    while (VirtualQueryEx(work->process, (const void *)at, &pages, sizeof(pages)) ==
           sizeof(pages)) {
        uintptr_t next = (uintptr_t)pages.BaseAddress + pages.RegionSize;

        if (pages.State != MEM_FREE) {
            if (pages.AllocationBase != last.allocation)
                begin_allocation(&last, work, subject, &pages);
            if (last.kept)
                census_add_pages(last.kept, &pages);
            else
                count(map, &pages, last.owner);
            if (pages.State == MEM_COMMIT)
                count_type(map, &pages);
        }
        if (next <= at)
            break;
        at = next;
    }
}

/* ------------------------------------------------------------------------------------------------
 * Whose private allocations are
 * --------------------------------------------------------------------------------------------- */

/* The block names tables of Windows' as well; what begins where a word says is one. */
static void know_tables(struct census_work *work, uintptr_t peb)
{
    const uintptr_t *words = (const uintptr_t *)work->scratch;

    if (!census_read(work, peb, work->scratch, PEB_SIZE))
        return;
    for (size_t i = 0; i < PEB_SIZE / sizeof(*words); i++)
        census_know(census_find_base(work, words[i]), PAGE_OWNER_SYSTEM);
}

static void know_system(struct census_work *work, uintptr_t peb)
{
    uintptr_t parameters, environment;

    census_know(census_find(work, peb), PAGE_OWNER_SYSTEM);
    census_know(census_find(work, SHARED_DATA), PAGE_OWNER_SYSTEM);
    know_tables(work, peb);
    if (!census_read(work, peb + PEB_PARAMETERS, &parameters, sizeof(parameters)))
        return;
    census_know(census_find(work, parameters), PAGE_OWNER_SYSTEM);
    if (census_read(work, parameters + PARAMETERS_ENVIRONMENT, &environment, sizeof(environment)))
        census_know(census_find(work, environment), PAGE_OWNER_SYSTEM);
}

/* One that was freed, and made anew by somebody else, has another size. */
static void know_early(struct census_work *work, const struct memory_notes *notes)
{
    for (uint32_t i = 0; i < notes->early_count && i < MEMORY_NOTES_EARLY; i++) {
        struct census_allocation *early = census_find_base(work, (uintptr_t)notes->early[i].base);

        if (early && early->end - early->base == notes->early[i].size)
            census_know(early, PAGE_OWNER_SYSTEM);
    }
}

/* Nobody but hostmem has addresses inside its books at the beginning of an allocation. */
static bool is_own(struct census_work *work, const struct memory_notes *notes, uintptr_t base)
{
    uintptr_t words[OWN_WORDS];

    if (!census_read(work, base, words, sizeof(words)))
        return false;
    for (int i = 0; i < OWN_WORDS; i++)
        if (words[i] >= notes->books_view && words[i] - notes->books_view < notes->books_size)
            return true;
    return false;
}

static void know_own(struct census_work *work, const struct memory_notes *notes)
{
    census_know(census_find_base(work, (uintptr_t)notes->injected), PAGE_OWNER_BOOKS);
    for (size_t i = 0; i < work->allocation_count; i++)
        if (work->allocations[i].owner == PAGE_OWNER_UNKNOWN &&
            is_own(work, notes, work->allocations[i].base))
            census_know(&work->allocations[i], PAGE_OWNER_BOOKS);
}

static void know_all(struct census_work *work, const struct memory_notes *notes)
{
    PROCESS_BASIC_INFORMATION facts;
    uintptr_t peb = 0;

    if (NtQueryInformationProcess(work->process, ProcessBasicInformation, &facts, sizeof(facts),
                                  NULL) >= 0)
        peb = (uintptr_t)facts.PebBaseAddress;
    census_heaps(work, peb);
    census_threads(work, notes, peb);
    know_system(work, peb);
    know_early(work, notes);
    know_own(work, notes);
}

static void count_allocations(struct page_map *map, const struct census_work *work)
{
    for (size_t i = 0; i < work->allocation_count; i++) {
        const struct census_allocation *allocation = &work->allocations[i];
        struct page_count *of_owner = &map->owners[allocation->owner];

        of_owner->committed += (uint64_t)allocation->committed * CENSUS_PAGE;
        of_owner->reserved += allocation->end - allocation->base;
        of_owner->allocations++;
    }
}

/* ------------------------------------------------------------------------------------------------
 * The census
 * --------------------------------------------------------------------------------------------- */

/* Several views may show one page: the books know how many are committed. */
static void count_sections_once(struct page_map *map, IHostMemInspection *inspection)
{
    HOSTMEM_STATISTICS statistics = {.cbSize = sizeof(statistics)};

    map->section_views = map->owners[PAGE_OWNER_SECTION].committed;
    if (IHostMemInspection_GetStatistics(inspection, &statistics) == S_OK)
        map->owners[PAGE_OWNER_SECTION].committed = statistics.SectionBytes.Now;
}

void census_take(struct page_map *map, const struct census_subject *subject)
{
    struct census_work *work = &the_work;

    ZeroMemory(map, sizeof(*map));
    ZeroMemory(work, sizeof(*work));
    work->process = subject->process;
    walk(map, work, subject);
    know_all(work, subject->notes);
    count_allocations(map, work);
    count_sections_once(map, subject->inspection);
    map->threads = work->threads;
    map->heaps = work->heap_count;
    map->is_cut = work->is_cut;
}

/* The runs of pages of an allocation follow each other. */
static void note(struct memory_notes *notes, const MEMORY_BASIC_INFORMATION *pages)
{
    uint64_t base = (uintptr_t)pages->AllocationBase;

    if (!notes->early_count || notes->early[notes->early_count - 1].base != base) {
        if (notes->early_count == MEMORY_NOTES_EARLY)
            return;
        notes->early[notes->early_count++].base = base;
    }
    notes->early[notes->early_count - 1].size += pages->RegionSize;
}

void census_note_early(struct memory_notes *notes)
{
    MEMORY_BASIC_INFORMATION pages;
    uintptr_t at = 0;

    while (VirtualQuery((const void *)at, &pages, sizeof(pages)) == sizeof(pages)) {
        uintptr_t next = (uintptr_t)pages.BaseAddress + pages.RegionSize;

        if (pages.State != MEM_FREE && pages.Type == MEM_PRIVATE)
            note(notes, &pages);
        if (next <= at)
            break;
        at = next;
    }
}
