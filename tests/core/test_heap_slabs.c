/*
 * test_heap_slabs.c: what becomes of a heap's slabs, their descriptors and their memory as several
 * threads use the heap one after the other, by the fast paths where there are any.
 */
#include "heap_world.h"

#include "heap/heap_fast_path.h"
#include "heap/reuse/idle_slabs.h"

struct fixture {
    struct world *world;
    struct heap_space *space;
    struct heap *heap;
};

static int begin_with(void **state, uint32_t flags)
{
    struct fixture *fixture = zeroed(sizeof(struct fixture));

    begin_world((void **)&fixture->world);
    fixture->space = begin_heap_space(fixture->world, flags);
    fixture->heap = heap_create(fixture->space, false);
    assert_non_null(fixture->heap);
    *state = fixture;
    return 0;
}

static int begin(void **state)
{
    return begin_with(state, 0);
}

static int begin_checked(void **state)
{
    return begin_with(state, HEAP_FILL_ON_FREE | HEAP_DELAY_REUSE);
}

static int end(void **state)
{
    struct fixture *fixture = *state;

    os_fault_at(OS_FAULT_METADATA, 0);
    os_fault_at(OS_FAULT_PAGES, 0);
    heap_destroy(fixture->heap, NULL, NULL);
    end_heap_space(fixture->space);
    end_world((void **)&fixture->world);
    free(fixture);
    return 0;
}

static char *make(struct heap *heap, size_t size)
{
    void *memory = NULL;

    if (!heap_fast_alloc(heap, size, &memory))
        assert_int_equal(try_block(heap, size, NULL, 0, &memory), PAGES_OK);
    assert_non_null(memory);
    return memory;
}

static void give(struct heap *heap, char *memory)
{
    if (!heap_fast_free(heap, memory))
        assert_int_equal(heap_free(heap, memory), PAGES_OK);
}

static uint64_t slabs_of(const struct heap *heap)
{
    return gauge_now(&heap->slab_bytes) / SLAB_SIZE;
}

/* ------------------------------------------------------------------------------------------------
 * Full and empty slabs
 * --------------------------------------------------------------------------------------------- */

#define SIZE ((size_t)4096)
#define A_SLAB (SLAB_SIZE / SIZE)
#define FILLED 40u

static char *blocks[FILLED * A_SLAB];

static void fill_slabs(struct heap *heap)
{
    for (size_t i = 0; i < COUNT_OF(blocks); i++)
        blocks[i] = make(heap, SIZE);
    assert_int_equal(slabs_of(heap), FILLED);
}

static void fill_and_empty_slabs(struct heap *heap)
{
    fill_slabs(heap);
    for (size_t i = 0; i < COUNT_OF(blocks); i++)
        give(heap, blocks[i]);
}

/* Frees an eighth of the blocks of the slab that was filled first. */
static void a_full_slab_with_an_eighth_of_its_blocks_free_is_used_again(void **state)
{
    struct heap *heap = ((struct fixture *)*state)->heap;

    fill_slabs(heap);
    give(heap, blocks[0]);
    give(heap, blocks[1]);
    blocks[0] = make(heap, SIZE);
    blocks[1] = make(heap, SIZE);
    assert_int_equal(slabs_of(heap), FILLED);
    for (size_t i = 0; i < COUNT_OF(blocks); i++)
        give(heap, blocks[i]);
}

static void of_empty_slabs_a_heap_keeps_a_few(void **state)
{
    struct heap *heap = ((struct fixture *)*state)->heap;

    fill_and_empty_slabs(heap);
    assert_in_range(slabs_of(heap), 1, IDLE_HEAP);
}

static void a_trim_gives_all_empty_slabs_back_and_says_how_much_that_was(void **state)
{
    struct fixture *fixture = *state;
    const struct budget_kind *committed = &fixture->world->pages.budget.committed;
    uint64_t before;
    size_t given;

    fill_and_empty_slabs(fixture->heap);
    before = gauge_now(&committed->granted);
    given = reclaim(fixture->space);
    assert_int_equal(given, before - gauge_now(&committed->granted));
    assert_true(given > 0);
    assert_int_equal(slabs_of(fixture->heap), 0);
}

/* Descriptors of slabs that were trimmed, or for which there was no memory, are not lost. */
static void descriptors_are_used_again(void **state)
{
    struct fixture *fixture = *state;
    void *memory;

    for (int i = 0; i < 20; i++) {
        give(fixture->heap, make(fixture->heap, SIZE));
        reclaim(fixture->space);
        os_fault_at(OS_FAULT_PAGES, 1);
        assert_int_equal(try_block(fixture->heap, 2 * SIZE, NULL, 0, &memory),
                         OS_ERROR_NOT_ENOUGH_MEMORY);
    }
    os_fault_at(OS_FAULT_PAGES, 0);
    assert_in_range(pool_limit(&fixture->space->slabs), 1, 3);
}

/*
 * The slot of active slabs still names the slab; its descriptor must not be another slab's by then.
 */
static void an_active_slab_that_was_trimmed_is_met_again_and_does_no_harm(void **state)
{
    struct fixture *fixture = *state;
    struct heap *heap = fixture->heap;
    char *other;

    give(heap, make(heap, 2 * SIZE));
    reclaim(fixture->space);
    blocks[0] = make(heap, SIZE);
    other = make(heap, 2 * SIZE);
    give(heap, blocks[0]);
    for (size_t i = 0; i < COUNT_OF(blocks); i++)
        blocks[i] = make(heap, SIZE);
    for (size_t i = 0; i < COUNT_OF(blocks); i++)
        give(heap, blocks[i]);
    give(heap, other);
}

static void a_heap_that_begins_has_nothing_of_the_one_before(void **state)
{
    struct fixture *fixture = *state;

    for (int i = 0; i < 3; i++) {
        fill_and_empty_slabs(fixture->heap);
        heap_destroy(fixture->heap, NULL, NULL);
        fixture->heap = heap_create(fixture->space, false);
        assert_non_null(fixture->heap);
    }
}

/* ------------------------------------------------------------------------------------------------
 * Addresses
 * --------------------------------------------------------------------------------------------- */

/*
 * A descriptor's words beyond those of its size class are left over from former uses and mean
 * nothing.
 */
static void what_is_left_of_a_slab_beyond_its_last_block_is_no_block(void **state)
{
    struct fixture *fixture = *state;

    for (uint32_t i = 0; i < CLASS_PLAIN_COUNT; i++) {
        const struct size_class *size_class = &fixture->space->classes.classes[i];
        size_t blocks_end = (size_t)size_class->blocks * size_class->block_size;
        char *block = make(fixture->heap, size_class->largest);
        char *slab = (char *)((uintptr_t)block & ~(uintptr_t)(SLAB_SIZE - 1));
        struct heap_block found;

        for (char *at = slab + blocks_end; at < slab + SLAB_SIZE; at += BLOCK_ALIGNMENT) {
            assert_false(heap_fast_free(fixture->heap, at));
            assert_int_equal(heap_free(fixture->heap, at), PAGES_FOREIGN);
            assert_false(heap_find_block(fixture->space, (uintptr_t)at, &found));
        }
        give(fixture->heap, block);
        reclaim(fixture->space);
    }
}

static void blocks_of_several_chunks_are_found_whatever_was_freed_before(void **state)
{
    struct fixture *fixture = *state;
    char *first = make(fixture->heap, SIZE);
    char *second = make(fixture->heap, SIZE);
    char *region = reserve(fixture->world, CHUNK_SIZE);
    char *far = make(fixture->heap, 2 * SIZE); /* another class: a slab of its own */

    assert_true(chunk_number((uintptr_t)first) != chunk_number((uintptr_t)far));
    assert_int_equal(heap_free(fixture->heap, first), PAGES_OK);
    assert_int_equal(heap_free(fixture->heap, far), PAGES_OK);
    assert_int_equal(heap_free(fixture->heap, second), PAGES_OK);
    release(fixture->world, region);
}

/* ------------------------------------------------------------------------------------------------
 * Shortage
 * --------------------------------------------------------------------------------------------- */

struct visitor {
    struct heap *heap;
    pages_result result;
    void *memory;
};

static void visit(void *context, unsigned number)
{
    struct visitor *visitor = context;

    (void)number;
    visitor->result = try_block(visitor->heap, SIZE, NULL, 0, &visitor->memory);
}

/*
 * Threads have active slabs of their own. If there is no memory for one, a thread gets a block of
 * another thread's slab.
 */
static void without_memory_for_a_slab_a_thread_gets_a_block_of_anothers(void **state)
{
    struct fixture *fixture = *state;
    struct budget_kind *committed = &fixture->world->pages.budget.committed;
    char *block = make(fixture->heap, SIZE);
    struct visitor visitor = {.heap = fixture->heap};

    budget_set_limit(committed, &(struct budget_limit){gauge_now(&committed->granted), 0, 0});
    crew_run(visit, &visitor, 1);
    assert_int_equal(visitor.result, PAGES_OK);
    assert_int_equal((uintptr_t)visitor.memory / SLAB_SIZE, (uintptr_t)block / SLAB_SIZE);
    assert_int_equal(slabs_of(fixture->heap), 1);
    give(fixture->heap, block);
    give(fixture->heap, visitor.memory);
}

static void without_memory_for_a_slab_no_block_of_another_size_is_had(void **state)
{
    struct fixture *fixture = *state;
    struct budget_kind *committed = &fixture->world->pages.budget.committed;
    char *block = make(fixture->heap, SIZE);
    void *memory = fixture;

    budget_set_limit(committed, &(struct budget_limit){gauge_now(&committed->granted), 0, 0});
    assert_int_equal(try_block(fixture->heap, 2 * SIZE, NULL, 0, &memory), PAGES_REFUSED);
    assert_null(memory);
    give(fixture->heap, block);
}

/*
 * Each round begins with a new world, in which one region exists: the arrays of the chunk's owners
 * and committed bits have been made, and that of its slab marks has not.
 */
static void a_first_block_that_cannot_be_had_leaves_no_trace(void **state)
{
    bool failed = true;

    (void)state;
    for (uint64_t n = 1; failed; n++) {
        struct fixture *fixture;
        struct metadata *metadata;
        char *region;
        void *memory;

        begin((void **)&fixture);
        region = alloc(fixture->world, NULL, PAGE, RESERVE_COMMIT);
        metadata = &fixture->world->pages.metadata;
        while (metadata->used + 64 <= metadata->span.committed)
            metadata_take(metadata, 64);
        os_fault_at(OS_FAULT_METADATA, n);
        failed = try_block(fixture->heap, SIZE, NULL, 0, &memory) != PAGES_OK;
        if (failed) {
            assert_null(memory);
            assert_int_equal(slabs_of(fixture->heap), 0);
            assert_books(fixture->world, 1, PAGE, PAGE);
        } else {
            failed = os_fault_requests(OS_FAULT_METADATA) >= n; /* it did not need it */
        }
        assert_true(n < 50);
        release(fixture->world, region);
        end((void **)&fixture);
    }
}

static void a_guarded_block_of_nearly_2_to_the_64_bytes_is_refused(void **state)
{
    static const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 14, SIZE_MAX - PAGE, SIZE_MAX - 2 * PAGE};
    struct fixture *fixture = *state;

    fixture->space->options.guard_above = 100;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        void *memory = fixture;

        assert_int_not_equal(try_block(fixture->heap, sizes[i], NULL, 0, &memory), PAGES_OK);
        assert_null(memory);
        assert_books(fixture->world, 0, 0, 0);
    }
}

/* ------------------------------------------------------------------------------------------------
 * Figures
 * --------------------------------------------------------------------------------------------- */

static void an_audit_beside_a_call_under_way_compares_nothing(void **state)
{
    struct fixture *fixture = *state;
    char *block = make(fixture->heap, SIZE);
    struct thread_counters *thread = heap_thread_counters(fixture->heap);
    struct heap_audit audit;

    assert_true(heap_audit(fixture->space, &audit));
    heap_enter(fixture->heap, thread);
    assert_false(heap_audit(fixture->space, &audit));
    heap_leave(fixture->heap, thread);
    assert_true(heap_audit(fixture->space, &audit));
    give(fixture->heap, block);
}

#define fixture_test(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_full_slab_with_an_eighth_of_its_blocks_free_is_used_again),
        fixture_test(of_empty_slabs_a_heap_keeps_a_few),
        fixture_test(a_trim_gives_all_empty_slabs_back_and_says_how_much_that_was),
        cmocka_unit_test_setup_teardown(
            a_trim_gives_all_empty_slabs_back_and_says_how_much_that_was, begin_checked, end),
        fixture_test(descriptors_are_used_again),
        fixture_test(an_active_slab_that_was_trimmed_is_met_again_and_does_no_harm),
        fixture_test(a_heap_that_begins_has_nothing_of_the_one_before),
        fixture_test(what_is_left_of_a_slab_beyond_its_last_block_is_no_block),
        fixture_test(blocks_of_several_chunks_are_found_whatever_was_freed_before),
        fixture_test(without_memory_for_a_slab_a_thread_gets_a_block_of_anothers),
        fixture_test(without_memory_for_a_slab_no_block_of_another_size_is_had),
        cmocka_unit_test(a_first_block_that_cannot_be_had_leaves_no_trace),
        fixture_test(a_guarded_block_of_nearly_2_to_the_64_bytes_is_refused),
        fixture_test(an_audit_beside_a_call_under_way_compares_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
