/*
 * region_table.c: see region_table.h, where the protocol is.
 */
#include "pages/region_table.h"

/*
 * There cannot be more regions than granules: 2^24 granules of 64 KiB are 1 TiB. Where all is
 * reserved from the start, it is less on x64: 256 GiB.
 */
#define REGION_LIMIT (sizeof(void *) == 8 ? (uint32_t)1 << 24 : (uint32_t)1 << 16)
#define WHOLE_REGION_LIMIT (sizeof(void *) == 8 ? (uint32_t)1 << 22 : (uint32_t)1 << 16)

bool region_table_init(struct region_table *table, struct metadata *metadata,
                       struct book_space *books)
{
    uint32_t limit = book_space_grows(books) ? REGION_LIMIT : WHOLE_REGION_LIMIT;

    table->resting = NULL;
    if (!pool_init(&table->regions, sizeof(struct region), limit, books))
        return false;
    return chunk_table_init(&table->chunks, metadata, books);
}

void region_table_destroy(struct region_table *table)
{
    chunk_table_destroy(&table->chunks);
    pool_destroy(&table->regions);
}

/* A record that rests; 0: none does. */
static uint32_t take_resting(struct region_table *table)
{
    uint32_t index = 0;

    for (unsigned i = 0; table->resting && !index && i < REGION_TABLE_RESTING; i++)
        index = atomic_exchange_explicit(&table->resting[i], 0, memory_order_acq_rel);
    return index;
}

uint32_t region_table_take(struct region_table *table)
{
    uint32_t index = pool_take(&table->regions);

    return index ? index : take_resting(table);
}

void region_table_give(struct region_table *table, uint32_t index)
{
    pool_give(&table->regions, index);
}

bool region_table_begin_resting(struct region_table *table)
{
    atomic_store_explicit(&table->rested, 0, memory_order_relaxed);
    table->resting =
        metadata_take(table->chunks.metadata, REGION_TABLE_RESTING * sizeof(table->resting[0]));
    return table->resting != NULL;
}

/* The record takes the turn of the one that has rested longest, which goes back to the pool. */
void region_table_rest(struct region_table *table, uint32_t index)
{
    if (table->resting) {
        uint32_t turn = atomic_fetch_add_explicit(&table->rested, 1, memory_order_relaxed);

        index = atomic_exchange_explicit(&table->resting[turn % REGION_TABLE_RESTING], index,
                                         memory_order_acq_rel);
    }
    if (index)
        pool_give(&table->regions, index);
}

struct region *region_table_at(const struct region_table *table, uint32_t index)
{
    return span_at_sized(&table->regions.span, index - 1, sizeof(struct region));
}

uint32_t region_table_index(const struct region_table *table, const struct region *region)
{
    return span_number_of_sized(&table->regions.span, region, sizeof(struct region)) + 1;
}

uint32_t region_table_limit(const struct region_table *table)
{
    return pool_limit(&table->regions);
}

typedef bool region_test(const struct region *region, uintptr_t address);

/* The region that an owner names, if it passes the test for the address. */
static struct region *named_region(const struct region_table *table, const chunk_owner *owner,
                                   uintptr_t address, region_test *test)
{
    uint32_t index = atomic_load_explicit(owner, memory_order_acquire);
    struct region *region = index ? region_table_at(table, index) : NULL;

    return region && test(region, address) ? region : NULL;
}

static struct region *region_of(const struct region_table *table, const chunk_owner *owner,
                                uintptr_t address)
{
    return named_region(table, owner, address, region_covers);
}

static inline struct region *find(const struct region_table *table, uintptr_t address,
                                  region_test *test)
{
    const struct chunk *chunk = chunk_table_find(&table->chunks, chunk_number(address));
    struct region *region;
    chunk_owner *owners;

    if (!chunk)
        return NULL;
    region = named_region(table, &chunk->whole, address, test);
    if (region)
        return region;
    owners = atomic_load_explicit(&chunk->owners, memory_order_acquire);
    return owners
               ? named_region(table, &owners[address % CHUNK_SIZE / OS_GRANULE_SIZE], address, test)
               : NULL;
}

struct region *region_table_find(const struct region_table *table, uintptr_t address)
{
    return find(table, address, region_covers);
}

bool region_table_knows(const struct region_table *table, uintptr_t address)
{
    return find(table, address, region_covers_comes_or_leaves) != NULL;
}

bool region_table_has(const struct region_table *table, uintptr_t address)
{
    return find(table, address, region_covers_or_comes) != NULL;
}

static bool leaves(const struct region *region, uintptr_t address)
{
    struct range range;

    return region_leaves(region, address, &range);
}

bool region_table_leaving(const struct region_table *table, uintptr_t address, struct range *range)
{
    const struct region *region = find(table, address, leaves);

    return region && region_leaves(region, address, range);
}

bool region_table_has_owned(const struct region_table *table, uintptr_t address)
{
    const struct chunk *chunk = chunk_table_find(&table->chunks, chunk_number(address));
    const chunk_owner *owners;

    if (!chunk)
        return false;
    if (atomic_load_explicit(&chunk->whole, memory_order_acquire))
        return true;
    owners = atomic_load_explicit(&chunk->owners, memory_order_acquire);
    return owners && atomic_load_explicit(&owners[address % CHUNK_SIZE / OS_GRANULE_SIZE],
                                          memory_order_acquire);
}

static bool was_block(const struct region *region, uintptr_t address)
{
    uint32_t heap = atomic_load_explicit(&region->heap, memory_order_relaxed);
    uintptr_t base = atomic_load_explicit(&region->base, memory_order_relaxed);
    size_t size = atomic_load_explicit(&region->size, memory_order_relaxed);

    if (heap & REGION_IS_SLAB)
        return address - base < size;
    return heap && atomic_load_explicit(&region->block, memory_order_relaxed) == address;
}

bool region_table_last_block(const struct region_table *table, uintptr_t address)
{
    return find(table, address, was_block) != NULL;
}

/* Makes the nodes and arrays for the owners of [begin, end). False: no memory. */
static bool ensure_owners(struct region_table *table, uintptr_t begin, uintptr_t end)
{
    for (uintptr_t number = chunk_number(begin); number <= chunk_number(end - 1); number++) {
        uintptr_t chunk_begin = number * CHUNK_SIZE;
        struct chunk *chunk = chunk_table_ensure(&table->chunks, number);
        bool whole = begin <= chunk_begin && end - chunk_begin >= CHUNK_SIZE;

        if (!chunk || (!whole && !chunk_ensure_owners(&table->chunks, chunk)))
            return false;
    }
    return true;
}

/* The part of [begin, end) that lies in one chunk. */
struct part {
    struct chunk *chunk;
    chunk_owner *owners; /* of its granules; NULL: the chunk has none */
    uintptr_t begin;
    size_t granules;
    uintptr_t next; /* where the next part begins */
    bool whole;     /* the part is the chunk */
};

static struct part part_at(const struct region_table *table, uintptr_t begin, uintptr_t end)
{
    uintptr_t chunk_begin = chunk_number(begin) * CHUNK_SIZE;
    uintptr_t left = end - chunk_begin;
    struct part part;

    if (left > CHUNK_SIZE)
        left = CHUNK_SIZE;
    part.chunk = chunk_table_find(&table->chunks, chunk_number(begin));
    part.owners = atomic_load_explicit(&part.chunk->owners, memory_order_acquire);
    if (part.owners)
        part.owners += (begin - chunk_begin) / OS_GRANULE_SIZE;
    part.begin = begin;
    part.next = chunk_begin + left;
    part.granules = (part.next - begin + OS_GRANULE_SIZE - 1) / OS_GRANULE_SIZE;
    part.whole = part.next - begin == CHUNK_SIZE;
    return part;
}

/* True if the books have no live region there, as they must not where Win32 just handed out. */
static bool part_is_vacant(const struct region_table *table, const struct part *part)
{
    if (region_of(table, &part->chunk->whole, part->begin))
        return false;
    for (size_t i = 0; part->owners && i < part->granules; i++) {
        if (region_of(table, &part->owners[i], part->begin + i * OS_GRANULE_SIZE))
            return false;
    }
    return true;
}

static void part_own(const struct part *part, uint32_t index)
{
    if (part->whole) {
        atomic_store_explicit(&part->chunk->whole, index, memory_order_release);
        return;
    }
    for (size_t i = 0; i < part->granules; i++)
        atomic_store_explicit(&part->owners[i], index, memory_order_release);
}

enum region_table_result region_table_own(struct region_table *table, uint32_t index,
                                          uintptr_t base, size_t size)
{
    uintptr_t end = base + size;
    struct part part;

    if (!ensure_owners(table, base, end))
        return REGION_TABLE_NO_MEMORY;
    for (uintptr_t at = base; at < end; at = part.next) {
        part = part_at(table, at, end);
        if (!part_is_vacant(table, &part))
            return REGION_TABLE_CONTRADICTED;
        part_own(&part, index);
    }
    return REGION_TABLE_OK;
}
