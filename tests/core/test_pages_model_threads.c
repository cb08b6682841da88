/*
 * test_pages_model_threads.c: threads that share nothing but the ledger's own data: chunk nodes,
 * words of committed bits, pools, counters. Each thread has every third granule or so of two chunks
 * to itself. It makes regions there and elsewhere, uses them, and compares each answer with a model
 * of its own (ledger_model.h). When all have ended, the books are the sum of the models.
 */
#include "pages_world.h"

#include "ledger_model.h"

#define ROUNDS (is_long_form() ? 12 : 4)
#define OPERATIONS 1500 /* of a thread in a round */

/* Granules that a thread has in a row. With 16 pages each, neighbours share words of bits. */
#define LOT 3u
#define LOTS 40u /* of a thread */
#define LOT_SIZE (LOT * GRANULE)

/*
 * The window of the lots begins so far above the first address that the system hands out. No region
 * without a given address lies that high.
 */
#define FAR_AWAY ((size_t)4 << 30)

struct tenant {
    struct model model;
    struct chance chance;
    unsigned number;
    unsigned operations; /* done so far */
    bool has_large;      /* a region of more than a chunk */
    unsigned char last_byte;
    char failure[160]; /* the first one; empty: none */
};

struct house {
    struct world *world;
    uintptr_t window;
    struct tenant tenants[THREADS];
    _Atomic unsigned at_work;
    _Atomic unsigned differences;
    _Atomic unsigned audited;
};

/* ------------------------------------------------------------------------------------------------
 * Answers. Only the main thread may use CMocka's assertions.
 * --------------------------------------------------------------------------------------------- */

static void expect(struct tenant *tenant, const char *what, uint64_t found, uint64_t expected)
{
    if (found != expected && !tenant->failure[0])
        snprintf(tenant->failure, sizeof(tenant->failure),
                 "operation %u of thread %u: %s is %#llx, not %#llx", tenant->operations,
                 tenant->number, what, (unsigned long long)found, (unsigned long long)expected);
}

/* ------------------------------------------------------------------------------------------------
 * Addresses
 * --------------------------------------------------------------------------------------------- */

static uintptr_t some_lot(const struct house *house, struct tenant *tenant)
{
    size_t lot = chance_below(&tenant->chance, LOTS) * THREADS + tenant->number;

    return house->window + lot * LOT_SIZE;
}

/*
 * An address in one of the thread's regions, now and then at a region's end, or in its own
 * granules.
 */
static uintptr_t some_address(const struct house *house, struct tenant *tenant)
{
    const struct model *model = &tenant->model;
    const struct model_region *region;

    if (model->count == 0 || chance_below(&tenant->chance, 4) == 0)
        return some_lot(house, tenant) + chance_below(&tenant->chance, LOT_SIZE);
    region = &model->regions[chance_below(&tenant->chance, model->count)];
    switch (chance_below(&tenant->chance, 4)) {
    case 0:
        return region->base;
    case 1:
        return model_end_of(region) - PAGE;
    default:
        return region->base + chance_below(&tenant->chance, region->pages * PAGE);
    }
}

static size_t some_size(struct tenant *tenant)
{
    return 1 + chance_below(&tenant->chance, (size_t)1 << (8 + chance_below(&tenant->chance, 10)));
}

/* ------------------------------------------------------------------------------------------------
 * What is in the pages
 * --------------------------------------------------------------------------------------------- */

static unsigned char *page_at(const struct model_region *region, size_t page)
{
    return (unsigned char *)region->base + page * PAGE;
}

/* New pages are zero, and get the thread's next byte. */
static void commit_pages(struct tenant *tenant, struct model_region *region, size_t first,
                         size_t last)
{
    for (size_t page = first; page < last; page++) {
        if (region->bytes[page] != MODEL_ABSENT)
            continue;
        expect(tenant, "a new page's byte", *page_at(region, page), 0);
        tenant->last_byte = (unsigned char)(tenant->last_byte % 250 + 1);
        *page_at(region, page) = tenant->last_byte;
        model_set(&tenant->model, region, page, (unsigned char)(tenant->last_byte + 1));
    }
}

static void decommit_pages(struct tenant *tenant, struct model_region *region, size_t first,
                           size_t last)
{
    for (size_t page = first; page < last; page++)
        model_set(&tenant->model, region, page, MODEL_ABSENT);
}

static void look_at_pages(struct tenant *tenant, const struct model_region *region)
{
    for (size_t page = 0; page < region->pages; page++) {
        if (region->bytes[page] != MODEL_ABSENT)
            expect(tenant, "a page's byte", *page_at(region, page),
                   (unsigned char)(region->bytes[page] - 1));
    }
}

/* ------------------------------------------------------------------------------------------------
 * Calls
 * --------------------------------------------------------------------------------------------- */

static void add_region(struct tenant *tenant, uintptr_t base, size_t pages, uint32_t type)
{
    struct model_region *region = model_insert(&tenant->model, base, pages, OWNER_CALLER);

    if (type & OS_MEM_COMMIT)
        commit_pages(tenant, region, 0, pages);
}

static void make_region_in_lot(struct house *house, struct tenant *tenant)
{
    uintptr_t lot = some_lot(house, tenant);
    uintptr_t address = lot + chance_below(&tenant->chance, LOT_SIZE);
    uintptr_t begin = address / GRANULE * GRANULE;
    size_t size = 1 + chance_below(&tenant->chance, lot + LOT_SIZE - address);
    uintptr_t end = (address + size + PAGE - 1) / PAGE * PAGE;
    uint32_t type = OS_MEM_RESERVE | (uint32_t)chance_below(&tenant->chance, 2) * OS_MEM_COMMIT;
    bool vacant = model_is_vacant(&tenant->model, begin, end);
    char *memory;

    expect(tenant, "making a region", try_alloc(house->world, (void *)address, size, type, &memory),
           vacant ? PAGES_OK : OS_ERROR_INVALID_ADDRESS);
    expect(tenant, "its address", (uintptr_t)memory, vacant ? begin : 0);
    if (vacant && memory)
        add_region(tenant, begin, (end - begin) / PAGE, type);
}

static void make_region_anywhere(struct house *house, struct tenant *tenant)
{
    bool large = !tenant->has_large && chance_below(&tenant->chance, 8) == 0;
    size_t size = some_size(tenant) + (large ? CHUNK_SIZE : 0);
    uint32_t type = OS_MEM_RESERVE;
    char *memory;

    if (!large && chance_below(&tenant->chance, 2))
        type |= OS_MEM_COMMIT;
    expect(tenant, "making a region anywhere", try_alloc(house->world, NULL, size, type, &memory),
           PAGES_OK);
    if (!memory)
        return;
    tenant->has_large = tenant->has_large || large;
    add_region(tenant, (uintptr_t)memory, (size + PAGE - 1) / PAGE, type);
}

static void make_region(struct house *house, struct tenant *tenant)
{
    if (tenant->model.count == MODEL_REGIONS)
        return;
    if (chance_below(&tenant->chance, 4))
        make_region_in_lot(house, tenant);
    else
        make_region_anywhere(house, tenant);
}

/*
 * A range beyond the region's end reaches into the thread's next lot or into a neighbour's: it is
 * refused either way.
 */
static void commit_some(struct house *house, struct tenant *tenant)
{
    uintptr_t address = some_address(house, tenant);
    size_t size = some_size(tenant);
    struct model_region *region = model_at(&tenant->model, address);
    bool inside = region && size <= model_end_of(region) - address;
    char *memory;

    expect(tenant, "a commit",
           try_alloc(house->world, (void *)address, size, OS_MEM_COMMIT, &memory),
           inside ? PAGES_OK : OS_ERROR_INVALID_ADDRESS);
    expect(tenant, "its address", (uintptr_t)memory, inside ? address / PAGE * PAGE : 0);
    if (inside && memory)
        commit_pages(tenant, region, (address - region->base) / PAGE,
                     (address + size - 1 - region->base) / PAGE + 1);
}

static void decommit_some(struct house *house, struct tenant *tenant)
{
    uintptr_t address = some_address(house, tenant);
    size_t size = some_size(tenant);
    struct model_region *region = model_at(&tenant->model, address);
    bool inside = region && size <= model_end_of(region) - address;

    expect(tenant, "a decommit", try_free(house->world, (void *)address, size, OS_MEM_DECOMMIT),
           inside ? PAGES_OK : PAGES_FOREIGN);
    if (inside)
        decommit_pages(tenant, region, (address - region->base) / PAGE,
                       (address + size - 1 - region->base) / PAGE + 1);
}

static void release_some(struct house *house, struct tenant *tenant)
{
    uintptr_t address = some_address(house, tenant);
    struct model_region *region = model_at(&tenant->model, address);
    bool at_base = region && address - region->base < PAGE;

    if (at_base)
        look_at_pages(tenant, region);
    expect(tenant, "a release", try_free(house->world, (void *)address, 0, OS_MEM_RELEASE),
           at_base  ? PAGES_OK
           : region ? OS_ERROR_INVALID_ADDRESS
                    : PAGES_FOREIGN);
    if (!at_base)
        return;
    tenant->has_large = tenant->has_large && region->pages < CHUNK_PAGES;
    model_remove(&tenant->model, region);
}

static void look_at_some(struct house *house, struct tenant *tenant)
{
    uintptr_t address = some_address(house, tenant);
    const struct model_region *region = model_at(&tenant->model, address);
    struct region_facts facts;
    size_t committed;

    expect(tenant, "whether it is found",
           pages_find(&house->world->pages, (void *)address, &facts, &committed), region != NULL);
    if (!region)
        return;
    expect(tenant, "its base", facts.base, region->base);
    expect(tenant, "its size", facts.size, region->pages * PAGE);
    expect(tenant, "what is committed", committed, region->committed * PAGE);
    expect(tenant, "whether it is the manager's",
           pages_is_own(&house->world->pages, (void *)address), true);
}

static void do_something(struct house *house, struct tenant *tenant)
{
    tenant->operations++;
    switch (chance_below(&tenant->chance, 10)) {
    case 0:
    case 1:
        make_region(house, tenant);
        break;
    case 2:
        release_some(house, tenant);
        break;
    case 3:
        look_at_some(house, tenant);
        break;
    case 4:
    case 5:
    case 6:
        decommit_some(house, tenant);
        break;
    default:
        commit_some(house, tenant);
        break;
    }
}

/* ------------------------------------------------------------------------------------------------
 * Threads
 * --------------------------------------------------------------------------------------------- */

static bool count_difference(void *context, const struct audit_difference *difference)
{
    struct house *house = context;

    atomic_fetch_add(&house->differences, 1);
    return print_difference(NULL, difference);
}

static void audit_meanwhile(struct house *house)
{
    struct audit audit;

    do {
        audit_run(&house->world->pages, &audit, count_difference, house);
        atomic_fetch_add(&house->audited, (unsigned)audit.regions);
    } while (house->at_work);
}

static void live_or_audit(void *context, unsigned number)
{
    struct house *house = context;
    struct tenant *tenant = &house->tenants[number];

    if (number == THREADS) {
        audit_meanwhile(house);
        return;
    }
    for (int i = 0; i < OPERATIONS && !tenant->failure[0]; i++)
        do_something(house, tenant);
    atomic_fetch_sub(&house->at_work, 1);
}

/* ------------------------------------------------------------------------------------------------
 * When all have returned
 * --------------------------------------------------------------------------------------------- */

static void check_tenants(struct house *house)
{
    uint64_t regions = 0, reserved = 0, committed = 0;

    for (unsigned i = 0; i < THREADS; i++) {
        struct tenant *tenant = &house->tenants[i];

        for (size_t region = 0; region < tenant->model.count; region++)
            look_at_pages(tenant, &tenant->model.regions[region]);
        if (tenant->failure[0])
            fail_msg("%s", tenant->failure);
        regions += tenant->model.own_regions;
        reserved += tenant->model.reserved;
        committed += tenant->model.committed;
    }
    assert_books(house->world, regions, reserved, committed);
}

static void leave(struct house *house, struct tenant *tenant)
{
    while (tenant->model.count) {
        release(house->world, (char *)tenant->model.regions[0].base);
        model_remove(&tenant->model, &tenant->model.regions[0]);
    }
    model_end(&tenant->model);
}

/* Free lots on both sides of a boundary of chunks. */
static uintptr_t find_window(struct world *world)
{
    char *first = reserve(world, GRANULE);
    uintptr_t boundary = ((uintptr_t)first + FAR_AWAY) / CHUNK_SIZE * CHUNK_SIZE;
    uintptr_t window = boundary - (uintptr_t)THREADS * LOTS / 2 * LOT_SIZE;

    release(world, first);
    release(world, alloc(world, (void *)window, (size_t)THREADS * LOTS * LOT_SIZE, OS_MEM_RESERVE));
    return window;
}

static void threads_that_share_chunks_get_what_each_would_get_alone(void **state)
{
    struct house *house = zeroed(sizeof(struct house));
    struct chance chance = chance_of_this_run();

    house->world = *state;
    house->window = find_window(house->world);
    for (unsigned i = 0; i < THREADS; i++) {
        model_begin(&house->tenants[i].model);
        house->tenants[i].number = i;
        house->tenants[i].chance.state = chance_next(&chance) | 1;
    }
    for (int round = 0; round < ROUNDS; round++) {
        house->at_work = THREADS;
        crew_run(live_or_audit, house, THREADS + 1);
        assert_int_equal(house->differences, 0);
        check_tenants(house);
    }
    assert_true(house->audited > 0);
    for (unsigned i = 0; i < THREADS; i++)
        leave(house, &house->tenants[i]);
    free(house);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(threads_that_share_chunks_get_what_each_would_get_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
