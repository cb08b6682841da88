/*
 * test_reclaim_steps.c: what an Alloc at a limit costs, in atomic accesses: no more when a heap has
 * many slabs, or when there are many heaps.
 */
#include "heap_world.h"

#include "heap/heap_fast_path.h"
#include "heap/reuse/idle_slabs.h"

#define SIZE ((size_t)1024)
#define A_SLAB (SLAB_SIZE / SIZE)
#define SLABS 600u
#define HEAPS 100u

/* Ten times what it takes with one slab; a look at every slab takes some thousands. */
#define STEPS 500u

/* What interleaved.h calls before each atomic access. */
void moment(void);

static unsigned steps;

void moment(void)
{
    steps++;
}

struct fixture {
    struct world *world;
    struct heap_space *space;
    struct heap *heap;
    struct heap *others[HEAPS];
    void *blocks[SLABS * A_SLAB];
};

static void *make(struct heap *heap, size_t size)
{
    void *memory;

    assert_int_equal(try_block(heap, size, NULL, 0, &memory), PAGES_OK);
    return memory;
}

static int begin(void **state)
{
    struct fixture *fixture = zeroed(sizeof(struct fixture));
    struct budget_kind *committed;

    begin_world((void **)&fixture->world);
    fixture->space = begin_heap_space(fixture->world, 0);
    fixture->heap = heap_create(fixture->space, false);
    for (unsigned i = 0; i < HEAPS; i++) {
        fixture->others[i] = heap_create(fixture->space, false);
        assert_int_equal(heap_free(fixture->others[i], make(fixture->others[i], SIZE)), PAGES_OK);
    }
    idle_slabs_give(fixture->space, NULL);
    for (unsigned i = 0; i < COUNT_OF(fixture->blocks); i++)
        fixture->blocks[i] = make(fixture->heap, SIZE);
    committed = &fixture->world->pages.budget.committed;
    budget_set_limit(committed, &(struct budget_limit){gauge_now(&committed->granted), 0, 0});
    *state = fixture;
    return 0;
}

static int end(void **state)
{
    struct fixture *fixture = *state;

    heap_destroy(fixture->heap, NULL, NULL);
    for (unsigned i = 0; i < HEAPS; i++)
        heap_destroy(fixture->others[i], NULL, NULL);
    end_heap_space(fixture->space);
    end_world((void **)&fixture->world);
    free(fixture);
    return 0;
}

static pages_result try_counted(struct fixture *fixture, size_t size, unsigned most, void **memory)
{
    pages_result result;

    steps = 0;
    result = try_block(fixture->heap, size, NULL, 0, memory);
    assert_in_range(steps, 1, most);
    return result;
}

static void a_refused_alloc_looks_at_no_slab(void **state)
{
    struct fixture *fixture = *state;
    void *memory;

    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(try_counted(fixture, SIZE, STEPS, &memory), PAGES_REFUSED);
        assert_int_equal(try_counted(fixture, 8 * SIZE, STEPS, &memory), PAGES_REFUSED);
        assert_int_equal(try_counted(fixture, 100 * SIZE, STEPS, &memory), PAGES_REFUSED);
    }
}

/* One block of every seventh slab is free: too few for a slab to be partial. */
static void an_alloc_that_finds_a_block_looks_at_few_slabs(void **state)
{
    struct fixture *fixture = *state;

    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = round; i < COUNT_OF(fixture->blocks); i += 7 * A_SLAB)
            assert_int_equal(heap_free(fixture->heap, fixture->blocks[i]), PAGES_OK);
        for (unsigned i = round; i < COUNT_OF(fixture->blocks); i += 7 * A_SLAB)
            assert_int_equal(try_counted(fixture, SIZE, STEPS, &fixture->blocks[i]), PAGES_OK);
        assert_int_equal(try_counted(fixture, SIZE, STEPS, &(void *){NULL}), PAGES_REFUSED);
    }
}

/* What is given back is paid for once. */
static void an_alloc_pays_for_what_is_given_back_only(void **state)
{
    struct fixture *fixture = *state;
    unsigned last = COUNT_OF(fixture->blocks);
    void *memory;

    for (unsigned i = last - A_SLAB; i < last; i++)
        assert_int_equal(heap_free(fixture->heap, fixture->blocks[i]), PAGES_OK);
    assert_int_equal(try_counted(fixture, 8 * SIZE, 2 * STEPS, &memory), PAGES_OK);
    assert_int_equal(heap_free(fixture->heap, memory), PAGES_OK);
    assert_int_equal(try_counted(fixture, 8 * SIZE, STEPS, &memory), PAGES_OK);
    assert_int_equal(heap_free(fixture->heap, memory), PAGES_OK);
}

#define fixture_test(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_refused_alloc_looks_at_no_slab),
        fixture_test(an_alloc_that_finds_a_block_looks_at_few_slabs),
        fixture_test(an_alloc_pays_for_what_is_given_back_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
