/*
 * test_slab_frozen.c: a slab's descriptor by itself (slab.h): blocks are claimed, freed and looked
 * at while the slab is retired and its descriptor is used for another slab. One thread is frozen
 * before any of its atomic accesses. The size class is the one with the narrowest fields, where a
 * word of another use most easily looks valid.
 */
#include "freezer.h"

#include "slabs/slab.h"

#define HEAP 1u
#define OTHER_HEAP 2u
#define BASE ((uintptr_t)0x70000000)
#define OTHER_BASE ((uintptr_t)0x71000000)
#define REQUEST 16u

/* Keys are numbers that look random (heap_space.c): each scene has two of its own. */
static uint64_t next_key(void)
{
    static struct chance chance = {1};

    return chance_next(&chance);
}

static struct size_classes classes;

static const struct size_class *narrow_class(void)
{
    if (!classes.classes[0].blocks)
        size_classes_init(&classes, false);
    return &classes.classes[size_class_plain(&classes, REQUEST)];
}

struct slab_scene {
    struct slab slab;
    struct slab_view view;       /* the first use */
    struct slab_view other_view; /* the second */
    uintptr_t block;             /* that lives in the first */
    uintptr_t claimed;           /* by the frozen thread; 0: none */
    bool retired;
    bool used_otherwise;
    bool freed, others_freed;
};

static uintptr_t claim(struct slab *slab, uint32_t heap, uint32_t from)
{
    const struct size_class *size_class = narrow_class();
    uint32_t block;

    return slab_claim_from(slab, heap, size_class, slab_field_of(size_class, REQUEST), from,
                           &block);
}

static void set_empty(void *scene)
{
    struct slab_scene *s = scene;

    s->view = (struct slab_view){next_key(), BASE, narrow_class(), HEAP};
    s->other_view = (struct slab_view){next_key(), OTHER_BASE, narrow_class(), OTHER_HEAP};
    slab_open(&s->slab, &s->view, SLAB_ACTIVE);
}

static void set_one_block(void *scene)
{
    struct slab_scene *s = scene;

    set_empty(scene);
    s->block = claim(&s->slab, HEAP, 0);
    assert_int_equal(s->block, BASE);
}

static void clear_nothing(void *scene)
{
    (void)scene;
}

/*
 * Checks that the slab, in that use, has so many blocks in use, and that all others can be claimed.
 */
static void assert_in_use(struct slab *slab, const struct slab_view *view, uint32_t blocks)
{
    assert_int_equal(slab_room(slab, view), view->size_class->blocks - blocks);
    assert_int_equal(slab_is_empty(slab, view), blocks == 0);
}

/* ------------------------------------------------------------------------------------------------
 * Retiring
 * --------------------------------------------------------------------------------------------- */

/* The block may lie in any of the descriptor's words. */
static void a_slab_that_cannot_be_retired_stays_as_it_was(void **state)
{
    const struct size_class *size_class = narrow_class();

    (void)state;
    for (uint32_t word = 0; word < size_class->words; word++) {
        struct slab_scene *s = zeroed(sizeof(struct slab_scene));

        set_empty(s);
        assert_true(claim(&s->slab, HEAP, word) != 0);
        assert_false(slab_retire(&s->slab, &s->view));
        assert_in_use(&s->slab, &s->view, 1);
        free(s);
    }
}

static void retire_it(void *scene)
{
    struct slab_scene *s = scene;

    s->retired = slab_retire(&s->slab, &s->view);
}

static void claim_one(void *scene)
{
    struct slab_scene *s = scene;

    s->claimed = claim(&s->slab, HEAP, 0);
}

static void check_claimed_or_retired(void *scene)
{
    struct slab_scene *s = scene;

    if (s->retired)
        assert_int_equal(s->claimed, 0);
    else
        assert_in_use(&s->slab, &s->view, s->claimed != 0);
}

static void a_slab_in_which_a_block_is_claimed_is_not_retired(void **state)
{
    struct play play = {sizeof(struct slab_scene), set_empty,    retire_it, claim_one,
                        check_claimed_or_retired,  clear_nothing};

    (void)state;
    perform(&play);
    play.frozen = claim_one;
    play.other = retire_it;
    perform(&play);
}

/* ------------------------------------------------------------------------------------------------
 * Another use
 * --------------------------------------------------------------------------------------------- */

#define SCENES 100 /* as many pairs of keys */

static void perform_often(const struct play *play)
{
    for (int i = 0; i < SCENES; i++)
        perform(play);
}

/*
 * Retires the slab if it is empty. The descriptor then serves another slab, which gets a block at
 * once.
 */
static void use_otherwise(void *scene)
{
    struct slab_scene *s = scene;

    if (s->used_otherwise || !slab_retire(&s->slab, &s->view))
        return;
    slab_close(&s->slab);
    slab_open(&s->slab, &s->other_view, SLAB_ACTIVE);
    s->used_otherwise = true;
    assert_int_equal(claim(&s->slab, OTHER_HEAP, 0), OTHER_BASE);
}

static void check_claimed_in_first_use(void *scene)
{
    struct slab_scene *s = scene;

    if (!s->used_otherwise) {
        assert_int_equal(s->claimed, BASE);
        assert_in_use(&s->slab, &s->view, 1);
        return;
    }
    assert_int_equal(s->claimed, 0);
    assert_in_use(&s->slab, &s->other_view, 1);
}

static void a_frozen_claim_takes_nothing_from_another_use(void **state)
{
    (void)state;
    perform_often(&(struct play){sizeof(struct slab_scene), set_empty, claim_one, use_otherwise,
                                 check_claimed_in_first_use, clear_nothing});
}

/* As heap_free does. */
static bool free_block(struct slab_scene *s)
{
    struct slab_view view;
    struct slab_block block;

    if (!slab_view(&s->slab, &view) || s->block - view.base >= SLAB_SIZE ||
        slab_look(&s->slab, &view, s->block, &block) != SLAB_LIVE)
        return false;
    return slab_change(&s->slab, &view, s->block, &block, 0) == SLAB_LIVE;
}

static void free_it(void *scene)
{
    struct slab_scene *s = scene;

    s->freed = free_block(s);
}

static void free_it_and_use_otherwise(void *scene)
{
    struct slab_scene *s = scene;

    s->others_freed = free_block(s);
    use_otherwise(scene);
}

static void check_freed_once(void *scene)
{
    struct slab_scene *s = scene;

    assert_int_equal(s->freed + s->others_freed, 1);
    if (s->used_otherwise)
        assert_in_use(&s->slab, &s->other_view, 1);
    else
        assert_in_use(&s->slab, &s->view, 0);
}

static void a_frozen_free_ends_no_block_of_another_use(void **state)
{
    (void)state;
    perform_often(&(struct play){sizeof(struct slab_scene), set_one_block, free_it,
                                 free_it_and_use_otherwise, check_freed_once, clear_nothing});
}

/* As the end of the slab's heap does. */
static void clear_it(void *scene)
{
    struct slab_scene *s = scene;

    slab_clear(&s->slab, &s->view);
}

/* Whoever came first has made the block free. */
static void check_cleared_in_first_use(void *scene)
{
    struct slab_scene *s = scene;

    assert_true(s->used_otherwise);
    assert_in_use(&s->slab, &s->other_view, 1);
}

static void a_frozen_clearing_changes_nothing_in_another_use(void **state)
{
    (void)state;
    perform_often(&(struct play){sizeof(struct slab_scene), set_one_block, clear_it,
                                 free_it_and_use_otherwise, check_cleared_in_first_use,
                                 clear_nothing});
}

/* The descriptor has been closed, and its words are those of the first use. */
static void set_closed(void *scene)
{
    struct slab_scene *s = scene;

    set_empty(scene);
    slab_close(&s->slab);
}

static void open_otherwise(void *scene)
{
    struct slab_scene *s = scene;

    slab_open(&s->slab, &s->other_view, SLAB_ACTIVE);
}

static void claim_in_other_use(void *scene)
{
    struct slab_scene *s = scene;

    s->claimed = claim(&s->slab, OTHER_HEAP, 0);
}

static void check_claimed_after_opening(void *scene)
{
    struct slab_scene *s = scene;

    assert_in_use(&s->slab, &s->other_view, s->claimed != 0);
}

static void nothing_is_claimed_in_a_slab_before_it_is_open(void **state)
{
    (void)state;
    perform_often(&(struct play){sizeof(struct slab_scene), set_closed, open_otherwise,
                                 claim_in_other_use, check_claimed_after_opening, clear_nothing});
}

static void a_move_meant_for_one_use_does_not_succeed_in_another(void **state)
{
    struct slab_scene *s = zeroed(sizeof(struct slab_scene));

    (void)state;
    set_closed(s);
    open_otherwise(s);
    assert_false(slab_change_state(&s->slab, s->view.key, SLAB_ACTIVE, SLAB_FULL));
    assert_int_equal(slab_state_of(s->slab.state), SLAB_ACTIVE);
    assert_true(slab_change_state(&s->slab, s->other_view.key, SLAB_ACTIVE, SLAB_FULL));
    free(s);
}

/* ------------------------------------------------------------------------------------------------
 * Two in one word
 * --------------------------------------------------------------------------------------------- */

static void claim_another(void *scene)
{
    assert_true(claim(&((struct slab_scene *)scene)->slab, HEAP, 0) != 0);
}

static void check_freed_beside(void *scene)
{
    struct slab_scene *s = scene;

    assert_true(s->freed);
    assert_in_use(&s->slab, &s->view, 1);
}

static void a_free_that_was_overtaken_in_its_word_is_made_all_the_same(void **state)
{
    (void)state;
    perform(&(struct play){sizeof(struct slab_scene), set_one_block, free_it, claim_another,
                           check_freed_beside, clear_nothing});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slab_that_cannot_be_retired_stays_as_it_was),
        cmocka_unit_test(a_slab_in_which_a_block_is_claimed_is_not_retired),
        cmocka_unit_test(a_frozen_claim_takes_nothing_from_another_use),
        cmocka_unit_test(a_frozen_free_ends_no_block_of_another_use),
        cmocka_unit_test(a_frozen_clearing_changes_nothing_in_another_use),
        cmocka_unit_test(nothing_is_claimed_in_a_slab_before_it_is_open),
        cmocka_unit_test(a_move_meant_for_one_use_does_not_succeed_in_another),
        cmocka_unit_test(a_free_that_was_overtaken_in_its_word_is_made_all_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
