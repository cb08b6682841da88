/*
 * test_region.c: the life of one region, state by state (the protocol is in region.h). What another
 * thread could do between two steps is done here between two calls.
 */
#include "native.h"
#include "publish.h"

#include "pages/region.h"

#define BASE ((uintptr_t)0x70000000)
#define SIZE ((size_t)0x23000)
#define HEAP 7u

static const struct region_facts facts = {
    .base = BASE,
    .size = SIZE,
    .allocation_type = OS_MEM_RESERVE,
    .protect = OS_PAGE_READWRITE,
    .critical_level = 2,
    .thread_id = 77,
    .sequence = 5,
    .tick = 1234,
    .line = 12,
    .block = BASE,
    .requested = 0x22fff,
    .file = "a file",
};

static int begin_free(void **state)
{
    *state = zeroed(sizeof(struct region));
    return 0;
}

static int begin_live(void **state)
{
    begin_free(state);
    region_write(*state, &facts);
    publish_at_rest(*state);
    return 0;
}

static int end(void **state)
{
    free(*state);
    return 0;
}

static void begin_operation(struct region *region, struct region_operation *operation)
{
    assert_int_equal(region_begin(region, BASE, operation), REGION_BEGUN);
}

static void claim(struct region *region, struct region_operation *operation)
{
    assert_true(region_claim(region, BASE, 0, operation));
}

/* Ends an operation, settling if it has to; true if it was the last on a claimed region. */
static bool end_settled(struct region_operation *operation)
{
    bool last = true;

    if (region_end(operation))
        return false;
    assert_true(region_end_claimed(operation, region_before_settling(operation), &last));
    return last;
}

/* An observer that read the region before can rely on what it reads. */
static bool is_still(const struct region *region)
{
    struct region_facts read;

    return region_read(region, &read) && region_is_still(region, &read);
}

/* The same, and no operation is under way. */
static bool is_at_rest(const struct region *region)
{
    return is_still(region) && !region_is_busy(region);
}

static void assert_not_owned(struct region *region)
{
    struct region_operation operation;
    struct region_facts read;

    assert_false(region_covers(region, BASE));
    assert_false(region_read(region, &read));
    assert_int_equal(region_begin(region, BASE, &operation), REGION_NOT_OWNED);
    assert_false(region_claim(region, BASE, 0, &operation));
    assert_false(is_at_rest(region));
}

/* ------------------------------------------------------------------------------------------------
 * FREE
 * --------------------------------------------------------------------------------------------- */

static void a_free_record_owns_nothing(void **state)
{
    assert_not_owned(*state);
    assert_false(region_covers_comes_or_leaves(*state, 0));
}

static void a_record_that_is_written_but_not_published_owns_nothing(void **state)
{
    region_write(*state, &facts);
    assert_not_owned(*state);
    assert_false(region_covers_comes_or_leaves(*state, BASE));
}

static void a_published_record_is_live_and_at_rest(void **state)
{
    region_write(*state, &facts);
    publish_at_rest(*state);
    assert_true(region_covers(*state, BASE));
    assert_true(is_at_rest(*state));
}

static void a_new_region_is_unsettled_until_its_maker_has_ended(void **state)
{
    struct region_operation own, other;
    struct region_facts read;

    region_write(*state, &facts);
    region_publish(*state, &own);
    assert_true(region_read(*state, &read));
    assert_false(region_is_still(*state, &read));
    assert_true(region_is_unsettled(*state, &read));
    begin_operation(*state, &other);
    assert_true(region_end(&other));
    assert_false(region_is_still(*state, &read));
    assert_true(region_end(&own));
    assert_true(region_is_still(*state, &read));
    assert_false(region_is_unsettled(*state, &read));
}

/* ------------------------------------------------------------------------------------------------
 * LIVE
 * --------------------------------------------------------------------------------------------- */

static void observers_see_operations_that_have_not_entered_all_granules(void **state)
{
    uint64_t before = region_unentered(*state);

    assert_false(region_unentered_under_way(before));
    region_begin_unentered(*state);
    region_begin_unentered(*state);
    region_end_unentered(*state);
    assert_true(region_unentered_under_way(region_unentered(*state)));
    region_end_unentered(*state);
    assert_false(region_unentered_under_way(region_unentered(*state)));
    assert_true(region_unentered(*state) != before);
}

static void a_live_region_covers_its_bytes_and_no_others(void **state)
{
    assert_true(region_covers(*state, BASE + SIZE - 1));
    assert_false(region_covers(*state, BASE - 1));
    assert_false(region_covers(*state, BASE + SIZE));
    assert_false(region_covers(*state, 0));
    assert_false(region_covers(*state, UINTPTR_MAX));
    assert_true(region_covers_comes_or_leaves(*state, BASE));
    assert_false(region_covers_comes_or_leaves(*state, BASE + SIZE));
}

static void a_region_at_the_top_of_the_address_space_covers_its_last_byte(void **state)
{
    struct region_facts top = facts;

    top.base = UINTPTR_MAX - 2 * PAGE + 1;
    top.size = 2 * PAGE;
    region_write(*state, &top);
    publish_at_rest(*state);
    assert_true(region_covers(*state, UINTPTR_MAX));
    assert_false(region_covers(*state, 0));
}

static void all_facts_of_a_live_region_are_read(void **state)
{
    struct region_facts read;
    struct region_facts written = facts;

    written.heap = HEAP;
    region_write(*state, &written);
    publish_at_rest(*state);
    memset(&read, 0xa5, sizeof(read));
    assert_true(region_read(*state, &read));
    assert_int_equal(read.base, written.base);
    assert_int_equal(read.size, written.size);
    assert_int_equal(read.allocation_type, written.allocation_type);
    assert_int_equal(read.protect, written.protect);
    assert_int_equal(read.critical_level, written.critical_level);
    assert_int_equal(read.thread_id, written.thread_id);
    assert_int_equal(read.sequence, written.sequence);
    assert_int_equal(read.tick, written.tick);
    assert_int_equal(read.heap, written.heap);
    assert_int_equal(read.line, written.line);
    assert_int_equal(read.requested, written.requested);
    assert_ptr_equal(read.file, written.file);
}

static void a_region_never_has_less_than_nothing_committed(void **state)
{
    struct region *region = *state;
    struct region_facts read;

    atomic_fetch_sub(&region->committed, PAGE); /* a decommit that is counted first */
    assert_true(region_read(region, &read));
    assert_int_equal(read.committed, 0);
    atomic_fetch_add(&region->committed, 3 * PAGE);
    assert_true(region_read(region, &read));
    assert_int_equal(read.committed, 2 * PAGE);
}

static void an_operation_begins_at_any_byte_and_learns_the_range(void **state)
{
    struct region_operation operation;

    assert_int_equal(region_begin(*state, BASE + SIZE - 1, &operation), REGION_BEGUN);
    assert_ptr_equal(operation.region, *state);
    assert_int_equal(operation.base, BASE);
    assert_int_equal(operation.size, SIZE);
}

static void an_operation_does_not_begin_outside(void **state)
{
    struct region_operation operation;

    assert_int_equal(region_begin(*state, BASE + SIZE, &operation), REGION_NOT_OWNED);
    assert_int_equal(region_begin(*state, BASE - 1, &operation), REGION_NOT_OWNED);
    assert_true(is_at_rest(*state));
}

static void an_operation_on_a_heaps_block_does_not_begin(void **state)
{
    struct region_facts block = facts;
    struct region_operation operation;

    block.heap = HEAP;
    region_write(*state, &block);
    publish_at_rest(*state);
    assert_int_equal(region_begin(*state, BASE, &operation), REGION_NOT_OWNED);
    assert_true(is_at_rest(*state));
}

static void operations_on_a_live_region_end_in_any_order(void **state)
{
    struct region_operation first, second;

    begin_operation(*state, &first);
    begin_operation(*state, &second);
    assert_true(region_is_busy(*state));
    assert_true(region_end(&first));
    assert_true(region_is_busy(*state));
    assert_true(region_end(&second));
    assert_true(is_at_rest(*state));
}

static void an_operation_keeps_no_observer_from_looking(void **state)
{
    struct region_operation operation;

    begin_operation(*state, &operation);
    assert_true(is_still(*state));
    assert_true(region_end(&operation));
}

static void an_operation_cannot_end_as_on_a_live_region_once_it_is_claimed(void **state)
{
    struct region_operation first, release;

    begin_operation(*state, &first);
    claim(*state, &release);
    assert_false(region_end(&first));
    assert_false(region_end(&release));
    assert_false(end_settled(&first));
    assert_true(end_settled(&release));
}

static void an_operation_on_a_claimed_region_settles_again_when_another_ends(void **state)
{
    struct region_operation first, second, release;
    uint64_t before;
    bool last = true;

    begin_operation(*state, &first);
    begin_operation(*state, &second);
    claim(*state, &release);
    before = region_before_settling(&first);
    assert_false(end_settled(&second));
    assert_false(region_end_claimed(&first, before, &last));
    assert_false(last);
    assert_false(end_settled(&first));
    assert_true(end_settled(&release));
}

static void too_many_operations_are_turned_away(void **state)
{
    static struct region_operation operations[0xffff];
    struct region_operation one_more;

    for (size_t i = 0; i < COUNT_OF(operations); i++)
        begin_operation(*state, &operations[i]);
    assert_int_equal(region_begin(*state, BASE, &one_more), REGION_CROWDED);
    assert_false(region_claim(*state, BASE, 0, &one_more));
    assert_true(region_covers(*state, BASE));
    assert_false(end_settled(&operations[0]));
    begin_operation(*state, &operations[0]);
    for (size_t i = 0; i < COUNT_OF(operations); i++)
        assert_false(end_settled(&operations[i]));
    assert_true(is_at_rest(*state));
}

/* ------------------------------------------------------------------------------------------------
 * LIVE -> RELEASING
 * --------------------------------------------------------------------------------------------- */

static void a_claim_wants_the_base_and_the_heap(void **state)
{
    struct region_operation operation;

    assert_false(region_claim(*state, BASE + PAGE, 0, &operation));
    assert_false(region_claim(*state, BASE, HEAP, &operation));
    assert_true(is_at_rest(*state));
    assert_true(region_claim(*state, BASE, 0, &operation));
    assert_int_equal(operation.base, BASE);
    assert_int_equal(operation.size, SIZE);
}

static void a_heaps_block_is_claimed_by_its_heap_alone(void **state)
{
    struct region_facts block = facts;
    struct region_operation operation;

    block.heap = HEAP;
    region_write(*state, &block);
    publish_at_rest(*state);
    assert_false(region_claim(*state, BASE, 0, &operation));
    assert_false(region_claim(*state, BASE, HEAP + 1, &operation));
    assert_true(region_claim(*state, BASE, HEAP, &operation));
}

static void a_claim_names_the_block_wherever_it_begins_in_its_region(void **state)
{
    struct region_facts block = facts;
    struct region_operation operation;

    block.heap = HEAP;
    block.block = BASE + 16;
    region_write(*state, &block);
    publish_at_rest(*state);
    assert_false(region_claim(*state, BASE, HEAP, &operation));
    assert_true(region_claim(*state, BASE + 16, HEAP, &operation));
    assert_int_equal(operation.base, BASE);
}

static void only_one_claim_wins(void **state)
{
    struct region_operation winner;

    claim(*state, &winner);
    assert_true(winner.alone);
    assert_not_owned(*state);
}

static void a_claimed_region_covers_nothing_but_still_leaves(void **state)
{
    struct region_operation release;

    claim(*state, &release);
    assert_false(region_covers(*state, BASE));
    assert_true(region_covers_comes_or_leaves(*state, BASE));
    assert_false(region_covers_comes_or_leaves(*state, BASE + SIZE));
}

static void a_claim_that_finds_operations_is_not_alone(void **state)
{
    struct region_operation operation, release;

    begin_operation(*state, &operation);
    claim(*state, &release);
    assert_false(release.alone);
}

/* ------------------------------------------------------------------------------------------------
 * RELEASING: which operation is the last?
 * --------------------------------------------------------------------------------------------- */

/* Three operations and the release end in the order of the digits; only the last to end is last. */
static void end_in_order(struct region *region, const unsigned *order)
{
    struct region_operation under_way[4];

    for (int i = 0; i < 3; i++)
        begin_operation(region, &under_way[i]);
    claim(region, &under_way[3]);
    for (int i = 0; i < 4; i++)
        assert_int_equal(end_settled(&under_way[order[i]]), i == 3);
    /* The last operation stays under way until it has retired the region. */
    assert_true(region_covers_comes_or_leaves(region, BASE));
    region_retire(region);
    assert_false(region_covers_comes_or_leaves(region, BASE));
}

static void the_last_to_end_is_the_last_in_every_order(void **state)
{
    unsigned orders = 0;

    for (unsigned code = 0; code < 256; code++) {
        unsigned order[4] = {code & 3, code >> 2 & 3, code >> 4 & 3, code >> 6};

        if ((1u << order[0] | 1u << order[1] | 1u << order[2] | 1u << order[3]) != 0xf)
            continue;
        end_in_order(*state, order);
        orders++;
        region_write(*state, &facts);
        publish_at_rest(*state);
    }
    assert_int_equal(orders, 24);
}

static void
an_operation_that_saw_others_end_meanwhile_is_not_last_before_settling_again(void **state)
{
    struct region_operation operation, release;
    uint64_t before;
    bool last;

    begin_operation(*state, &operation);
    claim(*state, &release);
    before = region_before_settling(&release);
    assert_false(end_settled(&operation));
    assert_false(region_end_claimed(&release, before, &last));
    assert_false(last);
    assert_true(end_settled(&release));
}

/* ------------------------------------------------------------------------------------------------
 * RELEASING -> FREE and RELEASING -> LIVE
 * --------------------------------------------------------------------------------------------- */

static void a_retired_region_owns_nothing(void **state)
{
    struct region_operation release;

    claim(*state, &release);
    region_retire(*state);
    assert_not_owned(*state);
    assert_false(region_covers_comes_or_leaves(*state, BASE));
}

static void a_restored_region_is_live_and_at_rest_once_its_restorer_has_ended(void **state)
{
    struct region_operation release, again;

    claim(*state, &release);
    region_restore(&release);
    assert_true(region_covers(*state, BASE));
    assert_false(is_still(*state));
    assert_true(region_end(&release));
    assert_true(is_at_rest(*state));
    claim(*state, &again);
    assert_true(again.alone);
}

static void a_region_restored_by_an_operation_that_was_last_is_at_rest(void **state)
{
    struct region_operation operation, release;

    begin_operation(*state, &operation);
    claim(*state, &release);
    assert_false(end_settled(&release));
    assert_true(end_settled(&operation));
    region_restore(&operation);
    assert_false(end_settled(&operation));
    assert_true(is_at_rest(*state));
}

static void a_restored_region_that_is_claimed_anew_is_left_to_its_restorer(void **state)
{
    struct region_operation release, again;

    claim(*state, &release);
    region_restore(&release);
    claim(*state, &again);
    assert_false(again.alone);
    assert_false(end_settled(&again));
    assert_false(region_end(&release));
    assert_true(end_settled(&release));
}

/* ------------------------------------------------------------------------------------------------
 * Cached
 * --------------------------------------------------------------------------------------------- */

static int begin_block(void **state)
{
    struct region_facts block = facts;

    block.heap = HEAP;
    begin_free(state);
    region_write(*state, &block);
    publish_at_rest(*state);
    return 0;
}

static bool cache_as(struct region *region, uint64_t life, uintptr_t block, uint32_t heap)
{
    struct region_facts seen = {.block = block, .heap = heap, .sequence = facts.sequence};

    return region_cache(region, life, &seen);
}

static bool cache(struct region *region)
{
    return cache_as(region, region_life(region), BASE, HEAP);
}

static void a_cached_region_is_live_and_no_block(void **state)
{
    struct region *region = *state;
    struct region_operation operation;
    struct region_facts read;

    assert_true(region_read(region, &read));
    assert_false(read.cached);
    assert_true(cache(region));
    assert_true(region_read(region, &read));
    assert_true(read.cached);
    assert_int_equal(read.heap, HEAP);
    assert_true(is_at_rest(region));
    assert_true(region_covers(region, BASE + SIZE - 1));
    assert_false(cache(region));
    assert_false(region_claim(region, BASE, HEAP, &operation));
    assert_int_equal(region_begin(region, BASE, &operation), REGION_NOT_OWNED);
}

static void only_the_block_that_was_looked_at_is_cached(void **state)
{
    struct region *region = *state;
    uint64_t life = region_life(region);
    struct region_operation operation;

    assert_false(cache_as(region, life, BASE + 1, HEAP));
    assert_false(cache_as(region, life, BASE, HEAP + 1));
    assert_int_equal(region_begin_settling(region, BASE, &operation), REGION_BEGUN);
    assert_false(cache(region)); /* an operation is under way */
    assert_true(region_end(&operation));
    assert_false(cache_as(region, life, BASE, HEAP)); /* or has been */
    assert_true(cache(region));
}

static void an_unsettled_block_is_not_cached(void **state)
{
    struct region *region = *state;
    struct region_facts block = facts;
    struct region_operation making;

    block.heap = HEAP;
    region_write(region, &block);
    region_make(region);
    region_publish(region, &making);
    assert_false(cache(region));
    assert_true(region_end(&making));
    assert_true(cache(region));
}

static void a_cached_region_becomes_another_block(void **state)
{
    struct region *region = *state;
    struct region_facts block = facts, read;
    struct region_operation operation;

    assert_true(cache(region));
    assert_true(region_claim_cached(region, region_life(region)));
    assert_false(region_read(region, &read));
    assert_false(region_covers(region, BASE));
    assert_true(region_covers_or_comes(region, BASE));
    block.heap = HEAP + 1;
    block.sequence = 6;
    region_write(region, &block);
    region_publish(region, &operation);
    assert_true(region_end(&operation));
    assert_true(region_read(region, &read));
    assert_false(read.cached);
    assert_int_equal(read.heap, HEAP + 1);
    assert_true(region_claim(region, BASE, HEAP + 1, &operation));
}

static void a_cached_region_that_is_worked_on_becomes_no_block(void **state)
{
    struct region *region = *state;
    struct region_operation operation;
    uint64_t life;

    assert_true(cache(region));
    life = region_life(region);
    assert_int_equal(region_begin_settling(region, BASE, &operation), REGION_BEGUN);
    assert_false(region_claim_cached(region, region_life(region)));
    assert_true(region_end(&operation));
    assert_false(region_claim_cached(region, life));
    assert_true(region_claim_cached(region, region_life(region)));
}

static void a_cached_region_is_released_once(void **state)
{
    struct region *region = *state;
    struct region_operation operation, under_way;

    assert_false(region_claim_spare(region, &operation)); /* it is a block */
    assert_true(cache(region));
    assert_int_equal(region_begin_settling(region, BASE, &under_way), REGION_BEGUN);
    assert_true(region_claim_spare(region, &operation));
    assert_false(operation.alone);
    assert_int_equal(operation.base, BASE);
    assert_int_equal(operation.size, SIZE);
    assert_not_owned(region);
    assert_false(end_settled(&under_way));
    assert_true(end_settled(&operation));
    region_retire(region);
    assert_not_owned(region);
    assert_false(region_is_busy(region));
}

static void a_cached_region_that_is_restored_is_cached(void **state)
{
    struct region *region = *state;
    struct region_operation operation;
    struct region_facts read;

    assert_true(cache(region));
    assert_true(region_claim_spare(region, &operation));
    assert_true(operation.alone);
    region_restore(&operation);
    assert_true(region_end(&operation));
    assert_true(region_read(region, &read));
    assert_true(read.cached);
    assert_true(region_claim_spare(region, &operation));
    region_retire(region);
    /* The next life is none. */
    region_write(region, &facts);
    publish_at_rest(region);
    assert_true(region_read(region, &read));
    assert_false(read.cached);
}

/* ------------------------------------------------------------------------------------------------
 * The life word never has the same value twice
 * --------------------------------------------------------------------------------------------- */

static void the_word_changes_with_every_step(void **state)
{
    struct region *region = *state;
    struct region_operation operation, release;
    uint64_t seen[8];
    size_t count = 0;

    seen[count++] = region->life;
    begin_operation(region, &operation);
    seen[count++] = region->life;
    assert_true(region_end(&operation));
    seen[count++] = region->life;
    claim(region, &release);
    seen[count++] = region->life;
    region_restore(&release);
    seen[count++] = region->life;
    assert_true(region_end(&release));
    seen[count++] = region->life;
    claim(region, &release);
    region_retire(region);
    seen[count++] = region->life;
    region_write(region, &facts);
    publish_at_rest(region);
    seen[count++] = region->life;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < i; j++)
            assert_true(seen[i] != seen[j]);
    }
}

static void an_observer_does_not_take_the_next_life_for_the_one_it_read(void **state)
{
    struct region *region = *state;
    struct region_facts read, next = facts;
    struct region_operation release, own;

    assert_true(region_read(region, &read));
    assert_true(region_is_still(region, &read));
    claim(region, &release);
    assert_false(region_is_still(region, &read));
    region_retire(region);
    assert_false(region_is_still(region, &read));
    next.sequence++;
    region_write(region, &next);
    region_publish(region, &own);
    assert_false(region_is_still(region, &read));
    assert_true(region_end(&own));
    assert_false(region_is_still(region, &read));
    assert_true(is_still(region));
}

static void an_operation_of_a_former_life_cannot_be_the_last_in_this_one(void **state)
{
    struct region *region = *state;
    struct region_operation stale, release;
    uint64_t before;
    bool last = true;

    begin_operation(region, &stale);
    claim(region, &release);
    before = region_before_settling(&stale);
    assert_false(end_settled(&release));
    assert_true(end_settled(&stale));
    region_retire(region);
    region_write(region, &facts);
    publish_at_rest(region);
    begin_operation(region, &release);
    assert_false(region_end_claimed(&stale, before, &last));
    assert_false(last);
}

/* ------------------------------------------------------------------------------------------------
 * Threads
 * --------------------------------------------------------------------------------------------- */

struct contest {
    struct region *region;
    _Atomic unsigned claims;
    _Atomic unsigned lasts;
    _Atomic unsigned torn;
    _Atomic unsigned lives;
};

/* Life k has a base and size that belong together. */
static struct region_facts facts_of_life(unsigned life)
{
    struct region_facts of_life = facts;

    of_life.base = BASE + (uintptr_t)(life % 2) * GRANULE;
    of_life.block = of_life.base;
    of_life.size = SIZE + (life % 2) * GRANULE;
    of_life.sequence = life;
    of_life.requested = of_life.base + of_life.size;
    return of_life;
}

/* Ends the operation; true if it was the last on a claimed region. */
static bool end_is_last(struct contest *contest, struct region_operation *operation)
{
    bool last = false;

    if (!region_end(operation))
        while (!region_end_claimed(operation, region_before_settling(operation), &last))
            ;
    if (last)
        atomic_fetch_add(&contest->lasts, 1);
    return last;
}

/* Begins the next life, and another whenever the publisher's own operation ends a release. */
static void retire_and_live_again(struct contest *contest)
{
    struct region_operation own;
    struct region_facts next;

    do {
        region_retire(contest->region);
        next = facts_of_life(atomic_fetch_add(&contest->lives, 1) + 1);
        region_write(contest->region, &next);
        region_publish(contest->region, &own);
    } while (end_is_last(contest, &own));
}

/* Ends the operation; the last one begins the region's next life. */
static void end_one(struct contest *contest, struct region_operation *operation)
{
    if (end_is_last(contest, operation))
        retire_and_live_again(contest);
}

static void operate_claim_and_read(void *context, unsigned number)
{
    struct contest *contest = context;
    struct chance chance = {number + 1};

    for (int i = 0; i < 20000; i++) {
        uintptr_t base = facts_of_life((unsigned)chance_below(&chance, 2)).base;
        struct region_operation operation;
        struct region_facts read;

        switch (chance_below(&chance, 4)) {
        case 0:
            if (!region_claim(contest->region, base, 0, &operation))
                break;
            atomic_fetch_add(&contest->claims, 1);
            if (operation.alone) {
                atomic_fetch_add(&contest->lasts, 1);
                retire_and_live_again(contest);
            } else {
                end_one(contest, &operation);
            }
            break;
        case 1:
            if (region_read(contest->region, &read) && read.base + read.size != read.requested)
                atomic_fetch_add(&contest->torn, 1);
            break;
        default:
            if (region_begin(contest->region, base, &operation) != REGION_BEGUN)
                break;
            if (operation.size - SIZE != operation.base - BASE)
                atomic_fetch_add(&contest->torn, 1);
            end_one(contest, &operation);
        }
    }
}

static void each_life_has_one_claim_and_one_last_whatever_threads_do(void **state)
{
    struct contest contest = {.region = *state};
    struct region_facts first = facts_of_life(0);

    region_write(contest.region, &first);
    publish_at_rest(contest.region);
    crew_run(operate_claim_and_read, &contest, THREADS);
    assert_true(contest.claims > 0);
    assert_int_equal(contest.lasts, contest.claims);
    assert_int_equal(contest.lives, contest.claims);
    assert_int_equal(contest.torn, 0);
    assert_true(is_at_rest(contest.region));
}

#define free_test(test) cmocka_unit_test_setup_teardown(test, begin_free, end)
#define live_test(test) cmocka_unit_test_setup_teardown(test, begin_live, end)
#define block_test(test) cmocka_unit_test_setup_teardown(test, begin_block, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        free_test(a_free_record_owns_nothing),
        free_test(a_record_that_is_written_but_not_published_owns_nothing),
        free_test(a_published_record_is_live_and_at_rest),
        free_test(a_new_region_is_unsettled_until_its_maker_has_ended),
        live_test(observers_see_operations_that_have_not_entered_all_granules),
        live_test(a_live_region_covers_its_bytes_and_no_others),
        free_test(a_region_at_the_top_of_the_address_space_covers_its_last_byte),
        free_test(all_facts_of_a_live_region_are_read),
        live_test(a_region_never_has_less_than_nothing_committed),
        live_test(an_operation_begins_at_any_byte_and_learns_the_range),
        live_test(an_operation_does_not_begin_outside),
        free_test(an_operation_on_a_heaps_block_does_not_begin),
        live_test(operations_on_a_live_region_end_in_any_order),
        live_test(an_operation_keeps_no_observer_from_looking),
        live_test(an_operation_cannot_end_as_on_a_live_region_once_it_is_claimed),
        live_test(an_operation_on_a_claimed_region_settles_again_when_another_ends),
        live_test(too_many_operations_are_turned_away),
        live_test(a_claim_wants_the_base_and_the_heap),
        free_test(a_heaps_block_is_claimed_by_its_heap_alone),
        free_test(a_claim_names_the_block_wherever_it_begins_in_its_region),
        live_test(only_one_claim_wins),
        live_test(a_claimed_region_covers_nothing_but_still_leaves),
        live_test(a_claim_that_finds_operations_is_not_alone),
        live_test(the_last_to_end_is_the_last_in_every_order),
        live_test(an_operation_that_saw_others_end_meanwhile_is_not_last_before_settling_again),
        live_test(a_retired_region_owns_nothing),
        live_test(a_restored_region_is_live_and_at_rest_once_its_restorer_has_ended),
        live_test(a_region_restored_by_an_operation_that_was_last_is_at_rest),
        live_test(a_restored_region_that_is_claimed_anew_is_left_to_its_restorer),
        block_test(a_cached_region_is_live_and_no_block),
        block_test(only_the_block_that_was_looked_at_is_cached),
        free_test(an_unsettled_block_is_not_cached),
        block_test(a_cached_region_becomes_another_block),
        block_test(a_cached_region_that_is_worked_on_becomes_no_block),
        block_test(a_cached_region_is_released_once),
        block_test(a_cached_region_that_is_restored_is_cached),
        live_test(the_word_changes_with_every_step),
        live_test(an_observer_does_not_take_the_next_life_for_the_one_it_read),
        live_test(an_operation_of_a_former_life_cannot_be_the_last_in_this_one),
        free_test(each_life_has_one_claim_and_one_last_whatever_threads_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
