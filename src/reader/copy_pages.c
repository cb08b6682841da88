/*
 * copy_pages.c: see copy.h. Filling in the chunks, the regions and the mapped ranges.
 *
 * What a hostile figure can cost is bounded by the size of the books that it stands in: each chunk
 * and each of its arrays is copied once, and the regions together cover no more chunks than there
 * are.
 */
#include "reader/copy.h"

#include "counters/relaxed.h"
#include "os/os.h"

#define NO_BOOKS HRESULT_FROM_WIN32(ERROR_INVALID_DATA)
#define ARRAY_ALIGNMENT ((size_t)64)

static void clear(void *item, size_t size)
{
    os_fill(item, 0, size);
}

/* ------------------------------------------------------------------------------------------------
 * Chunks
 * --------------------------------------------------------------------------------------------- */

static const void *array_of(const struct copy *copy, const void *pointer, size_t size)
{
    return copy_follow(copy, pointer, &copy->manager.pages.metadata.span, copy->metadata_used, size,
                       ARRAY_ALIGNMENT);
}

/* Copies indices; those that are above the limit become 0. */
static void copy_indices(_Atomic uint32_t *to, const _Atomic uint32_t *from, size_t count,
                         uint32_t limit)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t index = LOAD_RELAXED(from[i]);

        STORE_RELAXED(to[i], index <= limit ? index : 0);
    }
}

static bool fill_chunk(struct copy *copy, struct chunk *chunk, const struct chunk *raw)
{
    struct chunk_table *table = &copy->manager.pages.table.chunks;
    uint32_t regions = pool_limit(&copy_raw_manager(copy)->pages.table.regions);
    uint32_t slabs = pool_limit(&copy_raw_manager(copy)->heaps.slabs);
    const chunk_owner *owners =
        array_of(copy, LOAD_RELAXED(raw->owners), CHUNK_GRANULES * sizeof(chunk_owner));
    const struct chunk_pages *pages =
        array_of(copy, LOAD_RELAXED(raw->pages), sizeof(struct chunk_pages));
    uint32_t view_limit = pool_limit(&copy_raw_manager(copy)->pages.sections.views);
    const chunk_mark *marks =
        array_of(copy, LOAD_RELAXED(raw->marks), CHUNK_GRANULES * sizeof(chunk_mark));
    const chunk_owner *views =
        array_of(copy, LOAD_RELAXED(raw->views), CHUNK_GRANULES * sizeof(chunk_owner));

    if ((owners && !chunk_ensure_owners(table, chunk)) ||
        (pages && !chunk_ensure_pages(table, chunk)) ||
        (marks && !chunk_ensure_marks(table, chunk)) ||
        (views && !chunk_ensure_views(table, chunk)))
        return false;
    copy_indices(&chunk->whole, &raw->whole, 1, regions);
    if (owners)
        copy_indices(LOAD_RELAXED(chunk->owners), owners, CHUNK_GRANULES, regions);
    if (pages)
        os_copy(LOAD_RELAXED(chunk->pages)->committed, pages->committed, sizeof(pages->committed));
    if (marks)
        copy_indices(LOAD_RELAXED(chunk->marks), marks, CHUNK_GRANULES, slabs);
    copy_indices(&chunk->whole_view, &raw->whole_view, 1, view_limit);
    if (views)
        copy_indices(LOAD_RELAXED(chunk->views), views, CHUNK_GRANULES, view_limit);
    return true;
}

/* One entry of a directory: a chunk's number + 1, and the index of its node. */
static HRESULT fill_entry(struct copy *copy, uint64_t entry)
{
    const struct pool *raw_chunks = &copy_raw_manager(copy)->pages.table.chunks.chunks;
    struct chunk_table *table = &copy->manager.pages.table.chunks;
    uint32_t limit = pool_limit(raw_chunks);
    uint64_t number = (entry >> 32) - 1;
    uint32_t index = (uint32_t)entry;
    struct chunk *chunk;

    if (!entry || index - 1 >= limit || number > chunk_number(UINTPTR_MAX) ||
        chunk_table_find(table, (uintptr_t)number))
        return S_OK; /* there is none, or it came after the pool was read, or makes no sense */
    if (pool_limit(&table->chunks) >= limit)
        return NO_BOOKS; /* more chunks than nodes */
    chunk = chunk_table_ensure(table, (uintptr_t)number);
    return chunk && fill_chunk(copy, chunk, copy_raw_item(copy, &table->chunks, index))
               ? S_OK
               : E_OUTOFMEMORY;
}

static const struct chunk_directory *directory_at(const struct copy *copy, const void *pointer,
                                                  size_t size)
{
    return copy_follow(copy, pointer, &copy->manager.pages.metadata.span, copy->metadata_used, size,
                       ARRAY_ALIGNMENT);
}

HRESULT copy_fill_chunks(struct copy *copy)
{
    struct metadata *metadata = &copy->manager.pages.metadata;
    const void *pointer = LOAD_RELAXED(copy_raw_manager(copy)->pages.table.chunks.first);
    const void *before = NULL;
    HRESULT hr = S_OK;

    /* The arrays are taken once each. Their sum was in the books; with the directories, double. */
    if (metadata->span.size > 2 * copy->metadata_used + OS_GRANULE_SIZE)
        metadata->span.size = 2 * copy->metadata_used + OS_GRANULE_SIZE;
    while (hr == S_OK && pointer > before) { /* a directory lies above the one that it follows */
        const struct chunk_directory *directory =
            directory_at(copy, pointer, sizeof(struct chunk_directory));
        size_t entries = directory ? (size_t)directory->capacity + CHUNK_WINDOW - 1 : 0;

        if (!directory ||
            !directory_at(copy, pointer,
                          sizeof(struct chunk_directory) + entries * sizeof(directory_entry)))
            return NO_BOOKS;
        for (size_t i = 0; hr == S_OK && i < entries; i++)
            hr = fill_entry(copy, LOAD_RELAXED(directory->entries[i]));
        before = pointer;
        pointer = LOAD_RELAXED(directory->next);
    }
    return hr;
}

/* ------------------------------------------------------------------------------------------------
 * Regions
 * --------------------------------------------------------------------------------------------- */

static bool is_sane(const struct copy *copy, const struct region_facts *facts)
{
    return facts->size != 0 && facts->base % OS_GRANULE_SIZE == 0 &&
           facts->size % OS_PAGE_SIZE == 0 && facts->size < UINTPTR_MAX - facts->base &&
           facts->block - facts->base < facts->size && facts->requested <= facts->size &&
           facts->critical_level < BUDGET_LEVELS &&
           (facts->heap & ~REGION_IS_SLAB) <=
               LOAD_RELAXED(copy_raw_manager(copy)->heaps.heap_number);
}

static size_t chunks_of(const struct region_facts *facts)
{
    return chunk_number(facts->base + facts->size - 1) - chunk_number(facts->base) + 1;
}

/* *room: how many chunks further regions may cover. */
static void fill_region(const struct copy *copy, uint32_t index, uint64_t *room)
{
    struct region *region = region_table_at(&copy->manager.pages.table, index);
    struct region_facts facts;

    if (!copy_settle_item(copy, &copy->manager.pages.table.regions, index)) {
        clear(region, sizeof(*region));
        region_set_busy(region);
    } else if (!region_read(region, &facts)) {
        uint64_t life = LOAD_RELAXED(region->life);

        clear(region, sizeof(*region));
        STORE_RELAXED(region->life, life); /* free, or being released */
    } else if (!is_sane(copy, &facts) || chunks_of(&facts) > *room) {
        clear(region, sizeof(*region));
    } else {
        *room -= chunks_of(&facts);
        STORE_RELAXED(region->file, copy_text(copy, facts.file));
        STORE_RELAXED(region->committed, pages_committed(&copy->manager.pages, &facts));
    }
}

HRESULT copy_fill_regions(struct copy *copy)
{
    struct region_table *table = &copy->manager.pages.table;
    HRESULT hr =
        copy_read_again(copy, &copy_raw_manager(copy)->pages.table.regions, &table->regions);
    uint32_t count = pool_limit(&table->regions);
    /* Regions do not overlap; double, because they may have come and gone while they were read. */
    uint64_t room = 2 * ((uint64_t)pool_limit(&table->chunks.chunks) + count);

    for (uint32_t index = 1; hr == S_OK && index <= count; index++)
        fill_region(copy, index, &room);
    return hr;
}

/* ------------------------------------------------------------------------------------------------
 * Mapped ranges
 * --------------------------------------------------------------------------------------------- */

HRESULT copy_fill_mapped(struct copy *copy)
{
    struct pool *ranges = &copy->manager.mapped.ranges;
    HRESULT hr = copy_read_again(copy, &copy_raw_manager(copy)->mapped.ranges, ranges);

    for (uint32_t index = 1; hr == S_OK && index <= pool_limit(ranges); index++) {
        if (!copy_settle_item(copy, ranges, index))
            clear(pool_item(ranges, index), ranges->item_size);
    }
    return hr;
}
