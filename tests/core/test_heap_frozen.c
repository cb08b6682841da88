/*
 * test_heap_frozen.c: heaps with one thread frozen before any of its atomic accesses in an Alloc, a
 * Free or a trim. Meanwhile another thread does what could mislead it: it frees the same block,
 * empties the slab and gives it back, or has the descriptor and the memory used for another size
 * class or heap. Each block has one owner, each free that succeeds ends one block, and the figures
 * and the books are exact afterwards.
 */
#include "freezer.h"
#include "frozen_key.h"
#include "heap_world.h"

#include "heap/heap_counters.h"
#include "heap/reuse/idle_slabs.h"

/*
 * A slab holds four blocks of the first size and two of the other, so a few calls fill and empty
 * one.
 */
#define QUARTER ((size_t)16384)
#define HALF ((size_t)32768)

#define BLOCKS 96

struct scene {
    struct world world;
    struct heap_space space;
    struct heap *heap;
    struct heap *other_heap; /* made by the other thread */

    /* The blocks and their owners. An owner may be the other thread's heap. */
    struct {
        char *memory;
        size_t size;
        struct heap *heap;
    } blocks[BLOCKS];
    unsigned count;

    char *shared;          /* a block that both threads free */
    unsigned shared_frees; /* that succeeded */
    bool shared_ended;
    pages_result frozen_result;
};

/* ------------------------------------------------------------------------------------------------
 * What threads do
 * --------------------------------------------------------------------------------------------- */

/* Writes the owner's mark into the block, so that a block with two owners shows. */
static char *own(struct scene *s, struct heap *heap, char *memory, size_t size)
{
    for (unsigned i = 0; i < s->count; i++)
        assert_false(memory < s->blocks[i].memory + s->blocks[i].size &&
                     s->blocks[i].memory < memory + size);
    assert_true(s->count < BLOCKS);
    s->blocks[s->count].memory = memory;
    s->blocks[s->count].size = size;
    s->blocks[s->count++].heap = heap;
    return memory;
}

static char *make_in(struct scene *s, struct heap *heap, size_t size)
{
    void *memory = NULL;

    assert_int_equal(try_block(heap, size, NULL, 0, &memory), PAGES_OK);
    return own(s, heap, memory, size);
}

static char *make(struct scene *s, size_t size)
{
    return make_in(s, s->heap, size);
}

static void disown(struct scene *s, const char *memory)
{
    for (unsigned i = 0; i < s->count; i++) {
        if (s->blocks[i].memory == memory) {
            s->blocks[i] = s->blocks[--s->count];
            return;
        }
    }
    fail_msg("%p is nobody's", (const void *)memory);
}

static void end_block(struct scene *s, struct heap *heap, char *memory)
{
    disown(s, memory); /* first: as soon as the call begins the block may get another owner */
    assert_int_equal(heap_free(heap, memory), PAGES_OK);
}

/* ------------------------------------------------------------------------------------------------
 * Scenes
 * --------------------------------------------------------------------------------------------- */

static void set_with(void *scene, uint32_t flags)
{
    struct scene *s = scene;
    struct heap_options options = {.flags = flags, .guard_above = SIZE_MAX};

    assert_true(make_pages(&s->world));
    assert_true(heap_space_init(&s->space, &s->world.pages, &options));
    s->heap = heap_create(&s->space, false);
}

/*
 * Nothing exists yet: the first block makes the thread's counters, the slab and the slot of active
 * slabs.
 */
static void set_nothing(void *scene)
{
    set_with(scene, 0);
}

/* One slab, which is active and has one block and room. */
static void set_room(void *scene)
{
    struct scene *s = scene;

    set_with(scene, 0);
    s->shared = make(s, QUARTER);
}

/* A full active slab. */
static void set_active_full(void *scene)
{
    set_room(scene);
    for (int i = 0; i < 3; i++)
        make(scene, QUARTER);
}

/* A full slab, and an active slab with one block. */
static void set_full(void *scene)
{
    set_active_full(scene);
    make(scene, QUARTER);
}

static bool share_slab(const char *a, const char *b)
{
    return (uintptr_t)a / SLAB_SIZE == (uintptr_t)b / SLAB_SIZE;
}

/* A partial slab with one block, and an active slab with one. */
static void set_partial(void *scene)
{
    struct scene *s = scene;
    unsigned i = 0;

    set_full(scene);
    while (i < s->count) {
        char *memory = s->blocks[i].memory;

        if (memory != s->shared && share_slab(memory, s->shared))
            end_block(s, s->heap, memory);
        else
            i++;
    }
    assert_int_equal(s->count, 2);
}

static void set_tracked(void *scene)
{
    struct scene *s = scene;

    set_with(scene, HEAP_TRACK_BLOCKS | HEAP_FILL_ON_FREE);
    s->shared = make(s, QUARTER);
}

static void clear(void *scene)
{
    struct scene *s = scene;

    heap_destroy(s->heap, NULL, NULL);
    if (s->other_heap)
        heap_destroy(s->other_heap, NULL, NULL);
    assert_books(&s->world, 0, 0, 0);
    heap_space_destroy(&s->space);
    pages_destroy(&s->world.pages);
}

/* Every block is where it should be and is counted. */
static void check_blocks(struct scene *s)
{
    uint64_t bytes = 0;

    for (unsigned i = 0; i < s->count; i++) {
        struct heap_block block;

        assert_true(heap_find_block(&s->space, (uintptr_t)s->blocks[i].memory, &block));
        assert_int_equal(block.address, (uintptr_t)s->blocks[i].memory);
        assert_int_equal(block.size, s->blocks[i].size);
        bytes += block.size;
    }
    assert_heaps(&s->space, s->count, bytes);
    assert_exact(&s->world);
    assert_int_equal(counter_read(&s->world.counters.corrupted_blocks), 0);
}

static void end_all_blocks(struct scene *s)
{
    while (s->count)
        end_block(s, s->blocks[0].heap, s->blocks[0].memory);
}

static void destroy_other_heap(void *scene)
{
    struct scene *s = scene;
    struct heap *heap = s->other_heap;
    unsigned i = 0;

    s->other_heap = NULL;
    while (i < s->count) {
        if (s->blocks[i].heap == heap)
            disown(s, s->blocks[i].memory);
        else
            i++;
    }
    heap_destroy(heap, NULL, NULL);
}

static void make_some(struct scene *s, int count)
{
    for (int i = 0; i < count; i++) {
        make(s, QUARTER);
        make_in(s, s->other_heap ? s->other_heap : s->heap, HALF);
    }
    check_blocks(s);
}

/*
 * A wrong state left behind shows when the heaps are used further and when one ends before the
 * other.
 */
static void check(void *scene)
{
    struct scene *s = scene;

    check_blocks(s);
    make_some(s, 5);
    if (s->other_heap)
        destroy_other_heap(scene);
    make_some(s, 9);
    end_all_blocks(s);
    reclaim(&s->space);
    assert_int_equal(gauge_now(&s->world.counters.slab_bytes), 0);
    assert_books(&s->world, 0, 0, 0);
}

/* Checks that, of the two threads that freed one block, exactly one has succeeded. */
static void check_shared(void *scene)
{
    struct scene *s = scene;

    assert_int_equal(s->shared_frees, 1);
    check(scene);
}

/* ------------------------------------------------------------------------------------------------
 * Acts
 * --------------------------------------------------------------------------------------------- */

static void allocate(void *scene)
{
    make(scene, QUARTER);
}

static void free_shared(void *scene)
{
    struct scene *s = scene;
    char *memory = s->shared;

    if (heap_free(s->heap, memory) == PAGES_OK)
        s->shared_frees++;
    /*
     * The thread whose free returns first knows that the block has ended: it or the other thread
     * has ended it.
     */
    if (!s->shared_ended || s->shared_frees == 2)
        disown(s, memory); /* the second free then ended the next block at that address */
    s->shared_ended = true;
}

static void free_own(void *scene)
{
    struct scene *s = scene;

    end_block(s, s->heap, s->shared);
}

static void trim(void *scene)
{
    reclaim(&((struct scene *)scene)->space);
}

static void free_all_but_shared(struct scene *s)
{
    unsigned i = 0;

    while (i < s->count) {
        if (s->blocks[i].memory == s->shared)
            i++;
        else
            end_block(s, s->blocks[i].heap, s->blocks[i].memory);
    }
}

/* Empties the slabs, gives them back, and has all of them used again for something else. */
static void free_the_rest_and_use_it_otherwise(void *scene)
{
    struct scene *s = scene;

    free_all_but_shared(s);
    reclaim(&s->space);
    s->other_heap = heap_create(&s->space, false);
    for (int i = 0; i < 6; i++)
        make_in(s, s->other_heap, HALF);
    for (int i = 0; i < 6; i++)
        make(s, HALF);
}

/* The same with the shared block freed first. */
static void free_shared_and_all_and_use_it_otherwise(void *scene)
{
    struct scene *s = scene;

    free_shared(scene);
    s->shared = NULL; /* the frozen thread has read the address already */
    free_the_rest_and_use_it_otherwise(scene);
}

static void fill_and_empty(void *scene)
{
    struct scene *s = scene;
    char *blocks[9];

    for (size_t i = 0; i < COUNT_OF(blocks); i++)
        blocks[i] = make(s, QUARTER);
    for (size_t i = 0; i < COUNT_OF(blocks); i++)
        end_block(s, s->heap, blocks[i]);
}

static void fill(void *scene)
{
    for (int i = 0; i < 9; i++)
        make(scene, QUARTER);
}

static scene_act *const disturbances[] = {allocate, fill, fill_and_empty, trim,
                                          free_the_rest_and_use_it_otherwise};

static void disturb_all(scene_act *set, scene_act *frozen)
{
    for (size_t i = 0; i < COUNT_OF(disturbances); i++)
        perform(&(struct play){sizeof(struct scene), set, frozen, disturbances[i], check, clear});
}

/* ------------------------------------------------------------------------------------------------
 * Tests
 * --------------------------------------------------------------------------------------------- */

static void an_alloc_frozen_anywhere_owns_its_block_alone(void **state)
{
    static scene_act *const sets[] = {set_nothing, set_room,    set_active_full,
                                      set_full,    set_partial, set_tracked};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(sets); i++)
        disturb_all(sets[i], allocate);
}

static void a_free_frozen_anywhere_ends_its_block_and_nothing_else(void **state)
{
    static scene_act *const sets[] = {set_room, set_active_full, set_full, set_partial,
                                      set_tracked};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(sets); i++)
        disturb_all(sets[i], free_own);
}

static void a_trim_frozen_anywhere_takes_no_block_from_anybody(void **state)
{
    static scene_act *const sets[] = {set_nothing, set_room,    set_active_full,
                                      set_full,    set_partial, set_tracked};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(sets); i++)
        disturb_all(sets[i], trim);
}

static void of_a_frozen_free_and_another_one_wins(void **state)
{
    static scene_act *const sets[] = {set_room, set_active_full, set_full, set_partial,
                                      set_tracked};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(sets); i++)
        perform(&(struct play){sizeof(struct scene), sets[i], free_shared, free_shared,
                               check_shared, clear});
}

/*
 * A free that is frozen before it has read the descriptor finds the next block at that address, and
 * cannot know that another one was meant. From that read on it can: if it is refused at one moment,
 * it must be refused at every later one.
 */
static bool looked;

static void check_late_free(void *scene)
{
    const struct scene *s = scene;

    if (s->shared_frees == 1)
        looked = true;
    else
        assert_false(looked);
    check(scene);
}

static void a_frozen_free_of_a_block_whose_slab_is_used_otherwise_touches_nothing(void **state)
{
    static scene_act *const sets[] = {set_room, set_active_full, set_full, set_partial};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(sets); i++) {
        looked = false;
        perform(&(struct play){sizeof(struct scene), sets[i], free_shared,
                               free_shared_and_all_and_use_it_otherwise, check_late_free, clear});
        assert_true(looked);
    }
}

/* ------------------------------------------------------------------------------------------------
 * Two calls frozen at once, while other threads use the slabs that they are about to give back
 * --------------------------------------------------------------------------------------------- */

/* Another heap takes the free descriptors and slabs, and keeps some. */
static void another_heap_takes_all(void *scene)
{
    struct scene *s = scene;

    if (!s->other_heap)
        s->other_heap = heap_create(&s->space, false);
    for (int i = 0; i < 5; i++)
        make_in(s, s->other_heap, HALF);
}

/* So many threads have used the heap that the next one shares active slabs with the first. */
static void use_up_the_sets(struct scene *s)
{
    uintptr_t key = frozen_key;

    for (uintptr_t thread = 1; thread < HEAP_SETS; thread++) {
        frozen_key = 0x10000 * (thread + 1);
        end_block(s, s->heap, make(s, HALF));
    }
    frozen_key = key;
}

/*
 * A partial slab with one block, and an active slab that is full: the next Alloc takes the partial
 * slab.
 */
static void set_partial_beside_full(void *scene)
{
    set_partial(scene);
    for (int i = 0; i < 3; i++)
        make(scene, QUARTER);
    use_up_the_sets(scene);
}

static void retire_empty(void *scene)
{
    struct scene *s = scene;

    end_block(s, s->heap, s->shared);
    idle_slabs_give(&s->space, s->heap);
}

/*
 * The first thread is about to make a slab its active one. The second gives that slab back, and a
 * third takes the slot.
 */
static void a_slab_in_hand_that_another_gives_back_is_given_back_once(void **state)
{
    (void)state;
    perform_duet(&(struct duet){sizeof(struct scene), 2000, set_partial_beside_full, allocate,
                                retire_empty, allocate, another_heap_takes_all, check, clear});
}

/* Another heap with a full slab and an active slab. */
static void set_other_heap(void *scene)
{
    struct scene *s = scene;

    set_room(scene);
    s->other_heap = heap_create(&s->space, false);
    for (int i = 0; i < 5; i++)
        make_in(s, s->other_heap, QUARTER);
}

static void the_end_of_a_heap_frozen_anywhere_takes_nothing_from_another(void **state)
{
    (void)state;
    perform(&(struct play){sizeof(struct scene), set_other_heap, destroy_other_heap, fill, check,
                           clear});
    perform(&(struct play){sizeof(struct scene), set_other_heap, destroy_other_heap, fill_and_empty,
                           check, clear});
}

/*
 * The slab that the thread is about to leave is emptied and given back. Another heap has its
 * descriptor, with room.
 */
static void empty_the_active_slab_and_let_another_heap_have_it(void *scene)
{
    struct scene *s = scene;

    while (s->count)
        end_block(s, s->heap, s->blocks[0].memory);
    reclaim(&s->space);
    s->other_heap = heap_create(&s->space, false);
    make_in(s, s->other_heap, HALF);
}

/* The other heap fills that slab, makes it a full one, and ends. */
static void let_the_other_heap_go_on(void *scene)
{
    struct scene *s = scene;

    make_in(s, s->other_heap, HALF);
    make_in(s, s->other_heap, HALF);
}

static void a_slab_left_that_another_heap_has_by_then_is_not_made_partial(void **state)
{
    (void)state;
    perform_twice(&(struct play){sizeof(struct scene), set_active_full, allocate,
                                 empty_the_active_slab_and_let_another_heap_have_it, check, clear},
                  let_the_other_heap_go_on);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alloc_frozen_anywhere_owns_its_block_alone),
        cmocka_unit_test(a_free_frozen_anywhere_ends_its_block_and_nothing_else),
        cmocka_unit_test(a_trim_frozen_anywhere_takes_no_block_from_anybody),
        cmocka_unit_test(of_a_frozen_free_and_another_one_wins),
        cmocka_unit_test(a_frozen_free_of_a_block_whose_slab_is_used_otherwise_touches_nothing),
        cmocka_unit_test(a_slab_in_hand_that_another_gives_back_is_given_back_once),
        cmocka_unit_test(the_end_of_a_heap_frozen_anywhere_takes_nothing_from_another),
        cmocka_unit_test(a_slab_left_that_another_heap_has_by_then_is_not_made_partial),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
