/*
 * test_pages.c: src/pages one call at a time: rounding, ownership, books, and memory that is
 * foreign.
 */
#include "pages_world.h"

#define UNKNOWN_TYPE 0x40u

static struct region_facts facts_at(struct world *world, const void *address, size_t *committed)
{
    struct region_facts facts;

    assert_true(pages_find(&world->pages, address, &facts, committed));
    return facts;
}

static bool is_owned(struct world *world, const void *address)
{
    struct region_facts facts;
    size_t committed;

    return pages_find(&world->pages, address, &facts, &committed);
}

static size_t committed_at(struct world *world, const void *address)
{
    size_t committed;

    facts_at(world, address, &committed);
    return committed;
}

/* ------------------------------------------------------------------------------------------------
 * Regions and their rounding
 * --------------------------------------------------------------------------------------------- */

static void a_reservation_is_owned_and_not_committed(void **state)
{
    struct world *world = *state;
    char *base = reserve(world, 5 * PAGE);

    assert_books(world, 1, 5 * PAGE, 0);
    assert_true(is_owned(world, base));
    assert_true(is_owned(world, base + 5 * PAGE - 1));
    assert_false(is_owned(world, base + 5 * PAGE));
    assert_false(is_owned(world, base - 1));
    release(world, base);
}

static void a_size_is_rounded_up_to_pages(void **state)
{
    struct world *world = *state;
    static const size_t sizes[] = {1, PAGE - 1, PAGE, PAGE + 1, GRANULE - 1, GRANULE + 1};

    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        size_t whole = (sizes[i] + PAGE - 1) / PAGE * PAGE;
        char *base = alloc(world, NULL, sizes[i], RESERVE_COMMIT);

        assert_books(world, 1, whole, whole);
        release(world, base);
    }
}

static void a_region_at_an_address_begins_at_its_granule(void **state)
{
    struct world *world = *state;
    char *granule = free_granule();
    char *base = alloc(world, granule + 2 * PAGE + 5, PAGE, RESERVE_COMMIT);
    size_t committed;

    assert_ptr_equal(base, granule);
    assert_int_equal(facts_at(world, granule, &committed).size, 4 * PAGE);
    assert_int_equal(committed, 4 * PAGE);
    assert_books(world, 1, 4 * PAGE, 4 * PAGE);
    release(world, granule);
}

static void a_commit_at_null_makes_a_region(void **state)
{
    struct world *world = *state;
    char *base = alloc(world, NULL, PAGE, OS_MEM_COMMIT);

    assert_books(world, 1, PAGE, PAGE);
    release(world, base);
}

static void a_region_larger_than_several_chunks_is_owned_at_both_ends(void **state)
{
    struct world *world = *state;
    const size_t size = 5 * CHUNK_SIZE + 3 * PAGE;
    char *base = reserve(world, size);

    assert_true(is_owned(world, base));
    assert_true(is_owned(world, base + size / 2));
    assert_true(is_owned(world, base + size - 1));
    commit(world, base + 2 * CHUNK_SIZE - 3 * PAGE, CHUNK_SIZE);
    assert_books(world, 1, size, CHUNK_SIZE);
    decommit(world, base + 2 * CHUNK_SIZE, PAGE);
    assert_books(world, 1, size, CHUNK_SIZE - PAGE);
    release(world, base);
}

static void a_region_of_64_gib_costs_what_is_committed_in_it(void **state)
{
    struct world *world = *state;
    const size_t size = (size_t)64 << 30;
    char *base = reserve(world, size);

    commit(world, base, PAGE);
    commit(world, base + size - PAGE, PAGE);
    assert_books(world, 1, size, 2 * PAGE);
    release(world, base);
}

static void the_facts_of_a_region_are_those_of_its_request(void **state)
{
    struct world *world = *state;
    struct pages_request request = {.size = 3 * PAGE + 1,
                                    .type = OS_MEM_RESERVE,
                                    .protect = OS_PAGE_READONLY,
                                    .node = OS_ANY_NODE,
                                    .critical_level = 2,
                                    .heap = 0};
    uint64_t now = os_tick_milliseconds();
    struct region_facts first, second;
    void *memory, *other;
    size_t committed;

    assert_int_equal(try_request(world, &request, &memory), PAGES_OK);
    first = facts_at(world, memory, &committed);
    assert_int_equal(first.base, (uintptr_t)memory);
    assert_int_equal(first.size, 4 * PAGE);
    assert_int_equal(first.allocation_type, OS_MEM_RESERVE);
    assert_int_equal(first.protect, OS_PAGE_READONLY);
    assert_int_equal(first.critical_level, 2);
    assert_int_equal(first.thread_id, os_thread_id());
    assert_true(first.tick >= now);
    assert_int_equal(try_request(world, &request, &other), PAGES_OK);
    second = facts_at(world, other, &committed);
    assert_true(second.sequence > first.sequence);
    release(world, memory);
    release(world, other);
}

static void what_the_system_refuses_is_refused_with_its_error(void **state)
{
    struct world *world = *state;
    char *base = reserve(world, GRANULE);

    assert_int_equal(refusal(world, NULL, 0, OS_MEM_RESERVE), OS_ERROR_INVALID_PARAMETER);
    assert_int_equal(refusal(world, base, PAGE, OS_MEM_RESERVE), OS_ERROR_INVALID_ADDRESS);
    assert_int_equal(refusal(world, NULL, SIZE_MAX, OS_MEM_RESERVE), OS_ERROR_INVALID_PARAMETER);
    assert_int_equal(refusal(world, NULL, SIZE_MAX - 8 * PAGE, RESERVE_COMMIT),
                     OS_ERROR_INVALID_PARAMETER);
    assert_int_equal(refusal(world, (void *)(UINTPTR_MAX - PAGE), PAGE, RESERVE_COMMIT),
                     OS_ERROR_INVALID_PARAMETER);
    assert_int_equal(refusal(world, NULL, PAGE, UNKNOWN_TYPE), OS_ERROR_INVALID_PARAMETER);
    assert_books(world, 1, GRANULE, 0);
    release(world, base);
}

/* ------------------------------------------------------------------------------------------------
 * Committing
 * --------------------------------------------------------------------------------------------- */

static void a_commit_takes_every_page_that_it_touches(void **state)
{
    struct world *world = *state;
    char *base = reserve(world, GRANULE);

    assert_ptr_equal(alloc(world, base + 2 * PAGE - 1, 2, OS_MEM_COMMIT), base + PAGE);
    assert_books(world, 1, GRANULE, 2 * PAGE);
    base[PAGE] = base[3 * PAGE - 1] = 1;
    release(world, base);
}

static void committing_twice_is_charged_once(void **state)
{
    struct world *world = *state;
    char *base = reserve(world, GRANULE);

    commit(world, base, 3 * PAGE);
    commit(world, base, 3 * PAGE);
    assert_books(world, 1, GRANULE, 3 * PAGE);
    commit(world, base + 2 * PAGE, 3 * PAGE);
    assert_books(world, 1, GRANULE, 5 * PAGE);
    commit(world, base, GRANULE);
    assert_books(world, 1, GRANULE, GRANULE);
    release(world, base);
}

static void a_commit_beyond_the_region_is_refused_and_not_charged(void **state)
{
    struct world *world = *state;
    char *base = alloc(world, free_granule(), GRANULE, OS_MEM_RESERVE);

    assert_int_equal(refusal(world, base + GRANULE - PAGE, 2 * PAGE, OS_MEM_COMMIT),
                     OS_ERROR_INVALID_ADDRESS);
    assert_int_equal(refusal(world, base + PAGE, 0, OS_MEM_COMMIT), OS_ERROR_INVALID_PARAMETER);
    assert_int_equal(refusal(world, base, SIZE_MAX, OS_MEM_COMMIT), OS_ERROR_INVALID_PARAMETER);
    assert_books(world, 1, GRANULE, 0);
    release(world, base);
}

static void a_reset_changes_no_books(void **state)
{
    struct world *world = *state;
    char *base = alloc(world, NULL, GRANULE, RESERVE_COMMIT);

    alloc(world, base, 2 * PAGE, OS_MEM_RESET);
    alloc(world, base, 2 * PAGE, OS_MEM_RESET_UNDO);
    assert_books(world, 1, GRANULE, GRANULE);
    release(world, base);
}

/* ------------------------------------------------------------------------------------------------
 * Decommitting
 * --------------------------------------------------------------------------------------------- */

static void a_decommit_takes_every_page_that_it_touches(void **state)
{
    struct world *world = *state;
    char *base = alloc(world, NULL, GRANULE, RESERVE_COMMIT);

    decommit(world, base + 2 * PAGE - 1, 2);
    assert_books(world, 1, GRANULE, GRANULE - 2 * PAGE);
    release(world, base);
}

static void decommitting_what_is_not_committed_refunds_nothing(void **state)
{
    struct world *world = *state;
    char *base = reserve(world, GRANULE);

    decommit(world, base, GRANULE);
    assert_books(world, 1, GRANULE, 0);
    commit(world, base + PAGE, PAGE);
    for (int i = 0; i < 2; i++) {
        decommit(world, base, 3 * PAGE);
        assert_books(world, 1, GRANULE, 0);
    }
    release(world, base);
}

static void a_decommit_of_size_0_at_the_base_takes_all(void **state)
{
    struct world *world = *state;
    char *base = alloc(world, NULL, GRANULE, RESERVE_COMMIT);

    decommit(world, base + 5, 0); /* any byte of the first page, as on Win32 */
    assert_books(world, 1, GRANULE, 0);
    release(world, base);
}

static void a_decommit_that_leaves_the_region_touches_nothing(void **state)
{
    struct world *world = *state;
    char *base = alloc(world, NULL, GRANULE, RESERVE_COMMIT);

    assert_int_equal(try_free(world, base, GRANULE + 1, OS_MEM_DECOMMIT), PAGES_FOREIGN);
    assert_int_equal(try_free(world, base + PAGE, SIZE_MAX, OS_MEM_DECOMMIT), PAGES_FOREIGN);
    assert_books(world, 1, GRANULE, GRANULE);
    release(world, base);
}

static void a_decommit_of_size_0_inside_the_region_is_refused_as_by_win32(void **state)
{
    struct world *world = *state;
    char *base = alloc(world, NULL, GRANULE, RESERVE_COMMIT);

    assert_int_equal(try_free(world, base + PAGE, 0, OS_MEM_DECOMMIT), OS_ERROR_INVALID_ADDRESS);
    assert_int_equal(try_free(world, base + GRANULE - 1, 0, OS_MEM_DECOMMIT),
                     OS_ERROR_INVALID_ADDRESS);
    assert_books(world, 1, GRANULE, GRANULE);
    release(world, base);
}

/* ------------------------------------------------------------------------------------------------
 * Releasing
 * --------------------------------------------------------------------------------------------- */

static void a_release_gives_back_all_that_was_charged(void **state)
{
    struct world *world = *state;
    char *base = alloc(world, NULL, GRANULE, RESERVE_COMMIT);

    decommit(world, base + PAGE, PAGE);
    release(world, base);
    assert_books(world, 0, 0, 0);
    assert_int_equal(system_at(base).state, OS_MEM_FREE);
    assert_false(is_owned(world, base));
}

static void a_second_release_is_foreign(void **state)
{
    struct world *world = *state;
    char *base = reserve(world, GRANULE);

    release(world, base);
    assert_int_equal(try_free(world, base, 0, OS_MEM_RELEASE), PAGES_FOREIGN);
    assert_int_equal(try_free(world, base, PAGE, OS_MEM_DECOMMIT), PAGES_FOREIGN);
}

static void a_release_may_name_any_byte_of_the_first_page(void **state)
{
    struct world *world = *state;
    char *base = reserve(world, GRANULE);

    assert_int_equal(try_free(world, base + PAGE, 0, OS_MEM_RELEASE), OS_ERROR_INVALID_ADDRESS);
    assert_int_equal(try_free(world, base + PAGE - 1, 0, OS_MEM_RELEASE), PAGES_OK);
}

static void a_release_with_a_size_or_of_an_unknown_type_is_an_owners_error(void **state)
{
    struct world *world = *state;
    char *base = reserve(world, GRANULE);
    int local = 0;

    assert_int_equal(try_free(world, base, GRANULE, OS_MEM_RELEASE), OS_ERROR_INVALID_PARAMETER);
    assert_int_equal(try_free(world, base + 1, PAGE, OS_MEM_RELEASE), OS_ERROR_INVALID_PARAMETER);
    assert_int_equal(try_free(world, base + 1, GRANULE, OS_MEM_RELEASE), PAGES_FOREIGN);
    assert_int_equal(try_free(world, base, 0, UNKNOWN_TYPE), OS_ERROR_INVALID_PARAMETER);
    assert_int_equal(try_free(world, base, GRANULE + 1, UNKNOWN_TYPE), PAGES_FOREIGN);
    assert_int_equal(try_free(world, base, 0, OS_MEM_RELEASE | OS_MEM_DECOMMIT),
                     OS_ERROR_INVALID_PARAMETER);
    assert_int_equal(try_free(world, &local, GRANULE, OS_MEM_RELEASE), PAGES_FOREIGN);
    assert_int_equal(try_free(world, &local, 0, UNKNOWN_TYPE), PAGES_FOREIGN);
    assert_books(world, 1, GRANULE, 0);
    release(world, base);
}

static void an_address_used_again_is_a_region_of_its_own(void **state)
{
    struct world *world = *state;
    char *granule = free_granule();

    for (size_t pages = 1; pages <= 16; pages++) {
        alloc(world, granule, pages * PAGE, OS_MEM_RESERVE);
        commit(world, granule, PAGE);
        assert_int_equal(committed_at(world, granule), PAGE);
        assert_books(world, 1, pages * PAGE, PAGE);
        release(world, granule);
    }
}

static void the_record_of_a_region_that_is_gone_is_used_again(void **state)
{
    struct world *world = *state;
    uint32_t records = region_table_limit(&world->pages.table);

    for (int i = 0; i < 20; i++)
        release(world, reserve(world, PAGE));
    assert_in_range(region_table_limit(&world->pages.table), records, records + 1);
}

static void a_release_that_the_system_contradicts_says_so_and_keeps_exact_books(void **state)
{
    struct world *world = *state;
    char *base = alloc(world, free_granule(), GRANULE, RESERVE_COMMIT);
    void *memory;

    assert_int_equal(os_free(base, 0, OS_MEM_RELEASE), 0); /* behind the manager's back */
    assert_int_equal(try_free(world, base, 0, OS_MEM_RELEASE), PAGES_CONTRADICTED);
    assert_true(is_owned(world, base));
    assert_int_equal(committed_at(world, base), 0);
    assert_int_equal(gauge_now(&world->pages.budget.committed.granted), 0);
    assert_int_equal(gauge_now(&world->pages.budget.reserved.granted), GRANULE);
    /* The system cannot hand out an address that the books still call taken. */
    assert_int_equal(refusal(world, base, PAGE, OS_MEM_RESERVE), PAGES_CONTRADICTED);
    assert_int_equal(system_at(base).state, OS_MEM_FREE);

    os_alloc(base, GRANULE, OS_MEM_RESERVE, OS_PAGE_READWRITE, OS_ANY_NODE, &memory);
    release(world, base);
}

static void what_somebody_else_has_committed_in_a_regions_place_is_not_booked(void **state)
{
    struct world *world = *state;
    char *base = alloc(world, free_granule(), GRANULE, RESERVE_COMMIT);
    void *memory;

    assert_int_equal(os_free(base, 0, OS_MEM_RELEASE), 0); /* behind the manager's back */
    assert_int_equal(os_alloc(base - GRANULE, 2 * GRANULE, RESERVE_COMMIT, OS_PAGE_READWRITE,
                              OS_ANY_NODE, &memory),
                     0);
    assert_int_equal(try_free(world, base, 0, OS_MEM_RELEASE), PAGES_CONTRADICTED);
    assert_int_equal(system_at(base).state, OS_MEM_COMMIT);
    assert_int_equal(committed_at(world, base), 0);
    assert_int_equal(gauge_now(&world->pages.budget.committed.granted), 0);
    assert_int_equal(atomic_load(&world->pages.budget.committed.charged), 0);

    assert_int_equal(os_free(base - GRANULE, 0, OS_MEM_RELEASE), 0);
    os_alloc(base, GRANULE, OS_MEM_RESERVE, OS_PAGE_READWRITE, OS_ANY_NODE, &memory);
    release(world, base);
}

/* ------------------------------------------------------------------------------------------------
 * What is foreign
 * --------------------------------------------------------------------------------------------- */

static void freeing_what_was_never_handed_out_is_foreign_whatever_it_is(void **state)
{
    struct world *world = *state;
    static int image;
    int stack;
    void *heap = malloc(100);
    char *base = reserve(world, GRANULE + PAGE);
    void *const wild[] = {NULL,
                          (void *)1,
                          &image,
                          &stack,
                          heap,
                          world,
                          base - 1,
                          base + GRANULE + PAGE,
                          (void *)UINTPTR_MAX,
                          (void *)((uintptr_t)1 << 47),
                          (void *)(UINTPTR_MAX - CHUNK_SIZE)};
    static const uint32_t types[] = {OS_MEM_RELEASE, OS_MEM_DECOMMIT, 0, UNKNOWN_TYPE, UINT32_MAX};
    static const size_t sizes[] = {0, 1, GRANULE, SIZE_MAX};

    for (size_t i = 0; i < COUNT_OF(wild); i++)
        for (size_t j = 0; j < COUNT_OF(types); j++)
            for (size_t k = 0; k < COUNT_OF(sizes); k++)
                assert_int_equal(try_free(world, wild[i], sizes[k], types[j]), PAGES_FOREIGN);
    assert_books(world, 1, GRANULE + PAGE, 0);
    release(world, base);
    free(heap);
}

static void another_managers_region_is_foreign(void **state)
{
    struct world *world = *state;
    struct world *other;
    char *base;

    begin_world((void **)&other);
    base = alloc(other, NULL, GRANULE, RESERVE_COMMIT);
    assert_int_equal(try_free(world, base, 0, OS_MEM_RELEASE), PAGES_FOREIGN);
    assert_int_equal(try_free(world, base, PAGE, OS_MEM_DECOMMIT), PAGES_FOREIGN);
    assert_books(other, 1, GRANULE, GRANULE);
    release(other, base);
    end_world((void **)&other);
}

static void a_commit_in_someone_elses_region_is_forwarded_and_not_charged(void **state)
{
    struct world *world = *state;
    void *memory;

    assert_int_equal(
        os_alloc(NULL, GRANULE, OS_MEM_RESERVE, OS_PAGE_READWRITE, OS_ANY_NODE, &memory), 0);
    commit(world, memory, PAGE);
    assert_int_equal(system_at(memory).state, OS_MEM_COMMIT);
    assert_int_equal(counter_read(&world->counters.foreign_commits), 1);
    assert_false(is_owned(world, memory));
    assert_books(world, 0, 0, 0);
    assert_int_equal(try_free(world, memory, PAGE, OS_MEM_DECOMMIT), PAGES_FOREIGN);
    assert_int_equal(try_free(world, memory, 0, OS_MEM_RELEASE), PAGES_FOREIGN);
    assert_int_equal(system_at(memory).state, OS_MEM_COMMIT);
    assert_int_equal(os_free(memory, 0, OS_MEM_RELEASE), 0);
}

static void a_foreign_commit_that_the_system_refuses_is_not_counted(void **state)
{
    struct world *world = *state;

    assert_int_equal(refusal(world, free_granule(), PAGE, OS_MEM_COMMIT), OS_ERROR_INVALID_ADDRESS);
    assert_int_equal(counter_read(&world->counters.foreign_commits), 0);
}

/* ------------------------------------------------------------------------------------------------
 * Blocks of a heap
 * --------------------------------------------------------------------------------------------- */

#define HEAP 3u

static char *make_block(struct world *world, size_t requested)
{
    struct pages_request request = {.size = requested,
                                    .type = RESERVE_COMMIT,
                                    .protect = OS_PAGE_READWRITE,
                                    .node = OS_ANY_NODE,
                                    .heap = HEAP,
                                    .requested = requested};
    void *memory;

    assert_int_equal(try_request(world, &request, &memory), PAGES_OK);
    return memory;
}

static uint32_t region_at(struct world *world, const void *block)
{
    return region_table_index(&world->pages.table,
                              region_table_find(&world->pages.table, (uintptr_t)block));
}

/* Trims the region there as that heap's block, to that size. */
static pages_result trim_block(struct world *world, char *block, uint32_t heap, size_t size)
{
    uint32_t region = region_at(world, block);
    struct region_facts seen;

    assert_true(region_read(region_table_at(&world->pages.table, region), &seen));
    seen.heap = heap;
    return pages_trim_block_at(&world->pages, region, &seen, (uintptr_t)block + size);
}

static void a_heaps_block_is_not_virtual_frees_to_free(void **state)
{
    struct world *world = *state;
    char *block = make_block(world, 100);
    size_t requested = 0;

    assert_int_equal(try_free(world, block, 0, OS_MEM_RELEASE), PAGES_FOREIGN);
    assert_int_equal(try_free(world, block, PAGE, OS_MEM_RELEASE), PAGES_FOREIGN);
    assert_int_equal(try_free(world, block, PAGE, OS_MEM_DECOMMIT), PAGES_FOREIGN);
    assert_int_equal(try_free(world, block, 0, UNKNOWN_TYPE), PAGES_FOREIGN);
    assert_books(world, 1, PAGE, PAGE);
    assert_int_equal(pages_release_block(&world->pages, block, HEAP, &requested), PAGES_OK);
    assert_int_equal(requested, 100);
}

static void a_trim_leaves_the_next_owner_of_the_address_alone(void **state)
{
    struct world *world = *state;
    char *block = make_block(world, 5 * PAGE);
    uint32_t region = region_at(world, block);
    struct region_facts seen;
    size_t requested;

    assert_true(region_read(region_table_at(&world->pages.table, region), &seen));
    assert_int_equal(pages_release_block(&world->pages, block, HEAP, &requested), PAGES_OK);
    assert_ptr_equal(make_block(world, 5 * PAGE), block);
    assert_int_equal(region_at(world, block), region);
    assert_int_equal(pages_trim_block_at(&world->pages, region, &seen, seen.block + PAGE),
                     PAGES_FOREIGN);
    assert_books(world, 1, 5 * PAGE, 5 * PAGE);
    assert_int_equal(pages_release_block(&world->pages, block, HEAP, &requested), PAGES_OK);
}

static void pages_of_a_block_stay_while_others_are_at_work_in_it(void **state)
{
    struct world *world = *state;
    char *block = make_block(world, 5 * PAGE);
    struct region_operation operation;
    size_t requested;

    world->pages.keeps_looked_at = true;
    assert_int_equal(
        region_begin_settling(region_table_at(&world->pages.table, region_at(world, block)),
                              (uintptr_t)block, &operation),
        REGION_BEGUN);
    assert_int_equal(trim_block(world, block, HEAP, PAGE), OS_ERROR_NO_SYSTEM_RESOURCES);
    assert_true(region_end(&operation));
    assert_books(world, 1, 5 * PAGE, 5 * PAGE);
    assert_int_equal(trim_block(world, block, HEAP, PAGE), PAGES_OK);
    assert_books(world, 1, 5 * PAGE, PAGE);
    assert_int_equal(pages_release_block(&world->pages, block, HEAP, &requested), PAGES_OK);
}

static void a_block_that_is_trimmed_keeps_the_page_where_it_ends(void **state)
{
    struct world *world = *state;
    char *block = make_block(world, 5 * PAGE);
    size_t requested;

    assert_int_equal(trim_block(world, block, HEAP, PAGE + 1), PAGES_OK);
    assert_books(world, 1, 5 * PAGE, 2 * PAGE);
    assert_int_equal(system_at(block + PAGE).state, OS_MEM_COMMIT);
    assert_int_equal(system_at(block + 2 * PAGE).state, OS_MEM_RESERVE);
    assert_int_equal(trim_block(world, block, HEAP, PAGE), PAGES_OK);
    assert_books(world, 1, 5 * PAGE, PAGE);
    /* Nothing lies behind it. */
    assert_int_equal(trim_block(world, block, HEAP, 5 * PAGE), PAGES_OK);
    assert_int_equal(trim_block(world, block, HEAP, 6 * PAGE), PAGES_OK);
    assert_books(world, 1, 5 * PAGE, PAGE);
    assert_int_equal(pages_release_block(&world->pages, block, HEAP, &requested), PAGES_OK);
}

static void a_block_is_trimmed_by_its_heap_alone(void **state)
{
    struct world *world = *state;
    char *block = make_block(world, 5 * PAGE);
    char *region = alloc(world, NULL, 2 * PAGE, RESERVE_COMMIT);
    size_t requested;

    assert_int_equal(trim_block(world, block, HEAP + 1, PAGE), PAGES_FOREIGN);
    assert_int_equal(trim_block(world, region, HEAP, PAGE), PAGES_FOREIGN);
    assert_books(world, 2, 7 * PAGE, 7 * PAGE);
    release(world, region);
    assert_int_equal(pages_release_block(&world->pages, block, HEAP, &requested), PAGES_OK);
}

static void pages_that_the_system_does_not_give_up_stay_in_the_books(void **state)
{
    struct world *world = *state;
    char *block = make_block(world, 5 * PAGE);
    size_t requested;
    void *memory;

    assert_int_equal(os_free(block, 0, OS_MEM_RELEASE), 0); /* behind the manager's back */
    assert_int_not_equal(trim_block(world, block, HEAP, PAGE), PAGES_OK);
    assert_int_equal(
        os_alloc(block, 5 * PAGE, RESERVE_COMMIT, OS_PAGE_READWRITE, OS_ANY_NODE, &memory), 0);
    assert_books(world, 1, 5 * PAGE, 5 * PAGE);
    assert_int_equal(pages_release_block(&world->pages, block, HEAP, &requested), PAGES_OK);
}

static void a_block_is_released_by_its_start_and_its_heap_alone(void **state)
{
    struct world *world = *state;
    char *block = make_block(world, 2 * GRANULE);
    char *region = reserve(world, GRANULE);
    size_t requested = 42;

    assert_int_equal(pages_release_block(&world->pages, block + 1, HEAP, &requested),
                     PAGES_FOREIGN);
    assert_int_equal(pages_release_block(&world->pages, block + GRANULE, HEAP, &requested),
                     PAGES_FOREIGN);
    assert_int_equal(pages_release_block(&world->pages, block, HEAP + 1, &requested),
                     PAGES_FOREIGN);
    assert_int_equal(pages_release_block(&world->pages, region, HEAP, &requested), PAGES_FOREIGN);
    assert_int_equal(pages_release_block(&world->pages, &requested, HEAP, &requested),
                     PAGES_FOREIGN);
    assert_int_equal(requested, 42);
    assert_int_equal(pages_release_block(&world->pages, block, HEAP, &requested), PAGES_OK);
    assert_int_equal(pages_release_block(&world->pages, block, HEAP, &requested), PAGES_FOREIGN);
    release(world, region);
}

/* ------------------------------------------------------------------------------------------------
 * Looking
 * --------------------------------------------------------------------------------------------- */

static void an_enumeration_meets_every_live_region_once(void **state)
{
    struct world *world = *state;
    char *bases[50];
    bool met[COUNT_OF(bases)] = {false};
    struct region_facts facts;
    uint32_t cursor = 0;
    size_t committed;
    size_t count = 0;

    for (size_t i = 0; i < COUNT_OF(bases); i++) {
        bases[i] = reserve(world, GRANULE + i * PAGE);
        commit(world, bases[i], (i % 16 + 1) * PAGE);
    }
    for (size_t i = 0; i < COUNT_OF(bases); i += 2)
        release(world, bases[i]);
    while (pages_next(&world->pages, &cursor, &facts, &committed)) {
        size_t i = 0;

        while (i < COUNT_OF(bases) && (uintptr_t)bases[i] != facts.base)
            i++;
        assert_in_range(i, 0, COUNT_OF(bases) - 1);
        assert_int_equal(i % 2, 1);
        assert_false(met[i]);
        assert_int_equal(facts.size, GRANULE + i * PAGE);
        assert_int_equal(committed, (i % 16 + 1) * PAGE);
        met[i] = true;
        count++;
    }
    assert_int_equal(count, COUNT_OF(bases) / 2);
    for (size_t i = 1; i < COUNT_OF(bases); i += 2)
        release(world, bases[i]);
}

static void peaks_are_the_most_that_ever_was(void **state)
{
    struct world *world = *state;
    char *base = alloc(world, NULL, 4 * GRANULE, RESERVE_COMMIT);

    release(world, base);
    base = reserve(world, 5 * GRANULE);
    release(world, base);
    assert_int_equal(gauge_peak(&world->pages.budget.reserved.granted), 5 * GRANULE);
    assert_int_equal(gauge_peak(&world->pages.budget.committed.granted), 4 * GRANULE);
    assert_int_equal(gauge_peak(&world->counters.regions), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(a_reservation_is_owned_and_not_committed),
        world_test(a_size_is_rounded_up_to_pages),
        world_test(a_region_at_an_address_begins_at_its_granule),
        world_test(a_commit_at_null_makes_a_region),
        world_test(a_region_larger_than_several_chunks_is_owned_at_both_ends),
        world_test(a_region_of_64_gib_costs_what_is_committed_in_it),
        world_test(the_facts_of_a_region_are_those_of_its_request),
        world_test(what_the_system_refuses_is_refused_with_its_error),
        world_test(a_commit_takes_every_page_that_it_touches),
        world_test(committing_twice_is_charged_once),
        world_test(a_commit_beyond_the_region_is_refused_and_not_charged),
        world_test(a_reset_changes_no_books),
        world_test(a_decommit_takes_every_page_that_it_touches),
        world_test(decommitting_what_is_not_committed_refunds_nothing),
        world_test(a_decommit_of_size_0_at_the_base_takes_all),
        world_test(a_decommit_that_leaves_the_region_touches_nothing),
        world_test(a_decommit_of_size_0_inside_the_region_is_refused_as_by_win32),
        world_test(a_release_gives_back_all_that_was_charged),
        world_test(a_second_release_is_foreign),
        world_test(a_release_may_name_any_byte_of_the_first_page),
        world_test(a_release_with_a_size_or_of_an_unknown_type_is_an_owners_error),
        world_test(an_address_used_again_is_a_region_of_its_own),
        world_test(the_record_of_a_region_that_is_gone_is_used_again),
        world_test(a_release_that_the_system_contradicts_says_so_and_keeps_exact_books),
        world_test(what_somebody_else_has_committed_in_a_regions_place_is_not_booked),
        world_test(freeing_what_was_never_handed_out_is_foreign_whatever_it_is),
        world_test(another_managers_region_is_foreign),
        world_test(a_commit_in_someone_elses_region_is_forwarded_and_not_charged),
        world_test(a_foreign_commit_that_the_system_refuses_is_not_counted),
        world_test(a_heaps_block_is_not_virtual_frees_to_free),
        world_test(a_block_that_is_trimmed_keeps_the_page_where_it_ends),
        world_test(a_trim_leaves_the_next_owner_of_the_address_alone),
        world_test(pages_of_a_block_stay_while_others_are_at_work_in_it),
        world_test(a_block_is_trimmed_by_its_heap_alone),
        world_test(pages_that_the_system_does_not_give_up_stay_in_the_books),
        world_test(a_block_is_released_by_its_start_and_its_heap_alone),
        world_test(an_enumeration_meets_every_live_region_once),
        world_test(peaks_are_the_most_that_ever_was),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
