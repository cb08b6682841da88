/*
 * test_steps.c: what calls cost, counted in atomic accesses (interleaved.h): no call takes more
 * steps because of threads that have ended, of what other heaps have, of ranges that are mapped
 * elsewhere, or of names that were kept before.
 */
#include "frozen_key.h"
#include "heap_world.h"

#include "heap/reuse/large_cache.h"
#include "pages/mapped.h"

#define MANY_THREADS 3000u
#define MANY_HEAPS 40u
#define MANY_LARGE 600u
#define LARGE ((size_t)100000)
#define MANY_RANGES 60000u
#define MANY_NAMES 60000u

static uint64_t steps;

void moment(void); /* interleaved.h */

void moment(void)
{
    steps++;
}

struct stage {
    struct world *world;
    struct heap_space *space;
    struct heap *heap;
    void *memory;
    uint64_t before; /* steps in a world in which nothing else has happened */
};

static int begin(void **state)
{
    struct stage *stage = zeroed(sizeof(*stage));

    begin_world((void **)&stage->world);
    stage->space = begin_heap_space(stage->world, 0);
    stage->heap = heap_create(stage->space, false);
    assert_non_null(stage->heap);
    frozen_key = 0x1000;
    *state = stage;
    return 0;
}

static int end(void **state)
{
    struct stage *stage = *state;

    heap_destroy(stage->heap, NULL, NULL);
    end_heap_space(stage->space);
    end_world((void **)&stage->world);
    free(stage);
    return 0;
}

typedef void stage_act(struct stage *stage);

static uint64_t steps_of(struct stage *stage, stage_act *act)
{
    uint64_t begun = steps;

    act(stage);
    return steps - begun;
}

#define assert_steps(stage, act, most)                                                             \
    do {                                                                                           \
        uint64_t taken = steps_of(stage, act);                                                     \
                                                                                                   \
        print_message("             %s: %u steps, %u before\n", #act, (unsigned)taken,             \
                      (unsigned)(stage)->before);                                                  \
        assert_in_range(taken, 1, most);                                                           \
    } while (0)

static void *get(struct heap *heap, size_t size)
{
    void *memory;

    assert_int_equal(try_block(heap, size, NULL, 0, &memory), PAGES_OK);
    return memory;
}

static void alloc_and_free(struct stage *stage)
{
    assert_int_equal(heap_free(stage->heap, get(stage->heap, 64)), PAGES_OK);
}

/* Sixteen blocks more: twice as many as a thread may have without telling the heap of it. */
static void grow(struct stage *stage)
{
    for (int i = 0; i < 16; i++)
        get(stage->heap, 64);
}

/* ------------------------------------------------------------------------------------------------
 * Threads that have ended
 * --------------------------------------------------------------------------------------------- */

/* As many threads as have been alive at once have used the heap, each with a key of its own. */
static void come_and_go(struct stage *stage, uintptr_t spacing)
{
    for (uintptr_t i = 1; i <= MANY_THREADS; i++) {
        frozen_key = 0x7f0000000000 + i * spacing;
        alloc_and_free(stage);
    }
    frozen_key = 0x1000;
}

static void check_after_threads(struct stage *stage, uintptr_t spacing)
{
    uint64_t pair, growth;

    grow(stage); /* a slab is active, and the thread is known */
    pair = steps_of(stage, alloc_and_free);
    growth = steps_of(stage, grow);
    come_and_go(stage, spacing);
    stage->before = pair;
    assert_steps(stage, alloc_and_free, pair + pair / 5 + 3); /* a level of the index, or two */
    stage->before = growth;
    assert_steps(stage, grow, growth + growth / 5 + 16 * 3);
}

static void threads_that_have_ended_cost_nothing(void **state)
{
    check_after_threads(*state, 0x10000);
}

/* However the system spaces its threads' blocks. */
static void threads_whose_blocks_lie_close_are_told_apart(void **state)
{
    check_after_threads(*state, 0x2000);
}

static void threads_whose_blocks_lie_far_apart_are_told_apart(void **state)
{
    check_after_threads(*state, (uintptr_t)1 << 32);
}

static void the_youngest_of_many_threads_is_found_fast(void **state)
{
    struct stage *stage = *state;

    grow(stage);
    stage->before = steps_of(stage, alloc_and_free);
    come_and_go(stage, 0x10000);
    for (uintptr_t i = 1; i <= MANY_THREADS; i += MANY_THREADS / 7) {
        frozen_key = 0x7f0000000000 + i * 0x10000;
        assert_in_range(steps_of(stage, alloc_and_free), 1, stage->before * 6 / 5 + 12);
    }
}

/* A thread that begins gets the key of one that has ended, and with it its counters. */
static void threads_that_come_one_after_the_other_share_counters(void **state)
{
    struct stage *stage = *state;
    struct heap_figures figures;

    for (int i = 0; i < 10000; i++) {
        frozen_key = 0x7f0000000000 + (i % 4 + 1) * 0x10000;
        get(stage->heap, 10);
    }
    assert_int_equal(LOAD_RELAXED(stage->heap->thread_count), 4);
    assert_int_equal(pool_limit(&stage->space->threads), 4);
    assert_true(heap_figures(stage->heap, &figures));
    assert_int_equal(figures.blocks, 10000);
    assert_int_equal(figures.block_bytes, 100000);
    assert_true(figures.peak_blocks == figures.blocks); /* what was told is never above the peak */
}

/* A thread is terminated before its counters may be used; the next one has its key. */
static void counters_that_a_thread_left_unfinished_are_nobodys(void **state)
{
    struct stage *stage = *state;
    struct thread_counters *left = heap_thread_counters(stage->heap);
    struct heap_figures figures;

    STORE_RELAXED(left->owner, 0);
    assert_ptr_equal(heap_thread_counters(stage->heap), &stage->heap->shared);
    grow(stage);
    assert_true(heap_figures(stage->heap, &figures));
    assert_int_equal(figures.blocks, 16);
    assert_int_equal(pool_take(&stage->space->threads), 2); /* none was lost */
}

/* ------------------------------------------------------------------------------------------------
 * Other heaps
 * --------------------------------------------------------------------------------------------- */

static void make_and_end_heap(struct stage *stage)
{
    heap_destroy(heap_create(stage->space, false), NULL, NULL);
}

/* With blocks of both kinds still live. */
static void make_and_end_used_heap(struct stage *stage)
{
    struct heap *heap = heap_create(stage->space, false);

    get(heap, 100);
    get(heap, 2 * SMALL_LIMIT);
    heap_destroy(heap, NULL, NULL);
}

static void trim(struct stage *stage)
{
    reclaim(stage->space);
}

static void count_own_blocks(struct stage *stage)
{
    struct heap_cursor cursor = {0};
    struct heap_block block;

    while (heap_next_block(stage->space, heap_number(stage->heap), &cursor, &block))
        ;
}

/* Each with slabs, full ones and empty ones, and with large blocks. */
static void populate(struct stage *stage, struct heap *heaps[MANY_HEAPS])
{
    for (unsigned i = 0; i < MANY_HEAPS; i++) {
        heaps[i] = heap_create(stage->space, false);
        for (int block = 0; block < 40; block++) {
            get(heaps[i], SMALL_LIMIT);
            get(heaps[i], 2 * SMALL_LIMIT);
        }
    }
}

static void depopulate(struct heap *heaps[MANY_HEAPS])
{
    for (unsigned i = 0; i < MANY_HEAPS; i++)
        heap_destroy(heaps[i], NULL, NULL);
}

static void check_among_heaps(struct stage *stage, stage_act *act, const char *name)
{
    struct heap *heaps[MANY_HEAPS];
    uint64_t taken;

    act(stage); /* the second time the descriptors are there */
    stage->before = steps_of(stage, act);
    populate(stage, heaps);
    taken = steps_of(stage, act);
    print_message("             %s: %u steps, %u before\n", name, (unsigned)taken,
                  (unsigned)stage->before);
    assert_in_range(taken, 1, stage->before + stage->before / 5);
    depopulate(heaps);
}

/*
 * A large block comes and goes, whose memory is kept. Others keep as much as all heaps together
 * may.
 */
static void alloc_and_free_large(struct stage *stage)
{
    assert_int_equal(heap_free(stage->heap, get(stage->heap, LARGE)), PAGES_OK);
}

static void large_blocks_cost_nothing_for_what_others_keep(void **state)
{
    struct stage *stage = *state;
    struct heap *other = heap_create(stage->space, false);
    static void *blocks[MANY_LARGE];

    for (unsigned i = 0; i < MANY_LARGE; i++)
        blocks[i] = get(other, LARGE + LARGE / 2 + i % 100 * PAGE);
    for (unsigned i = 0; i < MANY_LARGE; i++)
        get(other, 2 * LARGE);
    alloc_and_free_large(stage);
    stage->before = steps_of(stage, alloc_and_free_large);
    for (unsigned i = 0; i < MANY_LARGE; i++)
        assert_int_equal(heap_free(other, blocks[i]), PAGES_OK);
    assert_true(LOAD_RELAXED(other->cached) > 10 * LARGE_KEPT);
    alloc_and_free_large(stage); /* makes nodes of the set of regions that have slack */
    assert_steps(stage, alloc_and_free_large, stage->before + 50); /* slack is noted */
    heap_destroy(other, NULL, NULL);
}

static void making_and_ending_a_heap_costs_nothing_for_others(void **state)
{
    check_among_heaps(*state, make_and_end_heap, "a heap");
}

static void ending_a_heap_with_blocks_costs_nothing_for_others(void **state)
{
    check_among_heaps(*state, make_and_end_used_heap, "a heap with blocks");
}

static void walking_a_heap_costs_nothing_for_others(void **state)
{
    check_among_heaps(*state, count_own_blocks, "a walk");
}

static void trimming_a_heap_costs_nothing_for_others(void **state)
{
    check_among_heaps(*state, trim, "a trim");
}

/* ------------------------------------------------------------------------------------------------
 * Mapped ranges
 * --------------------------------------------------------------------------------------------- */

static void one_of_many_mapped_ranges_is_removed_fast(void **state)
{
    struct stage *stage = *state;
    struct mapped mapped = {0};
    uint64_t most = 0;

    assert_true(mapped_init(&mapped, &stage->world->counters, &stage->world->books));
    for (uintptr_t i = 1; i <= MANY_RANGES; i++)
        assert_true(mapped_add(&mapped, i * GRANULE, PAGE));
    for (uintptr_t i = 1; i <= MANY_RANGES; i += 97) {
        uint64_t begun = steps;

        assert_true(mapped_remove(&mapped, i * GRANULE));
        if (steps - begun > most)
            most = steps - begun;
        assert_true(mapped_add(&mapped, i * GRANULE, PAGE));
    }
    print_message("             at most %u steps\n", (unsigned)most);
    assert_in_range(most, 1, 600);
    mapped_destroy(&mapped);
}

/* ------------------------------------------------------------------------------------------------
 * Names
 * --------------------------------------------------------------------------------------------- */

static void get_named(struct stage *stage)
{
    assert_int_equal(try_block(stage->heap, 64, "the first.c", 1, &stage->memory), PAGES_OK);
    assert_int_equal(heap_free(stage->heap, stage->memory), PAGES_OK);
}

static void a_name_is_found_fast_among_many(void **state)
{
    struct stage *stage = *state;
    char name[32];

    get_named(stage);
    stage->before = steps_of(stage, get_named);
    for (unsigned i = 0; i < MANY_NAMES; i++) {
        snprintf(name, sizeof(name), "directory/%u.cpp", i);
        assert_non_null(string_table_intern(&stage->space->file_names, name));
    }
    assert_steps(stage, get_named, stage->before + 20); /* the first name is the last of its list */
}

#define stage_test(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        stage_test(threads_that_have_ended_cost_nothing),
        stage_test(threads_whose_blocks_lie_close_are_told_apart),
        stage_test(threads_whose_blocks_lie_far_apart_are_told_apart),
        stage_test(the_youngest_of_many_threads_is_found_fast),
        stage_test(threads_that_come_one_after_the_other_share_counters),
        stage_test(counters_that_a_thread_left_unfinished_are_nobodys),
        stage_test(large_blocks_cost_nothing_for_what_others_keep),
        stage_test(making_and_ending_a_heap_costs_nothing_for_others),
        stage_test(ending_a_heap_with_blocks_costs_nothing_for_others),
        stage_test(walking_a_heap_costs_nothing_for_others),
        stage_test(trimming_a_heap_costs_nothing_for_others),
        stage_test(one_of_many_mapped_ranges_is_removed_fast),
        stage_test(a_name_is_found_fast_among_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
