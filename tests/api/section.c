/*
 * section.c: see section.h.
 */
#include "section.h"

#include <string.h>

struct shared_section section_of(HANDLE handle, SIZE_T size)
{
    struct shared_section section = {.handle = handle, .size = size};

    section.writing = MapViewOfFile(handle, FILE_MAP_READ | FILE_MAP_WRITE, 0, 0, size);
    section.reading = MapViewOfFile(handle, FILE_MAP_READ, 0, 0, size);
    assert_non_null(section.writing);
    assert_non_null(section.reading);
    return section;
}

struct shared_section section_make(DWORD kind, SIZE_T size)
{
    SECURITY_ATTRIBUTES inherited = {.nLength = sizeof(inherited), .bInheritHandle = TRUE};
    HANDLE handle = CreateFileMappingW(INVALID_HANDLE_VALUE, &inherited, PAGE_READWRITE | kind,
                                       (DWORD)((ULONGLONG)size >> 32), (DWORD)size, NULL);

    assert_non_null(handle);
    return section_of(handle, size);
}

void section_end(struct shared_section *section)
{
    UnmapViewOfFile(section->reading);
    UnmapViewOfFile(section->writing);
    CloseHandle(section->handle);
}

HOSTMEM_OPTIONS options_in(const struct shared_section *section, DWORD flags)
{
    return (HOSTMEM_OPTIONS){.cbSize = sizeof(HOSTMEM_OPTIONS),
                             .dwFlags = flags,
                             .pBooks = section->writing,
                             .cbBooks = section->size};
}

struct subject books_of_section(const struct shared_section *section)
{
    struct subject books = {NULL, NULL};

    assert_hresult(HostMemReadBooks(section->reading, section->size, &books.inspection), S_OK);
    assert_non_null(books.inspection);
    return books;
}

/* ------------------------------------------------------------------------------------------------
 * Answers. FNV-1a; structures are hashed byte by byte after their ages have been cleared.
 * --------------------------------------------------------------------------------------------- */

static void mix(uint64_t *hash, const void *bytes, size_t size)
{
    if (!*hash)
        *hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < size; i++)
        *hash = (*hash ^ ((const unsigned char *)bytes)[i]) * UINT64_C(1099511628211);
}

#define MIX(hash, field) mix((hash), &(field), sizeof(field))

static void mix_block(uint64_t *hash, const HOSTMEM_BLOCK *block)
{
    MIX(hash, block->Address);
    MIX(hash, block->Size);
    MIX(hash, block->Caller);
    MIX(hash, block->Line);
    MIX(hash, block->Heap);
    MIX(hash, block->ThreadId);
    MIX(hash, block->Sequence);
    if (block->FileName)
        mix(hash, block->FileName, strlen(block->FileName));
}

/* What walks over regions and blocks find out, besides. */
struct walker {
    struct answers answers;
    IHostMemInspection *inspection;
};

static void find(struct walker *walker, const void *address)
{
    HOSTMEM_REGION region;
    HOSTMEM_BLOCK block;

    if (IHostMemInspection_FindRegion(walker->inspection, address, &region) == S_OK) {
        region.AgeMilliseconds = 0;
        MIX(&walker->answers.found, region);
    }
    if (IHostMemInspection_FindBlock(walker->inspection, address, &block) == S_OK)
        mix_block(&walker->answers.found, &block);
}

static HRESULT CALLBACK note_region(void *context, const HOSTMEM_REGION *told)
{
    struct walker *walker = context;
    HOSTMEM_REGION region = *told;

    region.AgeMilliseconds = 0;
    MIX(&walker->answers.regions, region);
    walker->answers.region_count++;
    find(walker, (char *)region.Base);
    find(walker, (char *)region.Base + region.Size / 2);
    find(walker, (char *)region.Base + region.Size);
    return S_OK;
}

static HRESULT CALLBACK note_range(void *context, const HOSTMEM_MAPPED_RANGE *range)
{
    struct walker *walker = context;

    MIX(&walker->answers.ranges, range->Base);
    MIX(&walker->answers.ranges, range->Size);
    MIX(&walker->answers.ranges, range->ThreadId);
    MIX(&walker->answers.ranges, range->Sequence);
    walker->answers.range_count++;
    return S_OK;
}

static HRESULT CALLBACK note_block(void *context, const HOSTMEM_BLOCK *block)
{
    struct walker *walker = context;

    mix_block(&walker->answers.blocks, block);
    walker->answers.block_count++;
    find(walker, (char *)block->Address + block->Size / 2);
    return S_OK;
}

static HRESULT CALLBACK note_heap(void *context, const HOSTMEM_HEAP *heap)
{
    struct walker *walker = context;

    MIX(&walker->answers.heaps, *heap);
    walker->answers.heap_count++;
    return S_OK;
}

static HRESULT CALLBACK note_class(void *context, const HOSTMEM_SIZE_CLASS *size_class)
{
    struct walker *walker = context;

    MIX(&walker->answers.classes, size_class->BlockSize);
    MIX(&walker->answers.classes, size_class->Slabs);
    MIX(&walker->answers.classes, size_class->Blocks);
    MIX(&walker->answers.classes, size_class->BlockBytes);
    walker->answers.class_count++;
    return S_OK;
}

static HRESULT CALLBACK note_difference(void *context, const HOSTMEM_DIFFERENCE *difference)
{
    (void)context;
    (void)difference;
    return S_OK;
}

struct answers answers_of(IHostMemInspection *inspection)
{
    struct walker walker = {.inspection = inspection};
    HOSTMEM_STATISTICS statistics;
    HOSTMEM_LIMITS limits;
    HOSTMEM_AUDIT audit;

    memset(&statistics, 0, sizeof(statistics));
    memset(&limits, 0, sizeof(limits));
    memset(&audit, 0, sizeof(audit));
    statistics.cbSize = sizeof(statistics);
    limits.cbSize = sizeof(limits);
    audit.cbSize = sizeof(audit);
    IHostMemInspection_GetStatistics(inspection, &statistics);
    MIX(&walker.answers.statistics, statistics);
    IHostMemInspection_GetLimits(inspection, &limits);
    MIX(&walker.answers.limits, limits);
    IHostMemInspection_EnumRegions(inspection, note_region, &walker);
    IHostMemInspection_EnumMappedRanges(inspection, note_range, &walker);
    IHostMemInspection_EnumBlocks(inspection, 0, note_block, &walker);
    IHostMemInspection_EnumHeaps(inspection, note_heap, &walker);
    IHostMemInspection_EnumSizeClasses(inspection, 0, note_class, &walker);
    IHostMemInspection_Audit(inspection, &audit, note_difference, NULL);
    MIX(&walker.answers.audit, audit);
    return walker.answers;
}

void assert_same_answers(const char *about, const struct answers *actual,
                         const struct answers *expected)
{
    assert_figure_of(about, actual->region_count, expected->region_count);
    assert_figure_of(about, actual->range_count, expected->range_count);
    assert_figure_of(about, actual->heap_count, expected->heap_count);
    assert_figure_of(about, actual->block_count, expected->block_count);
    assert_figure_of(about, actual->class_count, expected->class_count);
    assert_figure_of(about, actual->statistics, expected->statistics);
    assert_figure_of(about, actual->limits, expected->limits);
    assert_figure_of(about, actual->regions, expected->regions);
    assert_figure_of(about, actual->ranges, expected->ranges);
    assert_figure_of(about, actual->heaps, expected->heaps);
    assert_figure_of(about, actual->blocks, expected->blocks);
    assert_figure_of(about, actual->classes, expected->classes);
    assert_figure_of(about, actual->found, expected->found);
    assert_figure_of(about, actual->audit, expected->audit);
}
