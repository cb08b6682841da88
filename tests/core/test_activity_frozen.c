/*
 * test_activity_frozen.c: the words of granules (activity.h) with one operation frozen before any
 * of its atomic accesses while others run. "The system" is a word of the scene: whoever leaves last
 * has brought the books into line with it.
 */
#include "freezer.h"

#include "pages/activity.h"

void moment(void); /* interleaved.h */

#define BEGIN (UINT64_C(777) * CHUNK_SIZE)

struct activity_scene {
    struct gauge gauge;
    struct book_space books;
    struct metadata metadata;
    struct chunk_table table;
    unsigned system; /* what the last request wrote */
    unsigned booked;
    unsigned settled; /* how often */
};

static void set_table(void *scene)
{
    struct activity_scene *s = scene;

    s->books.gauge = &s->gauge;
    assert_true(metadata_init(&s->metadata, (size_t)64 << 20, &s->books));
    assert_true(chunk_table_init(&s->table, &s->metadata, &s->books));
    assert_non_null(chunk_table_ensure(&s->table, chunk_number(BEGIN)));
}

static struct chunk *chunk_of(struct activity_scene *s)
{
    return chunk_table_find(&s->table, chunk_number(BEGIN));
}

static void set_words(void *scene)
{
    struct activity_scene *s = scene;

    set_table(scene);
    assert_true(chunk_ensure_pages(&s->table, chunk_of(s)));
}

static void clear_table(void *scene)
{
    struct activity_scene *s = scene;

    chunk_table_destroy(&s->table);
    metadata_destroy(&s->metadata);
}

static void settle(void *context, struct range range)
{
    struct activity_scene *s = context;
    unsigned system = s->system;

    (void)range;
    moment(); /* between the question and the bits */
    s->booked = system;
    s->settled++;
}

/* An operation on the first two granules. */
static void operate(struct activity_scene *s, unsigned value)
{
    struct activity activity;
    struct range range = {BEGIN + PAGE, BEGIN + 2 * GRANULE};

    activity_begin(&s->table, range, false, &activity);
    s->system = value;
    moment();
    s->booked = value;
    activity_end(&s->table, &activity, settle, s);
}

static void operate_first(void *scene)
{
    operate(scene, 1);
}

static void operate_second(void *scene)
{
    operate(scene, 2);
}

static void make_words_and_operate(void *scene)
{
    struct activity_scene *s = scene;

    assert_true(chunk_ensure_pages(&s->table, chunk_of(s)));
    operate(s, 2);
}

static void check_settled(void *scene)
{
    struct activity_scene *s = scene;
    struct range range = {BEGIN, BEGIN + 2 * GRANULE};
    uint64_t mark;

    assert_int_equal(s->booked, s->system);
    assert_true(activity_observe(&s->table, range, &mark));
}

static void the_last_of_two_to_leave_has_settled(void **state)
{
    (void)state;
    assert_true(perform(&(struct play){sizeof(struct activity_scene), set_words, operate_first,
                                       operate_second, check_settled, clear_table}) > 0);
    assert_true(
        perform_twice(&(struct play){sizeof(struct activity_scene), set_words, operate_first,
                                     operate_second, check_settled, clear_table},
                      operate_second) > 0);
}

static void do_nothing(void *scene)
{
    (void)scene;
}

/* Neither of the two runs inside the other. */
static void of_two_that_overlap_the_last_to_leave_has_settled(void **state)
{
    struct duet duet = {sizeof(struct activity_scene),
                        4000,
                        set_words,
                        operate_first,
                        operate_second,
                        do_nothing,
                        do_nothing,
                        check_settled,
                        clear_table};

    (void)state;
    assert_true(perform_duet(&duet) > 50);
    duet.set = set_table;
    duet.second = make_words_and_operate;
    assert_true(perform_duet(&duet) > 0);
    duet.first = make_words_and_operate;
    duet.second = operate_first;
    assert_true(perform_duet(&duet) > 0);
}

static void one_that_began_before_there_were_words_settles(void **state)
{
    (void)state;
    assert_true(perform(&(struct play){sizeof(struct activity_scene), set_table, operate_first,
                                       make_words_and_operate, check_settled, clear_table}) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_of_two_to_leave_has_settled),
        cmocka_unit_test(of_two_that_overlap_the_last_to_leave_has_settled),
        cmocka_unit_test(one_that_began_before_there_were_words_settles),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
