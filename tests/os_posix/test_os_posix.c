/*
 * test_os_posix.c: os.h on Linux keeps Win32's rules for reserving and committing, on which every
 * native test relies.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "os_posix/os_posix_requests.h"

#include <stdio.h>

/* ------------------------------------------------------------------------------------------------
 * Reserving
 * --------------------------------------------------------------------------------------------- */

static void a_reservation_begins_at_a_granule(void **state)
{
    char *first = reserve(PAGE);
    char *second = reserve(PAGE);

    (void)state;
    assert_int_equal((uintptr_t)first % GRANULE, 0);
    assert_int_equal((uintptr_t)second % GRANULE, 0);
    assert_int_not_equal((uintptr_t)first / GRANULE, (uintptr_t)second / GRANULE);
    release(first);
    release(second);
}

static void a_reservation_is_of_whole_pages(void **state)
{
    char *memory = reserve(3 * PAGE + 1);

    (void)state;
    assert_run(memory, 4 * PAGE, OS_MEM_RESERVE, 0);
    assert_free(memory + 4 * PAGE);
    release(memory);
}

static void a_reservation_cannot_be_accessed(void **state)
{
    char *memory = reserve(GRANULE);

    (void)state;
    assert_false(can_read(memory));
    assert_false(can_write(memory + GRANULE - 1));
    release(memory);
}

static void a_reservation_at_an_address_begins_at_its_granule(void **state)
{
    char *granule = reserve(4 * GRANULE);
    char *memory;

    (void)state;
    release(granule);
    memory = alloc(granule + PAGE + 1, GRANULE, OS_MEM_RESERVE);
    assert_ptr_equal(memory, granule);
    assert_run(memory, GRANULE + 2 * PAGE, OS_MEM_RESERVE, 0);
    release(memory);
}

static void reserve_and_commit_at_an_address_commits_from_its_granule(void **state)
{
    char *granule = reserve(4 * GRANULE);
    char *memory;

    (void)state;
    release(granule);
    memory = alloc(granule + 3 * PAGE, PAGE, RESERVE_COMMIT);
    assert_ptr_equal(memory, granule);
    assert_run(memory, 4 * PAGE, OS_MEM_COMMIT, OS_PAGE_READWRITE);
    assert_true(can_write(memory));
    release(memory);
}

static void a_taken_address_is_refused(void **state)
{
    char *memory = reserve(2 * GRANULE);

    (void)state;
    assert_int_equal(alloc_error(memory, PAGE, OS_MEM_RESERVE, OS_PAGE_READWRITE), BAD_ADDRESS);
    assert_int_equal(alloc_error(memory + GRANULE, PAGE, RESERVE_COMMIT, OS_PAGE_READWRITE),
                     BAD_ADDRESS);
    assert_run(memory, 2 * GRANULE, OS_MEM_RESERVE, 0);
    release(memory);
}

static void a_range_that_ends_in_a_reservation_is_refused(void **state)
{
    char *granules = reserve(4 * GRANULE);
    char *memory;

    (void)state;
    release(granules);
    memory = alloc(granules + 2 * GRANULE, PAGE, OS_MEM_RESERVE);
    assert_int_equal(alloc_error(granules, 2 * GRANULE + 1, OS_MEM_RESERVE, OS_PAGE_READWRITE),
                     BAD_ADDRESS);
    assert_free(granules);
    release(memory);
}

static void the_rest_of_a_granule_is_nobodys(void **state)
{
    char *memory = reserve(PAGE);

    (void)state;
    assert_free(memory + PAGE);
    assert_int_equal(alloc_error(memory + PAGE, PAGE, OS_MEM_RESERVE, OS_PAGE_READWRITE),
                     BAD_ADDRESS);
    release(memory);
}

static void an_address_of_someone_else_is_refused(void **state)
{
    char *foreign = mmap(NULL, 4 * GRANULE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void)state;
    assert_ptr_not_equal(foreign, MAP_FAILED);
    assert_int_equal(alloc_error(foreign + GRANULE, PAGE, RESERVE_COMMIT, OS_PAGE_READWRITE),
                     BAD_ADDRESS);
    assert_true(can_read(foreign + GRANULE));
    munmap(foreign, 4 * GRANULE);
}

static void any_free_address_can_be_reserved(void **state)
{
    char *wanted = address_outside_the_arena(16 * GRANULE);
    char *memory = alloc(wanted, 16 * GRANULE, OS_MEM_RESERVE);

    (void)state;
    assert_ptr_equal(memory, wanted);
    assert_false(can_read(memory));
    alloc(memory + GRANULE, PAGE, OS_MEM_COMMIT);
    assert_true(can_write(memory + GRANULE));
    assert_int_equal(alloc_error(memory, PAGE, OS_MEM_RESERVE, OS_PAGE_READWRITE), BAD_ADDRESS);
    release(memory);
    assert_free(memory);
    assert_false(can_read(memory + GRANULE));
    assert_ptr_equal(alloc(wanted, GRANULE, OS_MEM_RESERVE), wanted);
    release(wanted);
}

static void addresses_below_64_kib_are_refused(void **state)
{
    (void)state;
    assert_int_equal(alloc_error((void *)PAGE, PAGE, OS_MEM_RESERVE, OS_PAGE_READWRITE),
                     BAD_PARAMETER);
    assert_int_equal(alloc_error((void *)PAGE, PAGE, OS_MEM_COMMIT, OS_PAGE_READWRITE),
                     BAD_PARAMETER);
}

static void addresses_beyond_the_address_space_are_refused(void **state)
{
    void *limit = (void *)OS_ADDRESS_LIMIT;
    void *last = (void *)(OS_ADDRESS_LIMIT - GRANULE);
    void *kernel = (void *)(UINTPTR_MAX - GRANULE + 1);

    (void)state;
    assert_int_equal(alloc_error(limit, PAGE, OS_MEM_RESERVE, OS_PAGE_READWRITE), BAD_PARAMETER);
    assert_int_equal(alloc_error(last, GRANULE + 1, OS_MEM_RESERVE, OS_PAGE_READWRITE),
                     BAD_PARAMETER);
    assert_int_equal(alloc_error(kernel, PAGE, OS_MEM_COMMIT, OS_PAGE_READWRITE), BAD_PARAMETER);
    assert_int_equal(os_free(kernel, PAGE, OS_MEM_DECOMMIT), BAD_PARAMETER);
    assert_int_equal(os_free(kernel, 0, OS_MEM_RELEASE), BAD_PARAMETER);
}

static void no_bytes_cannot_be_had(void **state)
{
    char *memory = reserve(PAGE);

    (void)state;
    assert_int_equal(alloc_error(NULL, 0, OS_MEM_RESERVE, OS_PAGE_READWRITE), BAD_PARAMETER);
    assert_int_equal(alloc_error(memory, 0, OS_MEM_COMMIT, OS_PAGE_READWRITE), BAD_PARAMETER);
    release(memory);
}

static void a_size_that_wraps_around_is_refused(void **state)
{
    char *memory = reserve(GRANULE);

    (void)state;
    assert_int_equal(alloc_error(NULL, SIZE_MAX, OS_MEM_RESERVE, OS_PAGE_READWRITE), BAD_PARAMETER);
    assert_int_equal(alloc_error(memory, SIZE_MAX, OS_MEM_COMMIT, OS_PAGE_READWRITE),
                     BAD_PARAMETER);
    assert_int_equal(alloc_error(memory, SIZE_MAX - PAGE, OS_MEM_RESERVE, OS_PAGE_READWRITE),
                     BAD_PARAMETER);
    assert_int_equal(os_free(memory, SIZE_MAX, OS_MEM_DECOMMIT), BAD_PARAMETER);
    assert_run(memory, GRANULE, OS_MEM_RESERVE, 0);
    release(memory);
}

static void more_than_there_is_room_for_is_out_of_memory(void **state)
{
    (void)state;
    assert_int_equal(
        alloc_error(NULL, OS_ADDRESS_LIMIT - GRANULE, OS_MEM_RESERVE, OS_PAGE_READWRITE),
        NO_MEMORY);
}

static void a_reservation_of_256_gib_can_be_used_at_both_ends(void **state)
{
    size_t size = 256 * GIB;
    char *memory = reserve(size);

    (void)state;
    assert_run(memory, size, OS_MEM_RESERVE, 0);
    *alloc(memory, PAGE, OS_MEM_COMMIT) = 1;
    *alloc(memory + size - PAGE, PAGE, OS_MEM_COMMIT) = 2;
    assert_run(memory + PAGE, size - 2 * PAGE, OS_MEM_RESERVE, 0);
    assert_run(memory + size - PAGE, PAGE, OS_MEM_COMMIT, OS_PAGE_READWRITE);
    release(memory);
    assert_false(can_read(memory));
    assert_false(can_read(memory + size - PAGE));
}

/* The memory that the process has in use, in bytes. */
static size_t resident(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    size_t pages = 0;

    assert_non_null(file);
    assert_int_equal(fscanf(file, "%*u %zu", &pages), 1);
    fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static void reserving_256_gib_takes_no_memory(void **state)
{
    size_t before = resident();

    (void)state;
    for (int i = 0; i < 1000; i++) {
        char *memory = reserve(256 * GIB);

        if (i % 100 == 0)
            assert_true(resident() < before + ((size_t)16 << 20));
        release(memory);
    }
    assert_true(resident() < before + ((size_t)16 << 20));
}

static void an_address_comes_back_once_it_is_released(void **state)
{
    char *below = reserve(GRANULE);
    char *memory = reserve(GRANULE);
    char *above = reserve(GRANULE);

    (void)state;
    release(memory);
    assert_ptr_equal(reserve(GRANULE), memory);
    release(below);
    release(memory);
    release(above);
}

static void the_lowest_address_that_fits_is_handed_out(void **state)
{
    char *first = reserve(GRANULE);
    char *second = reserve(2 * GRANULE);
    char *third = reserve(GRANULE);

    (void)state;
    release(second);
    release(first);
    assert_ptr_equal(reserve(PAGE), first);
    assert_ptr_equal(reserve(PAGE), second);
    release(first);
    release(second);
    release(third);
}

static void a_hole_is_filled_only_by_what_fits(void **state)
{
    char *granules[5];
    char *larger;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(granules); i++)
        granules[i] = reserve(GRANULE);
    release(granules[1]);
    release(granules[3]);
    larger = reserve(GRANULE + 1);
    assert_true(larger > granules[4] || larger + 2 * GRANULE <= granules[0]);
    assert_ptr_equal(reserve(GRANULE), granules[1]);
    assert_ptr_equal(reserve(PAGE), granules[3]);
    release(larger);
    for (size_t i = 0; i < COUNT_OF(granules); i++)
        release(granules[i]);
}

static void top_down_and_write_watch_reserve_as_well(void **state)
{
    char *top = alloc(NULL, GRANULE, OS_MEM_RESERVE | OS_MEM_TOP_DOWN);
    char *watched = alloc(NULL, GRANULE, RESERVE_COMMIT | OS_MEM_WRITE_WATCH);

    (void)state;
    assert_run(top, GRANULE, OS_MEM_RESERVE, 0);
    assert_run(watched, GRANULE, OS_MEM_COMMIT, OS_PAGE_READWRITE);
    release(top);
    release(watched);
}

static void a_write_watch_without_a_reservation_is_refused(void **state)
{
    char *memory = reserve(GRANULE);
    uint32_t type = OS_MEM_COMMIT | OS_MEM_WRITE_WATCH;

    (void)state;
    assert_int_equal(alloc_error(memory, PAGE, type, OS_PAGE_READWRITE), BAD_PARAMETER);
    assert_int_equal(alloc_error(NULL, PAGE, type, OS_PAGE_READWRITE), BAD_PARAMETER);
    release(memory);
}

static void a_type_without_an_action_or_with_an_unknown_one_is_refused(void **state)
{
    static const uint32_t types[] = {0,
                                     OS_MEM_TOP_DOWN,
                                     OS_MEM_COMMIT | OS_MEM_DECOMMIT,
                                     OS_MEM_RESERVE | OS_MEM_RELEASE,
                                     OS_MEM_COMMIT | OS_MEM_FREE,
                                     OS_MEM_RESERVE | OS_MEM_RESET,
                                     OS_MEM_COMMIT | OS_MEM_RESET_UNDO,
                                     OS_MEM_RESET | OS_MEM_RESET_UNDO,
                                     OS_MEM_RESET | OS_MEM_TOP_DOWN};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(types); i++)
        assert_int_equal(alloc_error(NULL, PAGE, types[i], OS_PAGE_READWRITE), BAD_PARAMETER);
}

/* ------------------------------------------------------------------------------------------------
 * Committing
 * --------------------------------------------------------------------------------------------- */

static void a_commit_at_null_reserves_too(void **state)
{
    char *memory = alloc(NULL, PAGE + 1, OS_MEM_COMMIT);

    (void)state;
    assert_int_equal((uintptr_t)memory % GRANULE, 0);
    assert_run(memory, 2 * PAGE, OS_MEM_COMMIT, OS_PAGE_READWRITE);
    release(memory);
}

static void a_commit_takes_every_page_that_it_touches(void **state)
{
    char *memory = reserve(GRANULE);

    (void)state;
    assert_ptr_equal(alloc(memory + 2 * PAGE - 1, 2, OS_MEM_COMMIT), memory + PAGE);
    assert_run(memory, PAGE, OS_MEM_RESERVE, 0);
    assert_run(memory + PAGE, 2 * PAGE, OS_MEM_COMMIT, OS_PAGE_READWRITE);
    assert_run(memory + 3 * PAGE, GRANULE - 3 * PAGE, OS_MEM_RESERVE, 0);
    release(memory);
}

static void committed_pages_are_zero(void **state)
{
    char *memory = reserve(4 * GRANULE);

    (void)state;
    alloc(memory + GRANULE, 2 * GRANULE, OS_MEM_COMMIT);
    assert_true(is_zero(memory + GRANULE, 2 * GRANULE));
    memset(memory + GRANULE, 1, 2 * GRANULE);
    release(memory);
    assert_ptr_equal(alloc(NULL, 4 * GRANULE, RESERVE_COMMIT), memory);
    assert_true(is_zero(memory, 4 * GRANULE));
    release(memory);
}

static void a_commit_of_committed_pages_keeps_their_contents(void **state)
{
    char *memory = alloc(NULL, GRANULE, RESERVE_COMMIT);

    (void)state;
    memset(memory, 7, GRANULE);
    alloc(memory, GRANULE, OS_MEM_COMMIT);
    assert_int_equal(memory[0], 7);
    assert_int_equal(memory[GRANULE - 1], 7);
    release(memory);
}

static void a_commit_of_committed_pages_sets_their_protection(void **state)
{
    char *memory = alloc(NULL, GRANULE, RESERVE_COMMIT);
    char *again;

    (void)state;
    assert_int_equal(alloc_as(memory + PAGE, PAGE, OS_MEM_COMMIT, OS_PAGE_READONLY, &again), OK);
    assert_run(memory, PAGE, OS_MEM_COMMIT, OS_PAGE_READWRITE);
    assert_run(memory + PAGE, PAGE, OS_MEM_COMMIT, OS_PAGE_READONLY);
    assert_true(can_read(memory + PAGE));
    assert_false(can_write(memory + PAGE));
    release(memory);
}

static void a_commit_beyond_the_reservation_is_refused(void **state)
{
    char *memory = reserve(GRANULE);
    char *neighbour = reserve(GRANULE);

    (void)state;
    assert_int_equal(
        alloc_error(memory + GRANULE - PAGE, PAGE + 1, OS_MEM_COMMIT, OS_PAGE_READWRITE),
        BAD_ADDRESS);
    assert_run(memory, GRANULE, OS_MEM_RESERVE, 0);
    assert_run(neighbour, GRANULE, OS_MEM_RESERVE, 0);
    release(memory);
    release(neighbour);
}

static void a_commit_of_free_addresses_is_refused(void **state)
{
    char *memory = reserve(GRANULE);

    (void)state;
    release(memory);
    assert_int_equal(alloc_error(memory, PAGE, OS_MEM_COMMIT, OS_PAGE_READWRITE), BAD_ADDRESS);
}

static void each_protection_is_that_of_the_memory(void **state)
{
    static const struct {
        uint32_t protect;
        bool read;
        bool write;
    } cases[] = {
        {OS_PAGE_NOACCESS, false, false},
        {OS_PAGE_READONLY, true, false},
        {OS_PAGE_READWRITE, true, true},
        {OS_PAGE_EXECUTE_READ, true, false},
        {OS_PAGE_EXECUTE_READWRITE, true, true},
        {OS_PAGE_READWRITE | OS_PAGE_NOCACHE, true, true},
        {OS_PAGE_READWRITE | OS_PAGE_WRITECOMBINE, true, true},
        {OS_PAGE_READWRITE | OS_PAGE_GUARD, false, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *memory;

        assert_int_equal(alloc_as(NULL, PAGE, OS_MEM_COMMIT, cases[i].protect, &memory), OK);
        assert_run(memory, PAGE, OS_MEM_COMMIT, cases[i].protect);
        assert_int_equal(can_read(memory), cases[i].read);
        assert_int_equal(can_write(memory), cases[i].write);
        release(memory);
    }
}

static void a_protection_that_private_memory_cannot_have_is_refused(void **state)
{
    static const uint32_t protections[] = {0,
                                           OS_PAGE_READONLY | OS_PAGE_READWRITE,
                                           OS_PAGE_READWRITE | OS_PAGE_EXECUTE,
                                           OS_PAGE_WRITECOPY,
                                           OS_PAGE_EXECUTE_WRITECOPY,
                                           OS_PAGE_GUARD,
                                           OS_PAGE_NOACCESS | OS_PAGE_GUARD,
                                           OS_PAGE_NOACCESS | OS_PAGE_NOCACHE,
                                           OS_PAGE_READWRITE | OS_PAGE_GUARD | OS_PAGE_NOCACHE,
                                           OS_PAGE_READWRITE | 0x800};
    char *memory = alloc(NULL, PAGE, OS_MEM_COMMIT);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(protections); i++) {
        uint32_t old;

        assert_int_equal(alloc_error(NULL, PAGE, OS_MEM_RESERVE, protections[i]), BAD_PARAMETER);
        assert_int_equal(alloc_error(memory, PAGE, OS_MEM_COMMIT, protections[i]), BAD_PARAMETER);
        assert_int_equal(os_protect(memory, PAGE, protections[i], &old), BAD_PARAMETER);
    }
    assert_run(memory, PAGE, OS_MEM_COMMIT, OS_PAGE_READWRITE);
    release(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reservation_begins_at_a_granule),
        cmocka_unit_test(a_reservation_is_of_whole_pages),
        cmocka_unit_test(a_reservation_cannot_be_accessed),
        cmocka_unit_test(a_reservation_at_an_address_begins_at_its_granule),
        cmocka_unit_test(reserve_and_commit_at_an_address_commits_from_its_granule),
        cmocka_unit_test(a_taken_address_is_refused),
        cmocka_unit_test(a_range_that_ends_in_a_reservation_is_refused),
        cmocka_unit_test(the_rest_of_a_granule_is_nobodys),
        cmocka_unit_test(an_address_of_someone_else_is_refused),
        cmocka_unit_test(any_free_address_can_be_reserved),
        cmocka_unit_test(addresses_below_64_kib_are_refused),
        cmocka_unit_test(addresses_beyond_the_address_space_are_refused),
        cmocka_unit_test(no_bytes_cannot_be_had),
        cmocka_unit_test(a_size_that_wraps_around_is_refused),
        cmocka_unit_test(more_than_there_is_room_for_is_out_of_memory),
        cmocka_unit_test(a_reservation_of_256_gib_can_be_used_at_both_ends),
        cmocka_unit_test(reserving_256_gib_takes_no_memory),
        cmocka_unit_test(an_address_comes_back_once_it_is_released),
        cmocka_unit_test(the_lowest_address_that_fits_is_handed_out),
        cmocka_unit_test(a_hole_is_filled_only_by_what_fits),
        cmocka_unit_test(top_down_and_write_watch_reserve_as_well),
        cmocka_unit_test(a_write_watch_without_a_reservation_is_refused),
        cmocka_unit_test(a_type_without_an_action_or_with_an_unknown_one_is_refused),
        cmocka_unit_test(a_commit_at_null_reserves_too),
        cmocka_unit_test(a_commit_takes_every_page_that_it_touches),
        cmocka_unit_test(committed_pages_are_zero),
        cmocka_unit_test(a_commit_of_committed_pages_keeps_their_contents),
        cmocka_unit_test(a_commit_of_committed_pages_sets_their_protection),
        cmocka_unit_test(a_commit_beyond_the_reservation_is_refused),
        cmocka_unit_test(a_commit_of_free_addresses_is_refused),
        cmocka_unit_test(each_protection_is_that_of_the_memory),
        cmocka_unit_test(a_protection_that_private_memory_cannot_have_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
