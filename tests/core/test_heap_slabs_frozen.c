/*
 * test_heap_slabs_frozen.c: two threads that share their active slabs, or of which one looks while
 * the other changes something. One of them is frozen before any of its atomic accesses while the
 * other runs. No slab is lost, every block can be freed, and no figure is wrong.
 */
#include "freezer.h"
#include "frozen_key.h"
#include "heap_world.h"

#include "heap/heap_counters.h"

#define SIZE ((size_t)4096)
#define A_SLAB ((unsigned)(SLAB_SIZE / SIZE))

/* The thread keys that freezer.c uses. */
#define FROZEN_KEY ((uintptr_t)0x1000)
#define OTHER_KEY ((uintptr_t)0x2000)

struct slots_scene {
    struct world world;
    struct heap_space *space;
    struct heap *heap;
    void *frozen;
    void *other;
    struct heap_block block;
    struct heap_figures figures;
    bool met;
};

/* One more thread uses the heap. */
static void arrive(struct heap *heap, uintptr_t key)
{
    uintptr_t before = frozen_key;

    frozen_key = key;
    heap_thread_counters(heap);
    frozen_key = before;
}

/* Both threads have the same set of active slabs: HEAP_SETS - 1 other threads came between them. */
static void set_heap(void *scene)
{
    struct slots_scene *s = scene;

    assert_true(make_pages(&s->world));
    s->space = begin_heap_space(&s->world, 0);
    s->heap = heap_create(s->space, false);
    assert_non_null(s->heap);
    arrive(s->heap, FROZEN_KEY);
    for (unsigned i = 1; i < HEAP_SETS; i++)
        arrive(s->heap, OTHER_KEY + i * 0x1000);
    arrive(s->heap, OTHER_KEY);
}

static void clear_heap(void *scene)
{
    struct slots_scene *s = scene;

    heap_destroy(s->heap, NULL, NULL);
    end_heap_space(s->space);
    assert_books(&s->world, 0, 0, 0);
    pages_destroy(&s->world.pages);
}

static void *make(struct slots_scene *s)
{
    void *memory;

    return try_block(s->heap, SIZE, NULL, 0, &memory) == PAGES_OK ? memory : NULL;
}

/* ------------------------------------------------------------------------------------------------
 * Two threads that make a slab for the same slot
 * --------------------------------------------------------------------------------------------- */

static void make_frozen(void *scene)
{
    struct slots_scene *s = scene;

    s->frozen = make(s);
}

static void make_other(void *scene)
{
    struct slots_scene *s = scene;

    s->other = make(s);
}

/* Slabs that exist are used before new ones are made: at most one for each of the two. */
static void check_no_slab_is_lost(void *scene)
{
    struct slots_scene *s = scene;

    assert_non_null(s->frozen);
    assert_non_null(s->other);
    assert_ptr_not_equal(s->frozen, s->other);
    for (unsigned i = 2; i < 2 * A_SLAB; i++)
        assert_non_null(make(s));
    assert_int_equal(gauge_now(&s->heap->slab_bytes), 2 * SLAB_SIZE);
}

static void of_two_slabs_made_for_one_slot_none_is_lost(void **state)
{
    (void)state;
    perform(&(struct play){sizeof(struct slots_scene), set_heap, make_frozen, make_other,
                           check_no_slab_is_lost, clear_heap});
}

/* ------------------------------------------------------------------------------------------------
 * A block of a slab that is being made
 * --------------------------------------------------------------------------------------------- */

/* There is memory for one slab. */
static void set_heap_and_limit(void *scene)
{
    set_heap(scene);
    budget_set_limit(&((struct slots_scene *)scene)->world.pages.budget.committed,
                     &(struct budget_limit){SLAB_SIZE, 0, 0});
}

static void make_and_free(void *scene)
{
    struct slots_scene *s = scene;

    make_other(scene);
    if (s->other)
        assert_int_equal(heap_free(s->heap, s->other), PAGES_OK);
}

static void check_made(void *scene)
{
    struct slots_scene *s = scene;

    assert_true(s->frozen || s->other);
    assert_int_equal(live_blocks(s->space), s->frozen != NULL);
}

static void a_block_of_a_slab_that_is_being_made_can_be_freed(void **state)
{
    (void)state;
    perform(&(struct play){sizeof(struct slots_scene), set_heap_and_limit, make_frozen,
                           make_and_free, check_made, clear_heap});
}

/* ------------------------------------------------------------------------------------------------
 * Looking
 * --------------------------------------------------------------------------------------------- */

static void *make_told(struct slots_scene *s, const char *file, uint32_t line)
{
    void *memory;

    assert_int_equal(try_block(s->heap, SIZE, file, line, &memory), PAGES_OK);
    return memory;
}

static void set_told_block(void *scene)
{
    struct slots_scene *s = scene;

    set_heap(scene);
    s->other = make_told(s, "first.c", 1);
}

static void look_at_block(void *scene)
{
    struct slots_scene *s = scene;
    struct heap_cursor cursor = {0};

    s->met = heap_next_block(s->space, 0, &cursor, &s->block);
}

/* The address is another block's by then, allocated elsewhere. */
static void replace_block(void *scene)
{
    struct slots_scene *s = scene;

    assert_int_equal(heap_free(s->heap, s->other), PAGES_OK);
    s->other = make_told(s, "second.c", 2);
}

static void check_one_history(void *scene)
{
    struct slots_scene *s = scene;

    if (!s->met)
        return;
    assert_in_range(s->block.line, 1, 2);
    assert_string_equal(s->block.file, s->block.line == 1 ? "first.c" : "second.c");
}

static void a_frozen_look_at_a_block_mixes_no_two_histories(void **state)
{
    (void)state;
    perform(&(struct play){sizeof(struct slots_scene), set_told_block, look_at_block, replace_block,
                           check_one_history, clear_heap});
}

static void read_figures(void *scene)
{
    struct slots_scene *s = scene;

    heap_figures(s->heap, &s->figures);
}

/* There was never more than one at once. */
static void make_and_free_some(void *scene)
{
    struct slots_scene *s = scene;

    for (int i = 0; i < 5; i++) {
        make_other(scene);
        assert_int_equal(heap_free(s->heap, s->other), PAGES_OK);
    }
}

static void check_figures(void *scene)
{
    struct slots_scene *s = scene;

    assert_in_range(s->figures.blocks, 0, 1);
    assert_in_range(s->figures.block_bytes, 0, SIZE);
    assert_in_range(s->figures.peak_blocks, 0, 1);
}

static void frozen_figures_are_never_more_than_there_was(void **state)
{
    (void)state;
    perform(&(struct play){sizeof(struct slots_scene), set_heap, read_figures, make_and_free_some,
                           check_figures, clear_heap});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_two_slabs_made_for_one_slot_none_is_lost),
        cmocka_unit_test(a_block_of_a_slab_that_is_being_made_can_be_freed),
        cmocka_unit_test(a_frozen_look_at_a_block_mixes_no_two_histories),
        cmocka_unit_test(frozen_figures_are_never_more_than_there_was),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
