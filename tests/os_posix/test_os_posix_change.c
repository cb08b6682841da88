/*
 * test_os_posix_change.c: os.h on Linux keeps Win32's rules for resetting, decommitting, releasing
 * and protecting memory.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "os_posix/os_posix_requests.h"

/* ------------------------------------------------------------------------------------------------
 * Resetting
 * --------------------------------------------------------------------------------------------- */

static void a_reset_changes_no_state(void **state)
{
    char *memory = alloc(NULL, GRANULE, RESERVE_COMMIT);

    (void)state;
    assert_ptr_equal(alloc(memory + PAGE + 1, PAGE, OS_MEM_RESET), memory + PAGE);
    assert_ptr_equal(alloc(memory + PAGE + 1, PAGE, OS_MEM_RESET_UNDO), memory + PAGE);
    assert_run(memory, GRANULE, OS_MEM_COMMIT, OS_PAGE_READWRITE);
    release(memory);
}

static void a_reset_that_is_undone_loses_nothing(void **state)
{
    char *memory = alloc(NULL, GRANULE, RESERVE_COMMIT);

    (void)state;
    memset(memory, 9, GRANULE);
    alloc(memory, GRANULE, OS_MEM_RESET);
    alloc(memory, GRANULE, OS_MEM_RESET_UNDO);
    assert_int_equal(memory[0], 9);
    assert_int_equal(memory[GRANULE - 1], 9);
    release(memory);
}

static void a_reset_beyond_the_reservation_is_refused(void **state)
{
    char *memory = alloc(NULL, GRANULE, RESERVE_COMMIT);

    (void)state;
    assert_int_equal(alloc_error(memory, GRANULE + 1, OS_MEM_RESET, OS_PAGE_READWRITE),
                     BAD_ADDRESS);
    release(memory);
    assert_int_equal(alloc_error(memory, PAGE, OS_MEM_RESET, OS_PAGE_READWRITE), BAD_ADDRESS);
}

static void a_reset_at_null_reserves(void **state)
{
    char *memory = alloc(NULL, PAGE, OS_MEM_RESET);

    (void)state;
    assert_run(memory, PAGE, OS_MEM_RESERVE, 0);
    release(memory);
}

/* ------------------------------------------------------------------------------------------------
 * Decommitting
 * --------------------------------------------------------------------------------------------- */

static void a_decommit_takes_every_page_that_it_touches(void **state)
{
    char *memory = alloc(NULL, GRANULE, RESERVE_COMMIT);

    (void)state;
    assert_int_equal(os_free(memory + 2 * PAGE - 1, 2, OS_MEM_DECOMMIT), OK);
    assert_run(memory, PAGE, OS_MEM_COMMIT, OS_PAGE_READWRITE);
    assert_run(memory + PAGE, 2 * PAGE, OS_MEM_RESERVE, 0);
    assert_run(memory + 3 * PAGE, GRANULE - 3 * PAGE, OS_MEM_COMMIT, OS_PAGE_READWRITE);
    assert_false(can_read(memory + PAGE));
    release(memory);
}

static void decommitted_pages_are_zero_when_committed_again(void **state)
{
    char *memory = alloc(NULL, GRANULE, RESERVE_COMMIT);

    (void)state;
    memset(memory, 5, GRANULE);
    assert_int_equal(os_free(memory + PAGE, 2 * PAGE, OS_MEM_DECOMMIT), OK);
    alloc(memory, GRANULE, OS_MEM_COMMIT);
    assert_int_equal(memory[PAGE - 1], 5);
    assert_true(is_zero(memory + PAGE, 2 * PAGE));
    assert_int_equal(memory[3 * PAGE], 5);
    release(memory);
}

static void a_decommit_of_size_0_at_the_base_takes_everything(void **state)
{
    char *memory = reserve(4 * GRANULE);

    (void)state;
    alloc(memory, PAGE, OS_MEM_COMMIT);
    alloc(memory + 3 * GRANULE, PAGE, OS_MEM_COMMIT);
    assert_int_equal(os_free(memory + 1, 0, OS_MEM_DECOMMIT), OK);
    assert_run(memory, 4 * GRANULE, OS_MEM_RESERVE, 0);
    release(memory);
}

static void a_decommit_of_size_0_elsewhere_is_refused(void **state)
{
    char *memory = alloc(NULL, 2 * GRANULE, RESERVE_COMMIT);

    (void)state;
    assert_int_equal(os_free(memory + PAGE, 0, OS_MEM_DECOMMIT), BAD_ADDRESS);
    assert_int_equal(os_free(memory + GRANULE, 0, OS_MEM_DECOMMIT), BAD_ADDRESS);
    assert_run(memory, 2 * GRANULE, OS_MEM_COMMIT, OS_PAGE_READWRITE);
    release(memory);
}

static void a_decommit_of_pages_that_are_not_committed_is_fine(void **state)
{
    char *memory = reserve(GRANULE);

    (void)state;
    assert_int_equal(os_free(memory, GRANULE, OS_MEM_DECOMMIT), OK);
    assert_run(memory, GRANULE, OS_MEM_RESERVE, 0);
    release(memory);
}

static void a_decommit_beyond_the_reservation_is_refused(void **state)
{
    char *memory = alloc(NULL, GRANULE, RESERVE_COMMIT);
    char *neighbour = alloc(NULL, GRANULE, RESERVE_COMMIT);

    (void)state;
    assert_int_equal(os_free(memory, GRANULE + 1, OS_MEM_DECOMMIT), BAD_PARAMETER);
    assert_run(memory, GRANULE, OS_MEM_COMMIT, OS_PAGE_READWRITE);
    assert_run(neighbour, GRANULE, OS_MEM_COMMIT, OS_PAGE_READWRITE);
    release(memory);
    release(neighbour);
}

static void a_decommit_of_free_addresses_is_refused(void **state)
{
    char *memory = reserve(GRANULE);

    (void)state;
    release(memory);
    assert_int_equal(os_free(memory, PAGE, OS_MEM_DECOMMIT), BAD_ADDRESS);
    assert_int_equal(os_free(NULL, PAGE, OS_MEM_DECOMMIT), BAD_ADDRESS);
}

/* ------------------------------------------------------------------------------------------------
 * Releasing
 * --------------------------------------------------------------------------------------------- */

static void a_release_frees_the_whole_reservation(void **state)
{
    char *memory = reserve(4 * GRANULE);

    (void)state;
    alloc(memory + GRANULE, PAGE, OS_MEM_COMMIT);
    release(memory);
    assert_true(query(memory).region_size >= 4 * GRANULE);
    assert_free(memory);
    assert_false(can_read(memory + GRANULE));
}

static void a_release_may_name_any_byte_of_the_first_page(void **state)
{
    char *memory = reserve(GRANULE);

    (void)state;
    assert_int_equal(os_free(memory + PAGE - 1, 0, OS_MEM_RELEASE), OK);
    assert_free(memory);
}

static void a_release_within_a_reservation_is_refused(void **state)
{
    char *memory = reserve(2 * GRANULE);

    (void)state;
    assert_int_equal(os_free(memory + PAGE, 0, OS_MEM_RELEASE), BAD_ADDRESS);
    assert_int_equal(os_free(memory + GRANULE, 0, OS_MEM_RELEASE), BAD_ADDRESS);
    assert_run(memory, 2 * GRANULE, OS_MEM_RESERVE, 0);
    release(memory);
}

static void a_release_with_a_size_is_refused(void **state)
{
    char *memory = reserve(GRANULE);

    (void)state;
    assert_int_equal(os_free(memory, GRANULE, OS_MEM_RELEASE), BAD_PARAMETER);
    assert_run(memory, GRANULE, OS_MEM_RESERVE, 0);
    release(memory);
}

static void a_second_release_is_refused(void **state)
{
    char *memory = reserve(GRANULE);

    (void)state;
    release(memory);
    assert_int_equal(os_free(memory, 0, OS_MEM_RELEASE), BAD_ADDRESS);
    assert_int_equal(os_free(NULL, 0, OS_MEM_RELEASE), BAD_ADDRESS);
}

static void memory_of_someone_else_is_not_freed(void **state)
{
    char *foreign = mmap(NULL, GRANULE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void)state;
    assert_int_equal(os_free(foreign, 0, OS_MEM_RELEASE), BAD_ADDRESS);
    assert_int_equal(os_free(foreign, PAGE, OS_MEM_DECOMMIT), BAD_ADDRESS);
    assert_true(can_read(foreign));
    munmap(foreign, GRANULE);
}

static void a_free_of_an_unknown_type_is_refused(void **state)
{
    char *memory = alloc(NULL, GRANULE, RESERVE_COMMIT);

    (void)state;
    assert_int_equal(os_free(memory, 0, 0), BAD_PARAMETER);
    assert_int_equal(os_free(memory, 0, OS_MEM_COMMIT), BAD_PARAMETER);
    assert_int_equal(os_free(memory, 0, OS_MEM_DECOMMIT | OS_MEM_RELEASE), BAD_PARAMETER);
    assert_run(memory, GRANULE, OS_MEM_COMMIT, OS_PAGE_READWRITE);
    release(memory);
}

/* ------------------------------------------------------------------------------------------------
 * Protecting
 * --------------------------------------------------------------------------------------------- */

static void a_protection_applies_to_every_page_that_it_touches(void **state)
{
    char *memory = alloc(NULL, GRANULE, RESERVE_COMMIT);
    uint32_t old = 0;

    (void)state;
    memset(memory, 3, GRANULE);
    assert_int_equal(os_protect(memory + 2 * PAGE - 1, 2, OS_PAGE_READONLY, &old), OK);
    assert_int_equal(old, OS_PAGE_READWRITE);
    assert_run(memory, PAGE, OS_MEM_COMMIT, OS_PAGE_READWRITE);
    assert_run(memory + PAGE, 2 * PAGE, OS_MEM_COMMIT, OS_PAGE_READONLY);
    assert_false(can_write(memory + PAGE));
    assert_int_equal(memory[PAGE], 3);
    release(memory);
}

static void the_old_protection_is_that_of_the_first_page(void **state)
{
    char *memory = alloc(NULL, GRANULE, RESERVE_COMMIT);
    uint32_t old = 0;

    (void)state;
    assert_int_equal(os_protect(memory, PAGE, OS_PAGE_READONLY, &old), OK);
    assert_int_equal(os_protect(memory, GRANULE, OS_PAGE_NOACCESS, &old), OK);
    assert_int_equal(old, OS_PAGE_READONLY);
    assert_int_equal(os_protect(memory + PAGE, PAGE, OS_PAGE_READWRITE, &old), OK);
    assert_int_equal(old, OS_PAGE_NOACCESS);
    release(memory);
}

static void pages_that_are_not_committed_cannot_be_protected(void **state)
{
    char *memory = reserve(GRANULE);
    uint32_t old = 99;

    (void)state;
    alloc(memory, PAGE, OS_MEM_COMMIT);
    assert_int_equal(os_protect(memory + PAGE, PAGE, OS_PAGE_READONLY, &old), BAD_ADDRESS);
    assert_int_equal(os_protect(memory, PAGE + 1, OS_PAGE_READONLY, &old), BAD_ADDRESS);
    assert_int_equal(old, 99);
    assert_run(memory, PAGE, OS_MEM_COMMIT, OS_PAGE_READWRITE);
    release(memory);
    assert_int_equal(os_protect(memory, PAGE, OS_PAGE_READONLY, &old), BAD_ADDRESS);
}

static void pages_beyond_the_reservation_cannot_be_protected(void **state)
{
    char *memory = alloc(NULL, GRANULE, RESERVE_COMMIT);
    char *neighbour = alloc(NULL, GRANULE, RESERVE_COMMIT);
    uint32_t old;

    (void)state;
    assert_int_equal(os_protect(memory, GRANULE + 1, OS_PAGE_READONLY, &old), BAD_ADDRESS);
    assert_run(memory, GRANULE, OS_MEM_COMMIT, OS_PAGE_READWRITE);
    release(memory);
    release(neighbour);
}

static void no_bytes_cannot_be_protected(void **state)
{
    char *memory = alloc(NULL, GRANULE, RESERVE_COMMIT);
    uint32_t old;

    (void)state;
    assert_int_equal(os_protect(memory, 0, OS_PAGE_READONLY, &old), BAD_PARAMETER);
    release(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reset_changes_no_state),
        cmocka_unit_test(a_reset_that_is_undone_loses_nothing),
        cmocka_unit_test(a_reset_beyond_the_reservation_is_refused),
        cmocka_unit_test(a_reset_at_null_reserves),
        cmocka_unit_test(a_decommit_takes_every_page_that_it_touches),
        cmocka_unit_test(decommitted_pages_are_zero_when_committed_again),
        cmocka_unit_test(a_decommit_of_size_0_at_the_base_takes_everything),
        cmocka_unit_test(a_decommit_of_size_0_elsewhere_is_refused),
        cmocka_unit_test(a_decommit_of_pages_that_are_not_committed_is_fine),
        cmocka_unit_test(a_decommit_beyond_the_reservation_is_refused),
        cmocka_unit_test(a_decommit_of_free_addresses_is_refused),
        cmocka_unit_test(a_release_frees_the_whole_reservation),
        cmocka_unit_test(a_release_may_name_any_byte_of_the_first_page),
        cmocka_unit_test(a_release_within_a_reservation_is_refused),
        cmocka_unit_test(a_release_with_a_size_is_refused),
        cmocka_unit_test(a_second_release_is_refused),
        cmocka_unit_test(memory_of_someone_else_is_not_freed),
        cmocka_unit_test(a_free_of_an_unknown_type_is_refused),
        cmocka_unit_test(a_protection_applies_to_every_page_that_it_touches),
        cmocka_unit_test(the_old_protection_is_that_of_the_first_page),
        cmocka_unit_test(pages_that_are_not_committed_cannot_be_protected),
        cmocka_unit_test(pages_beyond_the_reservation_cannot_be_protected),
        cmocka_unit_test(no_bytes_cannot_be_protected),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
