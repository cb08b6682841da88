/*
 * census.c: first what is known of allocations is put together, then every page is looked at.
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
 * What is known before the pages are looked at
 * --------------------------------------------------------------------------------------------- */

/* The block names tables of Windows' as well; what begins where a word says is one. */
static void know_tables(struct census_work *work, uintptr_t peb)
{
    const uintptr_t *words = (const uintptr_t *)work->scratch;

    if (!census_read(work, peb, work->scratch, PEB_SIZE))
        return;
    for (size_t i = 0; i < PEB_SIZE / sizeof(*words); i++)
        if (words[i] && words[i] % GRANULE == 0 && census_allocation(work, words[i]) == words[i])
            census_know(work, words[i], PAGE_OWNER_SYSTEM);
}

static void know_system(struct census_work *work, uintptr_t peb)
{
    uintptr_t parameters, environment;

    census_know(work, census_allocation(work, peb), PAGE_OWNER_SYSTEM);
    census_know(work, SHARED_DATA, PAGE_OWNER_SYSTEM);
    know_tables(work, peb);
    if (!census_read(work, peb + PEB_PARAMETERS, &parameters, sizeof(parameters)))
        return;
    census_know(work, census_allocation(work, parameters), PAGE_OWNER_SYSTEM);
    if (census_read(work, parameters + PARAMETERS_ENVIRONMENT, &environment, sizeof(environment)))
        census_know(work, census_allocation(work, environment), PAGE_OWNER_SYSTEM);
}

static void prepare(struct census_work *work, const struct census_subject *subject)
{
    PROCESS_BASIC_INFORMATION facts;
    uintptr_t peb = 0;

    ZeroMemory(work, sizeof(*work));
    work->process = subject->process;
    if (NtQueryInformationProcess(work->process, ProcessBasicInformation, &facts, sizeof(facts),
                                  NULL) >= 0)
        peb = (uintptr_t)facts.PebBaseAddress;
    census_know(work, (uintptr_t)subject->notes->injected, PAGE_OWNER_BOOKS);
    census_heaps(work, peb);
    census_threads(work, subject->notes, peb);
    know_system(work, peb);
}

/* ------------------------------------------------------------------------------------------------
 * One page after another
 * --------------------------------------------------------------------------------------------- */

/* Of the allocation that was looked at last: a large one has many runs of pages. */
struct last_look {
    void *allocation;
    enum page_owner owner;
};

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

static bool is_early(const struct census_work *work, const struct memory_notes *notes,
                     uintptr_t base)
{
    for (uint32_t i = 0; i < notes->early_count && i < MEMORY_NOTES_EARLY; i++)
        if (notes->early[i].base == base)
            return notes->early[i].size == census_size(work->process, base);
    return false;
}

static enum page_owner owner_of_private(struct census_work *work,
                                        const struct census_subject *subject, uintptr_t base)
{
    enum page_owner owner;
    HOSTMEM_REGION region;

    if (IHostMemInspection_FindRegion(subject->inspection, (const void *)base, &region) == S_OK)
        return PAGE_OWNER_HOSTMEM;
    owner = census_owner(work, base);
    if (owner == PAGE_OWNER_UNKNOWN && is_early(work, subject->notes, base))
        return PAGE_OWNER_SYSTEM;
    if (owner == PAGE_OWNER_UNKNOWN && is_own(work, subject->notes, base))
        return PAGE_OWNER_BOOKS;
    return owner;
}

static enum page_owner owner_of(struct census_work *work, const struct census_subject *subject,
                                const MEMORY_BASIC_INFORMATION *pages, struct last_look *last)
{
    if (pages->Type == MEM_IMAGE)
        return PAGE_OWNER_IMAGE;
    if (pages->AllocationBase == last->allocation)
        return last->owner;
    last->allocation = pages->AllocationBase;
    if (pages->Type == MEM_MAPPED)
        last->owner = owner_of_view(work, subject, pages->AllocationBase);
    else
        last->owner = owner_of_private(work, subject, (uintptr_t)pages->AllocationBase);
    return last->owner;
}

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
    if (pages->State != MEM_COMMIT)
        return;
    of_owner->committed += pages->RegionSize;
    count_type(map, pages);
}

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
    struct last_look last = {NULL, PAGE_OWNER_UNKNOWN};
    MEMORY_BASIC_INFORMATION pages;
    uintptr_t at = 0;

    ZeroMemory(map, sizeof(*map));
    prepare(work, subject);
    while (VirtualQueryEx(work->process, (const void *)at, &pages, sizeof(pages)) ==
           sizeof(pages)) {
        uintptr_t next = (uintptr_t)pages.BaseAddress + pages.RegionSize;

        if (pages.State != MEM_FREE)
            count(map, &pages, owner_of(work, subject, &pages, &last));
        if (next <= at)
            break;
        at = next;
    }
    count_sections_once(map, subject->inspection);
    map->threads = work->threads;
    map->heaps = work->heap_count;
    map->is_cut = work->is_cut;
}

void census_note_early(struct memory_notes *notes)
{
    HANDLE own = GetCurrentProcess();
    MEMORY_BASIC_INFORMATION pages;
    uintptr_t at = 0;

    while (notes->early_count < MEMORY_NOTES_EARLY &&
           VirtualQueryEx(own, (const void *)at, &pages, sizeof(pages)) == sizeof(pages)) {
        uintptr_t base = (uintptr_t)pages.AllocationBase;
        uintptr_t next = (uintptr_t)pages.BaseAddress + pages.RegionSize;

        if (pages.State != MEM_FREE && pages.Type == MEM_PRIVATE &&
            base == (uintptr_t)pages.BaseAddress) {
            struct memory_note *note = &notes->early[notes->early_count++];

            note->base = base;
            note->size = census_size(own, base);
        }
        if (next <= at)
            break;
        at = next;
    }
}
