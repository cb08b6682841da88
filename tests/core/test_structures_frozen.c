/*
 * test_structures_frozen.c: the structures below the page path, with one thread frozen before any
 * of its atomic accesses while another does what would mislead it. The other runs in the frozen
 * thread itself (interleaved.h), so each interleaving is had exactly, every time.
 */
#include "freezer.h"
#include "publish.h"

#include "heap/string_table.h"
#include "pages/mapped.h"
#include "pages/region_table.h"

/* ------------------------------------------------------------------------------------------------
 * Pools
 * --------------------------------------------------------------------------------------------- */

struct pool_scene {
    struct gauge gauge;
    struct pool pool;
    uint32_t frozen;
    uint32_t held[2];
};

struct pool_item {
    struct pool_link link;
};

/* Three free items, 3 on top of 2 on top of 1. */
static void set_pool(void *scene)
{
    struct pool_scene *s = scene;

    assert_true(pool_init(&s->pool, sizeof(struct pool_item), 100, &s->gauge));
    for (uint32_t i = 1; i <= 3; i++)
        assert_int_equal(pool_take(&s->pool), i);
    for (uint32_t i = 1; i <= 3; i++)
        pool_give(&s->pool, i);
    pool_give(&s->pool, pool_take(&s->pool)); /* what is taken is counted, too */
}

static void clear_pool(void *scene)
{
    pool_destroy(&((struct pool_scene *)scene)->pool);
}

static void take_item(void *scene)
{
    struct pool_scene *s = scene;

    s->frozen = pool_take(&s->pool);
}

static void give_item(void *scene)
{
    struct pool_scene *s = scene;

    s->frozen = 0;
    pool_give(&s->pool, pool_take(&s->pool));
}

/* What was on top is on top again, but what was below it is not free any more. */
static void take_two_and_give_one_back(void *scene)
{
    struct pool_scene *s = scene;

    s->held[0] = pool_take(&s->pool);
    s->held[1] = pool_take(&s->pool);
    pool_give(&s->pool, s->held[0]);
    s->held[0] = 0;
}

/* Each item is the frozen thread's, the other's, or can be taken; none is two of these. */
static void check_pool(void *scene)
{
    struct pool_scene *s = scene;
    unsigned holders[100] = {0};
    uint32_t limit = pool_limit(&s->pool);
    uint32_t index;

    holders[s->frozen]++;
    holders[s->held[1]]++;
    while ((index = pool_take(&s->pool)) <= limit)
        holders[index]++;
    for (uint32_t i = 1; i <= limit; i++)
        assert_int_equal(holders[i], 1);
}

static void a_frozen_taker_takes_nothing_that_another_holds(void **state)
{
    (void)state;
    perform(&(struct play){sizeof(struct pool_scene), set_pool, take_item,
                           take_two_and_give_one_back, check_pool, clear_pool});
}

static void a_frozen_giver_loses_nothing(void **state)
{
    (void)state;
    perform(&(struct play){sizeof(struct pool_scene), set_pool, give_item,
                           take_two_and_give_one_back, check_pool, clear_pool});
}

static void set_empty_pool(void *scene)
{
    struct pool_scene *s = scene;

    assert_true(pool_init(&s->pool, sizeof(struct pool_item), 100, &s->gauge));
}

static void take_fresh_item(void *scene)
{
    struct pool_scene *s = scene;

    s->held[1] = pool_take(&s->pool);
}

static void an_item_that_is_new_is_not_given_to_two(void **state)
{
    (void)state;
    perform(&(struct play){sizeof(struct pool_scene), set_empty_pool, take_item, take_fresh_item,
                           check_pool, clear_pool});
}

/* ------------------------------------------------------------------------------------------------
 * Metadata
 * --------------------------------------------------------------------------------------------- */

struct metadata_scene {
    struct gauge gauge;
    struct metadata metadata;
    char *frozen;
    char *other;
};

static void set_metadata(void *scene)
{
    struct metadata_scene *s = scene;

    assert_true(metadata_init(&s->metadata, 8 * GRANULE, &s->gauge));
}

static void clear_metadata(void *scene)
{
    metadata_destroy(&((struct metadata_scene *)scene)->metadata);
}

static void take_much_metadata(void *scene)
{
    struct metadata_scene *s = scene;

    s->frozen = metadata_take(&s->metadata, 3 * GRANULE);
}

static void take_some_metadata(void *scene)
{
    struct metadata_scene *s = scene;

    s->other = metadata_take(&s->metadata, GRANULE);
}

static void check_metadata(void *scene)
{
    struct metadata_scene *s = scene;

    assert_non_null(s->frozen);
    assert_non_null(s->other);
    memset(s->frozen, 1, 3 * GRANULE);
    for (size_t i = 0; i < GRANULE; i++)
        assert_int_equal(s->other[i], 0);
    assert_int_equal(s->metadata.used, 4 * GRANULE);
    assert_int_equal(gauge_now(&s->gauge), 4 * GRANULE);
}

static void metadata_taken_beside_a_frozen_taker_is_nobody_elses_and_counted_once(void **state)
{
    (void)state;
    perform(&(struct play){sizeof(struct metadata_scene), set_metadata, take_much_metadata,
                           take_some_metadata, check_metadata, clear_metadata});
}

/* ------------------------------------------------------------------------------------------------
 * The table of chunks
 * --------------------------------------------------------------------------------------------- */

#define NUMBER ((uintptr_t)12345)

struct chunk_scene {
    struct gauge gauge;
    struct metadata metadata;
    struct chunk_table table;
    struct chunk *frozen;
    struct chunk *other;
    chunk_owner *others_owners;
    chunk_word *others_words;
    uintptr_t full; /* numbers from 0 to here are in */
};

static void set_chunks(void *scene)
{
    struct chunk_scene *s = scene;

    assert_true(metadata_init(&s->metadata, (size_t)64 << 20, &s->gauge));
    assert_true(chunk_table_init(&s->table, &s->metadata, &s->gauge));
}

static void clear_chunks(void *scene)
{
    struct chunk_scene *s = scene;

    chunk_table_destroy(&s->table);
    metadata_destroy(&s->metadata);
}

static void ensure_chunk(void *scene)
{
    struct chunk_scene *s = scene;

    s->frozen = chunk_table_ensure(&s->table, NUMBER);
}

static void ensure_the_same_chunk(void *scene)
{
    struct chunk_scene *s = scene;

    s->other = chunk_table_ensure(&s->table, NUMBER);
}

/* Others get into its window first, even so many that it is full. */
static void ensure_neighbours_and_the_same_chunk(void *scene)
{
    struct chunk_scene *s = scene;

    for (s->full = 0; s->full < 10000; s->full++)
        assert_non_null(chunk_table_ensure(&s->table, s->full));
    ensure_the_same_chunk(scene);
}

static void check_one_chunk(void *scene)
{
    struct chunk_scene *s = scene;

    assert_non_null(s->frozen);
    assert_ptr_equal(s->frozen, s->other);
    assert_ptr_equal(chunk_table_find(&s->table, NUMBER), s->frozen);
    for (uintptr_t number = 0; number < s->full; number++) {
        assert_non_null(chunk_table_find(&s->table, number));
        assert_ptr_not_equal(chunk_table_find(&s->table, number), s->frozen);
    }
}

static void a_chunk_ensured_beside_a_frozen_thread_has_one_node(void **state)
{
    struct play play = {sizeof(struct chunk_scene), set_chunks,      ensure_chunk,
                        ensure_the_same_chunk,      check_one_chunk, clear_chunks};

    (void)state;
    perform(&play);
    play.other = ensure_neighbours_and_the_same_chunk;
    perform(&play);
}

static void set_a_chunk(void *scene)
{
    set_chunks(scene);
    ensure_chunk(scene);
}

static void ensure_arrays(void *scene)
{
    struct chunk_scene *s = scene;

    assert_true(chunk_ensure_owners(&s->table, s->frozen));
    assert_true(chunk_ensure_committed(&s->table, s->frozen));
}

static void ensure_the_same_arrays(void *scene)
{
    struct chunk_scene *s = scene;

    ensure_arrays(scene);
    s->others_owners = s->frozen->owners;
    s->others_words = s->frozen->committed;
}

static void check_arrays(void *scene)
{
    struct chunk_scene *s = scene;

    assert_non_null(s->others_owners);
    assert_ptr_equal(s->frozen->owners, s->others_owners);
    assert_non_null(s->others_words);
    assert_ptr_equal(s->frozen->committed, s->others_words);
}

static void an_array_made_beside_a_frozen_thread_stays(void **state)
{
    (void)state;
    perform(&(struct play){sizeof(struct chunk_scene), set_a_chunk, ensure_arrays,
                           ensure_the_same_arrays, check_arrays, clear_chunks});
}

/* ------------------------------------------------------------------------------------------------
 * Regions
 * --------------------------------------------------------------------------------------------- */

#define CHUNK ((uintptr_t)1000 * CHUNK_SIZE)
#define SHORT                                                                                      \
    ((struct region_facts){.base = CHUNK, .block = CHUNK, .size = PAGE, .requested = CHUNK + PAGE})
#define LONG                                                                                       \
    ((struct region_facts){.base = CHUNK - GRANULE,                                                \
                           .block = CHUNK - GRANULE,                                               \
                           .size = 9 * PAGE,                                                       \
                           .requested = CHUNK - GRANULE + 9 * PAGE})

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

/* What was granted is granted on the first life, which then cannot have been followed by another.
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

/* ------------------------------------------------------------------------------------------------
 * The ledger
 * --------------------------------------------------------------------------------------------- */

struct ledger_scene {
    struct gauge gauge;
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

/* The chunk has been one region's once, is shared by two now. */
static void set_ledger(void *scene)
{
    struct ledger_scene *s = scene;

    assert_true(metadata_init(&s->metadata, (size_t)64 << 20, &s->gauge));
    assert_true(region_table_init(&s->table, &s->metadata, &s->gauge));
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

/* Its neighbour's record lives several lives, and operations come and go on the region itself. */
static void change_everything_else(void *scene)
{
    struct ledger_scene *s = scene;
    struct region_operation operation;
    bool last;

    disown(&s->table, s->other);
    disown(&s->table, own(&s->table, CHUNK + CHUNK_SIZE, 2 * CHUNK_SIZE));
    own(&s->table, CHUNK + 5 * GRANULE, 3 * GRANULE);
    assert_int_equal(region_begin(s->steady, CHUNK + GRANULE, &operation), REGION_BEGUN);
    assert_true(region_end_if_alone(&operation, &last));
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

/* ------------------------------------------------------------------------------------------------
 * Mapped ranges
 * --------------------------------------------------------------------------------------------- */

#define BASE ((uintptr_t)0x50000000)

struct mapped_scene {
    struct counters counters;
    struct mapped mapped;
    struct mapped_facts facts;
    bool granted;
    bool others_granted;
};

/* A free record below that of the one range. */
static void set_mapped(void *scene)
{
    struct mapped_scene *s = scene;

    assert_true(mapped_init(&s->mapped, &s->counters));
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

/* The record of the range is another's. */
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

/* ------------------------------------------------------------------------------------------------
 * Names
 * --------------------------------------------------------------------------------------------- */

struct names_scene {
    struct gauge gauge;
    struct metadata metadata;
    struct string_table names;
    const char *frozen;
    const char *other;
};

static void set_names(void *scene)
{
    struct names_scene *s = scene;

    assert_true(metadata_init(&s->metadata, (size_t)1 << 20, &s->gauge));
    string_table_init(&s->names, &s->metadata);
}

static void clear_names(void *scene)
{
    metadata_destroy(&((struct names_scene *)scene)->metadata);
}

static void keep_name(void *scene)
{
    struct names_scene *s = scene;

    s->frozen = string_table_intern(&s->names, "a name");
}

/* So many that some go to the same list. */
static void keep_other_names(void *scene)
{
    struct names_scene *s = scene;
    char text[16];

    for (int i = 0; i < 10 * STRING_TABLE_LISTS; i++) {
        snprintf(text, sizeof(text), "%d", i);
        s->other = string_table_intern(&s->names, text);
    }
}

static void check_names(void *scene)
{
    struct names_scene *s = scene;
    char text[16];

    snprintf(text, sizeof(text), "%d", 10 * STRING_TABLE_LISTS - 1);
    assert_string_equal(s->frozen, "a name");
    assert_string_equal(s->other, text);
    assert_ptr_equal(string_table_intern(&s->names, "a name"), s->frozen);
    assert_ptr_equal(string_table_intern(&s->names, text), s->other);
    for (int i = 0; i < 10 * STRING_TABLE_LISTS; i++) {
        size_t used = s->metadata.used;

        snprintf(text, sizeof(text), "%d", i);
        assert_string_equal(string_table_intern(&s->names, text), text);
        assert_int_equal(s->metadata.used, used); /* it was there still */
    }
}

static void names_kept_beside_a_frozen_keeper_are_not_lost(void **state)
{
    (void)state;
    perform(&(struct play){sizeof(struct names_scene), set_names, keep_name, keep_other_names,
                           check_names, clear_names});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frozen_taker_takes_nothing_that_another_holds),
        cmocka_unit_test(a_frozen_giver_loses_nothing),
        cmocka_unit_test(an_item_that_is_new_is_not_given_to_two),
        cmocka_unit_test(metadata_taken_beside_a_frozen_taker_is_nobody_elses_and_counted_once),
        cmocka_unit_test(a_chunk_ensured_beside_a_frozen_thread_has_one_node),
        cmocka_unit_test(an_array_made_beside_a_frozen_thread_stays),
        cmocka_unit_test(a_frozen_reader_mixes_no_two_lives),
        cmocka_unit_test(a_frozen_operation_or_claim_never_reaches_another_life),
        cmocka_unit_test(what_is_live_all_the_while_is_found_by_a_frozen_finder),
        cmocka_unit_test(each_removal_finds_the_range_that_was_added_for_it),
        cmocka_unit_test(a_frozen_reader_mixes_no_two_ranges),
        cmocka_unit_test(names_kept_beside_a_frozen_keeper_are_not_lost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
