/*
 * test_heap_check_threads.c: threads that write beyond their blocks while others look for damage:
 * each damaged block is told once, with its own size, and no other is told.
 */
#include "heap_world.h"

#include "heap/check/heap_look.h"

#define OWNERS 4u
#define ROUNDS (is_long_form() ? 20000 : 2000)
#define HELD 16

struct arena {
    struct world *world;
    struct heap_space space;
    struct heap *heap;
    bool before; /* blocks are written to before their beginning, not behind their end */
    bool guarded;
    _Atomic unsigned working;
    _Atomic uint64_t damaged;
    _Atomic uint64_t told;
    _Atomic uint64_t wrong;
};

static void note_damage(void *context, const struct heap_block *block)
{
    struct arena *arena = context;
    uintptr_t expected = arena->before ? block->address - 1 : block->address + block->size;

    atomic_fetch_add(&arena->told, 1);
    /* Even sizes only are written beyond. */
    if (block->damage != expected || block->size % 2 != 0)
        atomic_fetch_add(&arena->wrong, 1);
}

static size_t some_size(struct chance *chance)
{
    return chance_below(chance, 8) ? chance_below(chance, 3000)
                                   : 30000 + chance_below(chance, 9000);
}

/* Returns the block's size now. */
static size_t shrink(struct arena *arena, void *block, size_t size)
{
    size_t now = size / 2;

    if (!heap_shrink(arena->heap, block, now))
        return size;
    /* The size that is told of a small block may be larger: the smallest of its class. */
    if (!heap_size_of(arena->heap, block, &now))
        atomic_fetch_add(&arena->wrong, 1);
    memset(block, 3, now);
    return now;
}

static void own(struct arena *arena, unsigned number)
{
    struct chance chance = {number + 1};
    char *held[HELD] = {NULL};

    for (int i = 0; i < ROUNDS; i++) {
        char **block = &held[chance_below(&chance, HELD)];
        size_t size = some_size(&chance);
        void *memory = NULL;

        if (*block && heap_free(arena->heap, *block))
            atomic_fetch_add(&arena->wrong, 1);
        *block = NULL;
        if (try_block(arena->heap, size, NULL, 0, &memory)) {
            atomic_fetch_add(&arena->wrong, 1);
            continue;
        }
        *block = memory;
        memset(memory, (int)number, size);
        if (chance_below(&chance, 4) == 0)
            size = shrink(arena, memory, size);
        /* Behind others of a hardened heap there may be a guard page at once. */
        if (size % 2 == 0 && (arena->before || size % BLOCK_ALIGNMENT || !arena->guarded)) {
            (*block)[arena->before ? -1 : (ptrdiff_t)size] = 7;
            atomic_fetch_add(&arena->damaged, 1);
        }
    }
    for (int i = 0; i < HELD; i++)
        heap_free(arena->heap, held[i]);
    atomic_fetch_sub(&arena->working, 1);
}

static void act(void *context, unsigned number)
{
    struct arena *arena = context;

    if (number < OWNERS) {
        own(arena, number);
        return;
    }
    while (atomic_load(&arena->working)) {
        heap_look(&arena->space, NULL);
        reclaim(&arena->space);
    }
}

static void race(uint32_t flags, bool before)
{
    struct arena *arena = zeroed(sizeof(struct arena));
    struct heap_options options = {
        .flags = flags, .guard_above = SIZE_MAX, .damaged = note_damage, .context = arena};

    begin_world((void **)&arena->world);
    assert_true(heap_space_init(&arena->space, &arena->world->pages, &options));
    arena->heap = heap_create(&arena->space, false);
    arena->before = before;
    arena->guarded = (flags & HEAP_HARDEN) != 0;
    atomic_store(&arena->working, OWNERS);
    crew_run(act, arena, OWNERS + 2);
    heap_destroy(arena->heap, NULL, NULL);
    assert_int_equal(atomic_load(&arena->wrong), 0);
    assert_int_equal(atomic_load(&arena->told), atomic_load(&arena->damaged));
    assert_books(arena->world, 0, 0, 0);
    heap_space_destroy(&arena->space);
    end_world((void **)&arena->world);
    free(arena);
}

#define EVERYTHING (HEAP_FILL_ON_ALLOC | HEAP_FILL_ON_FREE | HEAP_DELAY_REUSE)

static void each_overrun_is_told_once(void **state)
{
    (void)state;
    race(HEAP_FILL_ON_ALLOC, false);
    race(EVERYTHING, false);
    race(HEAP_HARDEN, false);
}

static void each_underrun_is_told_once(void **state)
{
    (void)state;
    race(HEAP_FILL_ON_ALLOC, true);
    race(EVERYTHING, true);
    race(HEAP_HARDEN, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_overrun_is_told_once),
        cmocka_unit_test(each_underrun_is_told_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
