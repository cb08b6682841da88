/*
 * test_mapped_frozen.c: mapped ranges with one thread frozen before any of its atomic accesses
 * while another adds and removes ranges that use the same record.
 */
#include "freezer.h"

#include "pages/mapped.h"

#define BASE ((uintptr_t)0x50000000)

struct mapped_scene {
    struct counters counters;
    struct book_space books;
    struct mapped mapped;
    struct mapped_facts facts;
    bool granted;
    bool others_granted;
};

/* The pool holds a free record below that of the range. */
static void set_mapped(void *scene)
{
    struct mapped_scene *s = scene;

    s->books.gauge = &s->counters.metadata;
    assert_true(mapped_init(&s->mapped, &s->counters, &s->books));
    assert_true(mapped_add(&s->mapped, BASE + GRANULE, 7));
    assert_true(mapped_add(&s->mapped, BASE, 70));
    assert_true(mapped_remove(&s->mapped, BASE + GRANULE));
}

static void clear_mapped(void *scene)
{
    mapped_destroy(&((struct mapped_scene *)scene)->mapped);
}

static void remove_range(void *scene)
{
    struct mapped_scene *s = scene;

    s->granted = mapped_remove(&s->mapped, BASE);
}

static void add_and_remove_range(void *scene)
{
    struct mapped_scene *s = scene;

    s->others_granted = mapped_add(&s->mapped, BASE, 70) && mapped_remove(&s->mapped, BASE);
}

static void check_no_range(void *scene)
{
    struct mapped_scene *s = scene;

    assert_true(s->granted);
    assert_true(s->others_granted);
    assert_int_equal(gauge_now(&s->counters.mapped_ranges), 0);
    assert_int_equal(gauge_now(&s->counters.mapped), 0);
}

static void each_removal_finds_the_range_that_was_added_for_it(void **state)
{
    (void)state;
    perform(&(struct play){sizeof(struct mapped_scene), set_mapped, remove_range,
                           add_and_remove_range, check_no_range, clear_mapped});
}

static void read_first_range(void *scene)
{
    struct mapped_scene *s = scene;
    uint32_t cursor = 0;

    s->granted = mapped_next(&s->mapped, &cursor, &s->facts);
}

/* The range's record is used for another range. */
static void replace_range(void *scene)
{
    struct mapped_scene *s = scene;

    mapped_remove(&s->mapped, BASE);
    mapped_add(&s->mapped, BASE + GRANULE, 7);
}

static void check_facts(void *scene)
{
    struct mapped_scene *s = scene;

    if (s->granted)
        assert_int_equal(s->facts.size, s->facts.base == BASE ? 70 : 7);
}

static void a_frozen_reader_mixes_no_two_ranges(void **state)
{
    (void)state;
    perform(&(struct play){sizeof(struct mapped_scene), set_mapped, read_first_range, replace_range,
                           check_facts, clear_mapped});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_removal_finds_the_range_that_was_added_for_it),
        cmocka_unit_test(a_frozen_reader_mixes_no_two_ranges),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
