/*
 * copy.c: see copy.h, which says in which order everything is read, and why.
 */
#include "reader/copy.h"

#include "counters/relaxed.h"
#include "os/os.h"

#include <string.h>

#define NO_BOOKS HRESULT_FROM_WIN32(ERROR_INVALID_DATA)

_Static_assert(sizeof(struct copy) <= OS_GRANULE_SIZE, "the first span begins at one place");

/* The pools that are read first. */
static HRESULT read_pools(const struct copy *copy)
{
    const struct manager *raw = copy_raw_manager(copy), *manager = &copy->manager;
    const struct {
        const struct pool *raw, *pool;
    } pools[] = {
        {&raw->heaps.threads, &manager->heaps.threads},
        {&raw->heaps.heaps, &manager->heaps.heaps},
        {&raw->mapped.ranges, &manager->mapped.ranges},
        {&raw->pages.sections.views, &manager->pages.sections.views},
        {&raw->pages.sections.records, &manager->pages.sections.records},
        {&raw->pages.table.regions, &manager->pages.table.regions},
        {&raw->pages.table.chunks.chunks, &manager->pages.table.chunks.chunks},
    };
    HRESULT hr = S_OK;

    for (size_t i = 0; hr == S_OK && i < sizeof(pools) / sizeof(pools[0]); i++)
        hr = copy_read_pool(copy, pools[i].raw, pools[i].pool);
    return hr;
}

/* Reads as much of a span as is taken by now. */
static HRESULT read_metadata(const struct copy *copy, const struct metadata *metadata, size_t *used)
{
    HRESULT hr = copy_read(copy, used, copy_offset(copy, &metadata->used), sizeof(*used));

    if (hr == S_OK && *used > metadata->span.size)
        hr = NO_BOOKS;
    return hr == S_OK ? copy_read_raw(copy, copy_offset(copy, metadata->span.base), *used) : hr;
}

/* Whether the histories have changed since they were read. */
static HRESULT compare_histories(struct copy *copy)
{
    size_t begin = copy_offset(copy, copy->manager.heaps.histories.memory.span.base);
    size_t scratch = BOOK_SPACE_SIZE; /* raw ends a granule above it */

    for (size_t at = 0; at < copy->histories_used && !copy->histories_changed;
         at += OS_GRANULE_SIZE) {
        size_t left = copy->histories_used - at;
        size_t size = left < OS_GRANULE_SIZE ? left : OS_GRANULE_SIZE;
        HRESULT hr = os_metadata_commit(copy->raw + scratch, OS_GRANULE_SIZE)
                         ? copy_read(copy, copy->raw + scratch, begin + at, size)
                         : E_OUTOFMEMORY;

        if (hr != S_OK)
            return hr;
        copy->histories_changed = memcmp(copy->raw + begin + at, copy->raw + scratch, size) != 0;
    }
    return S_OK;
}

static HRESULT read_raw(struct copy *copy)
{
    const struct manager *raw = copy_raw_manager(copy), *manager = &copy->manager;
    HRESULT hr = copy_read_raw(copy, 0, sizeof(struct manager));

    if (hr == S_OK)
        hr = read_pools(copy);
    if (hr == S_OK)
        hr = read_metadata(copy, &manager->pages.metadata, &copy->metadata_used);
    if (hr == S_OK)
        hr = read_metadata(copy, &manager->heaps.file_names.texts, &copy->names_used);
    if (hr == S_OK)
        hr = read_metadata(copy, &manager->heaps.histories.memory, &copy->histories_used);
    if (hr == S_OK)
        hr = copy_read_pool(copy, &raw->heaps.slabs, &manager->heaps.slabs);
    return hr == S_OK ? compare_histories(copy) : hr;
}

static HOSTMEM_STATUS status_of(const struct copy *copy)
{
    HOSTMEM_STATUS status = status_read(&copy_raw_manager(copy)->status);

    if (LOAD_RELAXED(copy_raw_manager(copy)->header.state) == BOOKS_ENDED &&
        status != HostMemStatusBroken)
        return HostMemStatusEnded;
    return (uint32_t)status <= HostMemStatusClosed ? status : HostMemStatusBroken;
}

/* Figures: none of them leads anywhere. */
static HRESULT fill_figures(struct copy *copy)
{
    const struct manager *raw = copy_raw_manager(copy);
    struct manager *manager = &copy->manager;
    const struct pressure *raw_pressure = &raw->limits.notify.pressure;
    struct pressure *pressure = &manager->limits.notify.pressure;
    uint64_t word = LOAD_RELAXED(raw_pressure->word) & PRESSURE_HIGH;
    EMemoryCriticalLevel level = redirected_level(&raw->redirected);
    HRESULT hr = copy_read(copy, &manager->pages.budget, copy_offset(copy, &manager->pages.budget),
                           sizeof(manager->pages.budget));

    if (hr == S_OK)
        hr = copy_read(copy, &manager->counters, copy_offset(copy, &manager->counters),
                       sizeof(manager->counters));
    /* A call that was under way at any time since the first reading is to count as such. */
    for (int method = 0; method < COUNTED_METHODS; method++)
        STORE_RELAXED(manager->counters.calls[method].ended,
                      LOAD_RELAXED(raw->counters.calls[method].ended));
    manager->born_tick = raw->born_tick;
    STORE_RELAXED(manager->status.word, (uint32_t)status_of(copy));
    STORE_RELAXED(pressure->word, word ? word : PRESSURE_HIGH);
    STORE_RELAXED(pressure->thresholds, LOAD_RELAXED(raw_pressure->thresholds));
    if ((uint32_t)level <= eProcessCritical)
        redirected_set_level(&manager->redirected, level);
    return hr;
}

HRESULT copy_fill(struct copy *copy)
{
    static HRESULT (*const steps[])(struct copy *) = {
        read_raw,           copy_fill_chunks, copy_fill_regions, copy_fill_mapped,
        copy_fill_sections, copy_fill_slabs,  copy_fill_heaps,   fill_figures,
    };
    HRESULT hr = S_OK;

    for (size_t i = 0; hr == S_OK && i < sizeof(steps) / sizeof(steps[0]); i++)
        hr = steps[i](copy);
    return hr;
}
