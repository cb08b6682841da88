/*
 * ledger_run.c: see ledger_run.h.
 */
#include "ledger_run.h"

#include "os_posix/os_posix.h"

/*
 * Programs have nothing there, as far as has been seen: so a sequence meets the same addresses each
 * time.
 */
#define WINDOW ((uintptr_t)0x200000000000)

/* Of regions with more pages only a few are written to. */
#define LARGE_PAGES ((size_t)600)

struct ledger_run run;

/* ------------------------------------------------------------------------------------------------
 * Places
 * --------------------------------------------------------------------------------------------- */

/*
 * Chunks whose entries lie in the same window of the chunk table's first directory, so that it
 * overflows (chunk_table.c hashes so).
 */
static uintptr_t island(size_t number)
{
    static uintptr_t islands[LEDGER_ISLANDS];
    uintptr_t chunk = WINDOW / CHUNK_SIZE + 1000;
    uint32_t window = 7;

    for (size_t i = 0; !islands[LEDGER_ISLANDS - 1]; chunk++) {
        uint64_t hash = ((uint64_t)chunk + 1) * UINT64_C(0x9e3779b97f4a7c15);

        if (((uint32_t)(hash >> 32) & 4095) == window)
            islands[i++] = chunk * CHUNK_SIZE;
    }
    return islands[number % LEDGER_ISLANDS];
}

static uintptr_t place_of(const struct ledger_operation *operation)
{
    struct model *model = &run.model;
    const struct model_region *region =
        model->count ? &model->regions[operation->index % model->count] : NULL;
    const struct model_grave *grave = model_grave(model, operation->index);

    switch (operation->place % LEDGER_PLACES) {
    case LEDGER_CHUNK:
        return WINDOW + operation->index % LEDGER_CHUNKS * CHUNK_SIZE;
    case LEDGER_ISLAND:
        return island(operation->index);
    case LEDGER_BASE:
        return region ? region->base : WINDOW;
    case LEDGER_END:
        return region ? model_end_of(region) : WINDOW;
    case LEDGER_BLOCK:
        return region ? region->block : WINDOW;
    case LEDGER_GRAVE:
        return grave ? grave->base : WINDOW;
    default:
        return 0;
    }
}

uintptr_t ledger_address(const struct ledger_operation *operation)
{
    return place_of(operation) +
           (uintptr_t)ledger_offsets[operation->offset % LEDGER_OFFSETS].bytes;
}

uintptr_t ledger_wanted_address(const struct ledger_operation *operation)
{
    return operation->place % LEDGER_PLACES == LEDGER_NULL ? 0 : ledger_address(operation);
}

/* ------------------------------------------------------------------------------------------------
 * What the system will do, as Win32 is documented
 * --------------------------------------------------------------------------------------------- */

bool ledger_pages(uintptr_t address, size_t size, struct span_of_pages *span)
{
    struct model_region *region = model_at(&run.model, address);

    if (!region || size == 0 || size > model_end_of(region) - address)
        return false;
    *span = (struct span_of_pages){region, (address - region->base) / PAGE,
                                   (address - region->base + size - 1) / PAGE + 1};
    return true;
}

static bool is_type(uint32_t type)
{
    return type == OS_MEM_RESET || type == OS_MEM_RESET_UNDO ||
           (type && !(type & ~(uint32_t)RESERVE_COMMIT));
}

size_t ledger_region_size(uintptr_t address, size_t size)
{
    uintptr_t begin = address / GRANULE * GRANULE;

    if (size == 0 || size > OS_ADDRESS_LIMIT || address > OS_ADDRESS_LIMIT - size)
        return 0;
    return (address + size + PAGE - 1) / PAGE * PAGE - begin;
}

bool ledger_is_vacant_for_certain(uintptr_t address)
{
    return !address ||
           (address >= WINDOW - 2 * CHUNK_SIZE && address < island(LEDGER_ISLANDS - 1) + GRANULE);
}

uint32_t ledger_alloc_answer(uintptr_t address, size_t size, uint32_t type)
{
    size_t taken = ledger_region_size(address, size);
    uintptr_t begin = address / GRANULE * GRANULE;
    struct span_of_pages span;

    if (!is_type(type) || !taken)
        return OS_ERROR_INVALID_PARAMETER;
    if (!address)
        return 0;
    if (address < OS_LOWEST_ADDRESS)
        return OS_ERROR_INVALID_PARAMETER;
    if (type & OS_MEM_RESERVE)
        return model_is_vacant(&run.model, begin, begin + taken) ? 0 : OS_ERROR_INVALID_ADDRESS;
    return ledger_pages(address, size, &span) ? 0 : OS_ERROR_INVALID_ADDRESS;
}

uint32_t ledger_free_answer(uintptr_t address, size_t size, uint32_t type)
{
    const struct model_region *region = model_at(&run.model, address);
    bool at_base = region && address - region->base < PAGE;

    if (type != OS_MEM_DECOMMIT && !(type == OS_MEM_RELEASE && size == 0))
        return OS_ERROR_INVALID_PARAMETER;
    if (address >= OS_ADDRESS_LIMIT || size > OS_ADDRESS_LIMIT - address)
        return OS_ERROR_INVALID_PARAMETER;
    if (!region || (size == 0 && !at_base))
        return OS_ERROR_INVALID_ADDRESS;
    return size <= model_end_of(region) - address ? 0 : OS_ERROR_INVALID_PARAMETER;
}

/* ------------------------------------------------------------------------------------------------
 * What was made, and what is in it
 * --------------------------------------------------------------------------------------------- */

/* Of many pages only some are written to. */
static bool is_written(size_t page, size_t first, size_t last)
{
    return page - first < 3 || last - page < 4 || page % 16 == 0;
}

void ledger_commit(const struct span_of_pages *span)
{
    bool all = span->last - span->first <= LARGE_PAGES;

    for (size_t page = span->first; page < span->last; page++) {
        unsigned char *memory = (unsigned char *)span->region->base + page * PAGE;

        if (span->region->bytes[page] != MODEL_ABSENT)
            continue;
        model_set(&run.model, span->region, page, MODEL_ZERO);
        if (!is_written(page, span->first, span->last) || (!all && page - span->first >= 3))
            continue;
        assert_int_equal(memory[0], 0);
        assert_int_equal(memory[PAGE - 1], 0);
        run.last_byte = (unsigned char)(run.last_byte % 250 + 1);
        memory[0] = memory[PAGE - 1] = run.last_byte;
        model_set(&run.model, span->region, page, (unsigned char)(run.last_byte + 1));
    }
}

void ledger_decommit(const struct span_of_pages *span)
{
    for (size_t page = span->first; page < span->last; page++)
        model_set(&run.model, span->region, page, MODEL_ABSENT);
}

struct model_region *ledger_add(uintptr_t base, size_t size, uint32_t type, bool guarded,
                                enum model_owner owner)
{
    struct model_region *region = model_insert(&run.model, base, size / PAGE, owner);
    struct span_of_pages all = {region, 0, region->pages - guarded};

    if (type & OS_MEM_COMMIT)
        ledger_commit(&all);
    return region;
}

/* ------------------------------------------------------------------------------------------------
 * What must hold
 * --------------------------------------------------------------------------------------------- */

void ledger_check_totals(void)
{
    const struct world *world = run.world;
    const struct budget *budget = &world->pages.budget;

    assert_int_equal(gauge_now(&world->counters.regions), run.model.own_regions);
    assert_int_equal(gauge_now(&budget->reserved.granted), run.model.reserved);
    assert_int_equal(gauge_now(&budget->committed.granted), run.model.committed);
    assert_int_equal(budget_charged(&budget->reserved), run.model.reserved);
    assert_int_equal(budget_charged(&budget->committed), run.model.committed);
    assert_int_equal(counter_read(&world->counters.foreign_commits), run.foreign_commits);
    assert_int_equal(counter_read(&world->counters.passed_frees), run.passed_frees);
    assert_int_equal(counter_read(&world->counters.contradictions), 0);
}

static void check_contents(const struct model_region *region)
{
    for (size_t page = 0; page < region->pages; page++) {
        const unsigned char *memory = (const unsigned char *)region->base + page * PAGE;

        if (region->bytes[page] <= MODEL_ZERO)
            continue;
        assert_int_equal(memory[0], region->bytes[page] - 1);
        assert_int_equal(memory[PAGE - 1], region->bytes[page] - 1);
    }
}

void ledger_check_facts(const struct region_facts *facts, size_t committed,
                        const struct model_region *region)
{
    assert_int_equal(facts->base, region->base);
    assert_int_equal(facts->size, region->pages * PAGE);
    assert_int_equal(committed, region->committed * PAGE);
    assert_int_equal(facts->heap, region->heap);
    assert_int_equal(facts->block, region->block);
    assert_int_equal(facts->requested, region->requested);
}

/* An enumeration meets each of the manager's regions once. */
static void check_enumeration(void)
{
    struct region_facts facts;
    uint32_t cursor = 0;
    size_t committed;
    uint64_t met = 0;

    while (pages_next(&run.world->pages, &cursor, &facts, &committed)) {
        const struct model_region *region = model_at(&run.model, facts.base);

        assert_true(region && region->owner != OWNER_STRANGER);
        ledger_check_facts(&facts, committed, region);
        met++;
    }
    assert_int_equal(met, run.model.own_regions);
}

void ledger_check_all(void)
{
    for (size_t i = 0; i < run.model.count; i++)
        check_contents(&run.model.regions[i]);
    ledger_check_totals();
    check_enumeration();
    assert_exact(run.world);
}
