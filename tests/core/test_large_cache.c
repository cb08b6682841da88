/*
 * test_large_cache.c: the memory of freed large blocks (large_cache.h). It serves other blocks that
 * it fits, is told and bounded, and goes back before anything is refused. A freed block is freed,
 * whatever becomes of its memory.
 */
#include "heap_world.h"
#include "system_calls.h"

#include "heap/reuse/large_cache.h"
#include "heap/reuse/large_places.h"
#include "heap/reuse/large_slack.h"
#include "heap/reuse/reclaim.h"
#include "pages/region_operation.h"

#define KIB ((size_t)1024)
#define MIB ((size_t)1 << 20)
#define SIZE (100 * KIB)

/* The linker leads os_tick_milliseconds here. */
uint64_t __wrap_os_tick_milliseconds(void);

static uint64_t now = 1000000;

uint64_t __wrap_os_tick_milliseconds(void)
{
    return now;
}

/* system_calls.h */
void system_call_begins(bool changes)
{
    (void)changes;
}

void system_call_ended(void)
{
}

struct fixture {
    struct world *world;
    struct heap_space *space;
    struct heap *heap;
    struct heap *other;
    struct heap *executable;
};

static int begin_with(void **state, uint32_t flags, size_t guard_above)
{
    struct fixture *fixture = zeroed(sizeof(struct fixture));

    begin_world((void **)&fixture->world);
    fixture->space = begin_heap_space(fixture->world, flags);
    fixture->space->options.guard_above = guard_above;
    fixture->heap = heap_create(fixture->space, false);
    fixture->other = heap_create(fixture->space, false);
    fixture->executable = heap_create(fixture->space, true);
    assert_non_null(fixture->executable);
    *state = fixture;
    return 0;
}

static int begin(void **state)
{
    return begin_with(state, 0, SIZE_MAX);
}

static int begin_filled(void **state)
{
    return begin_with(state, HEAP_FILL_ON_FREE, SIZE_MAX);
}

static int begin_delayed(void **state)
{
    return begin_with(state, HEAP_DELAY_REUSE, SIZE_MAX);
}

static int begin_guarded(void **state)
{
    return begin_with(state, 0, 64 * KIB);
}

static int begin_filled_when_allocated(void **state)
{
    return begin_with(state, HEAP_FILL_ON_ALLOC, SIZE_MAX);
}

static int end(void **state)
{
    struct fixture *fixture = *state;

    os_fault_at(OS_FAULT_PAGES, 0);
    heap_destroy(fixture->heap, NULL, NULL);
    heap_destroy(fixture->other, NULL, NULL);
    heap_destroy(fixture->executable, NULL, NULL);
    assert_int_equal((int64_t)fixture->space->large.bytes, 0);
    assert_int_equal((int64_t)fixture->space->large.live, 0);
    assert_int_equal((int64_t)fixture->space->large.slack, 0);
    assert_int_equal((int64_t)fixture->space->live, 0);
    end_heap_space(fixture->space);
    end_world((void **)&fixture->world);
    free(fixture);
    return 0;
}

static char *make(struct heap *heap, size_t size)
{
    void *memory;

    assert_int_equal(try_block(heap, size, NULL, 0, &memory), PAGES_OK);
    return memory;
}

static void give(struct heap *heap, void *memory)
{
    assert_int_equal(heap_free(heap, memory), PAGES_OK);
}

static uint64_t cached(struct heap *heap)
{
    struct heap_figures figures;

    assert_true(heap_figures(heap, &figures));
    return figures.cached_bytes;
}

static uint64_t held(const struct fixture *fixture)
{
    return gauge_now(&fixture->world->pages.budget.committed.granted);
}

static uint64_t refused(const struct fixture *fixture, enum block_refusal why)
{
    return counter_read(&fixture->world->counters.refused_blocks[why]);
}

static void limit(struct fixture *fixture, uint64_t bytes)
{
    budget_set_limit(&fixture->world->pages.budget.committed, &(struct budget_limit){bytes, 0, 0});
}

/* ------------------------------------------------------------------------------------------------
 * Another block
 * --------------------------------------------------------------------------------------------- */

static void memory_of_a_freed_block_serves_the_next(void **state)
{
    struct fixture *fixture = *state;
    char *first = make(fixture->heap, SIZE);

    give(fixture->heap, first);
    assert_ptr_equal(make(fixture->heap, SIZE - 5), first);
    assert_books(fixture->world, 1, SIZE, SIZE);
    assert_heaps(fixture->space, 1, SIZE - 5);
    assert_int_equal(cached(fixture->heap), 0);
}

static void the_next_block_has_facts_of_its_own(void **state)
{
    struct fixture *fixture = *state;
    struct heap_block before, after;
    char *first = make(fixture->heap, SIZE);
    void *second;

    assert_true(heap_find_block(fixture->space, (uintptr_t)first, &before));
    give(fixture->heap, first);
    now += 77;
    assert_int_equal(try_block(fixture->other, SIZE - 9, "a file", 12, &second), PAGES_OK);
    assert_ptr_equal(second, first);
    assert_true(heap_find_block(fixture->space, (uintptr_t)second + SIZE - 10, &after));
    assert_int_equal(after.size, SIZE - 9);
    assert_int_equal(after.heap, heap_number(fixture->other));
    assert_string_equal(after.file, "a file");
    assert_int_equal(after.line, 12);
    assert_true(after.sequence > before.sequence);
    assert_int_equal(after.tick, before.tick + 77);
    assert_int_equal(heap_free(fixture->heap, second), PAGES_FOREIGN);
    give(fixture->other, second);
}

/* The slack of live blocks is above what lets memory serve that is much larger. */
static void use_up_slack(struct fixture *fixture)
{
    for (unsigned i = 0; i < 2; i++) {
        give(fixture->other, make(fixture->other, (200 - 130 * i) * PAGE));
        make(fixture->other, 9 * PAGE);
    }
    assert_int_equal(fixture->space->large.slack, LARGE_SLACK - 4 * PAGE);
}

static void memory_fits_that_is_at_most_a_quarter_larger(void **state)
{
    struct fixture *fixture = *state;
    char *block = make(fixture->heap, 100 * PAGE);

    use_up_slack(fixture);
    give(fixture->heap, block);
    assert_ptr_not_equal(make(fixture->heap, 100 * PAGE + 1), block);
    assert_ptr_not_equal(make(fixture->heap, 79 * PAGE), block);
    assert_int_equal(cached(fixture->heap), 100 * PAGE);
    assert_ptr_equal(make(fixture->heap, 80 * PAGE), block);
    assert_int_equal(cached(fixture->heap), 20 * PAGE);
}

static void what_was_freed_last_serves_even_if_it_is_much_larger(void **state)
{
    struct fixture *fixture = *state;
    char *fitting = make(fixture->heap, 10 * PAGE), *latest = make(fixture->heap, 200 * PAGE);
    char *next;

    give(fixture->heap, fitting);
    give(fixture->heap, latest);
    assert_ptr_equal(make(fixture->heap, 10 * PAGE), latest);
    assert_int_equal(cached(fixture->heap), 200 * PAGE);
    assert_ptr_equal(make(fixture->heap, 10 * PAGE), fitting);
    /* Not if there is too much slack then. */
    give(fixture->heap, next = make(fixture->heap, 100 * PAGE));
    assert_ptr_not_equal(make(fixture->heap, 10 * PAGE), next);
    assert_int_equal(cached(fixture->heap), 290 * PAGE);
    assert_int_equal(fixture->space->large.slack, 190 * PAGE);
}

/* Each size is in the bin whose sizes hold it, and bins are in the order of sizes. */
static void bins_are_in_the_order_of_sizes(void **state)
{
    uint32_t bin = large_places_bin(LARGE_SMALLEST), before = bin;

    (void)state;
    assert_int_equal(bin, 0);
    for (size_t size = LARGE_SMALLEST; size <= LARGE_LARGEST; size += PAGE) {
        bin = large_places_bin(size);
        assert_true(bin == before || bin == before + 1);
        before = bin;
    }
    assert_int_equal(bin, LARGE_BINS - 1);
    assert_int_equal(large_places_bin(2 * LARGE_SMALLEST), 8);
    assert_int_equal(large_places_bin(2 * LARGE_SMALLEST - PAGE), 7);
}

static void a_block_grows_into_what_its_memory_has_left(void **state)
{
    struct fixture *fixture = *state;
    char *block = make(fixture->heap, 100 * PAGE);

    give(fixture->heap, block);
    assert_ptr_equal(make(fixture->heap, 20 * PAGE), block);
    assert_true(heap_resize(fixture->heap, block, 90 * PAGE));
    assert_int_equal(cached(fixture->heap), 10 * PAGE);
    assert_true(heap_resize(fixture->heap, block, 100 * PAGE));
    memset(block, 1, 100 * PAGE);
    assert_int_equal(cached(fixture->heap), 0);
    assert_false(heap_resize(fixture->heap, block, 100 * PAGE + 1));
    assert_heaps(fixture->space, 1, 100 * PAGE);
    give(fixture->heap, block);
    assert_int_equal(cached(fixture->heap), 100 * PAGE);
}

/* ------------------------------------------------------------------------------------------------
 * A freed block is freed
 * --------------------------------------------------------------------------------------------- */

static void a_freed_block_answers_as_if_its_memory_were_gone(void **state)
{
    struct fixture *fixture = *state;
    struct heap_block block;
    char *memory = make(fixture->heap, SIZE);
    size_t size;

    give(fixture->heap, memory);
    assert_int_equal(heap_free(fixture->heap, memory), PAGES_FOREIGN);
    assert_int_equal(heap_free(fixture->other, memory), PAGES_FOREIGN);
    assert_int_equal(refused(fixture, BLOCK_REFUSED_FREED), 2);
    assert_int_equal(heap_free(fixture->heap, memory + 16), PAGES_FOREIGN);
    assert_int_equal(refused(fixture, BLOCK_REFUSED_FOREIGN), 1);
    assert_false(heap_size_of(fixture->heap, memory, &size));
    assert_false(heap_resize(fixture->heap, memory, SIZE));
    assert_false(heap_shrink(fixture->heap, memory, SIZE - 1));
    assert_false(heap_find_block(fixture->space, (uintptr_t)memory, &block));
    assert_true(heap_owns(fixture->space, memory));
    assert_heaps(fixture->space, 0, 0);
}

/* Another thread has freed the block since, and its memory is the next block's. */
static void a_free_that_has_lost_ends_no_other_block(void **state)
{
    struct fixture *fixture = *state;
    struct pages *pages = &fixture->world->pages;
    char *memory = make(fixture->heap, SIZE);
    struct region *region = region_table_find(&pages->table, (uintptr_t)memory);
    uint32_t index = region_table_index(&pages->table, region);
    struct region_facts seen;
    size_t size;

    assert_true(region_read(region, &seen)); /* as a free does that is suspended then */
    give(fixture->heap, memory);
    assert_ptr_equal(make(fixture->heap, SIZE), memory);
    assert_false(pages_cache_block(pages, index, &seen, &size));
    assert_int_equal(pages_release_block_at(pages, index, &seen, &size), PAGES_FOREIGN);
    assert_true(heap_size_of(fixture->heap, memory, &size));
    assert_heaps(fixture->space, 1, SIZE);
}

static void virtual_free_does_not_touch_what_is_kept(void **state)
{
    struct fixture *fixture = *state;
    char *memory = make(fixture->heap, SIZE);

    give(fixture->heap, memory);
    assert_int_equal(try_free(fixture->world, memory, 0, OS_MEM_RELEASE), PAGES_FOREIGN);
    assert_int_equal(try_free(fixture->world, memory, PAGE, OS_MEM_DECOMMIT), PAGES_FOREIGN);
    assert_books(fixture->world, 1, SIZE, SIZE);
    assert_ptr_equal(make(fixture->heap, SIZE), memory);
}

static bool is_kept(const struct fixture *fixture, const void *memory)
{
    struct region_facts facts;
    size_t committed;

    return pages_find(&fixture->world->pages, memory, &facts, &committed) && facts.cached &&
           committed == facts.size;
}

static void what_is_kept_is_told(void **state)
{
    struct fixture *fixture = *state;
    char *memory = make(fixture->heap, SIZE);

    assert_false(is_kept(fixture, memory));
    give(fixture->heap, memory);
    assert_true(is_kept(fixture, memory));
    assert_int_equal(cached(fixture->heap), SIZE);
    assert_int_equal(cached(fixture->other), 0);
    assert_int_equal(gauge_now(&fixture->heap->large_blocks), 0);
    assert_int_equal(gauge_now(&fixture->heap->large_bytes), 0);
    assert_books(fixture->world, 1, SIZE, SIZE);
}

/* ------------------------------------------------------------------------------------------------
 * What is not kept
 * --------------------------------------------------------------------------------------------- */

static void assert_not_kept(struct fixture *fixture, struct heap *heap, void *memory)
{
    give(heap, memory);
    assert_int_equal(cached(heap), 0);
    assert_books(fixture->world, 0, 0, 0);
}

static void executable_memory_is_never_data(void **state)
{
    struct fixture *fixture = *state;
    char *data;

    assert_not_kept(fixture, fixture->executable, make(fixture->executable, SIZE));
    data = make(fixture->heap, SIZE);
    give(fixture->heap, data);
    assert_ptr_not_equal(make(fixture->executable, SIZE), data);
    assert_int_equal(cached(fixture->heap), SIZE);
}

static void very_large_memory_is_not_kept(void **state)
{
    struct fixture *fixture = *state;

    assert_not_kept(fixture, fixture->heap, make(fixture->heap, MIB + 1));
    give(fixture->heap, make(fixture->heap, MIB));
    assert_int_equal(cached(fixture->heap), MIB);
}

/* To find a late access, nothing is better than memory that is gone. */
/* Freed memory may wait elsewhere (freed_regions.h). */
static void nothing_is_kept_where_blocks_are_watched(void **state)
{
    struct fixture *fixture = *state;

    give(fixture->heap, make(fixture->heap, SIZE));
    assert_int_equal(cached(fixture->heap), 0);
    reclaim(fixture->space);
    assert_books(fixture->world, 0, 0, 0);
}

static void guarded_memory_is_not_kept(void **state)
{
    struct fixture *fixture = *state;

    assert_not_kept(fixture, fixture->heap, make(fixture->heap, SIZE));
    /* One that is not guarded is kept, and not used for a guarded one. */
    give(fixture->heap, make(fixture->heap, 64 * KIB));
    assert_int_equal(cached(fixture->heap), 64 * KIB);
    make(fixture->heap, 64 * KIB - PAGE + 1);
    assert_int_equal(cached(fixture->heap), 0);
}

/* The program does that behind the books' back. */
static void memory_that_the_program_has_decommitted_is_not_kept(void **state)
{
    struct fixture *fixture = *state;
    char *memory = make(fixture->heap, SIZE);

    assert_int_equal(os_free(memory + SIZE - PAGE, PAGE, OS_MEM_DECOMMIT), 0);
    give(fixture->heap, memory);
    assert_int_equal(cached(fixture->heap), 0);
    assert_int_equal(gauge_now(&fixture->world->counters.regions), 0);
}

static void memory_that_the_program_has_protected_is_not_kept(void **state)
{
    struct fixture *fixture = *state;

    for (size_t at = 0; at < SIZE; at += SIZE - PAGE) {
        char *memory = make(fixture->heap, SIZE);
        uint32_t old;

        assert_int_equal(os_protect(memory + at, PAGE, OS_PAGE_READONLY, &old), 0);
        assert_not_kept(fixture, fixture->heap, memory);
    }
}

static void memory_of_a_block_that_was_shrunk_is_not_kept(void **state)
{
    struct fixture *fixture = *state;
    char *memory = make(fixture->heap, SIZE);

    assert_true(heap_shrink(fixture->heap, memory, SIZE / 2));
    assert_not_kept(fixture, fixture->heap, memory);
}

/* Another thread settles the books of the region. */
static void memory_that_an_operation_is_under_way_on_is_not_used(void **state)
{
    struct fixture *fixture = *state;
    char *memory = make(fixture->heap, SIZE);
    struct region *region = region_table_find(&fixture->world->pages.table, (uintptr_t)memory);
    struct region_operation operation;

    give(fixture->heap, memory);
    assert_int_equal(region_begin_settling(region, (uintptr_t)memory, &operation), REGION_BEGUN);
    assert_ptr_not_equal(make(fixture->heap, SIZE), memory);
    assert_int_equal(cached(fixture->heap), 0);
    assert_false(region_covers(region, (uintptr_t)memory));
    assert_true(region_is_busy(region));
    /* The operation ends, and with it the region. */
    assert_int_equal(operation_end(&fixture->world->pages, &operation), PAGES_OK);
    assert_false(region_is_busy(region));
    assert_books(fixture->world, 1, SIZE, SIZE);
}

/* ------------------------------------------------------------------------------------------------
 * The bound
 * --------------------------------------------------------------------------------------------- */

enum {
    MANY = 400
};

static uint64_t bound_of(uint64_t live)
{
    return LARGE_KEPT + live / 4 * 3;
}

/* After every free: what is kept is at most the constant and three quarters of what lives. */
static void what_is_kept_is_in_proportion_to_what_lives(void **state)
{
    struct fixture *fixture = *state;
    struct chance chance = {77};
    static char *blocks[MANY];
    static size_t sizes[MANY];
    uint64_t live = 0, kept = 0;

    for (unsigned i = 0; i < MANY; i++) {
        sizes[i] = (9 + chance_below(&chance, 248)) * PAGE;
        blocks[i] = make(fixture->heap, sizes[i]);
        live += sizes[i];
    }
    for (unsigned i = 0; i < MANY; i++) {
        give(fixture->heap, blocks[i]);
        live -= sizes[i];
        assert_in_range(held(fixture) - live, 0, bound_of(live));
        assert_int_equal(cached(fixture->heap), held(fixture) - live);
        if (cached(fixture->heap) > kept)
            kept = cached(fixture->heap);
    }
    assert_true(kept > 2 * LARGE_KEPT); /* and it is used */
    assert_exact(fixture->world);
}

/* Frees blocks that may stay as long as a huge one lives. Returns that. */
static char *keep_much(struct fixture *fixture, struct heap *heap)
{
    char *huge = make(heap, 256 * MIB);
    static char *blocks[MANY];

    for (unsigned i = 0; i < MANY; i++)
        blocks[i] = make(fixture->heap, 33 * KIB + i % 32 * 16 * KIB);
    for (unsigned i = 0; i < MANY; i++)
        give(fixture->heap, blocks[i]);
    return huge;
}

static void less_is_kept_when_less_lives(void **state)
{
    struct fixture *fixture = *state;
    char *huge = keep_much(fixture, fixture->heap);

    assert_true(cached(fixture->heap) > 10 * LARGE_KEPT);
    give(fixture->heap, huge); /* which is too large to be kept */
    assert_in_range(cached(fixture->heap), 1, LARGE_KEPT);
    assert_exact(fixture->world);
}

static void less_is_kept_when_a_block_shrinks(void **state)
{
    struct fixture *fixture = *state;
    char *huge = keep_much(fixture, fixture->heap);

    assert_true(heap_shrink(fixture->heap, huge, 40000));
    assert_in_range(cached(fixture->heap), 1, LARGE_KEPT + 40000);
    assert_exact(fixture->world);
}

/* What lived in it gave all heaps together the right to keep more. */
static void less_is_kept_when_a_heap_ends(void **state)
{
    struct fixture *fixture = *state;
    struct heap *ending = heap_create(fixture->space, false);
    char *blocks[8];

    make(ending, 256 * MIB);
    for (unsigned i = 0; i < COUNT_OF(blocks); i++)
        blocks[i] = make(i % 2 ? fixture->heap : fixture->other, MIB);
    for (unsigned i = 0; i < COUNT_OF(blocks); i++)
        give(i % 2 ? fixture->heap : fixture->other, blocks[i]);
    assert_int_equal(cached(fixture->heap) + cached(fixture->other), 2 * LARGE_KEPT);
    heap_destroy(ending, NULL, NULL);
    assert_int_equal(cached(fixture->heap) + cached(fixture->other), LARGE_KEPT);
}

/* What lives in another heap gives a heap no right to keep more. */
static void a_heap_keeps_in_proportion_to_what_lives_in_it(void **state)
{
    struct fixture *fixture = *state;
    static char *blocks[MANY];

    for (unsigned i = 0; i < MANY; i++)
        make(fixture->other, 33 * KIB + i % 8 * 32 * KIB);
    for (unsigned i = 0; i < MANY; i++)
        blocks[i] = make(fixture->heap, 33 * KIB + i % 8 * 32 * KIB);
    for (unsigned i = 0; i < MANY; i++)
        give(fixture->heap, blocks[i]);
    assert_in_range(cached(fixture->heap), 1, LARGE_KEPT);
}

static void all_heaps_together_keep_little_when_nothing_lives(void **state)
{
    struct fixture *fixture = *state;
    struct heap *heaps[16];
    char *blocks[16][8];

    for (unsigned i = 0; i < COUNT_OF(heaps); i++) {
        heaps[i] = heap_create(fixture->space, false);
        for (unsigned k = 0; k < 8; k++)
            blocks[i][k] = make(heaps[i], MIB - k * 100 * KIB - i * PAGE);
    }
    for (unsigned i = 0; i < COUNT_OF(heaps); i++) {
        for (unsigned k = 0; k < 8; k++)
            give(heaps[i], blocks[i][k]);
    }
    assert_in_range(held(fixture), 1, LARGE_KEPT);
    for (unsigned i = 0; i < COUNT_OF(heaps); i++)
        heap_destroy(heaps[i], NULL, NULL);
    assert_int_equal(held(fixture), 0);
}

static void of_one_size_no_more_is_kept_than_there_are_places(void **state)
{
    struct fixture *fixture = *state;
    static char *blocks[MANY];

    for (unsigned i = 0; i < MANY; i++)
        blocks[i] = make(fixture->heap, 10 * PAGE);
    for (unsigned i = 0; i < LARGE_BIN_PLACES + 5; i++)
        give(fixture->heap, blocks[i]);
    assert_int_equal(cached(fixture->heap), LARGE_BIN_PLACES * 10 * PAGE);
    assert_exact(fixture->world);
}

static void a_place_serves_again_and_again(void **state)
{
    struct fixture *fixture = *state;
    char *first = make(fixture->heap, SIZE);

    for (unsigned i = 0; i < 3 * LARGE_BIN_PLACES; i++) {
        give(fixture->heap, first);
        assert_int_equal(cached(fixture->heap), SIZE);
        assert_ptr_equal(make(fixture->heap, SIZE), first);
    }
    assert_int_equal(fixture->space->given, 0);
}

/* Of what is too much, the largest and oldest goes first. */
static void what_was_used_last_stays(void **state)
{
    struct fixture *fixture = *state;
    char *old[8], *young;

    for (unsigned i = 0; i < COUNT_OF(old); i++)
        old[i] = make(fixture->heap, MIB / 2);
    young = make(fixture->heap, MIB);
    for (unsigned i = 0; i < COUNT_OF(old); i++)
        give(fixture->heap, old[i]);
    give(fixture->heap, young);
    assert_int_equal(cached(fixture->heap), LARGE_KEPT);
    assert_true(is_kept(fixture, young));
    assert_false(is_kept(fixture, old[0]));
    assert_false(is_kept(fixture, old[1]));
}

/* ------------------------------------------------------------------------------------------------
 * Given back
 * --------------------------------------------------------------------------------------------- */

static void what_is_a_heaps_can_be_given_back_alone(void **state)
{
    struct fixture *fixture = *state;
    char *mine = make(fixture->heap, SIZE), *others = make(fixture->other, 2 * SIZE);

    give(fixture->heap, mine);
    give(fixture->other, others);
    assert_int_equal(large_cache_give(fixture->space, fixture->heap), SIZE);
    assert_int_equal(cached(fixture->other), 2 * SIZE);
    assert_int_equal(reclaim(fixture->space), 2 * SIZE);
    assert_books(fixture->world, 0, 0, 0);
}

static void the_end_of_a_heap_gives_back_what_is_its(void **state)
{
    struct fixture *fixture = *state;
    struct heap *heap = heap_create(fixture->space, false);

    give(heap, make(heap, SIZE));
    make(heap, SIZE); /* a leak */
    heap_destroy(heap, NULL, NULL);
    assert_books(fixture->world, 0, 0, 0);
}

/* Limits each in turn: a region, a slab, and a large block that fits nothing. */
static void nothing_is_refused_while_memory_is_kept(void **state)
{
    struct fixture *fixture = *state;
    struct pages_request request = {
        .size = 2 * MIB, .type = RESERVE_COMMIT, .protect = OS_PAGE_READWRITE, .node = OS_ANY_NODE};
    void *memory;

    for (unsigned what = 0; what < 3; what++) {
        char *blocks[2] = {make(fixture->heap, MIB), make(fixture->other, MIB)};

        give(fixture->heap, blocks[0]);
        give(fixture->other, blocks[1]);
        assert_int_equal(held(fixture), 2 * MIB);
        limit(fixture, 2 * MIB);
        if (what == 0) {
            counters_begin(&fixture->world->counters, COUNTED_VIRTUAL_ALLOC);
            assert_int_equal(reclaim_pages_alloc(fixture->space, &request, &memory), PAGES_OK);
            counters_end(&fixture->world->counters, COUNTED_VIRTUAL_ALLOC, true);
            release(fixture->world, memory);
        } else {
            memory = make(fixture->heap, what == 1 ? 100 : 2 * MIB);
            give(fixture->heap, memory);
        }
        limit(fixture, BUDGET_ENDLESS);
        reclaim(fixture->space);
        assert_books(fixture->world, 0, 0, 0);
    }
}

/* A region for somebody who wants that address. */
static void reserve_at(struct fixture *fixture, void *address, size_t size, pages_result expected)
{
    struct pages_request request = {.address = address,
                                    .size = size,
                                    .type = OS_MEM_RESERVE,
                                    .protect = OS_PAGE_NOACCESS,
                                    .node = OS_ANY_NODE};
    void *memory;

    counters_begin(&fixture->world->counters, COUNTED_VIRTUAL_ALLOC);
    assert_int_equal(reclaim_pages_alloc(fixture->space, &request, &memory), expected);
    counters_end(&fixture->world->counters, COUNTED_VIRTUAL_ALLOC, !expected);
    if (!expected) {
        assert_ptr_equal(memory, address);
        release(fixture->world, memory);
    }
}

static void no_address_is_refused_because_memory_is_kept_there(void **state)
{
    struct fixture *fixture = *state;
    char *block = make(fixture->heap, MIB), *elsewhere = make(fixture->heap, MIB);

    give(fixture->heap, block);
    give(fixture->heap, elsewhere);
    reserve_at(fixture, block + 64 * KIB, 2 * 64 * KIB, PAGES_OK);
    assert_int_equal(cached(fixture->heap), MIB);
    assert_true(is_kept(fixture, elsewhere));
    /* A live block is in nobody's way. */
    block = make(fixture->heap, MIB);
    reserve_at(fixture, block, PAGE, OS_ERROR_INVALID_ADDRESS);
    give(fixture->heap, block);
}

static void no_address_is_refused_because_a_slab_is_empty_there(void **state)
{
    struct fixture *fixture = *state;
    char *block = make(fixture->heap, 100);
    char *base = (char *)range_round_down((uintptr_t)block, 64 * KIB);

    reserve_at(fixture, base, PAGE, OS_ERROR_INVALID_ADDRESS);
    give(fixture->heap, block);
    reserve_at(fixture, base, PAGE, PAGES_OK);
    assert_books(fixture->world, 0, 0, 0);
}

static void what_is_held_without_use_is_told(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(reclaim_held(fixture->space).committed, 0);
    give(fixture->heap, make(fixture->heap, 100 * PAGE));
    make(fixture->other, 90 * PAGE);
    give(fixture->heap, make(fixture->heap, 50 * PAGE));
    give(fixture->heap, make(fixture->heap, 100));
    assert_int_equal(reclaim_held(fixture->space).committed, 60 * PAGE + 64 * KIB);
    assert_int_equal(reclaim(fixture->space), 60 * PAGE + 64 * KIB);
    assert_int_equal(reclaim_held(fixture->space).committed, 0);
}

static void near_a_limit_nothing_is_kept(void **state)
{
    struct fixture *fixture = *state;
    char *blocks[8];

    for (unsigned i = 0; i < COUNT_OF(blocks); i++)
        blocks[i] = make(fixture->heap, MIB);
    give(fixture->heap, blocks[0]);
    assert_int_equal(cached(fixture->heap), MIB);
    limit(fixture, 9 * MIB); /* of which 8 are used */
    give(fixture->heap, blocks[1]);
    assert_int_equal(cached(fixture->heap), 0);
    assert_int_equal(held(fixture), 6 * MIB);
    give(fixture->heap, blocks[2]); /* now there is room again */
    assert_int_equal(cached(fixture->heap), MIB);
}

/* So what is kept does not make memory low. */
static void a_request_that_comes_near_the_limit_finds_nothing_kept(void **state)
{
    struct fixture *fixture = *state;
    struct pages_request request = {.size = 5 * MIB + MIB / 2,
                                    .type = RESERVE_COMMIT,
                                    .protect = OS_PAGE_READWRITE,
                                    .node = OS_ANY_NODE};
    void *memory;

    give(fixture->heap, make(fixture->heap, MIB / 2));
    give(fixture->heap, make(fixture->heap, MIB));
    limit(fixture, 8 * MIB);
    assert_int_equal(reclaim_pages_alloc(fixture->space, &request, &memory), PAGES_OK);
    assert_int_equal(held(fixture), 7 * MIB); /* seven eighths */
    assert_int_equal(cached(fixture->heap), MIB + MIB / 2);
    release(fixture->world, memory);
    request.size += PAGE;
    assert_int_equal(reclaim_pages_alloc(fixture->space, &request, &memory), PAGES_OK);
    assert_int_equal(cached(fixture->heap), 0);
    release(fixture->world, memory);
}

static void near_a_limit_memory_must_fit(void **state)
{
    struct fixture *fixture = *state;
    char *block = make(fixture->heap, 80 * PAGE);

    make(fixture->other, 10 * MIB);
    give(fixture->heap, block);
    limit(fixture, held(fixture) + MIB);
    assert_ptr_not_equal(make(fixture->heap, 79 * PAGE), block);
    assert_int_equal(cached(fixture->heap), 80 * PAGE);
    assert_ptr_equal(make(fixture->heap, 80 * PAGE), block);
}

/* ------------------------------------------------------------------------------------------------
 * Slack
 * --------------------------------------------------------------------------------------------- */

/* A block of so many pages whose region has 100. */
static char *make_slack(struct fixture *fixture, unsigned pages)
{
    char *block = make(fixture->heap, 100 * PAGE);
    uint64_t before = cached(fixture->heap);

    give(fixture->heap, block);
    assert_ptr_equal(make(fixture->heap, pages * PAGE), block);
    assert_int_equal(cached(fixture->heap) - before, (100 - pages) * PAGE);
    return block;
}

static void slack_is_given_back_and_the_block_stays(void **state)
{
    struct fixture *fixture = *state;
    char *block = make_slack(fixture, 20);
    uint64_t before = reclaim_given(fixture->space);

    memset(block, 7, 20 * PAGE);
    assert_int_equal(reclaim(fixture->space), 80 * PAGE);
    assert_true(reclaim_given(fixture->space) > before);
    assert_books(fixture->world, 1, 100 * PAGE, 20 * PAGE);
    assert_int_equal(cached(fixture->heap), 0);
    assert_int_equal(fixture->space->large.slack, 0);
    for (size_t i = 0; i < 20 * PAGE; i++)
        assert_int_equal(block[i], 7);
    assert_int_equal(reclaim(fixture->space), 0);
    assert_false(heap_resize(fixture->heap, block, 20 * PAGE + 1));
    assert_true(heap_resize(fixture->heap, block, 20 * PAGE));
    give(fixture->heap, block);
    assert_books(fixture->world, 0, 0, 0);
}

static void nothing_is_refused_while_there_is_slack(void **state)
{
    struct fixture *fixture = *state;
    char *block = make_slack(fixture, 90);

    limit(fixture, 100 * PAGE);
    make(fixture->heap, 10 * PAGE);
    assert_heaps(fixture->space, 2, 100 * PAGE);
    limit(fixture, BUDGET_ENDLESS);
    give(fixture->heap, block);
}

static void what_the_block_has_grown_into_is_not_given_back(void **state)
{
    struct fixture *fixture = *state;
    char *block = make_slack(fixture, 20);

    assert_true(heap_resize(fixture->heap, block, 60 * PAGE - 5));
    memset(block, 7, 60 * PAGE - 5);
    assert_int_equal(reclaim(fixture->space), 40 * PAGE);
    for (size_t i = 0; i < 60 * PAGE - 5; i++)
        assert_int_equal(block[i], 7);
    assert_exact(fixture->world);
}

static void a_block_that_shrinks_has_no_slack(void **state)
{
    struct fixture *fixture = *state;
    char *block = make_slack(fixture, 60);

    assert_true(heap_resize(fixture->heap, block, 50 * PAGE));
    assert_int_equal(cached(fixture->heap), 0);
    assert_books(fixture->world, 1, 100 * PAGE, 50 * PAGE);
}

static void slack_of_a_freed_block_is_kept_with_the_rest(void **state)
{
    struct fixture *fixture = *state;
    char *block = make_slack(fixture, 20);

    give(fixture->heap, block);
    assert_int_equal(cached(fixture->heap), 100 * PAGE);
    assert_int_equal(fixture->space->large.slack, 0);
    assert_int_equal(reclaim(fixture->space), 100 * PAGE);
    assert_books(fixture->world, 0, 0, 0);
}

static void slack_of_a_block_that_cannot_be_kept_is_counted_no_more(void **state)
{
    struct fixture *fixture = *state;
    char *block = make_slack(fixture, 20);
    uint32_t old;

    assert_int_equal(os_protect(block, PAGE, OS_PAGE_READONLY, &old), 0);
    give(fixture->heap, block);
    assert_int_equal(cached(fixture->heap), 0);
    assert_int_equal(fixture->space->large.slack, 0);
    assert_books(fixture->world, 0, 0, 0);
}

static void the_slack_of_a_leak_ends_with_its_heap(void **state)
{
    struct fixture *fixture = *state;
    struct heap *heap = heap_create(fixture->space, false);

    give(heap, make(heap, 100 * PAGE));
    make(heap, 20 * PAGE);
    assert_int_equal(fixture->space->large.slack, 80 * PAGE);
    heap_destroy(heap, NULL, NULL);
    assert_int_equal(fixture->space->large.slack, 0);
    assert_int_equal(fixture->space->large.bytes, 0);
    assert_books(fixture->world, 0, 0, 0);
}

/* The block's region waits in another heap's name. */
static void slack_is_the_heaps_that_has_the_block(void **state)
{
    struct fixture *fixture = *state;
    char *block = make(fixture->heap, 100 * PAGE);

    give(fixture->heap, block);
    assert_ptr_equal(make(fixture->other, 70 * PAGE), block);
    assert_int_equal(cached(fixture->heap), 0);
    assert_int_equal(cached(fixture->other), 30 * PAGE);
    give(fixture->other, block);
    assert_int_equal(cached(fixture->other), 100 * PAGE);
}

/* As a thread does that was suspended in the middle of giving slack back. */
static void slack_of_another_block_is_not_given_back_by_mistake(void **state)
{
    struct fixture *fixture = *state;
    char *block = make_slack(fixture, 20);
    struct region_table *table = &fixture->world->pages.table;
    uint32_t index = region_table_index(table, region_table_find(table, (uintptr_t)block));
    struct region_facts seen;

    assert_true(region_read(region_table_at(table, index), &seen));
    give(fixture->heap, block);
    assert_ptr_equal(make(fixture->heap, 30 * PAGE), block);
    assert_int_equal(large_slack_of(fixture->heap, index, &seen), 0);
    assert_false(large_slack_use(fixture->heap, index, &seen, PAGE));
    large_slack_drop(fixture->heap, index, &seen);
    assert_int_equal(
        pages_trim_block_at(&fixture->world->pages, index, &seen, (uintptr_t)block + 30 * PAGE),
        PAGES_FOREIGN);
    assert_int_equal(cached(fixture->heap), 70 * PAGE);
}

static void much_slack_goes_back_after_a_while(void **state)
{
    struct fixture *fixture = *state;
    char *little = make_slack(fixture, 80), *much = make_slack(fixture, 70);

    assert_ptr_not_equal(much, little);
    for (unsigned i = 0; i < 4; i++) {
        now += LARGE_AGE_MILLISECONDS / 2;
        make(fixture->other, MIB + 1);
    }
    assert_int_equal(cached(fixture->heap), 20 * PAGE);
    assert_exact(fixture->world);
}

/* Of the nodes that a set is made of. */
static void take_all_nodes(const struct fixture *fixture)
{
    while (pool_take(&fixture->space->set_nodes))
        ;
}

static void without_memory_for_a_note_there_is_no_slack(void **state)
{
    struct fixture *fixture = *state;
    char *block = make(fixture->heap, 100 * PAGE);

    give(fixture->heap, block);
    take_all_nodes(fixture);
    assert_ptr_equal(make(fixture->heap, 20 * PAGE), block);
    assert_int_equal(cached(fixture->heap), 0);
    assert_books(fixture->world, 1, 100 * PAGE, 20 * PAGE);
}

/* ------------------------------------------------------------------------------------------------
 * Age
 * --------------------------------------------------------------------------------------------- */

/* Each call that comes by releases a few. */
static void no_call_releases_many_at_once(void **state)
{
    struct fixture *fixture = *state;
    char *blocks[64];
    uint64_t kept;

    for (unsigned i = 0; i < COUNT_OF(blocks); i++)
        blocks[i] = make(fixture->heap, 10 * PAGE);
    for (unsigned i = 0; i < COUNT_OF(blocks); i++)
        give(fixture->heap, blocks[i]);
    now += 2 * LARGE_AGE_MILLISECONDS;
    while ((kept = cached(fixture->heap)) != 0) {
        large_cache_age(fixture->space);
        assert_in_range(kept - cached(fixture->heap), 10 * PAGE, 4 * 10 * PAGE);
    }
}

static void what_is_not_used_for_long_goes_back(void **state)
{
    struct fixture *fixture = *state;

    give(fixture->heap, make(fixture->heap, SIZE));
    now += LARGE_AGE_MILLISECONDS / 2;
    give(fixture->heap, make(fixture->heap, 2 * SIZE));
    assert_int_equal(cached(fixture->heap), 3 * SIZE);
    now += LARGE_AGE_MILLISECONDS / 2;
    make(fixture->heap, 3 * SIZE); /* whoever comes by */
    assert_int_equal(cached(fixture->heap), 2 * SIZE);
    now += 10 * LARGE_AGE_MILLISECONDS;
    make(fixture->heap, 100); /* a slab */
    assert_int_equal(cached(fixture->heap), 0);
}

static void what_the_system_does_not_take_back_stays_in_the_books(void **state)
{
    struct fixture *fixture = *state;
    struct pages *pages = &fixture->world->pages;
    char *memory = make(fixture->heap, SIZE);
    struct region *region = region_table_find(&pages->table, (uintptr_t)memory);
    struct region_facts facts;

    give(fixture->heap, memory);
    refuse_releases(1);
    assert_int_equal(reclaim(fixture->space), 0);
    assert_true(region_read(region, &facts));
    assert_true(facts.cached);
    assert_books(fixture->world, 1, SIZE, SIZE);
    assert_heaps(fixture->space, 0, 0);
    assert_int_equal(heap_free(fixture->heap, memory), PAGES_FOREIGN);
    assert_int_equal(refused(fixture, BLOCK_REFUSED_FREED), 1);
    assert_int_equal(large_cache_drop(fixture->space, region_table_index(&pages->table, region)),
                     SIZE);
}

#define test_with(how, test) cmocka_unit_test_setup_teardown(test, how, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test_with(begin, memory_of_a_freed_block_serves_the_next),
        test_with(begin, the_next_block_has_facts_of_its_own),
        test_with(begin, memory_fits_that_is_at_most_a_quarter_larger),
        test_with(begin, what_was_freed_last_serves_even_if_it_is_much_larger),
        cmocka_unit_test(bins_are_in_the_order_of_sizes),
        test_with(begin, a_block_grows_into_what_its_memory_has_left),
        test_with(begin, a_freed_block_answers_as_if_its_memory_were_gone),
        test_with(begin, a_free_that_has_lost_ends_no_other_block),
        test_with(begin, virtual_free_does_not_touch_what_is_kept),
        test_with(begin, what_is_kept_is_told),
        test_with(begin, executable_memory_is_never_data),
        test_with(begin, very_large_memory_is_not_kept),
        test_with(begin_filled, nothing_is_kept_where_blocks_are_watched),
        test_with(begin_filled_when_allocated, nothing_is_kept_where_blocks_are_watched),
        test_with(begin_delayed, nothing_is_kept_where_blocks_are_watched),
        test_with(begin_guarded, guarded_memory_is_not_kept),
        test_with(begin, memory_that_the_program_has_decommitted_is_not_kept),
        test_with(begin, memory_that_the_program_has_protected_is_not_kept),
        test_with(begin, memory_of_a_block_that_was_shrunk_is_not_kept),
        test_with(begin, memory_that_an_operation_is_under_way_on_is_not_used),
        test_with(begin, what_is_kept_is_in_proportion_to_what_lives),
        test_with(begin, less_is_kept_when_less_lives),
        test_with(begin, less_is_kept_when_a_block_shrinks),
        test_with(begin, less_is_kept_when_a_heap_ends),
        test_with(begin, a_heap_keeps_in_proportion_to_what_lives_in_it),
        test_with(begin, all_heaps_together_keep_little_when_nothing_lives),
        test_with(begin, of_one_size_no_more_is_kept_than_there_are_places),
        test_with(begin, a_place_serves_again_and_again),
        test_with(begin, what_was_used_last_stays),
        test_with(begin, what_is_a_heaps_can_be_given_back_alone),
        test_with(begin, the_end_of_a_heap_gives_back_what_is_its),
        test_with(begin, nothing_is_refused_while_memory_is_kept),
        test_with(begin, no_address_is_refused_because_memory_is_kept_there),
        test_with(begin, no_address_is_refused_because_a_slab_is_empty_there),
        test_with(begin, what_is_held_without_use_is_told),
        test_with(begin, near_a_limit_nothing_is_kept),
        test_with(begin, a_request_that_comes_near_the_limit_finds_nothing_kept),
        test_with(begin, near_a_limit_memory_must_fit),
        test_with(begin, slack_is_given_back_and_the_block_stays),
        test_with(begin, nothing_is_refused_while_there_is_slack),
        test_with(begin, what_the_block_has_grown_into_is_not_given_back),
        test_with(begin, a_block_that_shrinks_has_no_slack),
        test_with(begin, slack_of_a_freed_block_is_kept_with_the_rest),
        test_with(begin, slack_of_a_block_that_cannot_be_kept_is_counted_no_more),
        test_with(begin, the_slack_of_a_leak_ends_with_its_heap),
        test_with(begin, slack_is_the_heaps_that_has_the_block),
        test_with(begin, slack_of_another_block_is_not_given_back_by_mistake),
        test_with(begin, much_slack_goes_back_after_a_while),
        test_with(begin, without_memory_for_a_note_there_is_no_slack),
        test_with(begin, no_call_releases_many_at_once),
        test_with(begin, what_is_not_used_for_long_goes_back),
        test_with(begin, what_the_system_does_not_take_back_stays_in_the_books),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
