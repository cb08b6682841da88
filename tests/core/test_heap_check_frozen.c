/*
 * test_heap_check_frozen.c: two threads that look for damage, free the damaged block or hand its
 * place out again, one of them frozen before any of its atomic accesses: damage is told once, no
 * block is told of that was not written beyond, and the memory that was looked at goes back.
 */
#include "freezer.h"
#include "frozen_key.h"
#include "heap_world.h"

#include "heap/check/heap_look.h"

#define SMALL ((size_t)16000)
#define LARGE ((size_t)40000)

struct scene {
    struct world world;
    struct heap_space space;
    struct heap *heap;
    char *block; /* damaged or not; NULL once it is freed */
    size_t size;
    uintptr_t wound; /* 0: it is not damaged */
    unsigned told;
};

static void note_damage(void *context, const struct heap_block *block)
{
    struct scene *s = context;

    assert_int_not_equal(s->wound, 0);
    assert_int_equal(block->damage, s->wound);
    assert_int_equal(block->size, s->size);
    s->told++;
}

static char *make(struct scene *s, size_t size)
{
    void *memory = NULL;

    assert_int_equal(try_block(s->heap, size, NULL, 0, &memory), PAGES_OK);
    return memory;
}

static void set_with(struct scene *s, size_t size, uint32_t flags)
{
    struct heap_options options = {
        .flags = flags, .guard_above = SIZE_MAX, .damaged = note_damage, .context = s};

    assert_true(make_pages(&s->world));
    assert_true(heap_space_init(&s->space, &s->world.pages, &options));
    s->heap = heap_create(&s->space, false);
    s->size = size;
    s->block = make(s, size);
}

static void set_small(void *scene)
{
    set_with(scene, SMALL, HEAP_FILL_ON_ALLOC);
}

static void set_large(void *scene)
{
    set_with(scene, LARGE, HEAP_FILL_ON_ALLOC);
}

/* The same choices in each run of a play. */
static void set_hardened(struct scene *s, size_t size)
{
    set_with(s, size, HEAP_HARDEN);
    atomic_store(&s->space.secrets.slot, 1);
    atomic_store(&s->space.delayed.chance, 1);
}

static void set_small_hardened(void *scene)
{
    set_hardened(scene, SMALL);
}

static void set_large_hardened(void *scene)
{
    set_hardened(scene, LARGE);
}

static void wound(struct scene *s, ptrdiff_t byte)
{
    s->wound = (uintptr_t)(s->block + byte);
    s->block[byte]++;
}

static void set_small_wounded(void *scene)
{
    set_small(scene);
    wound(scene, SMALL);
}

static void set_large_wounded(void *scene)
{
    set_large(scene);
    wound(scene, -1);
}

static void set_small_hardened_wounded(void *scene)
{
    set_small_hardened(scene);
    wound(scene, SMALL);
}

static void set_large_hardened_wounded(void *scene)
{
    set_large_hardened(scene);
    wound(scene, -1);
}

static void set_freed_wounded(void *scene)
{
    struct scene *s = scene;

    set_with(scene, SMALL, HEAP_FILL_ON_ALLOC | HEAP_FILL_ON_FREE);
    assert_int_equal(heap_free(s->heap, s->block), PAGES_OK);
    wound(scene, 5);
    s->block = NULL;
}

static void set_freed(void *scene)
{
    struct scene *s = scene;

    set_with(scene, SMALL, HEAP_FILL_ON_ALLOC | HEAP_FILL_ON_FREE);
    assert_int_equal(heap_free(s->heap, s->block), PAGES_OK);
    s->block = NULL;
}

static void set_large_freed_wounded(void *scene)
{
    struct scene *s = scene;

    set_with(scene, LARGE, HEAP_FILL_ON_ALLOC | HEAP_FILL_ON_FREE);
    assert_int_equal(heap_free(s->heap, s->block), PAGES_OK);
    wound(scene, 5);
    s->block = NULL;
}

static void set_large_filled(void *scene)
{
    set_with(scene, LARGE, HEAP_FILL_ON_ALLOC | HEAP_FILL_ON_FREE);
}

static void clear(void *scene)
{
    struct scene *s = scene;

    heap_destroy(s->heap, NULL, NULL);
    assert_int_equal(s->told, s->wound ? 1 : 0);
    assert_books(&s->world, 0, 0, 0);
    heap_space_destroy(&s->space);
    pages_destroy(&s->world.pages);
}

static void check(void *scene)
{
    struct scene *s = scene;

    if (s->block)
        assert_int_equal(heap_free(s->heap, s->block), PAGES_OK);
    reclaim(&s->space);
    assert_int_equal(s->told, s->wound ? 1 : 0);
    assert_int_equal(counter_read(&s->world.counters.corrupted_blocks), s->told);
    assert_heaps(&s->space, 0, 0);
    assert_exact(&s->world);
    assert_books(&s->world, 0, 0, 0);
}

/* ------------------------------------------------------------------------------------------------
 * Acts
 * --------------------------------------------------------------------------------------------- */

static void look(void *scene)
{
    struct scene *s = scene;

    heap_look(&s->space, NULL);
}

static void free_it(void *scene)
{
    struct scene *s = scene;
    char *block = s->block;

    s->block = NULL;
    if (block)
        assert_int_equal(heap_free(s->heap, block), PAGES_OK);
}

static void trim(void *scene)
{
    reclaim(&((struct scene *)scene)->space);
}

/* Its place is another's, who writes where its margin was. */
static void free_it_and_use_its_place(void *scene)
{
    struct scene *s = scene;
    size_t size = s->size;
    char *other;

    free_it(scene);
    other = make(s, size + 8);
    memset(other, 1, size + 8);
    assert_int_equal(heap_free(s->heap, other), PAGES_OK);
}

static void free_it_and_trim(void *scene)
{
    free_it(scene);
    trim(scene);
}

static void use_its_place(void *scene)
{
    struct scene *s = scene;
    char *other = make(s, s->size);

    memset(other, 1, s->size);
    assert_int_equal(heap_free(s->heap, other), PAGES_OK);
}

static void shrink(void *scene)
{
    struct scene *s = scene;

    if (s->block)
        assert_true(heap_shrink(s->heap, s->block, s->size / 8));
}

static void shrink_and_free_it(void *scene)
{
    shrink(scene);
    free_it(scene);
}

static void each_with_each(scene_act *const *sets, size_t set_count, scene_act *frozen,
                           scene_act *const *others, size_t other_count)
{
    for (size_t i = 0; i < set_count; i++) {
        for (size_t j = 0; j < other_count; j++)
            perform(&(struct play){sizeof(struct scene), sets[i], frozen, others[j], check, clear});
    }
}

static scene_act *const sets[] = {set_small,
                                  set_large,
                                  set_large_filled,
                                  set_small_wounded,
                                  set_large_wounded,
                                  set_small_hardened,
                                  set_large_hardened,
                                  set_small_hardened_wounded,
                                  set_large_hardened_wounded};
static scene_act *const acts[] = {look, free_it, free_it_and_trim, free_it_and_use_its_place};

/* ------------------------------------------------------------------------------------------------
 * Tests
 * --------------------------------------------------------------------------------------------- */

static void a_frozen_look_tells_damage_once_and_of_nothing_else(void **state)
{
    (void)state;
    each_with_each(sets, COUNT_OF(sets), look, acts, COUNT_OF(acts));
}

static void damage_of_a_block_whose_free_is_frozen_is_told_once(void **state)
{
    static scene_act *const others[] = {look, trim};

    (void)state;
    each_with_each(sets, COUNT_OF(sets), free_it, others, COUNT_OF(others));
    each_with_each(sets, COUNT_OF(sets), free_it_and_use_its_place, others, COUNT_OF(others));
}

static void a_late_write_is_told_once_by_who_looks_and_who_uses_the_place(void **state)
{
    static scene_act *const freed[] = {set_freed_wounded, set_large_freed_wounded};
    static scene_act *const others[] = {look, trim, use_its_place};

    (void)state;
    each_with_each(freed, COUNT_OF(freed), look, others, COUNT_OF(others));
    each_with_each(freed, COUNT_OF(freed), trim, others, COUNT_OF(others));
    each_with_each(freed, COUNT_OF(freed), use_its_place, (scene_act *const[]){look}, 1);
    each_with_each((scene_act *const[]){set_freed}, 1, use_its_place, (scene_act *const[]){look},
                   1);
}

/* The pages behind the block's new end stay while they are read. */
static void a_block_shrinks_beside_a_frozen_look(void **state)
{
    static scene_act *const whole[] = {set_small, set_large, set_large_filled, set_small_hardened,
                                       set_large_hardened};
    static scene_act *const others[] = {shrink, shrink_and_free_it};

    (void)state;
    each_with_each(whole, COUNT_OF(whole), look, others, COUNT_OF(others));
    each_with_each(whole, COUNT_OF(whole), shrink, (scene_act *const[]){look}, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frozen_look_tells_damage_once_and_of_nothing_else),
        cmocka_unit_test(damage_of_a_block_whose_free_is_frozen_is_told_once),
        cmocka_unit_test(a_late_write_is_told_once_by_who_looks_and_who_uses_the_place),
        cmocka_unit_test(a_block_shrinks_beside_a_frozen_look),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
