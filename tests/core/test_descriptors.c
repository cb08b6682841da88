/*
 * test_descriptors.c: when the descriptors of slabs are scarce, those that no slab needs are where
 * any heap finds them.
 */
#include "heap_world.h"

#define DESCRIPTORS 400u
#define HEAPS 40u

struct fixture {
    struct world *world;
    struct heap_space *space;
};

static int begin(void **state)
{
    struct fixture *fixture = zeroed(sizeof(*fixture));

    begin_world((void **)&fixture->world);
    fixture->space = begin_heap_space(fixture->world, 0);
    pool_destroy(&fixture->space->slabs);
    assert_true(pool_init(&fixture->space->slabs, sizeof(struct slab), DESCRIPTORS,
                          &fixture->world->books));
    *state = fixture;
    return 0;
}

static int end(void **state)
{
    struct fixture *fixture = *state;

    end_heap_space(fixture->space);
    end_world((void **)&fixture->world);
    free(fixture);
    return 0;
}

static void *get(struct heap *heap, size_t size)
{
    void *memory;

    assert_int_equal(try_block(heap, size, NULL, 0, &memory), PAGES_OK);
    return memory;
}

/* A block of each size class, all of them live at once, and freed again. */
static void touch_every_class(struct heap *heap)
{
    void *blocks[CLASS_PLAIN_COUNT];

    for (uint32_t i = 0; i < CLASS_PLAIN_COUNT; i++)
        blocks[i] = get(heap, heap->classes[i].largest);
    for (uint32_t i = 0; i < CLASS_PLAIN_COUNT; i++)
        assert_int_equal(heap_free(heap, blocks[i]), PAGES_OK);
}

static void heaps_that_were_trimmed_keep_no_descriptor(void **state)
{
    struct fixture *fixture = *state;
    struct heap *heaps[HEAPS];

    for (unsigned i = 0; i < HEAPS; i++) {
        heaps[i] = heap_create(fixture->space, false);
        touch_every_class(heaps[i]);
        reclaim(fixture->space);
    }
    for (unsigned i = 0; i < HEAPS; i++)
        touch_every_class(heaps[i]);
    for (unsigned i = 0; i < HEAPS; i++)
        heap_destroy(heaps[i], NULL, NULL);
}

/* As many slabs as there are descriptors. Returns how many blocks were had. */
static unsigned fill(struct heap *heap, size_t size, void **blocks, unsigned most)
{
    unsigned count = 0;

    while (count < most && !try_block(heap, size, NULL, 0, &blocks[count]))
        count++;
    return count;
}

static void empty(struct heap *heap, void **blocks, unsigned count, bool backwards)
{
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(heap_free(heap, blocks[backwards ? count - 1 - i : i]), PAGES_OK);
}

static void a_heap_that_freed_everything_starves_no_other(void **state)
{
    struct fixture *fixture = *state;
    struct heap *first = heap_create(fixture->space, false);
    struct heap *second = heap_create(fixture->space, false);
    void *blocks[4 * DESCRIPTORS];

    for (int round = 0; round < 4; round++) {
        struct heap *heap = round % 2 ? second : first;
        unsigned count = fill(heap, 16000, blocks, COUNT_OF(blocks));

        assert_in_range(count, 4 * (DESCRIPTORS - 8), COUNT_OF(blocks));
        empty(heap, blocks, count, round >= 2);
    }
    heap_destroy(first, NULL, NULL);
    heap_destroy(second, NULL, NULL);
}

/*
 * A heap keeps one block in each third slab: what it does not use, another finds, but for its empty
 * slabs and those that are GONE on its pile, a third as many as are in use (partial_slabs.h).
 */
static void a_heap_that_freed_much_leaves_it_to_others(void **state)
{
    struct fixture *fixture = *state;
    struct heap *first = heap_create(fixture->space, false);
    struct heap *second = heap_create(fixture->space, false);
    void *blocks[4 * DESCRIPTORS], *others[4 * DESCRIPTORS];
    unsigned count = fill(first, 16000, blocks, COUNT_OF(blocks));
    unsigned left = 0;

    for (unsigned i = 0; i < count; i++) {
        if (i % 12)
            assert_int_equal(heap_free(first, blocks[i]), PAGES_OK);
        else
            blocks[left++] = blocks[i];
    }
    assert_in_range(fill(second, 16000, others, COUNT_OF(others)), 2 * DESCRIPTORS,
                    COUNT_OF(others));
    empty(first, blocks, left, false);
    heap_destroy(first, NULL, NULL);
    heap_destroy(second, NULL, NULL);
}

static void a_heap_that_ended_keeps_no_descriptor(void **state)
{
    struct fixture *fixture = *state;
    void *blocks[4 * DESCRIPTORS];

    for (int round = 0; round < 5; round++) {
        struct heap *heap = heap_create(fixture->space, false);

        touch_every_class(heap);
        assert_in_range(fill(heap, 16000, blocks, COUNT_OF(blocks)),
                        4 * (DESCRIPTORS - CLASS_PLAIN_COUNT), COUNT_OF(blocks));
        heap_destroy(heap, NULL, NULL);
    }
}

#define fixture_test(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(heaps_that_were_trimmed_keep_no_descriptor),
        fixture_test(a_heap_that_freed_everything_starves_no_other),
        fixture_test(a_heap_that_freed_much_leaves_it_to_others),
        fixture_test(a_heap_that_ended_keeps_no_descriptor),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
