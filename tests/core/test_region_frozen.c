/*
 * test_region_frozen.c: a region with one thread frozen before any of its atomic accesses while the
 * record begins another life.
 */
#include "freezer.h"
#include "publish.h"

#define BASE ((uintptr_t)1000 * GRANULE)
#define SHORT                                                                                      \
    ((struct region_facts){.base = BASE, .block = BASE, .size = PAGE, .requested = BASE + PAGE})
#define LONG                                                                                       \
    ((struct region_facts){.base = BASE - GRANULE,                                                 \
                           .block = BASE - GRANULE,                                                \
                           .size = 9 * PAGE,                                                       \
                           .requested = BASE - GRANULE + 9 * PAGE})

struct region_scene {
    struct region region;
    struct region_facts facts;
    struct region_operation operation;
    bool granted;
};

static void set_region(void *scene)
{
    struct region_scene *s = scene;
    struct region_facts facts = LONG;

    region_write(&s->region, &facts);
    publish_at_rest(&s->region);
}

static void clear_region(void *scene)
{
    (void)scene;
}

/* The record is another region's, which shares no address with the first one. */
static void live_another_life(void *scene)
{
    struct region_scene *s = scene;
    struct region_operation release;
    struct region_facts facts = SHORT;

    if (!region_claim(&s->region, LONG.base, 0, &release) || !release.alone)
        return;
    region_retire(&s->region);
    region_write(&s->region, &facts);
    publish_at_rest(&s->region);
}

static void read_region(void *scene)
{
    struct region_scene *s = scene;

    s->granted = region_read(&s->region, &s->facts);
}

static void check_read(void *scene)
{
    struct region_scene *s = scene;

    assert_true(s->granted); /* it is live, in one life or the other */
    assert_int_equal(s->facts.base + s->facts.size, s->facts.requested);
}

static void a_frozen_reader_mixes_no_two_lives(void **state)
{
    (void)state;
    perform(&(struct play){sizeof(struct region_scene), set_region, read_region, live_another_life,
                           check_read, clear_region});
}

static void begin_on_region(void *scene)
{
    struct region_scene *s = scene;

    s->granted = region_begin(&s->region, LONG.base, &s->operation) == REGION_BEGUN;
}

static void claim_region(void *scene)
{
    struct region_scene *s = scene;

    s->granted = region_claim(&s->region, LONG.base, 0, &s->operation);
}

/*
 * An operation that was granted is one on the first life; another life cannot have followed then.
 */
static void check_granted(void *scene)
{
    struct region_scene *s = scene;

    assert_int_equal(s->granted, s->region.base == LONG.base);
    if (!s->granted)
        return;
    assert_int_equal(s->operation.base, LONG.base);
    assert_int_equal(s->operation.size, LONG.size);
}

static void a_frozen_operation_or_claim_never_reaches_another_life(void **state)
{
    struct play play = {sizeof(struct region_scene), set_region,    begin_on_region,
                        live_another_life,           check_granted, clear_region};

    (void)state;
    perform(&play);
    play.frozen = claim_region;
    perform(&play);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frozen_reader_mixes_no_two_lives),
        cmocka_unit_test(a_frozen_operation_or_claim_never_reaches_another_life),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
