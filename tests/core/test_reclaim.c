/*
 * test_reclaim.c: refusal comes last (invariant I11). What heaps hold without use is bounded, and
 * is given back before anything is refused, whatever asks; and what callers saw refused is counted.
 */
#include "heap_world.h"

#include "heap/reuse/delayed_blocks.h"
#include "heap/heap_fast_path.h"
#include "heap/reuse/idle_slabs.h"

#define HEAPS 24u
#define MIB ((uint64_t)1 << 20)

struct fixture {
    struct world *world;
    struct heap_space *space;
    struct heap *heaps[HEAPS];
};

static int begin_with(void **state, uint32_t flags)
{
    struct fixture *fixture = zeroed(sizeof(struct fixture));

    begin_world((void **)&fixture->world);
    fixture->space = begin_heap_space(fixture->world, flags);
    for (unsigned i = 0; i < HEAPS; i++) {
        fixture->heaps[i] = heap_create(fixture->space, false);
        assert_non_null(fixture->heaps[i]);
    }
    *state = fixture;
    return 0;
}

static int begin(void **state)
{
    return begin_with(state, 0);
}

static int begin_delayed(void **state)
{
    return begin_with(state, HEAP_DELAY_REUSE);
}

static int begin_hardened(void **state)
{
    return begin_with(state, HEAP_HARDEN);
}

static int begin_checked(void **state)
{
    return begin_with(state, HEAP_FILL_ON_FREE | HEAP_DELAY_REUSE);
}

static int end(void **state)
{
    struct fixture *fixture = *state;

    os_fault_at(OS_FAULT_PAGES, 0);
    os_fault_at(OS_FAULT_METADATA, 0);
    for (unsigned i = 0; i < HEAPS; i++)
        heap_destroy(fixture->heaps[i], NULL, NULL);
    assert_int_equal((int64_t)fixture->space->live, 0);
    assert_int_equal((int64_t)fixture->space->delayed.bytes, 0);
    end_heap_space(fixture->space);
    end_world((void **)&fixture->world);
    free(fixture);
    return 0;
}

static void *make(struct heap *heap, size_t size)
{
    void *memory;

    if (!heap_fast_alloc(heap, size, &memory))
        assert_int_equal(try_block(heap, size, NULL, 0, &memory), PAGES_OK);
    return memory;
}

static void give(struct heap *heap, void *memory)
{
    if (!heap_fast_free(heap, memory))
        assert_int_equal(heap_free(heap, memory), PAGES_OK);
}

static uint64_t held(const struct fixture *fixture)
{
    return gauge_now(&fixture->world->pages.budget.committed.granted);
}

static void limit(struct fixture *fixture, uint64_t bytes)
{
    budget_set_limit(&fixture->world->pages.budget.committed, &(struct budget_limit){bytes, 0, 0});
}

static pages_result ask(struct fixture *fixture, uint32_t level, size_t size, void **memory)
{
    struct pages_request request = {.size = size,
                                    .type = OS_MEM_RESERVE | OS_MEM_COMMIT,
                                    .protect = OS_PAGE_READWRITE,
                                    .node = OS_ANY_NODE,
                                    .critical_level = level};
    struct counters *counters = &fixture->world->counters;
    pages_result result;

    counters_begin(counters, COUNTED_VIRTUAL_ALLOC);
    result = reclaim_pages_alloc(fixture->space, &request, memory);
    counters_end(counters, COUNTED_VIRTUAL_ALLOC, !result);
    return result;
}

static uint64_t refusals(const struct fixture *fixture, unsigned level)
{
    return counter_read(&fixture->world->counters.refused_requests[level].count);
}

/* ------------------------------------------------------------------------------------------------
 * The bound
 * --------------------------------------------------------------------------------------------- */

/* A block of every size class, all live at once, then freed. */
static void touch_classes(struct heap *heap)
{
    const struct size_classes *classes = &heap->space->classes;
    void *blocks[CLASS_PLAIN_COUNT];

    for (uint32_t i = 0; i < CLASS_PLAIN_COUNT; i++)
        blocks[i] = make(heap, classes->classes[i].largest);
    for (uint32_t i = 0; i < CLASS_PLAIN_COUNT; i++)
        give(heap, blocks[i]);
}

static void touch(void *context, unsigned number)
{
    struct fixture *fixture = context;

    (void)number;
    touch_classes(fixture->heaps[0]);
}

static void touch_in_own_heaps(void *context, unsigned number)
{
    struct fixture *fixture = context;

    for (unsigned i = number; i < HEAPS; i += THREADS)
        touch_classes(fixture->heaps[i]);
}

static void a_heap_in_which_nothing_lives_holds_little(void **state)
{
    struct fixture *fixture = *state;

    crew_run(touch, fixture, THREADS);
    assert_in_range(held(fixture), 0, IDLE_HEAP * SLAB_SIZE);
}

static void many_heaps_in_which_nothing_lives_hold_little_together(void **state)
{
    struct fixture *fixture = *state;

    crew_run(touch_in_own_heaps, fixture, THREADS);
    assert_in_range(held(fixture), 0, IDLE_ALL * SLAB_SIZE);
}

/* Together more than one of them might hold, but less than all may. */
static void a_heap_s_bound_counts_no_other_heap_s_slabs(void **state)
{
    struct fixture *fixture = *state;
    void *blocks[IDLE_HEAP / 2 + 2];

    for (unsigned n = 0; n < 2; n++) {
        for (unsigned i = 0; i < COUNT_OF(blocks); i++)
            blocks[i] = make(fixture->heaps[n], fixture->space->classes.classes[i].largest);
        for (unsigned i = 0; i < COUNT_OF(blocks); i++)
            give(fixture->heaps[n], blocks[i]);
    }
    assert_int_equal(held(fixture), 2 * COUNT_OF(blocks) * SLAB_SIZE);
}

/* At every moment: what is empty is at most the constant and an eighth of what lives. */
static void what_is_held_is_in_proportion_to_what_lives(void **state)
{
    enum {
        BLOCKS = 4000
    };
    static void *blocks[BLOCKS];
    struct fixture *fixture = *state;
    struct heap *heap = fixture->heaps[0];
    uint64_t in_use = (uint64_t)BLOCKS * 16384;
    uint64_t live;

    for (unsigned i = 0; i < BLOCKS; i++)
        blocks[i] = make(heap, 16384);
    for (unsigned i = 0; i < BLOCKS; i++) {
        give(heap, blocks[i]);
        in_use -= 16384;
        /* In the last slab some blocks are free. */
        live = (in_use + SLAB_SIZE - 1) / SLAB_SIZE * SLAB_SIZE;
        assert_in_range(held(fixture), in_use, live + live / 8 + (IDLE_HEAP + 2) * SLAB_SIZE);
    }
}

/* One block of each of a few classes at a time: nothing is given back and made again. */
static void slabs_of_a_few_classes_stay(void **state)
{
    struct fixture *fixture = *state;
    struct heap *heap = fixture->heaps[0];
    uint64_t given;

    for (unsigned i = 0; i < IDLE_HEAP; i++)
        give(heap, make(heap, fixture->space->classes.classes[i].largest));
    given = fixture->space->given;
    for (unsigned round = 0; round < 100; round++) {
        for (unsigned i = 0; i < IDLE_HEAP; i++)
            give(heap, make(heap, fixture->space->classes.classes[i].largest));
    }
    assert_int_equal(fixture->space->given, given);
}

/* ------------------------------------------------------------------------------------------------
 * Given back before anything is refused
 * --------------------------------------------------------------------------------------------- */

static void nothing_is_refused_while_nothing_lives(void **state)
{
    struct fixture *fixture = *state;
    void *memory;

    crew_run(touch_in_own_heaps, fixture, THREADS);
    assert_true(held(fixture) > 0);
    limit(fixture, 64 * MIB);
    assert_int_equal(ask(fixture, 0, 64 * MIB, &memory), PAGES_OK);
    release(fixture->world, memory);
    assert_int_equal(refusals(fixture, 0), 0);
}

static void a_large_block_gets_what_other_heaps_hold(void **state)
{
    struct fixture *fixture = *state;
    void *memory;

    crew_run(touch_in_own_heaps, fixture, THREADS);
    limit(fixture, 4 * MIB);
    assert_int_equal(try_block(fixture->heaps[0], 4 * MIB, NULL, 0, &memory), PAGES_OK);
    give(fixture->heaps[0], memory);
}

static void a_slab_gets_what_other_heaps_hold(void **state)
{
    struct fixture *fixture = *state;
    void *memory;

    give(fixture->heaps[1], make(fixture->heaps[1], 100));
    limit(fixture, held(fixture));
    memory = make(fixture->heaps[0], 3000);
    give(fixture->heaps[0], memory);
    give(fixture->heaps[0], make(fixture->heaps[0], 100));
    assert_int_equal(refusals(fixture, 0), 0);
}

/* The system refuses, and not the limit: for want of memory or of address space. */
static void the_system_is_asked_again_after_something_was_given_back(void **state)
{
    struct fixture *fixture = *state;
    void *memory;

    give(fixture->heaps[1], make(fixture->heaps[1], 100));
    os_fault_at(OS_FAULT_PAGES, 1);
    assert_int_equal(ask(fixture, 0, PAGE, &memory), PAGES_OK);
    assert_int_equal(gauge_now(&fixture->world->counters.slab_bytes), 0);
    release(fixture->world, memory);
}

static void blocks_whose_reuse_is_delayed_refuse_nothing(void **state)
{
    struct fixture *fixture = *state;

    limit(fixture, 4 * MIB);
    for (unsigned i = 0; i < 1000; i++)
        give(fixture->heaps[i % HEAPS], make(fixture->heaps[i % HEAPS], 32768));
}

static void what_a_shortage_of_everything_refuses_is_refused_at_once(void **state)
{
    struct fixture *fixture = *state;
    void *memory;

    limit(fixture, MIB);
    assert_int_equal(ask(fixture, 0, 2 * MIB, &memory), PAGES_REFUSED);
    assert_null(memory);
}

/* ------------------------------------------------------------------------------------------------
 * Blocks at a limit
 * --------------------------------------------------------------------------------------------- */

/* Blocks are freed here and there, so few of each slab that none becomes partial. */
static void at_a_limit_every_free_block_of_the_class_is_found(void **state)
{
    enum {
        SLABS = 40
    };
    struct fixture *fixture = *state;
    struct heap *heap = fixture->heaps[0];
    const struct size_class *size_class =
        &fixture->space->classes.classes[size_class_plain(&fixture->space->classes, 1024)];
    unsigned count = SLABS * size_class->blocks;
    void **blocks = malloc(count * sizeof(void *));
    void *memory;

    assert_non_null(blocks);
    for (unsigned i = 0; i < count; i++)
        blocks[i] = make(heap, 1024);
    limit(fixture, held(fixture));
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = round; i < count; i += size_class->blocks / 2)
            give(heap, blocks[i]);
        for (unsigned i = round; i < count; i += size_class->blocks / 2)
            blocks[i] = make(heap, 1024);
        assert_int_equal(refusals(fixture, 0), round);
        assert_int_equal(try_block(heap, 1024, NULL, 0, &memory), PAGES_REFUSED);
    }
    for (unsigned i = 0; i < count; i++)
        give(heap, blocks[i]);
    free(blocks);
}

/* ------------------------------------------------------------------------------------------------
 * What is counted
 * --------------------------------------------------------------------------------------------- */

static void a_refusal_is_counted_once_with_its_level(void **state)
{
    struct fixture *fixture = *state;
    void *memory;

    crew_run(touch_in_own_heaps, fixture, THREADS);
    limit(fixture, MIB);
    for (unsigned level = 0; level < BUDGET_LEVELS; level++) {
        for (unsigned times = 0; times <= level; times++)
            assert_int_equal(ask(fixture, level, 2 * MIB, &memory), PAGES_REFUSED);
        for (unsigned other = 0; other < BUDGET_LEVELS; other++)
            assert_int_equal(refusals(fixture, other), other <= level ? other + 1 : 0);
    }
}

static void a_block_that_was_had_in_another_way_is_no_refusal(void **state)
{
    struct fixture *fixture = *state;
    struct heap *heap = fixture->heaps[0];
    void *blocks[64];

    for (unsigned i = 0; i < 64; i++)
        blocks[i] = make(heap, 1024);
    limit(fixture, held(fixture));
    for (unsigned i = 0; i < 1000; i++) {
        give(heap, blocks[i % 64]);
        blocks[i % 64] = make(heap, 1024);
    }
    assert_int_equal(refusals(fixture, 0), 0);
    for (unsigned i = 0; i < 64; i++)
        give(heap, blocks[i]);
}

static void a_level_knows_when_it_was_refused_first(void **state)
{
    struct fixture *fixture = *state;
    struct first_counter *refused = &fixture->world->counters.refused_requests[1];
    uint64_t before = os_tick_milliseconds();
    uint64_t first;
    void *memory;

    limit(fixture, 0);
    assert_int_equal(counter_read(&refused->tick), 0);
    assert_int_equal(ask(fixture, 1, PAGE, &memory), PAGES_REFUSED);
    first = counter_read(&refused->tick);
    assert_in_range(first, before, os_tick_milliseconds());
    while (os_tick_milliseconds() == first)
        ; /* waits, so that a later tick would be a different one */
    assert_int_equal(ask(fixture, 1, PAGE, &memory), PAGES_REFUSED);
    assert_int_equal(counter_read(&refused->tick), first);
}

/* ------------------------------------------------------------------------------------------------
 * The host's own decision
 * --------------------------------------------------------------------------------------------- */

struct decider {
    struct fixture *fixture;
    unsigned asked;
    bool denies, is_inside;
};

/* Leaves something behind each time that can be given back. */
static bool decide(void *context, const struct budget_request *request)
{
    struct decider *decider = context;

    if (decider->is_inside)
        return true;
    (void)request;
    decider->asked++;
    decider->is_inside = true;
    give(decider->fixture->heaps[0], make(decider->fixture->heaps[0], 64));
    give(decider->fixture->heaps[0], make(decider->fixture->heaps[0], 100000));
    decider->is_inside = false;
    return !decider->denies;
}

static void have_decide(struct decider *decider)
{
    decider->fixture->world->pages.budget.decide = decide;
    decider->fixture->world->pages.budget.decide_context = decider;
}

static void a_request_that_the_host_decides_about_is_not_repeated_for_ever(void **state)
{
    struct decider decider = {.fixture = *state};
    void *memory;

    have_decide(&decider);
    limit(*state, MIB);
    assert_int_equal(ask(*state, 1, 2 * MIB, &memory), PAGES_REFUSED);
    assert_in_range(decider.asked, 2, 9);
    assert_int_equal(refusals(*state, 1), 1);
    decider.fixture->world->pages.budget.decide = NULL;
}

static void what_the_host_denies_is_counted_and_not_repeated(void **state)
{
    struct decider decider = {.fixture = *state, .denies = true};
    uint64_t before = held(*state);
    void *memory;

    have_decide(&decider);
    assert_int_equal(ask(*state, 2, PAGE, &memory), PAGES_DENIED);
    assert_null(memory);
    assert_int_equal(decider.asked, 1);
    assert_int_equal(refusals(*state, 2), 1);
    decider.denies = false;
    assert_int_equal(ask(*state, 2, PAGE, &memory), PAGES_OK);
    assert_in_range(held(*state), before + PAGE, before + PAGE + MIB);
    assert_int_equal(pages_free(&decider.fixture->world->pages, memory, 0, OS_MEM_RELEASE),
                     PAGES_OK);
    decider.fixture->world->pages.budget.decide = NULL;
}

/* ------------------------------------------------------------------------------------------------
 * Addresses
 * --------------------------------------------------------------------------------------------- */

static pages_result ask_at(struct fixture *fixture, void *address, size_t size, void **memory)
{
    struct pages_request request = {.address = address,
                                    .size = size,
                                    .type = OS_MEM_RESERVE,
                                    .protect = OS_PAGE_READWRITE,
                                    .node = OS_ANY_NODE};

    return reclaim_pages_alloc(fixture->space, &request, memory);
}

static void an_address_that_somebody_has_is_refused_at_once(void **state)
{
    struct fixture *fixture = *state;
    void *there, *memory;

    assert_int_equal(ask(fixture, 0, 4 * OS_GRANULE_SIZE, &there), PAGES_OK);
    assert_int_equal(ask_at(fixture, there, PAGE, &memory), OS_ERROR_INVALID_ADDRESS);
    assert_null(memory);
    assert_int_equal(
        ask_at(fixture, (char *)there + 3 * OS_GRANULE_SIZE, 8 * OS_GRANULE_SIZE, &memory),
        OS_ERROR_INVALID_ADDRESS);
    assert_int_not_equal(ask_at(fixture, there, SIZE_MAX - PAGE, &memory), PAGES_OK);
    assert_int_equal(pages_free(&fixture->world->pages, there, 0, OS_MEM_RELEASE), PAGES_OK);
}

static void a_region_that_is_kept_makes_way(void **state)
{
    struct fixture *fixture = *state;
    void *block = make(fixture->heaps[0], 100000), *memory;

    give(fixture->heaps[0], block);
    assert_int_equal(ask_at(fixture, block, PAGE, &memory), PAGES_OK);
    assert_ptr_equal(memory, block);
    assert_int_equal(pages_free(&fixture->world->pages, memory, 0, OS_MEM_RELEASE), PAGES_OK);
}

/* ------------------------------------------------------------------------------------------------
 * Delayed blocks
 * --------------------------------------------------------------------------------------------- */

static void delayed_blocks_are_bounded_in_bytes(void **state)
{
    struct fixture *fixture = *state;
    static const size_t sizes[] = {16, 500, 8192, 32768};

    for (unsigned i = 0; i < 8000; i++) {
        give(fixture->heaps[i % 2], make(fixture->heaps[i % 2], sizes[i / 2 % 4]));
        /* A slab that is full of delayed blocks counts as live. */
        assert_in_range(fixture->space->delayed.bytes, 0, DELAYED_BYTES + DELAYED_BYTES / 7);
        assert_in_range(held(fixture), 0, (IDLE_ALL + 2) * SLAB_SIZE);
    }
}

/* In which order freed blocks come back: how many do not come in the order in which they went. */
static void delayed_blocks_come_back_in_no_order(void **state)
{
    enum {
        BLOCKS = 3000
    };
    static void *freed[BLOCKS];
    struct fixture *fixture = *state;
    struct heap *heap = fixture->heaps[0];
    unsigned early = 0, late = 0;

    for (unsigned i = 0; i < BLOCKS; i++) {
        freed[i] = make(heap, 64);
        give(heap, freed[i]);
        for (unsigned back = 1; back <= i; back++) {
            if (freed[i - back] != freed[i])
                continue;
            early += back <= DELAYED_PLACES / 2;
            late += back > DELAYED_PLACES;
            break;
        }
    }
    assert_true(early > 0);
    assert_true(late > 0);
}

#define fixture_test(test) cmocka_unit_test_setup_teardown(test, begin, end)
#define delayed(test) cmocka_unit_test_setup_teardown(test, begin_delayed, end)
#define hardened(test)                                                                             \
    {                                                                                              \
        "hardened: " #test, test, begin_hardened, end, NULL                                        \
    }
#define checked(test)                                                                              \
    {                                                                                              \
        "checked: " #test, test, begin_checked, end, NULL                                          \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_heap_in_which_nothing_lives_holds_little),
        checked(a_heap_in_which_nothing_lives_holds_little),
        hardened(a_heap_in_which_nothing_lives_holds_little),
        fixture_test(many_heaps_in_which_nothing_lives_hold_little_together),
        checked(many_heaps_in_which_nothing_lives_hold_little_together),
        hardened(many_heaps_in_which_nothing_lives_hold_little_together),
        fixture_test(a_heap_s_bound_counts_no_other_heap_s_slabs),
        fixture_test(what_is_held_is_in_proportion_to_what_lives),
        fixture_test(slabs_of_a_few_classes_stay),
        fixture_test(nothing_is_refused_while_nothing_lives),
        checked(nothing_is_refused_while_nothing_lives),
        hardened(nothing_is_refused_while_nothing_lives),
        fixture_test(a_large_block_gets_what_other_heaps_hold),
        checked(a_large_block_gets_what_other_heaps_hold),
        fixture_test(a_slab_gets_what_other_heaps_hold),
        checked(a_slab_gets_what_other_heaps_hold),
        fixture_test(the_system_is_asked_again_after_something_was_given_back),
        delayed(blocks_whose_reuse_is_delayed_refuse_nothing),
        checked(blocks_whose_reuse_is_delayed_refuse_nothing),
        hardened(blocks_whose_reuse_is_delayed_refuse_nothing),
        fixture_test(what_a_shortage_of_everything_refuses_is_refused_at_once),
        fixture_test(at_a_limit_every_free_block_of_the_class_is_found),
        fixture_test(a_refusal_is_counted_once_with_its_level),
        fixture_test(a_block_that_was_had_in_another_way_is_no_refusal),
        fixture_test(a_level_knows_when_it_was_refused_first),
        fixture_test(a_request_that_the_host_decides_about_is_not_repeated_for_ever),
        fixture_test(what_the_host_denies_is_counted_and_not_repeated),
        fixture_test(an_address_that_somebody_has_is_refused_at_once),
        fixture_test(a_region_that_is_kept_makes_way),
        delayed(delayed_blocks_are_bounded_in_bytes),
        delayed(delayed_blocks_come_back_in_no_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
