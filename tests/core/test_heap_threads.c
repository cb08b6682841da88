/*
 * test_heap_threads.c: heaps used by many threads at once: blocks that change hands, slabs that
 * come and go, heaps that begin and end, and threads that enumerate. Each block is filled with a
 * pattern of its own, which is checked before the block is freed: a block with two owners, or a
 * slab given back too early, shows.
 */
#include "heap_world.h"

#include "heap/check/heap_look.h"

#define SLOTS 256
#define ROUNDS (is_long_form() ? 2500 : 500)

struct block {
    size_t size;
    unsigned char *memory;
};

struct arena {
    struct world *world;
    struct heap_space *space;
    struct heap *heap;
    _Atomic(struct block *) slots[SLOTS];
    _Atomic unsigned failures;
    _Atomic unsigned working;
    _Atomic uint64_t live;
    _Atomic uint64_t live_bytes;
};

static int begin_with(void **state, uint32_t flags)
{
    struct arena *arena = zeroed(sizeof(struct arena));

    begin_world((void **)&arena->world);
    arena->space = begin_heap_space(arena->world, flags);
    arena->heap = heap_create(arena->space, false);
    assert_non_null(arena->heap);
    *state = arena;
    return 0;
}

static int begin(void **state)
{
    return begin_with(state, 0);
}

static int begin_checked(void **state)
{
    return begin_with(state, HEAP_TRACK_BLOCKS | HEAP_FILL_ON_ALLOC | HEAP_FILL_ON_FREE |
                                 HEAP_DELAY_REUSE);
}

static int begin_hardened(void **state)
{
    return begin_with(state, HEAP_HARDEN);
}

static int end(void **state)
{
    struct arena *arena = *state;

    heap_destroy(arena->heap, NULL, NULL);
    assert_int_equal(counter_read(&arena->world->counters.leaked_blocks), 0);
    assert_int_equal(counter_read(&arena->world->counters.corrupted_blocks), 0);
    assert_int_equal(gauge_now(&arena->world->counters.slab_bytes), 0);
    end_heap_space(arena->space);
    end_world((void **)&arena->world);
    free(arena);
    return 0;
}

/* ------------------------------------------------------------------------------------------------
 * Blocks that change hands
 * --------------------------------------------------------------------------------------------- */

static unsigned char pattern_of(const struct block *block)
{
    return (unsigned char)((uintptr_t)block->memory >> 4 ^ block->size);
}

#define LARGEST (SMALL_LIMIT + 8 * PAGE)

/*
 * Mostly sizes of which a slab holds few, so that slabs come and go often; and large blocks, of
 * which each fits what some others leave.
 */
static size_t some_size(struct chance *chance)
{
    switch (chance_below(chance, 9)) {
    case 0:
        return chance_below(chance, 64);
    case 1:
        return chance_below(chance, 2048);
    case 2:
        return SMALL_LIMIT - 8 + chance_below(chance, 16);
    case 3:
        return LARGEST - chance_below(chance, 8) * PAGE;
    default:
        return 8192 + chance_below(chance, 4) * 8192;
    }
}

static struct block *make_block(struct arena *arena, struct chance *chance)
{
    struct block *block = malloc(sizeof(*block));
    void *memory = NULL;

    block->size = some_size(chance);
    if (try_block(arena->heap, block->size, chance_below(chance, 8) ? NULL : "threads.c", 1,
                  &memory)) {
        atomic_fetch_add(&arena->failures, 1);
        free(block);
        return NULL;
    }
    block->memory = memory;
    memset(memory, pattern_of(block), block->size);
    atomic_fetch_add(&arena->live, 1);
    atomic_fetch_add(&arena->live_bytes, block->size);
    return block;
}

static void end_block(struct arena *arena, struct block *block)
{
    for (size_t i = 0; i < block->size; i++) {
        if (block->memory[i] != pattern_of(block)) {
            atomic_fetch_add(&arena->failures, 1);
            break;
        }
    }
    if (heap_free(arena->heap, block->memory))
        atomic_fetch_add(&arena->failures, 1);
    atomic_fetch_sub(&arena->live, 1);
    atomic_fetch_sub(&arena->live_bytes, block->size);
    free(block);
}

static void exchange(void *context, unsigned number)
{
    struct arena *arena = context;
    struct chance chance = {number + 1};

    for (int i = 0; i < ROUNDS; i++) {
        struct block *made = chance_below(&chance, 2) ? make_block(arena, &chance) : NULL;
        struct block *old = atomic_exchange(&arena->slots[chance_below(&chance, SLOTS)], made);

        if (old)
            end_block(arena, old);
    }
    atomic_fetch_sub(&arena->working, 1);
}

static void trim_and_look(void *context)
{
    struct arena *arena = context;
    struct heap_cursor cursor = {0};
    struct heap_block block;
    struct heap_audit audit;

    reclaim(arena->space);
    if (heap_look(arena->space, NULL))
        atomic_fetch_add(&arena->failures, 1);
    while (heap_next_block(arena->space, 0, &cursor, &block)) {
        if (block.size > LARGEST)
            atomic_fetch_add(&arena->failures, 1);
    }
    if (heap_audit(arena->space, &audit) && audit.counted_blocks != audit.found_blocks)
        atomic_fetch_add(&arena->failures, 1);
}

/* The thread makes heaps and ends them with blocks left in them. */
static void begin_and_end_a_heap(struct arena *arena, struct chance *chance)
{
    struct heap *heap = heap_create(arena->space, false);
    void *memory;

    for (int i = 0; i < 20; i++) {
        size_t size = some_size(chance);

        if (!heap || try_block(heap, size, NULL, 0, &memory)) {
            atomic_fetch_add(&arena->failures, 1);
            return;
        }
        memset(memory, i, size);
        if (i % 4 && heap_free(heap, memory))
            atomic_fetch_add(&arena->failures, 1);
        if (heap_free(arena->heap, (char *)memory + 1) == PAGES_OK)
            atomic_fetch_add(&arena->failures, 1);
    }
    heap_destroy(heap, NULL, NULL);
}

static void exchange_or_disturb(void *context, unsigned number)
{
    struct arena *arena = context;
    struct chance chance = {number + 100};

    if (number < THREADS) {
        exchange(context, number);
        return;
    }
    while (atomic_load(&arena->working)) {
        if (number == THREADS)
            trim_and_look(arena);
        else
            begin_and_end_a_heap(arena, &chance);
    }
}

static void drain(struct arena *arena)
{
    assert_int_equal(arena->failures, 0);
    assert_heaps(arena->space, arena->live, arena->live_bytes);
    assert_exact(arena->world);
    for (size_t i = 0; i < SLOTS; i++) {
        if (arena->slots[i])
            end_block(arena, arena->slots[i]);
    }
    assert_int_equal(arena->failures, 0);
    assert_heaps(arena->space, 0, 0);
    assert_exact(arena->world);
}

static void blocks_keep_their_contents_while_they_change_hands(void **state)
{
    struct arena *arena = *state;

    arena->working = THREADS;
    crew_run(exchange, arena, THREADS);
    drain(arena);
}

static void trimming_looking_and_other_heaps_disturb_nothing(void **state)
{
    struct arena *arena = *state;

    arena->working = THREADS;
    crew_run(exchange_or_disturb, arena, THREADS + 2);
    counter_add(&arena->world->counters.leaked_blocks,
                0 - counter_read(&arena->world->counters.leaked_blocks)); /* of the other heaps */
    drain(arena);
}

static void when_all_is_freed_only_spares_and_active_slabs_are_kept(void **state)
{
    struct arena *arena = *state;

    arena->working = THREADS;
    crew_run(exchange, arena, THREADS);
    drain(arena);
    reclaim(arena->space);
    assert_int_equal(gauge_now(&arena->world->counters.slab_bytes), 0);
    assert_books(arena->world, 0, 0, 0);
}

/* ------------------------------------------------------------------------------------------------
 * One free wins
 * --------------------------------------------------------------------------------------------- */

struct race {
    struct arena *arena;
    void *blocks[64];
    _Atomic unsigned wins;
};

static void free_all(void *context, unsigned number)
{
    struct race *race = context;

    (void)number;
    for (size_t i = 0; i < COUNT_OF(race->blocks); i++) {
        if (heap_free(race->arena->heap, race->blocks[i]) == PAGES_OK)
            atomic_fetch_add(&race->wins, 1);
    }
}

static void of_all_that_free_a_block_at_once_one_wins(void **state)
{
    struct arena *arena = *state;
    struct chance chance = {7};

    for (int round = 0; round < (is_long_form() ? 100 : 25); round++) {
        struct race race = {.arena = arena};

        for (size_t i = 0; i < COUNT_OF(race.blocks); i++)
            assert_int_equal(try_block(arena->heap, some_size(&chance), NULL, 0, &race.blocks[i]),
                             PAGES_OK);
        crew_run(free_all, &race, THREADS);
        assert_int_equal(race.wins, COUNT_OF(race.blocks));
        assert_heaps(arena->space, 0, 0);
    }
}

#define plain(test) cmocka_unit_test_setup_teardown(test, begin, end)
#define hardened(test)                                                                             \
    {                                                                                              \
        "hardened: " #test, test, begin_hardened, end, NULL                                        \
    }
#define checked(test)                                                                              \
    {                                                                                              \
        "checked: " #test, test, begin_checked, end, NULL                                          \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        plain(blocks_keep_their_contents_while_they_change_hands),
        checked(blocks_keep_their_contents_while_they_change_hands),
        hardened(blocks_keep_their_contents_while_they_change_hands),
        plain(trimming_looking_and_other_heaps_disturb_nothing),
        checked(trimming_looking_and_other_heaps_disturb_nothing),
        hardened(trimming_looking_and_other_heaps_disturb_nothing),
        plain(when_all_is_freed_only_spares_and_active_slabs_are_kept),
        checked(when_all_is_freed_only_spares_and_active_slabs_are_kept),
        hardened(when_all_is_freed_only_spares_and_active_slabs_are_kept),
        plain(of_all_that_free_a_block_at_once_one_wins),
        checked(of_all_that_free_a_block_at_once_one_wins),
        hardened(of_all_that_free_a_block_at_once_one_wins),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
