/*
 * test_heap_check.c: what is written behind a block, before it, or to one that was freed is found,
 * and told once, of the right block; and what is written to a block's own bytes is not.
 */
#include "heap_world.h"
#include "system_calls.h"

#include "heap/check/freed_regions.h"
#include "heap/check/heap_look.h"
#include "heap/reuse/delayed_blocks.h"
#include "heap/reuse/heap_live.h"
#include "heap/reuse/reclaim.h"

#define GUARD_ABOVE ((size_t)3000)
#define MARGIN ((size_t)CLASS_MARGIN)

struct fixture {
    struct world *world;
    struct heap_space space;
    struct heap *heap;
    unsigned told;
    struct heap_block damage; /* the last that was told */
};

/* system_calls.h */
void system_call_begins(bool changes)
{
    (void)changes;
}

void system_call_ended(void)
{
}

static void note_damage(void *context, const struct heap_block *block)
{
    struct fixture *fixture = context;

    fixture->told++;
    fixture->damage = *block;
}

static void begin_with(void **state, uint32_t flags, size_t guard_above)
{
    struct fixture *fixture = zeroed(sizeof(struct fixture));
    struct heap_options options = {
        .flags = flags, .guard_above = guard_above, .damaged = note_damage, .context = fixture};

    begin_world((void **)&fixture->world);
    assert_true(heap_space_init(&fixture->space, &fixture->world->pages, &options));
    fixture->heap = heap_create(&fixture->space, false);
    assert_non_null(fixture->heap);
    *state = fixture;
}

static int begin_checked(void **state)
{
    begin_with(state, HEAP_FILL_ON_ALLOC, SIZE_MAX);
    return 0;
}

static int begin_everything(void **state)
{
    begin_with(state, HEAP_FILL_ON_ALLOC | HEAP_FILL_ON_FREE | HEAP_DELAY_REUSE, SIZE_MAX);
    return 0;
}

static int begin_guarded(void **state)
{
    begin_with(state, 0, GUARD_ABOVE);
    return 0;
}

static int begin_checked_guarded(void **state)
{
    begin_with(state, HEAP_FILL_ON_ALLOC, GUARD_ABOVE);
    return 0;
}

static int end(void **state)
{
    struct fixture *fixture = *state;

    if (fixture->heap)
        heap_destroy(fixture->heap, NULL, NULL);
    assert_int_equal(counter_read(&fixture->world->counters.corrupted_blocks), fixture->told);
    heap_space_destroy(&fixture->space);
    end_world((void **)&fixture->world);
    free(fixture);
    return 0;
}

/* The line that a block is asked for in is its size plus this. */
#define FIRST_LINE 1000

static char *make(struct fixture *fixture, size_t size)
{
    void *memory = NULL;

    assert_int_equal(
        try_block(fixture->heap, size, "check.c", FIRST_LINE + (uint32_t)size, &memory), PAGES_OK);
    assert_int_equal((uintptr_t)memory % BLOCK_ALIGNMENT, 0);
    return memory;
}

static void assert_told(const struct fixture *fixture, unsigned times, enum heap_damage_kind kind,
                        const char *block, size_t size, const char *byte)
{
    assert_int_equal(fixture->told, times);
    assert_int_equal(fixture->damage.damage_kind, kind);
    assert_int_equal(fixture->damage.address, (uintptr_t)block);
    assert_int_equal(fixture->damage.size, size);
    assert_int_equal(fixture->damage.damage, (uintptr_t)byte);
    assert_string_equal(fixture->damage.file, "check.c");
    assert_int_equal(fixture->damage.line, FIRST_LINE + size);
    assert_int_equal(fixture->damage.thread_id, os_thread_id());
}

static void free_block(struct fixture *fixture, char *block)
{
    assert_int_equal(heap_free(fixture->heap, block), PAGES_OK);
}

/* Sizes of every class, and of large blocks. */
static size_t next_size(size_t size)
{
    return size + 1 + size / 40;
}

#define LARGEST ((size_t)100000)

/* ------------------------------------------------------------------------------------------------
 * Found at the free
 * --------------------------------------------------------------------------------------------- */

static void a_byte_behind_a_block_of_any_size_is_told_when_it_is_freed(void **state)
{
    struct fixture *fixture = *state;
    unsigned times = 0;

    for (size_t size = 0; size < LARGEST; size = next_size(size)) {
        char *block = make(fixture, size);

        block[size]++;
        free_block(fixture, block);
        assert_told(fixture, ++times, HEAP_DAMAGE_BEHIND, block, size, block + size);
        assert_int_equal(fixture->damage.freed_by,
                         size > fixture->space.classes.small_limit ? 0 : os_thread_id());
    }
}

static void each_of_the_bytes_behind_a_block_is_looked_at(void **state)
{
    struct fixture *fixture = *state;
    static const size_t sizes[] = {0, 1, 40, 48, 49, 64, 100, 1000, 32000, 70000};
    unsigned times = 0;

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        for (size_t behind = 0; behind < MARGIN / 2; behind++) {
            char *block = make(fixture, sizes[i]);

            block[sizes[i] + behind]++;
            free_block(fixture, block);
            assert_told(fixture, ++times, HEAP_DAMAGE_BEHIND, block, sizes[i],
                        block + sizes[i] + behind);
        }
    }
}

static void a_byte_before_a_block_of_any_size_is_told_when_it_is_freed(void **state)
{
    struct fixture *fixture = *state;
    unsigned times = 0;

    for (size_t size = 0; size < LARGEST; size = next_size(size)) {
        char *block = make(fixture, size);

        block[-1]++;
        free_block(fixture, block);
        assert_told(fixture, ++times, HEAP_DAMAGE_BEFORE, block, size, block - 1);
    }
}

static void damage_between_two_blocks_is_that_of_the_nearer_one(void **state)
{
    struct fixture *fixture = *state;
    char *blocks[3];

    /* They lie one behind the other. */
    for (int i = 0; i < 3; i++)
        blocks[i] = make(fixture, 48);
    assert_ptr_equal(blocks[1], blocks[0] + 64);
    assert_ptr_equal(blocks[2], blocks[1] + 64);
    memset(blocks[2] - 4, 0, 4);
    free_block(fixture, blocks[1]);
    assert_int_equal(fixture->told, 0);
    free_block(fixture, blocks[2]);
    assert_told(fixture, 1, HEAP_DAMAGE_BEFORE, blocks[2], 48, blocks[2] - 4);
    memset(blocks[0] + 48, 0, 4);
    blocks[1] = make(fixture, 48);
    free_block(fixture, blocks[1]);
    assert_int_equal(fixture->told, 1);
    free_block(fixture, blocks[0]);
    assert_told(fixture, 2, HEAP_DAMAGE_BEHIND, blocks[0], 48, blocks[0] + 48);
}

static void what_overwrites_the_next_block_is_told_once(void **state)
{
    struct fixture *fixture = *state;
    char *block = make(fixture, 48), *next = make(fixture, 48);

    memset(block + 48, 0, 64);
    free_block(fixture, next);
    assert_int_equal(fixture->told, 0);
    free_block(fixture, block);
    assert_told(fixture, 1, HEAP_DAMAGE_BEHIND, block, 48, block + 48);
}

/* 8 bytes behind the first one's end, and more, come nearer to the second one's beginning. */
static void what_was_written_before_a_block_was_handed_out_is_not_that_block_s(void **state)
{
    struct fixture *fixture = *state;
    unsigned times = 0;

    for (size_t behind = MARGIN / 2; behind < MARGIN; behind++) {
        char *block = make(fixture, 48), *next;

        block[48 + behind]++;
        if (behind % 2)
            heap_look(&fixture->space, NULL);
        next = make(fixture, 48);
        assert_ptr_equal(next, block + 48 + MARGIN);
        assert_told(fixture, ++times, HEAP_DAMAGE_BEHIND, block, 48, block + 48 + behind);
        heap_look(&fixture->space, NULL);
        next[-1]++;
        free_block(fixture, next);
        assert_told(fixture, ++times, HEAP_DAMAGE_BEFORE, next, 48, next - 1);
        free_block(fixture, block);
        assert_int_equal(fixture->told, times);
        reclaim(&fixture->space);
    }
}

static void a_block_s_own_bytes_may_be_written(void **state)
{
    struct fixture *fixture = *state;

    for (size_t size = 0; size < LARGEST; size = next_size(size)) {
        char *block = make(fixture, size), *other = make(fixture, size);

        memset(block, 1, size);
        memset(other, 2, size);
        assert_false(heap_look(&fixture->space, NULL));
        free_block(fixture, block);
        block = make(fixture, size);
        memset(block, 3, size);
        free_block(fixture, other);
        free_block(fixture, block);
        if (size % 7 == 0)
            reclaim(&fixture->space);
    }
    assert_int_equal(fixture->told, 0);
}

/* ------------------------------------------------------------------------------------------------
 * Found otherwise
 * --------------------------------------------------------------------------------------------- */

static void who_looks_finds_damage_of_live_blocks_once(void **state)
{
    struct fixture *fixture = *state;
    static const size_t sizes[] = {10, 48, 100, 32000, 70000};
    unsigned times = 0;

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        char *block = make(fixture, sizes[i]);

        assert_false(heap_look_at(&fixture->space, (uintptr_t)block));
        block[sizes[i]]++;
        assert_true(heap_look_at(&fixture->space, (uintptr_t)block));
        assert_told(fixture, ++times, HEAP_DAMAGE_BEHIND, block, sizes[i], block + sizes[i]);
        assert_int_equal(fixture->damage.freed_by, 0);
        block[-1]++;
        assert_true(heap_look(&fixture->space, NULL));
        assert_true(heap_look(&fixture->space, fixture->heap));
        free_block(fixture, block);
        assert_false(heap_look(&fixture->space, NULL));
        assert_int_equal(fixture->told, times);
        block = make(fixture, sizes[i]);
        assert_false(heap_look(&fixture->space, NULL));
        free_block(fixture, block);
    }
    assert_exact(fixture->world);
}

static void the_end_of_a_heap_finds_damage_of_its_live_blocks(void **state)
{
    struct fixture *fixture = *state;
    char *small = make(fixture, 48), *large;

    small[48]++;
    heap_destroy(fixture->heap, NULL, NULL);
    assert_told(fixture, 1, HEAP_DAMAGE_BEHIND, small, 48, small + 48);
    fixture->heap = heap_create(&fixture->space, false);
    large = make(fixture, 40000);
    large[-3]++;
    heap_destroy(fixture->heap, NULL, NULL);
    assert_told(fixture, 2, HEAP_DAMAGE_BEFORE, large, 40000, large - 3);
    fixture->heap = NULL;
}

static void a_write_behind_a_block_after_its_free_is_told_as_that(void **state)
{
    struct fixture *fixture = *state;
    char *block = make(fixture, 48);

    free_block(fixture, block);
    block[48]++;
    reclaim(&fixture->space);
    assert_told(fixture, 1, HEAP_DAMAGE_FREED, block, 48, block + 48);
    assert_int_equal(fixture->damage.freed_by, os_thread_id());
}

static void who_looks_finds_writes_to_freed_blocks_once(void **state)
{
    struct fixture *fixture = *state;
    char *block = make(fixture, 48), *other = make(fixture, 100);

    free_block(fixture, block);
    free_block(fixture, other);
    assert_false(heap_look(&fixture->space, NULL));
    block[0]++;
    assert_true(heap_look(&fixture->space, NULL));
    assert_told(fixture, 1, HEAP_DAMAGE_FREED, block, 48, block);
    assert_int_equal(fixture->damage.freed_by, os_thread_id());
    other[-1]++;
    assert_true(heap_look(&fixture->space, fixture->heap));
    assert_told(fixture, 2, HEAP_DAMAGE_FREED, other, 100, other - 1);
    assert_false(heap_look(&fixture->space, NULL));
    reclaim(&fixture->space);
    assert_int_equal(fixture->told, 2);
}

static void a_write_to_a_freed_large_block_is_told_once(void **state)
{
    struct fixture *fixture = *state;
    char *block = make(fixture, 70000), *other;

    free_block(fixture, block);
    assert_int_equal(heap_free(fixture->heap, block), PAGES_FOREIGN);
    assert_int_equal(counter_read(&fixture->world->counters.refused_blocks[BLOCK_REFUSED_FREED]),
                     1);
    assert_heaps(&fixture->space, 0, 0);
    assert_exact(fixture->world);
    other = make(fixture, 70000);
    assert_ptr_not_equal(other, block);
    block[69999]++;
    assert_true(heap_look(&fixture->space, NULL));
    assert_told(fixture, 1, HEAP_DAMAGE_FREED, block, 70000, block + 69999);
    assert_int_equal(fixture->damage.freed_by, os_thread_id());
    assert_false(heap_look(&fixture->space, fixture->heap));
    free_block(fixture, other);
    other[70000]++;
    reclaim(&fixture->space);
    assert_told(fixture, 2, HEAP_DAMAGE_FREED, other, 70000, other + 70000);
    assert_books(fixture->world, 0, 0, 0);
}

static void freed_large_blocks_wait_until_there_are_too_many_or_too_large_ones(void **state)
{
    struct fixture *fixture = *state;
    char *block = make(fixture, 3000000);

    free_block(fixture, block);
    assert_int_equal(system_at(block).state, OS_MEM_COMMIT);
    free_block(fixture, make(fixture, 3000000));
    assert_int_equal(system_at(block).state, OS_MEM_FREE);
    free_block(fixture, block = make(fixture, 5000000));
    assert_int_equal(system_at(block).state, OS_MEM_FREE);
    free_block(fixture, block = make(fixture, 40000));
    for (unsigned i = 0; i < FREED_PLACES; i++) {
        assert_int_equal(system_at(block).state, OS_MEM_COMMIT);
        free_block(fixture, make(fixture, 40000));
    }
    assert_int_equal(system_at(block).state, OS_MEM_FREE);
    assert_int_equal(fixture->told, 0);
}

#define MANY 64u
#define WAITING ((size_t)250000)

/* 16 MB wait, which MANY blocks of the heap, that live, allow. */
static void let_much_wait(struct fixture *fixture, struct heap *heap, char **blocks, size_t size)
{
    char *waiting[MANY];
    void *memory;

    for (unsigned i = 0; i < MANY; i++) {
        assert_int_equal(try_block(heap, size, NULL, 0, &memory), PAGES_OK);
        blocks[i] = memory;
        waiting[i] = make(fixture, WAITING);
    }
    for (unsigned i = 0; i < MANY; i++)
        free_block(fixture, waiting[i]);
    assert_true(fixture->space.freed.bytes >= MANY * WAITING);
}

static void assert_bound(const struct fixture *fixture)
{
    assert_true(fixture->space.freed.bytes <=
                FREED_BYTES + heap_live(&fixture->space.live) / HEAP_IDLE_SHARE);
}

static void less_waits_when_large_blocks_go(void **state)
{
    struct fixture *fixture = *state;
    char *blocks[MANY];

    let_much_wait(fixture, fixture->heap, blocks, 2000000);
    for (unsigned i = 0; i < MANY; i++) {
        assert_true(heap_shrink(fixture->heap, blocks[i], 40000));
        assert_bound(fixture);
    }
    /* More than may wait once it does not live any more: it goes at once, and no other for it. */
    free_block(fixture, blocks[0]);
    free_block(fixture, make(fixture, 4600000));
    assert_int_equal(system_at(blocks[0]).state, OS_MEM_COMMIT);
    assert_bound(fixture);
}

static void less_waits_when_another_heap_ends(void **state)
{
    struct fixture *fixture = *state;
    struct heap *other = heap_create(&fixture->space, false);
    char *blocks[MANY];

    let_much_wait(fixture, other, blocks, 2000000);
    heap_destroy(other, NULL, NULL);
    assert_bound(fixture);
}

static void less_waits_when_small_blocks_go(void **state)
{
    struct fixture *fixture = *state;
    static char *small[8192];
    char *blocks[MANY];

    for (unsigned i = 0; i < COUNT_OF(small); i++)
        small[i] = make(fixture, 15000);
    let_much_wait(fixture, fixture->heap, blocks, 40);
    for (unsigned i = 0; i < COUNT_OF(small); i++)
        free_block(fixture, small[i]);
    delayed_blocks_give(&fixture->space, NULL);
    assert_bound(fixture);
}

static void a_large_block_that_waits_goes_back_before_anything_is_refused(void **state)
{
    struct fixture *fixture = *state;
    char *block = make(fixture, 70000);

    free_block(fixture, block);
    assert_int_equal(system_at(block).state, OS_MEM_COMMIT);
    assert_true(reclaim(&fixture->space) > 70000);
    assert_int_equal(system_at(block).state, OS_MEM_FREE);
}

static void a_large_block_that_the_system_does_not_take_lives_on(void **state)
{
    struct fixture *fixture = *state;
    char *block = make(fixture, 5000000);
    size_t size;

    refuse_releases(1);
    assert_int_equal(heap_free(fixture->heap, block), RELEASE_REFUSED);
    assert_true(heap_size_of(fixture->heap, block, &size));
    assert_heaps(&fixture->space, 1, 5000000);
    block[-1]++;
    free_block(fixture, block);
    assert_told(fixture, 1, HEAP_DAMAGE_BEFORE, block, 5000000, block - 1);
    assert_books(fixture->world, 0, 0, 0);
}

static void what_waits_and_the_system_does_not_take_waits_on(void **state)
{
    struct fixture *fixture = *state;
    const struct call_counter *pages = &fixture->world->counters.calls[COUNTED_HEAP_PAGES];
    uint64_t failures = counter_read(&pages->failures);
    char *block = make(fixture, 70000);

    free_block(fixture, block);
    block[5]++;
    refuse_releases(1);
    assert_int_equal(reclaim(&fixture->space), 0);
    assert_int_equal(counter_read(&pages->failures), failures + 1);
    assert_int_equal(fixture->told, 1);
    assert_true(reclaim(&fixture->space) >= 70000);
    assert_int_equal(counter_read(&pages->failures), failures + 1);
    assert_int_equal(fixture->told, 1);
    assert_books(fixture->world, 0, 0, 0);
}

static void a_freed_large_block_that_cannot_be_written_goes_back_at_once(void **state)
{
    struct fixture *fixture = *state;
    char *block = make(fixture, 70000);
    uint32_t old;

    assert_int_equal(os_protect(block + PAGE, 1, OS_PAGE_READONLY, &old), 0);
    free_block(fixture, block);
    assert_books(fixture->world, 0, 0, 0);
}

static void what_cannot_be_read_is_not_looked_at(void **state)
{
    struct fixture *fixture = *state;
    char *small = make(fixture, 48), *large = make(fixture, 70000);
    uintptr_t slab = (uintptr_t)small / SLAB_SIZE * SLAB_SIZE;
    uintptr_t region = (uintptr_t)large / SLAB_SIZE * SLAB_SIZE;
    uint32_t old;

    small[48]++;
    assert_int_equal(os_protect((void *)slab, PAGE, OS_PAGE_NOACCESS, &old), 0);
    assert_int_equal(os_protect((void *)region, PAGE, OS_PAGE_NOACCESS, &old), 0);
    assert_false(heap_look(&fixture->space, NULL));
    assert_int_equal(os_protect((void *)slab, PAGE, OS_PAGE_READWRITE, &old), 0);
    assert_int_equal(os_protect((void *)region, PAGE, OS_PAGE_READWRITE, &old), 0);
    assert_true(heap_look(&fixture->space, NULL));
    assert_int_equal(fixture->told, 1);
}

static void a_freed_block_that_is_protected_later_is_not_read(void **state)
{
    struct fixture *fixture = *state;
    static const size_t sizes[] = {20000, 100000};
    static const uint32_t protections[] = {OS_PAGE_NOACCESS, OS_PAGE_READWRITE | OS_PAGE_GUARD};

    for (size_t i = 0; i < COUNT_OF(sizes) * COUNT_OF(protections); i++) {
        char *block = make(fixture, sizes[i % 2]);
        uint32_t old;

        free_block(fixture, block);
        block[0]++;
        assert_int_equal(os_protect(block + 2 * PAGE, 1, protections[i / 2], &old), 0);
        assert_false(heap_look(&fixture->space, NULL));
        assert_true(reclaim(&fixture->space) >= sizes[i % 2]);
        assert_int_equal(system_at(block).state, OS_MEM_FREE);
    }
    assert_int_equal(fixture->told, 0);
    assert_books(fixture->world, 0, 0, 0);
}

/* ------------------------------------------------------------------------------------------------
 * Guards, and sizes
 * --------------------------------------------------------------------------------------------- */

static void the_bytes_between_a_block_and_its_guard_are_looked_at(void **state)
{
    struct fixture *fixture = *state;
    unsigned times = 0;

    for (size_t size = GUARD_ABOVE + 1; size < GUARD_ABOVE + 20; size++) {
        char *block = make(fixture, size);

        memset(block, 1, size);
        if (size % 16 == 0) {
            free_block(fixture, block);
            assert_int_equal(fixture->told, times);
            continue;
        }
        block[size + 15 - size % 16]++;
        free_block(fixture, block);
        assert_told(fixture, ++times, HEAP_DAMAGE_BEHIND, block, size,
                    block + size + 15 - size % 16);
    }
}

static void a_guarded_block_has_room_before_it(void **state)
{
    struct fixture *fixture = *state;
    unsigned times = 0;

    for (size_t size = 4 * PAGE - 40; size < 4 * PAGE + 40; size++) {
        char *block = make(fixture, size);
        char *stop = block + (size + 15) / 16 * 16;

        assert_int_equal((uintptr_t)stop % PAGE, 0);
        assert_int_equal(system_at(stop).state, OS_MEM_RESERVE);
        memset(block - MARGIN, 1, MARGIN);
        free_block(fixture, block);
        assert_told(fixture, ++times, HEAP_DAMAGE_BEFORE, block, size, block - MARGIN);
    }
    assert_exact(fixture->world);
}

static void sizes_are_told_as_asked_for_and_margins_are_nobody_s(void **state)
{
    struct fixture *fixture = *state;
    uint64_t bytes = 0, blocks = 0;

    for (size_t size = 0; size < LARGEST; size = next_size(size)) {
        char *block = make(fixture, size);
        struct heap_block found;
        size_t told = SIZE_MAX;

        assert_true(heap_size_of(fixture->heap, block, &told));
        assert_int_equal(told, size);
        assert_true(heap_find_block(&fixture->space, (uintptr_t)block, &found));
        assert_int_equal(found.size, size);
        assert_false(heap_find_block(&fixture->space, (uintptr_t)block + size + !size, &found));
        assert_false(heap_find_block(&fixture->space, (uintptr_t)block - 1, &found));
        assert_int_equal(heap_free(fixture->heap, block - MARGIN), PAGES_FOREIGN);
        assert_int_equal(heap_free(fixture->heap, block - 1), PAGES_FOREIGN);
        assert_false(heap_resize(fixture->heap, block, size));
        bytes += size;
        assert_heaps(&fixture->space, ++blocks, bytes);
    }
    assert_exact(fixture->world);
}

static void a_block_that_shrinks_is_looked_at_where_it_ends_now(void **state)
{
    struct fixture *fixture = *state;
    /* The last one leaves a margin that is not whole before its page ends. */
    static const size_t sizes[] = {112, 32000, 70000, 17 * PAGE - 4};
    unsigned times = 0;

    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        char *block = make(fixture, sizes[i]);
        size_t size = sizes[i] - 8;

        memset(block, 1, sizes[i]);
        assert_true(heap_shrink(fixture->heap, block, size));
        memset(block, 2, size);
        assert_false(heap_look(&fixture->space, NULL));
        block[size]++;
        assert_true(heap_look(&fixture->space, NULL));
        assert_int_equal(fixture->told, ++times);
        assert_int_equal(fixture->damage.damage_kind, HEAP_DAMAGE_BEHIND);
        assert_int_equal(fixture->damage.damage, (uintptr_t)block + size);
        assert_int_equal(fixture->damage.size, size);
        free_block(fixture, block);
        assert_int_equal(fixture->told, times);
    }
}

static void damage_of_a_block_that_shrinks_is_told(void **state)
{
    struct fixture *fixture = *state;
    static const size_t sizes[] = {112, 70000};

    for (unsigned i = 0; i < COUNT_OF(sizes); i++) {
        char *block = make(fixture, sizes[i]);

        block[sizes[i]]++;
        assert_true(heap_shrink(fixture->heap, block, sizes[i] - 8));
        assert_told(fixture, i + 1, HEAP_DAMAGE_BEHIND, block, sizes[i], block + sizes[i]);
        heap_look(&fixture->space, NULL);
        free_block(fixture, block);
        assert_int_equal(fixture->told, i + 1);
    }
}

/* As far as a block of every size may shrink: nothing is told, and nothing is touched beyond. */
static void blocks_may_shrink_to_any_size(void **state)
{
    struct fixture *fixture = *state;

    for (size_t size = 0; size < LARGEST; size = next_size(size)) {
        char *block = make(fixture, size);

        for (size_t now = size; heap_shrink(fixture->heap, block, now); now -= 1 + now / 5) {
            memset(block, 1, now);
            assert_false(heap_look(&fixture->space, NULL));
            if (!now)
                break;
        }
        free_block(fixture, block);
    }
    assert_int_equal(fixture->told, 0);
    assert_exact(fixture->world);
}

#define checked(test) cmocka_unit_test_setup_teardown(test, begin_checked, end)
#define everything(test)                                                                           \
    {                                                                                              \
        "everything: " #test, test, begin_everything, end, NULL                                    \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        checked(a_byte_behind_a_block_of_any_size_is_told_when_it_is_freed),
        everything(a_byte_behind_a_block_of_any_size_is_told_when_it_is_freed),
        checked(each_of_the_bytes_behind_a_block_is_looked_at),
        checked(a_byte_before_a_block_of_any_size_is_told_when_it_is_freed),
        everything(a_byte_before_a_block_of_any_size_is_told_when_it_is_freed),
        checked(damage_between_two_blocks_is_that_of_the_nearer_one),
        checked(what_overwrites_the_next_block_is_told_once),
        checked(what_was_written_before_a_block_was_handed_out_is_not_that_block_s),
        checked(a_block_s_own_bytes_may_be_written),
        everything(a_block_s_own_bytes_may_be_written),
        checked(who_looks_finds_damage_of_live_blocks_once),
        everything(who_looks_finds_damage_of_live_blocks_once),
        checked(the_end_of_a_heap_finds_damage_of_its_live_blocks),
        checked(a_write_behind_a_block_after_its_free_is_told_as_that),
        everything(a_write_behind_a_block_after_its_free_is_told_as_that),
        everything(who_looks_finds_writes_to_freed_blocks_once),
        everything(a_write_to_a_freed_large_block_is_told_once),
        everything(freed_large_blocks_wait_until_there_are_too_many_or_too_large_ones),
        everything(less_waits_when_large_blocks_go),
        everything(less_waits_when_another_heap_ends),
        everything(less_waits_when_small_blocks_go),
        everything(a_large_block_that_waits_goes_back_before_anything_is_refused),
        everything(a_large_block_that_the_system_does_not_take_lives_on),
        everything(what_waits_and_the_system_does_not_take_waits_on),
        everything(a_freed_large_block_that_cannot_be_written_goes_back_at_once),
        checked(what_cannot_be_read_is_not_looked_at),
        everything(a_freed_block_that_is_protected_later_is_not_read),
        cmocka_unit_test_setup_teardown(the_bytes_between_a_block_and_its_guard_are_looked_at,
                                        begin_guarded, end),
        cmocka_unit_test_setup_teardown(a_guarded_block_has_room_before_it, begin_checked_guarded,
                                        end),
        checked(sizes_are_told_as_asked_for_and_margins_are_nobody_s),
        checked(a_block_that_shrinks_is_looked_at_where_it_ends_now),
        everything(a_block_that_shrinks_is_looked_at_where_it_ends_now),
        checked(damage_of_a_block_that_shrinks_is_told),
        checked(blocks_may_shrink_to_any_size),
        everything(blocks_may_shrink_to_any_size),
        cmocka_unit_test_setup_teardown(blocks_may_shrink_to_any_size, begin_guarded, end),
        cmocka_unit_test_setup_teardown(blocks_may_shrink_to_any_size, begin_checked_guarded, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
