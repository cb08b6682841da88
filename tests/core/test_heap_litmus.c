/*
 * test_heap_litmus.c: any two calls on one heap in every order of their steps (litmus.h). Each
 * block has one owner, of two frees of a block one wins, a slab is given back once and only when it
 * is empty, and the figures and books are exact afterwards.
 *
 * This file is compiled with interleaved.h, too, since heap_fast_path.h is among what is tested.
 */
#include "frozen_key.h"
#include "heap_world.h"
#include "litmus.h"

#include "heap/heap_fast_path.h"
#include "heap/reuse/idle_slabs.h"
#include "heap/reuse/large_cache.h"
#include "heap/reuse/reclaim.h"
#include "pages/region_operation.h"

/* A slab holds four, two and sixty blocks of these sizes; the last size takes the fast path. */
#define QUARTER ((size_t)16384)
#define HALF ((size_t)32768)
#define SMALL ((size_t)1000)
#define LARGE ((size_t)40000) /* a region of its own */

#define BLOCKS 64
#define MOST 300 /* orders of the third kind, of each pair */

static struct stage {
    struct world *world;
    struct heap_space *space;

    /* Of one order. */
    struct heap *heap;
    struct {
        char *memory;
        size_t size;
    } blocks[BLOCKS];
    unsigned count;
    char *shared; /* a block that both calls free */
    unsigned shared_frees;
    char *others[2]; /* blocks of the calls' own, in the same slab */
    size_t size;     /* of what the calls allocate */
    const struct thread_counters *threads[2];
    unsigned thread_count;
} stage;

/* ------------------------------------------------------------------------------------------------
 * Blocks and their owners
 * --------------------------------------------------------------------------------------------- */

/* As the COM method does. */
static pages_result alloc_block(struct stage *s, size_t size, void **memory)
{
    return heap_fast_alloc(s->heap, size, memory) ? PAGES_OK
                                                  : try_block(s->heap, size, NULL, 0, memory);
}

static pages_result free_block(struct stage *s, void *memory)
{
    return heap_fast_free(s->heap, memory) ? PAGES_OK : heap_free(s->heap, memory);
}

/* Marks the block, so that a byte with two owners shows. */
static char *own(struct stage *s, char *memory, size_t size)
{
    for (unsigned i = 0; i < s->count; i++)
        assert_false(memory < s->blocks[i].memory + s->blocks[i].size &&
                     s->blocks[i].memory < memory + size);
    assert_true(s->count < BLOCKS);
    s->blocks[s->count].memory = memory;
    s->blocks[s->count++].size = size;
    return memory;
}

static char *make(struct stage *s, size_t size)
{
    void *memory = NULL;

    assert_int_equal(alloc_block(s, size, &memory), PAGES_OK);
    /* Memory that was given back already would fault. */
    memset(memory, 1, size < PAGE ? size : PAGE);
    return own(s, memory, size);
}

static void disown(struct stage *s, const char *memory)
{
    for (unsigned i = 0; i < s->count; i++) {
        if (s->blocks[i].memory == memory) {
            s->blocks[i] = s->blocks[--s->count];
            return;
        }
    }
    fail_msg("%p is nobody's", (const void *)memory);
}

static void end_block(struct stage *s, char *memory)
{
    disown(s, memory); /* first: as soon as the call begins the block may get another owner */
    assert_int_equal(free_block(s, memory), PAGES_OK);
}

/* ------------------------------------------------------------------------------------------------
 * Scenes
 * --------------------------------------------------------------------------------------------- */

static void set_sized(struct stage *s, size_t size)
{
    s->heap = heap_create(s->space, false);
    assert_non_null(s->heap);
    s->size = size;
    s->count = s->shared_frees = s->thread_count = 0;
    s->shared = s->others[0] = s->others[1] = NULL;
}

static void set_nothing(void *scene)
{
    set_sized(scene, QUARTER);
}

/*
 * Lets the two threads share a set of active slabs, as threads do when there are more threads than
 * sets.
 */
static void share_active_slabs(struct stage *s)
{
    uintptr_t key = frozen_key;

    for (unsigned voice = 0; voice < VOICES; voice++) {
        frozen_key = voice_key(voice);
        atomic_store(&heap_thread_counters(s->heap)->active_slabs, s->heap->active_slabs[0]);
    }
    frozen_key = key;
}

/* One slab, which is active and has one block and room. */
static void set_room(void *scene)
{
    struct stage *s = scene;

    set_nothing(scene);
    s->shared = make(s, QUARTER);
    share_active_slabs(s);
}

/* A full active slab. */
static void set_active_full(void *scene)
{
    struct stage *s = scene;

    set_room(scene);
    s->others[0] = make(s, QUARTER);
    s->others[1] = make(s, QUARTER);
    make(s, QUARTER);
}

/* A full slab, and an active slab with one block. */
static void set_full(void *scene)
{
    set_active_full(scene);
    make(scene, QUARTER);
}

/* A partial slab with three blocks, and an active slab with one. */
static void set_partial(void *scene)
{
    struct stage *s = scene;
    char *last;

    set_active_full(scene);
    last = s->blocks[3].memory;
    make(scene, QUARTER);
    end_block(s, last);
}

/* The same with the shared block alone in it. */
static void set_partial_with_one(void *scene)
{
    struct stage *s = scene;

    set_partial(scene);
    end_block(s, s->others[0]);
    end_block(s, s->others[1]);
}

/* An active slab that is empty. */
static void set_empty(void *scene)
{
    struct stage *s = scene;

    set_room(scene);
    end_block(s, s->shared);
}

/* A slab with one block whose descriptor has many words. */
static void set_small(void *scene)
{
    struct stage *s = scene;

    set_sized(scene, SMALL);
    s->shared = make(s, SMALL);
    share_active_slabs(s);
}

/* A large block. */
static void set_large(void *scene)
{
    struct stage *s = scene;

    set_sized(scene, LARGE);
    s->shared = make(s, LARGE);
}

/* The memory that a large block has left. */
static void set_cached(void *scene)
{
    struct stage *s = scene;

    set_large(scene);
    end_block(s, s->shared);
}

static void clear(void *scene)
{
    struct stage *s = scene;

    heap_destroy(s->heap, NULL, NULL);
    assert_books(s->world, 0, 0, 0);
}

/* ------------------------------------------------------------------------------------------------
 * Calls
 * --------------------------------------------------------------------------------------------- */

static void call_thread(void *scene)
{
    struct stage *s = scene;
    struct thread_counters *thread = heap_thread_counters(s->heap);

    assert_ptr_equal(thread, heap_thread_counters(s->heap));
    s->threads[s->thread_count++] = thread;
}

static void call_alloc(void *scene)
{
    struct stage *s = scene;

    make(s, s->size);
}

/* A block whose free has begun has no owner until the free has returned. */
static void call_free_shared(void *scene)
{
    struct stage *s = scene;

    s->shared_frees += free_block(s, s->shared) == PAGES_OK;
}

static void call_free_first(void *scene)
{
    struct stage *s = scene;

    end_block(s, s->others[0]);
}

static void call_free_second(void *scene)
{
    struct stage *s = scene;

    end_block(s, s->others[1]);
}

static void call_free_own(void *scene)
{
    struct stage *s = scene;

    end_block(s, s->shared);
}

/* What a trim does when the reuse of blocks is not delayed. */
static void call_trim(void *scene)
{
    struct stage *s = scene;

    idle_slabs_give(s->space, s->heap);
}

/* Another size class takes the free slabs and descriptors. */
static void call_trim_and_use_otherwise(void *scene)
{
    struct stage *s = scene;

    idle_slabs_give(s->space, s->heap);
    make(s, HALF);
}

/* What another thread does that is refused memory. */
static void call_reclaim(void *scene)
{
    struct stage *s = scene;

    reclaim(s->space);
}

/* What a request for pages in memory of others does, when it has hit the block's region. */
static void call_settle(void *scene)
{
    struct stage *s = scene;
    uintptr_t begin = (uintptr_t)s->shared;

    operation_settle_owner(&s->world->pages, (struct range){begin, begin + PAGE});
}

static void call_free_inside(void *scene)
{
    struct stage *s = scene;

    assert_int_equal(free_block(s, s->shared + 16), PAGES_FOREIGN);
}

/* ------------------------------------------------------------------------------------------------
 * What must hold
 * --------------------------------------------------------------------------------------------- */

static void check_blocks(struct stage *s)
{
    uint64_t bytes = 0;

    for (unsigned i = 0; i < s->count; i++) {
        size_t size;

        assert_true(heap_size_of(s->heap, s->blocks[i].memory, &size));
        assert_int_equal(size, s->blocks[i].size);
        bytes += size;
    }
    assert_heaps(s->space, s->count, bytes);
    assert_exact(s->world);
}

/* A wrong state left behind shows when the heap is used further. */
static void check(void *scene)
{
    struct stage *s = scene;

    check_blocks(s);
    for (int i = 0; i < 5; i++)
        make(s, s->size);
    make(s, HALF);
    check_blocks(s);
    while (s->count)
        end_block(s, s->blocks[0].memory);
    reclaim(s->space);
    assert_int_equal(gauge_now(&s->world->counters.slab_bytes), 0);
    assert_books(s->world, 0, 0, 0);
}

static void check_threads(void *scene)
{
    struct stage *s = scene;

    assert_ptr_not_equal(s->threads[0], s->threads[1]);
    assert_int_equal(LOAD_RELAXED(s->heap->thread_count), 2);
    check(scene);
}

/* Checks that of two frees of one block exactly one has succeeded. */
static void check_shared(void *scene)
{
    struct stage *s = scene;

    assert_int_equal(s->shared_frees, 1);
    check(scene);
}

/* ------------------------------------------------------------------------------------------------
 * Pairs
 * --------------------------------------------------------------------------------------------- */

static void run(const char *name, scene_act *set, scene_act *first, scene_act *second)
{
    litmus_run(&(struct litmus){name, MOST, &stage, set, first, second, check, clear});
}

static void two_threads_that_begin_have_counters_of_their_own(void **state)
{
    (void)state;
    litmus_run(&(struct litmus){"thread, thread", MOST, &stage, set_nothing, call_thread,
                                call_thread, check_threads, clear});
}

static void of_two_allocs_each_has_its_block(void **state)
{
    (void)state;
    run("alloc, alloc, with room", set_room, call_alloc, call_alloc);
    run("alloc, alloc, the active_slab full", set_active_full, call_alloc, call_alloc);
    run("alloc, alloc, small", set_small, call_alloc, call_alloc);
}

static void set_shared(void *scene, scene_act *set)
{
    struct stage *s = scene;

    set(scene);
    disown(s, s->shared); /* The free that returns first ends it. */
}

static void set_shared_room(void *scene)
{
    set_shared(scene, set_room);
}

static void set_shared_full(void *scene)
{
    set_shared(scene, set_full);
}

static void set_shared_partial_with_one(void *scene)
{
    set_shared(scene, set_partial_with_one);
}

static void set_shared_small(void *scene)
{
    set_shared(scene, set_small);
}

static void of_two_frees_of_a_block_one_wins(void **state)
{
    static const struct {
        const char *name;
        scene_act *set;
    } scenes[] = {{"free, free, in an active slab", set_shared_room},
                  {"free, free, in a full slab", set_shared_full},
                  {"free, free, alone in a partial slab", set_shared_partial_with_one},
                  {"free, free, small", set_shared_small}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(scenes); i++)
        litmus_run(&(struct litmus){scenes[i].name, MOST, &stage, scenes[i].set, call_free_shared,
                                    call_free_shared, check_shared, clear});
}

static void an_alloc_and_a_free_leave_each_other_alone(void **state)
{
    (void)state;
    run("alloc, free, with room", set_room, call_alloc, call_free_own);
    run("alloc, free, the active_slab full", set_active_full, call_alloc, call_free_own);
    run("alloc, free, in a full slab", set_full, call_alloc, call_free_own);
    run("alloc, free, in a partial slab", set_partial_with_one, call_alloc, call_free_own);
    run("alloc, free, small", set_small, call_alloc, call_free_own);
}

static void a_free_inside_a_block_is_refused_while_the_block_is_freed(void **state)
{
    (void)state;
    run("free inside, free", set_room, call_free_inside, call_free_own);
    run("free inside, free, in a partial slab", set_partial_with_one, call_free_inside,
        call_free_own);
}

static void two_frees_in_a_slab_leave_each_other_alone(void **state)
{
    (void)state;
    run("frees of two blocks, in an active slab", set_active_full, call_free_first,
        call_free_second);
    run("frees of two blocks, in a full slab", set_full, call_free_first, call_free_second);
    run("frees of two blocks, in a partial slab", set_partial, call_free_first, call_free_second);
}

static void a_slab_is_given_back_only_when_it_is_empty(void **state)
{
    (void)state;
    run("alloc, trim, an empty active_slab", set_empty, call_alloc, call_trim);
    run("free, trim, in an active slab", set_room, call_free_own, call_trim);
    run("free, trim, in a partial slab", set_partial_with_one, call_free_own, call_trim);
}

static void a_slab_is_given_back_once(void **state)
{
    (void)state;
    run("trim, trim", set_empty, call_trim, call_trim);
    run("trim, trim and another class", set_empty, call_trim, call_trim_and_use_otherwise);
    run("alloc, trim and another class", set_empty, call_alloc, call_trim_and_use_otherwise);
    run("free, trim and another class", set_partial_with_one, call_free_own,
        call_trim_and_use_otherwise);
}

static void set_shared_large(void *scene)
{
    set_shared(scene, set_large);
}

static void of_two_frees_of_a_large_block_one_wins(void **state)
{
    (void)state;
    litmus_run(&(struct litmus){"free, free, large", MOST, &stage, set_shared_large,
                                call_free_shared, call_free_shared, check_shared, clear});
    run("free inside, free, large", set_large, call_free_inside, call_free_own);
}

static void memory_that_is_kept_is_used_once(void **state)
{
    (void)state;
    run("alloc, alloc, large", set_cached, call_alloc, call_alloc);
    run("alloc, free, large", set_large, call_alloc, call_free_own);
}

static void memory_that_is_kept_is_given_back_once(void **state)
{
    (void)state;
    run("alloc, reclaim, large", set_cached, call_alloc, call_reclaim);
    run("free, reclaim, large", set_large, call_free_own, call_reclaim);
    run("reclaim, reclaim, large", set_cached, call_reclaim, call_reclaim);
}

static void settling_the_books_of_memory_that_is_kept_disturbs_nobody(void **state)
{
    (void)state;
    run("free, settle, large", set_large, call_free_own, call_settle);
    run("alloc, settle, large", set_cached, call_alloc, call_settle);
    run("reclaim, settle, large", set_cached, call_reclaim, call_settle);
}

static int begin_stage(void **state)
{
    begin_world(state);
    memset(&stage, 0, sizeof(stage));
    stage.world = *state;
    stage.space = begin_heap_space(stage.world, 0);
    return 0;
}

static int end_stage(void **state)
{
    litmus_tell_failure();
    end_heap_space(stage.space);
    return end_world(state);
}

#define stage_test(test) cmocka_unit_test_setup_teardown(test, begin_stage, end_stage)

int main(void)
{
    const struct CMUnitTest tests[] = {
        stage_test(two_threads_that_begin_have_counters_of_their_own),
        stage_test(of_two_allocs_each_has_its_block),
        stage_test(of_two_frees_of_a_block_one_wins),
        stage_test(an_alloc_and_a_free_leave_each_other_alone),
        stage_test(a_free_inside_a_block_is_refused_while_the_block_is_freed),
        stage_test(two_frees_in_a_slab_leave_each_other_alone),
        stage_test(a_slab_is_given_back_only_when_it_is_empty),
        stage_test(a_slab_is_given_back_once),
        stage_test(of_two_frees_of_a_large_block_one_wins),
        stage_test(memory_that_is_kept_is_used_once),
        stage_test(memory_that_is_kept_is_given_back_once),
        stage_test(settling_the_books_of_memory_that_is_kept_disturbs_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
