/*
 * test_region_table_frozen.c: the address ledger with one thread frozen before any of its atomic
 * accesses while everything around the region that it looks for changes.
 */
#include "freezer.h"
#include "publish.h"

#include "pages/region_table.h"

#define CHUNK ((uintptr_t)1000 * CHUNK_SIZE)

struct ledger_scene {
    struct gauge gauge;
    struct book_space books;
    struct metadata metadata;
    struct region_table table;
    struct region *steady;
    struct region *other;
    struct region *found;
};

static struct region *own(struct region_table *table, uintptr_t base, size_t size)
{
    struct region_facts facts = {.base = base, .block = base, .size = size};
    uint32_t index = region_table_take(table);

    assert_int_equal(region_table_own(table, index, base, size), REGION_TABLE_OK);
    region_write(region_table_at(table, index), &facts);
    publish_at_rest(region_table_at(table, index));
    return region_table_at(table, index);
}

static void disown(struct region_table *table, struct region *region)
{
    struct region_operation operation;

    assert_true(region_claim(region, region->base, 0, &operation));
    region_retire(region);
    region_table_give(table, region_table_index(table, region));
}

/* The chunk belonged to one region alone once; now two regions share it. */
static void set_ledger(void *scene)
{
    struct ledger_scene *s = scene;

    s->books.gauge = &s->gauge;
    assert_true(metadata_init(&s->metadata, (size_t)64 << 20, &s->books));
    assert_true(region_table_init(&s->table, &s->metadata, &s->books));
    disown(&s->table, own(&s->table, CHUNK, CHUNK_SIZE));
    s->other = own(&s->table, CHUNK, GRANULE);
    s->steady = own(&s->table, CHUNK + GRANULE, GRANULE);
}

static void clear_ledger(void *scene)
{
    struct ledger_scene *s = scene;

    region_table_destroy(&s->table);
    metadata_destroy(&s->metadata);
}

static void find_steady(void *scene)
{
    struct ledger_scene *s = scene;

    s->found = region_table_find(&s->table, CHUNK + GRANULE);
}

/*
 * The neighbour's record serves several regions one after the other, and operations come and go on
 * the region itself.
 */
static void change_everything_else(void *scene)
{
    struct ledger_scene *s = scene;
    struct region_operation operation;

    disown(&s->table, s->other);
    disown(&s->table, own(&s->table, CHUNK + CHUNK_SIZE, 2 * CHUNK_SIZE));
    own(&s->table, CHUNK + 5 * GRANULE, 3 * GRANULE);
    assert_int_equal(region_begin(s->steady, CHUNK + GRANULE, &operation), REGION_BEGUN);
    assert_true(region_end(&operation));
}

static void check_found(void *scene)
{
    struct ledger_scene *s = scene;

    assert_ptr_equal(s->found, s->steady);
}

static void what_is_live_all_the_while_is_found_by_a_frozen_finder(void **state)
{
    (void)state;
    perform(&(struct play){sizeof(struct ledger_scene), set_ledger, find_steady,
                           change_everything_else, check_found, clear_ledger});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_live_all_the_while_is_found_by_a_frozen_finder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
