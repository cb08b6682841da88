/*
 * test_damaged_blocks.c: threads that find damaged blocks note them for the report
 * (src/run/snapshot/damaged_blocks.h). Notes are never removed, so the tests build on each other.
 */
#include "support.h"

#include "run/snapshot/damaged_blocks.h"

enum {
    THREADS = 8,
    FOUND_BY_EACH = 1000
};

static HOSTMEM_DAMAGE kept[DAMAGED_BLOCKS_KEPT];

static void note(DWORD thread, uintptr_t number)
{
    const HOSTMEM_DAMAGE damage = {.Block = {.Size = number, .ThreadId = thread},
                                   .Address = (void *)number,
                                   .FreedBy = thread};

    damaged_blocks_note(NULL, &damage);
}

static void none_are_kept_at_first(void **state)
{
    (void)state;
    assert_figure(damaged_blocks_copy(kept), 0);
}

static void what_is_noted_is_kept_in_order(void **state)
{
    (void)state;
    note(7, 1);
    note(7, 2);
    assert_figure(damaged_blocks_copy(kept), 2);
    assert_address(kept[0].Address, 1);
    assert_address(kept[1].Address, 2);
    assert_figure(kept[1].FreedBy, 7);
}

static DWORD WINAPI find_damage(void *context)
{
    DWORD thread = *(const DWORD *)context;

    for (uintptr_t i = 0; i < FOUND_BY_EACH; i++)
        note(thread, thread * FOUND_BY_EACH + i);
    return 0;
}

static void the_first_of_many_threads_are_kept_whole(void **state)
{
    DWORD numbers[THREADS];
    struct threads threads;

    (void)state;
    for (DWORD i = 0; i < THREADS; i++)
        numbers[i] = 10 + i;
    threads_start(&threads, THREADS, find_damage, numbers, sizeof(numbers[0]));
    threads_join(&threads);
    assert_figure(damaged_blocks_copy(kept), DAMAGED_BLOCKS_KEPT);
    assert_address(kept[0].Address, 1);
    for (int i = 2; i < DAMAGED_BLOCKS_KEPT; i++) {
        assert_figure(kept[i].Block.Size, (uintptr_t)kept[i].Address);
        assert_figure(kept[i].Block.Size / FOUND_BY_EACH, kept[i].FreedBy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(none_are_kept_at_first),
        cmocka_unit_test(what_is_noted_is_kept_in_order),
        cmocka_unit_test(the_first_of_many_threads_are_kept_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
