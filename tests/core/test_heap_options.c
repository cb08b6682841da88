/*
 * test_heap_options.c: blocks that are resized, guarded, filled, or have histories, and what
 * enumerations tell of all heaps.
 */
#include "heap_world.h"

#define GUARD_ABOVE ((size_t)3000)
#define EVERYTHING (HEAP_TRACK_BLOCKS | HEAP_FILL_ON_ALLOC | HEAP_FILL_ON_FREE | HEAP_DELAY_REUSE)

struct fixture {
    struct world *world;
    struct heap_space space;
    struct heap *heap;
    struct heap *other;
    unsigned damaged;
    struct heap_block damage; /* the last that was told */
};

static void note_damage(void *context, const struct heap_block *block)
{
    struct fixture *fixture = context;

    fixture->damaged++;
    fixture->damage = *block;
}

static void begin_with(void **state, uint32_t flags, size_t guard_above)
{
    struct fixture *fixture = zeroed(sizeof(struct fixture));
    struct heap_options options = {
        .flags = flags, .guard_above = guard_above, .damaged = note_damage, .context = fixture};

    begin_world((void **)&fixture->world);
    assert_true(heap_space_init(&fixture->space, &fixture->world->pages, &options));
    fixture->heap = heap_create(&fixture->space, false);
    fixture->other = heap_create(&fixture->space, true);
    assert_non_null(fixture->heap);
    assert_non_null(fixture->other);
    *state = fixture;
}

static int begin_plain(void **state)
{
    begin_with(state, 0, SIZE_MAX);
    return 0;
}

static int begin_guarded(void **state)
{
    begin_with(state, 0, GUARD_ABOVE);
    return 0;
}

static int begin_filled(void **state)
{
    begin_with(state, EVERYTHING, SIZE_MAX);
    return 0;
}

static int end(void **state)
{
    struct fixture *fixture = *state;

    os_fault_at(OS_FAULT_METADATA, 0);
    os_fault_at(OS_FAULT_PAGES, 0);
    heap_destroy(fixture->other, NULL, NULL);
    heap_destroy(fixture->heap, NULL, NULL);
    heap_space_destroy(&fixture->space);
    end_world((void **)&fixture->world);
    free(fixture);
    return 0;
}

static char *make(struct heap *heap, size_t size)
{
    void *memory = NULL;

    assert_int_equal(try_block(heap, size, NULL, 0, &memory), PAGES_OK);
    assert_non_null(memory);
    return memory;
}

/* ------------------------------------------------------------------------------------------------
 * Sizes
 * --------------------------------------------------------------------------------------------- */

static void assert_size(struct heap *heap, const char *block, size_t expected)
{
    size_t size = 0;

    assert_true(heap_size_of(heap, block, &size));
    assert_int_equal(size, expected);
}

static void a_small_block_is_resized_where_it_lies_within_its_class(void **state)
{
    struct fixture *fixture = *state;
    char *block = make(fixture->heap, 100);

    assert_true(heap_resize(fixture->heap, block, 105));
    assert_size(fixture->heap, block, 105);
    assert_heaps(&fixture->space, 1, 105);
    assert_false(heap_resize(fixture->heap, block, 1000));
    assert_false(heap_resize(fixture->heap, block, 1));
    assert_false(heap_resize(fixture->heap, block + 16, 105));
    assert_false(heap_resize(fixture->other, block, 105));
    assert_size(fixture->heap, block, 105);
    assert_int_equal(heap_free(fixture->heap, block), PAGES_OK);
    assert_false(heap_resize(fixture->heap, block, 105));
    assert_heaps(&fixture->space, 0, 0);
}

static void a_large_block_is_resized_where_it_lies_within_its_pages(void **state)
{
    struct fixture *fixture = *state;
    char *block = make(fixture->heap, 100000);

    assert_true(heap_resize(fixture->heap, block, 102400));
    assert_size(fixture->heap, block, 102400);
    assert_heaps(&fixture->space, 1, 102400);
    assert_int_equal(gauge_now(&fixture->heap->large_bytes), 102400);
    assert_false(heap_resize(fixture->heap, block, 102401));
    assert_false(heap_resize(fixture->heap, block, 100));
    assert_false(heap_resize(fixture->heap, block + PAGE, 100000));
    assert_false(heap_resize(fixture->other, block, 100000));
    assert_size(fixture->heap, block, 102400);
    /* A page less: it goes back to the system, and is not had again where it was. */
    assert_true(heap_resize(fixture->heap, block, 98304));
    assert_size(fixture->heap, block, 98304);
    assert_books(fixture->world, 1, 102400, 98304);
    assert_false(heap_resize(fixture->heap, block, 98305));
    assert_heaps(&fixture->space, 1, 98304);
    assert_int_equal(heap_free(fixture->heap, block), PAGES_OK);
    assert_false(heap_resize(fixture->heap, block, 100000));
    assert_heaps(&fixture->space, 0, 0);
}

static void only_the_start_of_a_live_block_of_the_heap_has_a_size(void **state)
{
    struct fixture *fixture = *state;
    char *block = make(fixture->heap, 100);
    char *large = make(fixture->heap, 100000);
    size_t size = 7;

    assert_false(heap_size_of(fixture->heap, block + 1, &size));
    assert_false(heap_size_of(fixture->heap, large + 1, &size));
    assert_false(heap_size_of(fixture->other, block, &size));
    assert_false(heap_size_of(fixture->other, large, &size));
    assert_false(heap_size_of(fixture->heap, &size, &size));
    assert_int_equal(size, 7);
    heap_free_all(fixture->heap);
    assert_false(heap_size_of(fixture->heap, block, &size));
    assert_false(heap_size_of(fixture->heap, large, &size));
}

/* ------------------------------------------------------------------------------------------------
 * Guards
 * --------------------------------------------------------------------------------------------- */

static void a_guarded_block_ends_where_a_page_begins_that_is_not_committed(void **state)
{
    struct fixture *fixture = *state;
    static const size_t sizes[] = {GUARD_ABOVE + 8, PAGE, PAGE + 16, 10 * PAGE, 100000};

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        char *block = make(fixture->heap, sizes[i]);
        char *stop = block + (sizes[i] + 15) / 16 * 16;

        memset(block, 1, sizes[i]);
        assert_int_equal((uintptr_t)stop % PAGE, 0);
        assert_int_equal(system_at(stop).state, OS_MEM_RESERVE);
        assert_false(heap_resize(fixture->heap, block, sizes[i] + 1));
        assert_false(heap_resize(fixture->heap, block, sizes[i]));
        assert_int_equal(heap_free(fixture->heap, block - 1), PAGES_FOREIGN);
        assert_int_equal(heap_free(fixture->heap, block + 16), PAGES_FOREIGN);
        assert_int_equal(heap_free(fixture->heap, block), PAGES_OK);
        assert_int_equal(heap_free(fixture->heap, block), PAGES_FOREIGN);
    }
    assert_exact(fixture->world);
}

static void a_block_that_needs_no_guard_has_none(void **state)
{
    struct fixture *fixture = *state;
    char *block = make(fixture->heap, GUARD_ABOVE);

    assert_true(pages_is_own(&fixture->world->pages, block));
    assert_int_equal(gauge_now(&fixture->heap->large_blocks), 0);
    assert_int_equal(heap_free(fixture->heap, block), PAGES_OK);
}

static void a_guard_beyond_the_address_space_is_refused(void **state)
{
    struct fixture *fixture = *state;
    void *memory = fixture;

    for (size_t less = 0; less < 3 * PAGE; less += PAGE / 2) {
        assert_int_equal(try_block(fixture->heap, SIZE_MAX - less, NULL, 0, &memory),
                         OS_ERROR_NOT_ENOUGH_MEMORY);
        assert_null(memory);
    }
    assert_heaps(&fixture->space, 0, 0);
}

static void a_refused_large_block_of_a_named_file_leaves_nothing(void **state)
{
    struct fixture *fixture = *state;
    void *memory = fixture;

    os_fault_at(OS_FAULT_PAGES, 1);
    assert_int_equal(try_block(fixture->heap, 100000, "file.c", 1, &memory),
                     OS_ERROR_NOT_ENOUGH_MEMORY);
    assert_null(memory);
    os_fault_at(OS_FAULT_METADATA, 1);
    assert_int_equal(try_block(fixture->heap, 100000, "other.c", 1, &memory),
                     OS_ERROR_NOT_ENOUGH_MEMORY);
    assert_null(memory);
    assert_heaps(&fixture->space, 0, 0);
}

/* ------------------------------------------------------------------------------------------------
 * Fills and histories
 * --------------------------------------------------------------------------------------------- */

static void a_write_to_a_freed_block_is_told_with_its_history(void **state)
{
    struct fixture *fixture = *state;
    void *memory;
    char *block;

    assert_int_equal(try_block(fixture->heap, 100, "history.c", 42, &memory), PAGES_OK);
    block = memory;
    for (int i = 0; i < 100; i++)
        assert_int_equal((unsigned char)block[i], HEAP_FILL_ALLOCATED);
    assert_int_equal(heap_free(fixture->heap, block), PAGES_OK);
    block[17]++;
    reclaim(&fixture->space);
    assert_int_equal(fixture->damaged, 1);
    assert_int_equal(fixture->damage.address, (uintptr_t)block);
    assert_int_equal(fixture->damage.damage, (uintptr_t)block + 17);
    assert_int_equal(fixture->damage.size, 100);
    assert_string_equal(fixture->damage.file, "history.c");
    assert_int_equal(fixture->damage.line, 42);
    assert_int_equal(fixture->damage.freed_by, os_thread_id());
    assert_int_equal(counter_read(&fixture->world->counters.corrupted_blocks), 1);
}

static void a_freed_block_that_is_left_alone_is_not_told(void **state)
{
    struct fixture *fixture = *state;

    for (size_t size = 1; size <= 2000; size += 37)
        assert_int_equal(heap_free(fixture->heap, make(fixture->heap, size)), PAGES_OK);
    reclaim(&fixture->space);
    assert_int_equal(fixture->damaged, 0);
}

/* ------------------------------------------------------------------------------------------------
 * Enumerations of all heaps
 * --------------------------------------------------------------------------------------------- */

static void the_figures_of_a_class_are_those_of_its_slabs_in_that_heap(void **state)
{
    struct fixture *fixture = *state;
    struct heap_class_figures figures;
    uint64_t blocks = 0, bytes = 0;

    make(fixture->heap, 100);
    make(fixture->heap, 101);
    make(fixture->other, 100);
    for (uint32_t index = 0; index < CLASS_COUNT; index++) {
        heap_class_figures(&fixture->space, fixture->heap->number, index, &figures);
        blocks += figures.blocks;
        bytes += figures.block_bytes;
        assert_int_equal(figures.slabs, figures.blocks ? 1 : 0);
        heap_class_figures(&fixture->space, 0, index, &figures);
        assert_true(figures.slabs == 0 || figures.slabs == 2);
    }
    assert_int_equal(blocks, 2);
    assert_int_equal(bytes, 201);
    heap_free_all(fixture->heap);
    heap_free_all(fixture->other);
    assert_heaps(&fixture->space, 0, 0);
}

static void the_end_of_a_heap_shows_in_the_mark(void **state)
{
    struct fixture *fixture = *state;
    struct heap *heap = heap_create(&fixture->space, false);
    uint64_t mark = heap_ends(&fixture->space);

    assert_true(heap_none_ended_since(&fixture->space, mark));
    heap_destroy(heap, NULL, NULL);
    assert_false(heap_none_ended_since(&fixture->space, mark));
    assert_true(heap_none_ended_since(&fixture->space, heap_ends(&fixture->space)));
}

static void what_the_heaps_own_is_known_until_it_is_somebody_else_s(void **state)
{
    struct fixture *fixture = *state;
    char *small = make(fixture->heap, 100), *large = make(fixture->heap, 100000);
    int local;
    void *taken;

    assert_true(heap_owns(&fixture->space, small));
    assert_true(heap_owns(&fixture->space, large + 1));
    assert_false(heap_owns(&fixture->space, &local));
    heap_free_all(fixture->heap);
    assert_true(heap_owns(&fixture->space, large));
    reclaim(&fixture->space);
    assert_true(heap_owns(&fixture->space, large)); /* now it belongs to no heap */
    assert_int_equal(
        os_alloc(large, GRANULE, RESERVE_COMMIT, OS_PAGE_READWRITE, OS_ANY_NODE, &taken), 0);
    assert_false(heap_owns(&fixture->space, taken));
    assert_int_equal(os_free(taken, 0, OS_MEM_RELEASE), 0);
}

static void the_live_block_around_an_address_is_found(void **state)
{
    struct fixture *fixture = *state;
    char *small = make(fixture->heap, 100), *large = make(fixture->other, 100000);
    struct heap_block block;

    assert_true(heap_find_block(&fixture->space, (uintptr_t)small + 99, &block));
    assert_int_equal(block.address, (uintptr_t)small);
    assert_false(heap_find_block(&fixture->space, (uintptr_t)small + 100, &block));
    assert_true(heap_find_block(&fixture->space, (uintptr_t)large + 99999, &block));
    assert_int_equal(block.address, (uintptr_t)large);
    assert_int_equal(block.heap, fixture->other->number);
    assert_false(heap_find_block(&fixture->space, (uintptr_t)large + 100000, &block));
    assert_false(heap_find_block(&fixture->space, (uintptr_t)&block, &block));
    heap_free_all(fixture->heap);
    heap_free_all(fixture->other);
    assert_false(heap_find_block(&fixture->space, (uintptr_t)small, &block));
}

/* ------------------------------------------------------------------------------------------------
 * No memory
 * --------------------------------------------------------------------------------------------- */

static void a_thread_without_counters_of_its_own_counts_in_the_shared_ones(void **state)
{
    struct fixture *fixture = *state;
    char *block;

    os_fault_at(OS_FAULT_METADATA, 1); /* the request for the first thread's counters */
    block = make(fixture->heap, 100);
    os_fault_at(OS_FAULT_METADATA, 0);
    assert_heaps(&fixture->space, 1, 100);
    assert_true(heap_resize(fixture->heap, block, 104));
    assert_heaps(&fixture->space, 1, 104);
    assert_int_equal(heap_free(fixture->heap, block), PAGES_OK);
    assert_heaps(&fixture->space, 0, 0);
}

/* Whichever request fails, the call gives a block, or fails and leaves no trace. */
static void each_request_that_fails_for_the_first_block_leaves_no_trace(void **state)
{
    struct fixture *fixture = *state;
    static const enum os_fault_kind kinds[] = {OS_FAULT_METADATA, OS_FAULT_PAGES};

    for (int kind = 0; kind < 2; kind++) {
        for (uint64_t n = 1; n < 20; n++) {
            struct heap *heap = heap_create(&fixture->space, false);
            void *memory = heap;

            os_fault_at(kinds[kind], n);
            if (try_block(heap, 100, "first.c", 1, &memory) == PAGES_OK) {
                assert_non_null(memory);
                assert_int_equal(heap_free(heap, memory), PAGES_OK);
            } else {
                assert_null(memory);
            }
            os_fault_at(kinds[kind], 0);
            assert_heaps(&fixture->space, 0, 0);
            heap_destroy(heap, NULL, NULL);
            assert_exact(fixture->world);
        }
    }
}

#define plain_test(test) cmocka_unit_test_setup_teardown(test, begin_plain, end)
#define guarded_test(test) cmocka_unit_test_setup_teardown(test, begin_guarded, end)
#define filled_test(test) cmocka_unit_test_setup_teardown(test, begin_filled, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        plain_test(a_small_block_is_resized_where_it_lies_within_its_class),
        plain_test(a_large_block_is_resized_where_it_lies_within_its_pages),
        plain_test(only_the_start_of_a_live_block_of_the_heap_has_a_size),
        guarded_test(a_guarded_block_ends_where_a_page_begins_that_is_not_committed),
        guarded_test(a_block_that_needs_no_guard_has_none),
        guarded_test(a_guard_beyond_the_address_space_is_refused),
        guarded_test(a_refused_large_block_of_a_named_file_leaves_nothing),
        filled_test(a_write_to_a_freed_block_is_told_with_its_history),
        filled_test(a_freed_block_that_is_left_alone_is_not_told),
        plain_test(the_figures_of_a_class_are_those_of_its_slabs_in_that_heap),
        plain_test(the_end_of_a_heap_shows_in_the_mark),
        plain_test(what_the_heaps_own_is_known_until_it_is_somebody_else_s),
        plain_test(the_live_block_around_an_address_is_found),
        plain_test(a_thread_without_counters_of_its_own_counts_in_the_shared_ones),
        plain_test(each_request_that_fails_for_the_first_block_leaves_no_trace),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
