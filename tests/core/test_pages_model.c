/*
 * test_pages_model.c: one thread makes a long random sequence of calls. Each answer and all books
 * must be those of the reference model (ledger_model.h).
 *
 * fuzz_ledger makes many short sequences and more kinds of calls. Here one manager lives long: its
 * region records, chunks and committed bits are used again and again.
 */
#include "pages_world.h"

#include "ledger_model.h"

#define OPERATIONS 150000

/* Where regions are asked for by address: granules on both sides of a boundary of chunks. */
#define WINDOW_GRANULES 64

struct run {
    struct world *world;
    struct model model;
    struct chance chance;
    uintptr_t window;
};

/* ------------------------------------------------------------------------------------------------
 * Calls
 * --------------------------------------------------------------------------------------------- */

/* An address in the window, or near a region's ends, wherever it is. */
static uintptr_t some_address(struct run *run)
{
    const struct model *model = &run->model;
    const struct model_region *region;

    if (model->count == 0 || chance_below(&run->chance, 3) == 0)
        return run->window + chance_below(&run->chance, WINDOW_GRANULES * GRANULE);
    region = &model->regions[chance_below(&run->chance, model->count)];
    switch (chance_below(&run->chance, 4)) {
    case 0:
        return region->base;
    case 1:
        return model_end_of(region) + PAGE - chance_below(&run->chance, 3 * PAGE);
    default:
        return region->base + chance_below(&run->chance, region->pages * PAGE);
    }
}

static size_t some_size(struct run *run)
{
    return 1 + chance_below(&run->chance, (size_t)1 << (8 + chance_below(&run->chance, 11)));
}

/* Writes to new pages as their owner would; new pages must be zero. */
static void fill(struct run *run, struct model_region *region, size_t first, size_t last)
{
    for (size_t page = first; page < last; page++) {
        unsigned char *byte = (unsigned char *)region->base + page * PAGE;
        bool is_new = region->bytes[page] == MODEL_ABSENT;

        assert_int_equal(*byte, is_new ? 0 : region->bytes[page] - 1);
        if (is_new)
            model_set(&run->model, region, page,
                      (unsigned char)(2 + chance_below(&run->chance, 254)));
        *byte = (unsigned char)(region->bytes[page] - 1);
    }
}

static void add_region(struct run *run, uintptr_t base, size_t pages, uint32_t type)
{
    struct model_region *region = model_insert(&run->model, base, pages, OWNER_CALLER);

    if (type & OS_MEM_COMMIT)
        fill(run, region, 0, pages);
}

static void make_region_anywhere(struct run *run)
{
    bool large = chance_below(&run->chance, 64) == 0;
    size_t size = some_size(run) + (large ? CHUNK_SIZE : 0);
    uint32_t type = large
                        ? OS_MEM_RESERVE
                        : OS_MEM_RESERVE | (uint32_t)chance_below(&run->chance, 2) * OS_MEM_COMMIT;
    char *base;

    assert_int_equal(try_alloc(run->world, NULL, size, type, &base), PAGES_OK);
    add_region(run, (uintptr_t)base, (size + PAGE - 1) / PAGE, type);
}

static void make_region_at(struct run *run)
{
    uintptr_t address = run->window + chance_below(&run->chance, WINDOW_GRANULES * GRANULE);
    uintptr_t begin = address / GRANULE * GRANULE;
    size_t size = some_size(run);
    uintptr_t end = (address + size + PAGE - 1) / PAGE * PAGE;
    uint32_t type = OS_MEM_RESERVE | (uint32_t)chance_below(&run->chance, 2) * OS_MEM_COMMIT;
    bool vacant = model_is_vacant(&run->model, begin, end);
    char *memory;

    assert_int_equal(try_alloc(run->world, (void *)address, size, type, &memory),
                     vacant ? PAGES_OK : OS_ERROR_INVALID_ADDRESS);
    assert_ptr_equal(memory, vacant ? (void *)begin : NULL);
    if (vacant)
        add_region(run, begin, (end - begin) / PAGE, type);
}

static void make_region(struct run *run)
{
    if (run->model.count == MODEL_REGIONS)
        return;
    if (chance_below(&run->chance, 4))
        make_region_at(run);
    else
        make_region_anywhere(run);
}

/* The pages [*first, *last) of the region that holds the address, if it holds all the range. */
static struct model_region *region_around(struct run *run, uintptr_t address, size_t size,
                                          size_t *first, size_t *last)
{
    struct model_region *region = model_at(&run->model, address);

    if (!region || address + size > model_end_of(region))
        return NULL;
    *first = (address - region->base) / PAGE;
    *last = (address + size - 1 - region->base) / PAGE + 1;
    return region;
}

static void commit_some(struct run *run)
{
    uintptr_t address = some_address(run);
    size_t size = some_size(run);
    size_t first, last;
    struct model_region *region = region_around(run, address, size, &first, &last);
    char *memory;

    assert_int_equal(try_alloc(run->world, (void *)address, size, OS_MEM_COMMIT, &memory),
                     region ? PAGES_OK : OS_ERROR_INVALID_ADDRESS);
    assert_ptr_equal(memory, region ? (void *)(address / PAGE * PAGE) : NULL);
    if (region)
        fill(run, region, first, last);
}

static void decommit_some(struct run *run)
{
    uintptr_t address = some_address(run);
    size_t size = some_size(run);
    size_t first, last;
    struct model_region *region = region_around(run, address, size, &first, &last);

    assert_int_equal(try_free(run->world, (void *)address, size, OS_MEM_DECOMMIT),
                     region ? PAGES_OK : PAGES_FOREIGN);
    for (size_t page = first; region && page < last; page++)
        model_set(&run->model, region, page, MODEL_ABSENT);
}

static void decommit_all(struct run *run)
{
    uintptr_t address = some_address(run);
    struct model_region *region = model_at(&run->model, address);
    bool at_base = region && address - region->base < PAGE;

    assert_int_equal(try_free(run->world, (void *)address, 0, OS_MEM_DECOMMIT),
                     at_base  ? PAGES_OK
                     : region ? OS_ERROR_INVALID_ADDRESS
                              : PAGES_FOREIGN);
    for (size_t page = 0; at_base && page < region->pages; page++)
        model_set(&run->model, region, page, MODEL_ABSENT);
}

static void release_some(struct run *run)
{
    uintptr_t address = some_address(run);
    struct model_region *region = model_at(&run->model, address);
    bool at_base = region && address - region->base < PAGE;

    assert_int_equal(try_free(run->world, (void *)address, 0, OS_MEM_RELEASE),
                     at_base  ? PAGES_OK
                     : region ? OS_ERROR_INVALID_ADDRESS
                              : PAGES_FOREIGN);
    if (at_base)
        model_remove(&run->model, region);
}

static void step(struct run *run)
{
    switch (chance_below(&run->chance, 10)) {
    case 0:
    case 1:
        make_region(run);
        break;
    case 2:
        release_some(run);
        break;
    case 3:
        decommit_all(run);
        break;
    case 4:
    case 5:
    case 6:
        decommit_some(run);
        break;
    default:
        commit_some(run);
        break;
    }
}

/* ------------------------------------------------------------------------------------------------
 * What must hold
 * --------------------------------------------------------------------------------------------- */

static void check_totals(const struct run *run)
{
    assert_int_equal(gauge_now(&run->world->counters.regions), run->model.count);
    assert_int_equal(gauge_now(&run->world->pages.budget.reserved.granted), run->model.reserved);
    assert_int_equal(gauge_now(&run->world->pages.budget.committed.granted), run->model.committed);
}

static void check_region(struct run *run, const struct model_region *region)
{
    struct region_facts facts;
    size_t committed;

    for (size_t page = 0; page < region->pages; page++) {
        if (region->bytes[page] != MODEL_ABSENT)
            assert_int_equal(((unsigned char *)region->base)[page * PAGE], region->bytes[page] - 1);
    }
    assert_true(
        pages_find(&run->world->pages, (void *)(model_end_of(region) - 1), &facts, &committed));
    assert_int_equal(facts.base, region->base);
    assert_int_equal(facts.size, region->pages * PAGE);
    assert_int_equal(committed, region->committed * PAGE);
}

static void check_all(struct run *run)
{
    check_totals(run);
    for (size_t i = 0; i < run->model.count; i++)
        check_region(run, &run->model.regions[i]);
    assert_exact(run->world);
}

/* Free granules on both sides of a chunk's first address. */
static uintptr_t find_window(void)
{
    void *memory;
    uintptr_t boundary;

    assert_int_equal(
        os_alloc(NULL, 2 * CHUNK_SIZE, OS_MEM_RESERVE, OS_PAGE_READWRITE, OS_ANY_NODE, &memory), 0);
    assert_int_equal(os_free(memory, 0, OS_MEM_RELEASE), 0);
    boundary = ((uintptr_t)memory + CHUNK_SIZE) / CHUNK_SIZE * CHUNK_SIZE;
    return boundary - WINDOW_GRANULES / 2 * GRANULE;
}

static void every_answer_and_all_books_are_those_of_the_model(void **state)
{
    struct run run = {.world = *state, .chance = chance_of_this_run(), .window = find_window()};

    model_begin(&run.model);
    for (int i = 0; i < OPERATIONS; i++) {
        step(&run);
        check_totals(&run);
        if (i % 1024 == 0)
            check_all(&run);
    }
    check_all(&run);
    while (run.model.count) {
        release(run.world, (char *)run.model.regions[0].base);
        model_remove(&run.model, &run.model.regions[0]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(every_answer_and_all_books_are_those_of_the_model),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
