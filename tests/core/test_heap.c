/*
 * test_heap.c: heaps one call at a time: blocks, what is kept of them, leaks.
 */
#include "heap_world.h"

struct fixture {
    struct world *world;
    struct heap_space *space;
    struct heap *heap;
    struct heap *other;
};

static int begin(void **state)
{
    struct fixture *fixture = zeroed(sizeof(struct fixture));

    begin_world((void **)&fixture->world);
    fixture->space = begin_heap_space(fixture->world, 0);
    fixture->heap = heap_create(fixture->space, false);
    fixture->other = heap_create(fixture->space, true);
    assert_non_null(fixture->heap);
    assert_non_null(fixture->other);
    *state = fixture;
    return 0;
}

static void no_leak(void *context, const struct heap_block *block)
{
    (void)context;
    fail_msg("a leak at %p", (void *)block->address);
}

static int end(void **state)
{
    struct fixture *fixture = *state;

    os_fault_at(OS_FAULT_METADATA, 0);
    os_fault_at(OS_FAULT_PAGES, 0);
    heap_destroy(fixture->other, no_leak, NULL);
    heap_destroy(fixture->heap, no_leak, NULL);
    assert_int_equal(gauge_now(&fixture->world->counters.heaps), 0);
    end_heap_space(fixture->space);
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

static void assert_blocks(const struct fixture *fixture, uint64_t blocks, uint64_t bytes)
{
    assert_heaps(fixture->space, blocks, bytes);
    assert_exact(fixture->world);
}

/* ------------------------------------------------------------------------------------------------
 * Blocks
 * --------------------------------------------------------------------------------------------- */

static void a_block_has_its_bytes_and_is_counted(void **state)
{
    struct fixture *fixture = *state;
    static const size_t sizes[] = {0, 1, 16, PAGE - 1, PAGE + 1, 3 * GRANULE};

    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        char *block = make(fixture->heap, sizes[i]);

        assert_int_equal((uintptr_t)block % 16, 0);
        memset(block, 0x5a, sizes[i]);
        assert_blocks(fixture, 1, sizes[i]);
        assert_int_equal(heap_free(fixture->heap, block), PAGES_OK);
        assert_blocks(fixture, 0, 0);
    }
}

static void blocks_of_size_0_are_blocks_of_their_own(void **state)
{
    struct fixture *fixture = *state;
    char *first = make(fixture->heap, 0);
    char *second = make(fixture->heap, 0);

    assert_ptr_not_equal(first, second);
    assert_int_equal(heap_free(fixture->heap, first), PAGES_OK);
    assert_int_equal(heap_free(fixture->heap, second), PAGES_OK);
}

static void freeing_null_is_fine(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(heap_free(fixture->heap, NULL), PAGES_OK);
}

static void only_the_start_of_a_live_block_of_this_heap_is_freed(void **state)
{
    struct fixture *fixture = *state;
    char *block = make(fixture->heap, 2 * PAGE);
    char *others = make(fixture->other, PAGE);
    char *region = reserve(fixture->world, PAGE);
    int stack;
    void *const wild[] = {block + 1, block + PAGE,        block - 1, others, region,
                          &stack,    (void *)UINTPTR_MAX, (void *)1, fixture};

    for (size_t i = 0; i < COUNT_OF(wild); i++)
        assert_int_equal(heap_free(fixture->heap, wild[i]), PAGES_FOREIGN);
    assert_blocks(fixture, 2, 3 * PAGE);
    assert_int_equal(heap_free(fixture->heap, block), PAGES_OK);
    assert_int_equal(heap_free(fixture->heap, block), PAGES_FOREIGN);
    assert_int_equal(heap_free(fixture->other, others), PAGES_OK);
    release(fixture->world, region);
    assert_blocks(fixture, 0, 0);
}

static void a_block_of_an_executable_heap_is_executable(void **state)
{
    struct fixture *fixture = *state;
    char *plain = make(fixture->heap, PAGE);
    char *executable = make(fixture->other, PAGE);
    uint32_t old;

    assert_int_equal(os_protect(plain, PAGE, OS_PAGE_READWRITE, &old), 0);
    assert_int_equal(old, OS_PAGE_READWRITE);
    assert_int_equal(os_protect(executable, PAGE, OS_PAGE_READWRITE, &old), 0);
    assert_int_equal(old, OS_PAGE_EXECUTE_READWRITE);
    heap_free(fixture->heap, plain);
    heap_free(fixture->other, executable);
}

static void a_block_that_is_too_large_is_refused(void **state)
{
    struct fixture *fixture = *state;
    void *memory = fixture;

    assert_int_not_equal(try_block(fixture->heap, SIZE_MAX, NULL, 0, &memory), PAGES_OK);
    assert_null(memory);
    assert_blocks(fixture, 0, 0);
}

/* ------------------------------------------------------------------------------------------------
 * What is known about a block
 * --------------------------------------------------------------------------------------------- */

static void a_block_keeps_who_asked_for_it(void **state)
{
    struct fixture *fixture = *state;
    char file[] = "source.cpp";
    struct heap_cursor cursor = {0};
    struct heap_block block;
    void *memory;

    assert_int_equal(try_block(fixture->heap, 123, file, 77, &memory), PAGES_OK);
    memset(file, 'x', sizeof(file) - 1); /* the caller's text may go */
    assert_true(heap_next_block(fixture->space, 1, &cursor, &block));
    assert_int_equal(block.address, (uintptr_t)memory);
    assert_int_equal(block.size, 123);
    assert_string_equal(block.file, "source.cpp");
    assert_int_equal(block.line, 77);
    assert_int_equal(block.heap, 1);
    assert_int_equal(block.thread_id, os_thread_id());
    assert_false(heap_next_block(fixture->space, 1, &cursor, &block));
    heap_free(fixture->heap, memory);
}

static void an_enumeration_meets_the_blocks_of_the_heap_that_was_asked_for(void **state)
{
    struct fixture *fixture = *state;
    char *region = reserve(fixture->world, PAGE);
    char *blocks[] = {make(fixture->heap, 1), make(fixture->other, 2), make(fixture->heap, 3)};
    static const size_t sums[] = {6, 4, 2, 0};
    struct heap_block block;

    for (uint32_t heap = 0; heap < COUNT_OF(sums); heap++) {
        struct heap_cursor cursor = {0};
        size_t sum = 0;

        while (heap_next_block(fixture->space, heap, &cursor, &block))
            sum += block.size;
        assert_int_equal(sum, sums[heap]);
    }
    heap_free(fixture->heap, blocks[0]);
    heap_free(fixture->other, blocks[1]);
    heap_free(fixture->heap, blocks[2]);
    release(fixture->world, region);
}

/* ------------------------------------------------------------------------------------------------
 * Failures and leaks
 * --------------------------------------------------------------------------------------------- */

static void a_block_that_cannot_be_had_leaves_no_trace(void **state)
{
    struct fixture *fixture = *state;
    static const enum os_fault_kind kinds[] = {OS_FAULT_PAGES, OS_FAULT_METADATA};

    for (size_t kind = 0; kind < COUNT_OF(kinds); kind++) {
        struct metadata *metadata = &fixture->space->file_names.texts;
        pages_result result;
        uint64_t n = 0;
        void *memory;

        do {
            char file[] = "0.c";

            while (metadata->used + 64 <= metadata->span.committed)
                metadata_take(metadata, 64);
            file[0] = (char)('0' + 20 * kind + ++n); /* a name that is new */
            os_fault_at(kinds[kind], n);
            memory = fixture;
            result = try_block(fixture->heap, 20, file, 1, &memory);
            if (result) {
                assert_int_equal(result, OS_ERROR_NOT_ENOUGH_MEMORY);
                assert_null(memory);
            } else {
                assert_int_equal(heap_free(fixture->heap, memory), PAGES_OK);
            }
            assert_blocks(fixture, 0, 0);
            reclaim(fixture->space);
            assert_books(fixture->world, 0, 0, 0);
        } while (os_fault_requests(kinds[kind]) >= n);
        assert_true(n > 1);
        os_fault_at(kinds[kind], 0);
    }
}

/* Blocks that DebugAlloc gives when names have had their share, and what it costs the ledger. */
static void names_are_given_up_before_anything_else(void **state)
{
    struct fixture *fixture = *state;
    struct metadata *texts = &fixture->space->file_names.texts;
    size_t ledger;
    struct heap_block block;
    void *small, *large;

    assert_int_equal(try_block(fixture->heap, 20, "kept.c", 1, &small), PAGES_OK);
    assert_int_equal(heap_free(fixture->heap, small), PAGES_OK);
    ledger = fixture->world->pages.metadata.used;
    while (metadata_take(texts, texts->span.size - texts->used > GRANULE ? GRANULE : 64))
        ;
    assert_int_equal(fixture->world->pages.metadata.used, ledger);
    assert_int_equal(try_block(fixture->heap, 20, "new.c", 7, &small), PAGES_OK);
    assert_int_equal(try_block(fixture->heap, 2 * SMALL_LIMIT, "newer.c", 8, &large), PAGES_OK);
    assert_true(heap_find_block(fixture->space, (uintptr_t)small, &block));
    assert_null(block.file);
    assert_int_equal(block.line, 7);
    assert_true(heap_find_block(fixture->space, (uintptr_t)large, &block));
    assert_null(block.file);
    assert_int_equal(heap_free(fixture->heap, small), PAGES_OK);
    assert_int_equal(heap_free(fixture->heap, large), PAGES_OK);
    assert_int_equal(try_block(fixture->heap, 20, "kept.c", 9, &small), PAGES_OK);
    assert_true(heap_find_block(fixture->space, (uintptr_t)small, &block));
    assert_string_equal(block.file, "kept.c");
    assert_int_equal(heap_free(fixture->heap, small), PAGES_OK);
}

struct leaks {
    size_t count;
    size_t bytes;
};

static void count_leak(void *context, const struct heap_block *block)
{
    struct leaks *leaks = context;

    leaks->count++;
    leaks->bytes += block->size;
    memset((void *)block->address, 1, block->size); /* it is there still */
}

static void live_blocks_are_told_and_given_back_when_their_heap_goes(void **state)
{
    struct fixture *fixture = *state;
    struct counters *counters = &fixture->world->counters;
    struct leaks leaks = {0};
    struct heap *dying = heap_create(fixture->space, false);
    char *survivor = make(fixture->heap, 5);

    make(dying, 10);
    assert_int_equal(heap_free(dying, make(dying, 100)), PAGES_OK);
    make(dying, 1000);
    make(dying, 100000);
    heap_destroy(dying, count_leak, &leaks);
    assert_int_equal(leaks.count, 3);
    assert_int_equal(leaks.bytes, 101010);
    assert_int_equal(counter_read(&counters->leaked_blocks), 3);
    assert_int_equal(counter_read(&counters->leaked_bytes), 101010);
    assert_int_equal(gauge_now(&counters->heaps), 2);
    assert_blocks(fixture, 1, 5);
    heap_free(fixture->heap, survivor);
}

/* ------------------------------------------------------------------------------------------------
 * Threads
 * --------------------------------------------------------------------------------------------- */

#define SLOTS 16

struct market {
    struct fixture *fixture;
    _Atomic(char *) slots[SLOTS];
    _Atomic unsigned allocated;
    _Atomic unsigned freed;
    _Atomic unsigned failures;
};

/*
 * Puts blocks into slots from which other threads take them. A block is freed once, by the thread
 * that took it.
 */
static void exchange_blocks(void *context, unsigned number)
{
    struct market *market = context;
    struct heap *heap = market->fixture->heap;
    struct chance chance = {number + 1};

    for (int i = 0; i < 2000; i++) {
        char *old;
        void *memory = NULL;

        if (chance_below(&chance, 2)) {
            if (try_block(heap, 1 + chance_below(&chance, 2 * PAGE), i % 4 ? NULL : "exchange.c",
                          number, &memory))
                atomic_fetch_add(&market->failures, 1);
            else
                atomic_fetch_add(&market->allocated, 1);
        }
        old = atomic_exchange(&market->slots[chance_below(&chance, SLOTS)], (char *)memory);
        if (!old)
            continue;
        *old = 1;
        if (heap_free(heap, old))
            atomic_fetch_add(&market->failures, 1);
        else
            atomic_fetch_add(&market->freed, 1);
    }
}

static void blocks_that_other_threads_free_are_counted_exactly(void **state)
{
    struct fixture *fixture = *state;
    struct market market = {.fixture = fixture};

    crew_run(exchange_blocks, &market, THREADS);
    assert_int_equal(market.failures, 0);
    assert_int_equal(live_blocks(fixture->space), market.allocated - market.freed);
    for (size_t i = 0; i < SLOTS; i++)
        assert_int_equal(heap_free(fixture->heap, market.slots[i]), PAGES_OK);
    assert_blocks(fixture, 0, 0);
}

static void free_all(void *context, unsigned number)
{
    struct market *market = context;

    (void)number;
    for (size_t i = 0; i < SLOTS; i++)
        if (heap_free(market->fixture->heap, market->slots[i]) == PAGES_OK)
            atomic_fetch_add(&market->freed, 1);
}

static void of_all_threads_that_free_a_block_one_wins(void **state)
{
    struct fixture *fixture = *state;

    for (int round = 0; round < 50; round++) {
        struct market market = {.fixture = fixture};

        for (size_t i = 0; i < SLOTS; i++)
            market.slots[i] = make(fixture->heap, 100);
        crew_run(free_all, &market, THREADS);
        assert_int_equal(market.freed, SLOTS);
        assert_blocks(fixture, 0, 0);
    }
}

#define fixture_test(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_block_has_its_bytes_and_is_counted),
        fixture_test(blocks_of_size_0_are_blocks_of_their_own),
        fixture_test(freeing_null_is_fine),
        fixture_test(only_the_start_of_a_live_block_of_this_heap_is_freed),
        fixture_test(a_block_of_an_executable_heap_is_executable),
        fixture_test(a_block_that_is_too_large_is_refused),
        fixture_test(a_block_keeps_who_asked_for_it),
        fixture_test(an_enumeration_meets_the_blocks_of_the_heap_that_was_asked_for),
        fixture_test(a_block_that_cannot_be_had_leaves_no_trace),
        fixture_test(names_are_given_up_before_anything_else),
        fixture_test(live_blocks_are_told_and_given_back_when_their_heap_goes),
        fixture_test(blocks_that_other_threads_free_are_counted_exactly),
        fixture_test(of_all_threads_that_free_a_block_one_wins),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
