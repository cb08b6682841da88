/*
 * test_heap_harden.c: what HEAP_HARDEN promises (heap_harden.h). docs/SECURITY.md names these
 * tests.
 */
#include "heap_world.h"

#include "heap/check/heap_look.h"
#include "heap/heap_harden.h"
#include "heap/reuse/delayed_blocks.h"

struct fixture {
    struct world *world;
    struct heap_space space;
    struct heap *heap;
    unsigned told;
    struct heap_block damage; /* the last that was told */
};

static void note_damage(void *context, const struct heap_block *block)
{
    struct fixture *fixture = context;

    fixture->told++;
    fixture->damage = *block;
}

static int begin(void **state)
{
    struct fixture *fixture = zeroed(sizeof(struct fixture));
    struct heap_options options = {
        .flags = HEAP_HARDEN, .guard_above = SIZE_MAX, .damaged = note_damage, .context = fixture};

    begin_world((void **)&fixture->world);
    assert_true(heap_space_init(&fixture->space, &fixture->world->pages, &options));
    fixture->heap = heap_create(&fixture->space, false);
    assert_non_null(fixture->heap);
    *state = fixture;
    return 0;
}

static int end(void **state)
{
    struct fixture *fixture = *state;

    heap_destroy(fixture->heap, NULL, NULL);
    heap_space_destroy(&fixture->space);
    end_world((void **)&fixture->world);
    free(fixture);
    return 0;
}

static char *make(struct fixture *fixture, size_t size)
{
    void *memory = NULL;

    assert_int_equal(try_block(fixture->heap, size, NULL, 0, &memory), PAGES_OK);
    return memory;
}

static void free_block(struct fixture *fixture, char *block)
{
    assert_int_equal(heap_free(fixture->heap, block), PAGES_OK);
}

static void assert_zero(const char *block, size_t size)
{
    for (size_t i = 0; i < size; i++)
        assert_int_equal(block[i], 0);
}

/* ------------------------------------------------------------------------------------------------
 * Chance
 * --------------------------------------------------------------------------------------------- */

#define DRAWN 256u
#define SIZE ((size_t)48) /* 1,023 blocks a slab */

/* A sequence in the order of addresses is the rule where slots are not chosen. */
static void blocks_come_in_no_order(void **state)
{
    struct fixture *fixture = *state;
    unsigned rising = 0, next = 0;
    uintptr_t before = 0;

    for (unsigned i = 0; i < DRAWN; i++) {
        uintptr_t block = (uintptr_t)make(fixture, SIZE);

        rising += block > before;
        next += block == before + 64;
        before = block;
    }
    assert_in_range(rising, DRAWN / 4, DRAWN * 3 / 4);
    assert_in_range(next, 0, DRAWN / 16);
}

static void all_blocks_of_a_slab_are_found_by_chance_too(void **state)
{
    struct fixture *fixture = *state;
    static char *blocks[1023];

    for (unsigned i = 0; i < COUNT_OF(blocks); i++) {
        blocks[i] = make(fixture, SIZE);
        assert_int_equal((uintptr_t)blocks[i] / SLAB_SIZE, (uintptr_t)blocks[0] / SLAB_SIZE);
    }
    assert_int_equal(gauge_now(&fixture->heap->slab_bytes), SLAB_SIZE);
    for (unsigned i = 0; i < COUNT_OF(blocks); i++)
        free_block(fixture, blocks[i]);
}

static void each_manager_has_secrets_of_its_own(void **state)
{
    struct fixture *fixture = *state;
    void *other;
    const struct heap_secrets *secrets = &fixture->space.secrets;

    begin(&other);
    assert_true(secrets->margin != ((struct fixture *)other)->space.secrets.margin);
    assert_true(heap_random(&fixture->space.secrets) !=
                heap_random(&((struct fixture *)other)->space.secrets));
    for (size_t i = 0; i < sizeof(size_t); i++)
        assert_in_range(secrets->margin >> 8 * i & 0xff, 0x80, 0xfe);
    end(&other);
}

static void a_freed_block_is_not_the_next_one(void **state)
{
    struct fixture *fixture = *state;
    unsigned same = 0;

    for (unsigned i = 0; i < DRAWN; i++) {
        char *block = make(fixture, SIZE), *next;

        free_block(fixture, block);
        next = make(fixture, SIZE);
        same += next == block;
        free_block(fixture, next);
    }
    assert_in_range(same, 0, DRAWN / 16);
}

/* ------------------------------------------------------------------------------------------------
 * Zeros
 * --------------------------------------------------------------------------------------------- */

static const size_t sizes[] = {1, 48, 100, 1000, 32736};

static void a_freed_small_block_is_zero(void **state)
{
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        char *block = make(fixture, sizes[i]), *neighbour = make(fixture, sizes[i]);

        assert_zero(block, sizes[i]);
        memset(block, 1, sizes[i]);
        free_block(fixture, block);
        assert_zero(block, sizes[i]);
        free_block(fixture, neighbour);
    }
    assert_int_equal(fixture->told, 0);
}

static void a_block_that_is_not_zero_any_more_is_told_and_handed_out_as_zero(void **state)
{
    struct fixture *fixture = *state;
    static char *blocks[1023];
    char *victim = make(fixture, SIZE);
    unsigned count = 0;

    free_block(fixture, victim);
    victim[7] = 1;
    delayed_blocks_give(&fixture->space, NULL);
    do {
        assert_true(count < COUNT_OF(blocks));
        blocks[count] = make(fixture, SIZE);
        assert_zero(blocks[count], SIZE);
    } while (blocks[count++] != victim);
    assert_int_equal(fixture->told, 1);
    assert_int_equal(fixture->damage.damage_kind, HEAP_DAMAGE_FREED);
    assert_int_equal(fixture->damage.damage, (uintptr_t)victim + 7);
}

/* ------------------------------------------------------------------------------------------------
 * Overruns
 * --------------------------------------------------------------------------------------------- */

static void what_is_written_beyond_a_block_is_told(void **state)
{
    struct fixture *fixture = *state;
    unsigned times = 0;

    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        char *block = make(fixture, sizes[i]);

        block[sizes[i]]++;
        free_block(fixture, block);
        assert_int_equal(fixture->told, ++times);
        assert_int_equal(fixture->damage.damage_kind, HEAP_DAMAGE_BEHIND);
        block = make(fixture, sizes[i]);
        block[-1]++;
        free_block(fixture, block);
        assert_int_equal(fixture->told, ++times);
        assert_int_equal(fixture->damage.damage_kind, HEAP_DAMAGE_BEFORE);
    }
}

/* Whose slots come by chance, so that a neighbour may be handed out after the damage. */
static void what_was_written_before_a_neighbour_was_handed_out_is_told_of_its_block(void **state)
{
    struct fixture *fixture = *state;
    static char *blocks[1022];
    static bool used[1025]; /* the slot behind, and before */
    unsigned damaged = 0;

    for (unsigned i = 0; i < COUNT_OF(blocks); i++) {
        char *block = blocks[i] = make(fixture, SIZE);
        unsigned slot = (unsigned)((uintptr_t)block % SLAB_SIZE / 64) + 1;

        used[slot] = true;
        if (used[slot - 1])
            continue;
        block[-9]++; /* nearer to the block before, if there were one */
        damaged++;
        if (i % 2)
            heap_look_at(&fixture->space, (uintptr_t)block);
    }
    heap_look(&fixture->space, NULL);
    assert_int_equal(fixture->told, damaged);
    for (unsigned i = 0; i < COUNT_OF(blocks); i++)
        free_block(fixture, blocks[i]);
    assert_int_equal(fixture->told, damaged);
}

static void a_page_behind_each_slab_and_large_block_cannot_be_accessed(void **state)
{
    struct fixture *fixture = *state;
    char *large = make(fixture, 40000);

    assert_int_equal((uintptr_t)(large + 40000) % PAGE, 0 + 40000 % 16);
    assert_int_equal(system_at(large + 40000).state, OS_MEM_RESERVE);
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        uintptr_t slab = (uintptr_t)make(fixture, sizes[i]) / SLAB_SIZE * SLAB_SIZE;

        assert_int_equal(system_at((char *)slab + SLAB_SIZE - 1).state, OS_MEM_COMMIT);
        assert_int_equal(system_at((char *)slab + SLAB_SIZE).state, OS_MEM_RESERVE);
    }
    assert_exact(fixture->world);
}

/* ------------------------------------------------------------------------------------------------
 * Frees
 * --------------------------------------------------------------------------------------------- */

static void a_freed_large_block_has_no_pages_and_its_address_waits(void **state)
{
    struct fixture *fixture = *state;
    char *block = make(fixture, 40000);

    free_block(fixture, block);
    assert_int_equal(system_at(block).state, OS_MEM_RESERVE);
    assert_int_equal(system_at(block + 39999).state, OS_MEM_RESERVE);
    assert_exact(fixture->world);
    for (unsigned i = 0; i < FREED_PLACES; i++) {
        char *other = make(fixture, 40000);

        assert_ptr_not_equal(other, block);
        free_block(fixture, other);
    }
    assert_int_not_equal(system_at(block).allocation_base,
                         (uintptr_t)block / SLAB_SIZE * SLAB_SIZE);
    reclaim(&fixture->space);
    assert_books(fixture->world, 0, 0, 0);
}

static void address_space_that_goes_back_is_no_failure(void **state)
{
    struct fixture *fixture = *state;
    const _Atomic uint64_t *failures = &fixture->world->counters.calls[COUNTED_HEAP_PAGES].failures;
    uint64_t before = counter_read(failures), given;

    free_block(fixture, make(fixture, 40000));
    given = reclaim_given(&fixture->space);
    assert_int_equal(reclaim(&fixture->space), 0);
    assert_true(reclaim_given(&fixture->space) > given);
    assert_int_equal(counter_read(failures), before);
    assert_books(fixture->world, 0, 0, 0);
}

static void wrong_frees_are_refused_and_counted_by_reason(void **state)
{
    struct fixture *fixture = *state;
    const _Atomic uint64_t *refused = fixture->world->counters.refused_blocks;
    char *small = make(fixture, SIZE), *large = make(fixture, 40000);

    assert_int_equal(heap_free(fixture->heap, small + 16), PAGES_FOREIGN);
    assert_int_equal(heap_free(fixture->heap, large + 16), PAGES_FOREIGN);
    assert_int_equal(counter_read(&refused[BLOCK_REFUSED_INTERIOR]), 2);
    assert_int_equal(heap_free(fixture->heap, small + 1), PAGES_FOREIGN);
    assert_int_equal(counter_read(&refused[BLOCK_REFUSED_MISALIGNED]), 1);
    free_block(fixture, small);
    free_block(fixture, large);
    assert_int_equal(heap_free(fixture->heap, small), PAGES_FOREIGN);
    assert_int_equal(heap_free(fixture->heap, large), PAGES_FOREIGN);
    assert_int_equal(counter_read(&refused[BLOCK_REFUSED_FREED]), 2);
    assert_int_equal(heap_free(fixture->heap, &small), PAGES_FOREIGN);
    assert_int_equal(counter_read(&refused[BLOCK_REFUSED_FOREIGN]), 1);
}

#define hardened(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        hardened(blocks_come_in_no_order),
        hardened(all_blocks_of_a_slab_are_found_by_chance_too),
        hardened(each_manager_has_secrets_of_its_own),
        hardened(a_freed_block_is_not_the_next_one),
        hardened(a_freed_small_block_is_zero),
        hardened(a_block_that_is_not_zero_any_more_is_told_and_handed_out_as_zero),
        hardened(what_is_written_beyond_a_block_is_told),
        hardened(what_was_written_before_a_neighbour_was_handed_out_is_told_of_its_block),
        hardened(a_page_behind_each_slab_and_large_block_cannot_be_accessed),
        hardened(a_freed_large_block_has_no_pages_and_its_address_waits),
        hardened(address_space_that_goes_back_is_no_failure),
        hardened(wrong_frees_are_refused_and_counted_by_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
