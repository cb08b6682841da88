/*
 * test_reclaim_frozen.c: giving back what other heaps hold without use, with one of the threads
 * frozen before any of its atomic accesses while the other runs. No block is lost or given away
 * twice, a heap may end meanwhile, and all books are right.
 */
#include "freezer.h"
#include "frozen_key.h"
#include "heap_world.h"

#include "heap/reuse/heap_retire.h"
#include "heap/reuse/idle_slabs.h"
#include "heap/reuse/large_cache.h"
#include "heap/reuse/reclaim.h"

#define SIZE ((size_t)16384)
#define SMALL_SIZE ((size_t)16) /* a slab of such blocks has the most words */
#define A_SLAB (SLAB_SIZE / SIZE)
#define LARGE ((size_t)65000)
#define MOST 64u

struct scene {
    struct world world;
    struct heap_space space;
    struct heap *heap;
    struct heap *other; /* which holds something without use */
    void *blocks[MOST];
    struct heap *owners[MOST];
    unsigned count;
    void *pages[2];
    unsigned page_count;
};

static void make(struct scene *s, struct heap *heap, size_t size)
{
    void *memory;

    if (try_block(heap, size, NULL, 0, &memory) != PAGES_OK)
        return;
    assert_true(s->count < MOST);
    s->blocks[s->count] = memory;
    s->owners[s->count++] = heap;
}

static void end_last(struct scene *s)
{
    s->count--;
    assert_int_equal(heap_free(s->owners[s->count], s->blocks[s->count]), PAGES_OK);
}

static void set_with(struct scene *s, uint32_t flags)
{
    struct heap_options options = {.flags = flags, .guard_above = SIZE_MAX};

    assert_true(make_pages(&s->world));
    assert_true(heap_space_init(&s->space, &s->world.pages, &options));
    s->heap = heap_create(&s->space, false);
    s->other = heap_create(&s->space, false);
    assert_non_null(s->other);
}

/* The other heap has an empty active slab and an empty partial one; there is room for no more. */
static void limit_to_what_is_held(struct scene *s)
{
    struct budget_kind *committed = &s->world.pages.budget.committed;

    budget_set_limit(committed, &(struct budget_limit){gauge_now(&committed->granted), 0, 0});
}

static void set(void *scene)
{
    struct scene *s = scene;

    set_with(s, 0);
    for (unsigned i = 0; i < A_SLAB + 1; i++)
        make(s, s->other, SIZE);
    while (s->count)
        end_last(s);
    limit_to_what_is_held(s);
}

static void set_delayed(void *scene)
{
    struct scene *s = scene;

    set_with(s, HEAP_DELAY_REUSE);
    make(s, s->other, SIZE);
    end_last(s);
    limit_to_what_is_held(s);
}

/* Another block in the same slab lives. */
static void set_in_use(void *scene)
{
    struct scene *s = scene;

    set_with(s, 0);
    make(s, s->other, SIZE);
    make(s, s->other, SIZE);
    limit_to_what_is_held(s);
}

/* The other heap keeps the memory of a large block. */
static void set_cached(void *scene)
{
    struct scene *s = scene;

    set_with(s, 0);
    make(s, s->other, LARGE);
    end_last(s);
    limit_to_what_is_held(s);
}

/* It has a large block. */
static void set_large(void *scene)
{
    struct scene *s = scene;

    set_with(s, 0);
    make(s, s->other, LARGE);
}

static void ask(void *scene)
{
    struct scene *s = scene;
    struct pages_request request = {.size = SLAB_SIZE,
                                    .type = RESERVE_COMMIT,
                                    .protect = OS_PAGE_READWRITE,
                                    .node = OS_ANY_NODE};
    void *memory;

    counters_begin(&s->world.counters, COUNTED_VIRTUAL_ALLOC);
    if (reclaim_pages_alloc(&s->space, &request, &memory) == PAGES_OK)
        s->pages[s->page_count++] = memory;
    counters_end(&s->world.counters, COUNTED_VIRTUAL_ALLOC, true);
}

static void ask_in_vain_or_not(void *scene)
{
    ask(scene);
}

static void make_in_other(void *scene)
{
    struct scene *s = scene;

    make(s, s->other, SIZE);
    make(s, s->other, SIZE / 2);
}

static void free_in_other(void *scene)
{
    end_last(scene);
    end_last(scene);
}

static void make_large(void *scene)
{
    struct scene *s = scene;

    make(s, s->heap, LARGE);
}

static void make_large_in_other(void *scene)
{
    struct scene *s = scene;

    make(s, s->other, LARGE);
}

static void free_large_in_other(void *scene)
{
    end_last(scene);
}

/* Long after. */
static void make_large_later(void *scene)
{
    frozen_tick += 2 * LARGE_AGE_MILLISECONDS;
    make_large(scene);
}

static void end_other(void *scene)
{
    struct scene *s = scene;

    s->count = 0; /* its blocks end with it */
    heap_destroy(s->other, NULL, NULL);
    s->other = NULL;
}

/* A heap that ends, and one that may get its item and its descriptors. */
static void end_other_and_begin_another(void *scene)
{
    struct scene *s = scene;

    end_other(scene);
    s->other = heap_create(&s->space, false);
    make(s, s->other, SIZE);
}

/* The other heap has an empty slab of small blocks. */
static void set_small(void *scene)
{
    struct scene *s = scene;

    set_with(s, 0);
    make(s, s->other, SMALL_SIZE);
    end_last(s);
}

static void set_small_delayed(void *scene)
{
    struct scene *s = scene;

    set_with(s, HEAP_DELAY_REUSE);
    make(s, s->other, SMALL_SIZE);
    end_last(s);
}

/* A part of a heap's end. */
static void retire_all_of_other(void *scene)
{
    heap_retire_all(((struct scene *)scene)->other);
}

/* The slab that is made gets the descriptor of the one that was given back. */
static void give_back_and_make(void *scene)
{
    struct scene *s = scene;

    reclaim(&s->space);
    make(s, s->heap, SMALL_SIZE);
}

static void check(void *scene)
{
    struct scene *s = scene;
    uint64_t blocks = s->count;

    assert_int_equal(live_blocks(&s->space), blocks);
    assert_exact(&s->world);
    /* A wrong state left behind shows when the heaps are used further. */
    budget_set_limit(&s->world.pages.budget.committed,
                     &(struct budget_limit){BUDGET_ENDLESS, 0, BUDGET_ENDLESS});
    if (!s->other)
        s->other = heap_create(&s->space, false);
    for (unsigned i = 0; i < 2 * A_SLAB; i++) {
        make(s, s->heap, SIZE);
        make(s, s->other, SIZE);
    }
    assert_int_equal(live_blocks(&s->space), blocks + 4 * A_SLAB);
    while (s->count)
        end_last(s);
    reclaim(&s->space);
    assert_int_equal(gauge_now(&s->world.counters.slab_bytes), 0);
    assert_int_equal((int64_t)s->space.live, 0);
    while (s->page_count)
        release(&s->world, s->pages[--s->page_count]);
    assert_books(&s->world, 0, 0, 0);
}

static void clear(void *scene)
{
    struct scene *s = scene;

    heap_destroy(s->heap, NULL, NULL);
    if (s->other)
        heap_destroy(s->other, NULL, NULL);
    assert_int_equal(gauge_now(&s->world.counters.heaps), 0);
    heap_space_destroy(&s->space);
    pages_destroy(&s->world.pages);
}

static void play(scene_act *how, scene_act *frozen, scene_act *other)
{
    perform(&(struct play){sizeof(struct scene), how, frozen, other, check, clear});
}

static void two_that_ask_at_a_limit_get_each_slab_once(void **state)
{
    (void)state;
    play(set, ask, ask_in_vain_or_not);
    play(set_delayed, ask, ask_in_vain_or_not);
}

static void a_slab_that_is_being_given_back_may_be_used_meanwhile(void **state)
{
    (void)state;
    play(set, ask, make_in_other);
    play(set, make_in_other, ask);
    play(set_delayed, ask, make_in_other);
    play(set_delayed, make_in_other, ask);
}

static void a_slab_that_becomes_empty_is_given_back_now_or_later(void **state)
{
    (void)state;
    play(set_in_use, ask, free_in_other);
    play(set_in_use, free_in_other, ask);
}

static void a_heap_whose_slabs_are_given_back_may_end_meanwhile(void **state)
{
    (void)state;
    play(set, ask, end_other);
    play(set, ask, end_other_and_begin_another);
    play(set_in_use, ask, end_other_and_begin_another);
    play(set_delayed, ask, end_other);
    play(set_delayed, ask, end_other_and_begin_another);
    if (!is_long_form())
        return; /* the end of a heap has some thousands of moments */
    play(set, end_other, ask);
    play(set_delayed, end_other, ask);
}

static void memory_of_large_blocks_is_used_or_given_back_once(void **state)
{
    (void)state;
    play(set_cached, ask, ask_in_vain_or_not);
    play(set_cached, make_large, make_large_in_other);
    play(set_cached, ask, make_large);
    play(set_cached, make_large, ask);
    play(set_cached, make_large, make_large_later);
    play(set_large, free_large_in_other, make_large);
    play(set_large, free_large_in_other, ask);
    play(set_large, free_large_in_other, make_large_later);
}

static void a_heap_whose_large_memory_is_used_elsewhere_may_end_meanwhile(void **state)
{
    (void)state;
    play(set_cached, make_large, end_other);
    play(set_cached, make_large, end_other_and_begin_another);
    play(set_cached, ask, end_other_and_begin_another);
}

static void the_end_of_a_heap_changes_no_slab_that_another_has_by_then(void **state)
{
    (void)state;
    play(set_small, retire_all_of_other, give_back_and_make);
    play(set_small_delayed, retire_all_of_other, give_back_and_make);
    if (!is_long_form())
        return;
    play(set_small, end_other, give_back_and_make);
    play(set_small_delayed, end_other, give_back_and_make);
    play(set_small, give_back_and_make, end_other_and_begin_another);
    play(set_small_delayed, give_back_and_make, end_other_and_begin_another);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_that_ask_at_a_limit_get_each_slab_once),
        cmocka_unit_test(a_slab_that_is_being_given_back_may_be_used_meanwhile),
        cmocka_unit_test(a_slab_that_becomes_empty_is_given_back_now_or_later),
        cmocka_unit_test(a_heap_whose_slabs_are_given_back_may_end_meanwhile),
        cmocka_unit_test(memory_of_large_blocks_is_used_or_given_back_once),
        cmocka_unit_test(a_heap_whose_large_memory_is_used_elsewhere_may_end_meanwhile),
        cmocka_unit_test(the_end_of_a_heap_changes_no_slab_that_another_has_by_then),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
