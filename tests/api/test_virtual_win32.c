/*
 * test_virtual_win32.c: invariant I5: on owned memory every request has the result that the same
 * request to Win32 has.
 *
 * Each test is a scenario that a manager and Win32 both play (twin.h). The right answer is that of
 * Win32 on the system that the test runs on; Wine and Windows may differ.
 */
#include "twin.h"

#include <string.h>

#define RESERVE_COMMIT (MEM_RESERVE | MEM_COMMIT)

#define KIB ((SIZE_T)1 << 10)
#define MIB ((SIZE_T)1 << 20)

/* A test of the promise that its scenario is named after. */
#define TWIN_TEST(name)                                                                            \
    static void name(void **state)                                                                 \
    {                                                                                              \
        twins_compare(*state, scenario_##name);                                                    \
    }

/* Sizes that rounding treats differently, up to what a reservation can be. */
static const ULONGLONG sizes[] = {
    1,
    2,
    PAGE - 1,
    PAGE,
    PAGE + 1,
    GRANULE - 1,
    GRANULE,
    GRANULE + 1,
    3 * GRANULE - PAGE,
    1 * MIB,
    1 * MIB + 1,
    64 * MIB - 1,
    64 * MIB,
    64 * MIB + 1,
    200 * MIB,
    512 * MIB,
#ifdef _WIN64
    (ULONGLONG)1 << 30,
    ((ULONGLONG)4 << 30) - 1,
    (ULONGLONG)4 << 30,
    ((ULONGLONG)4 << 30) + 1,
    (ULONGLONG)64 << 30,
    (ULONGLONG)256 << 30,
#endif
};

/* Up to this much is committed in one go. */
#define MOST_COMMITTED (64 * MIB + 1)

/* ------------------------------------------------------------------------------------------------
 * Where, and how large
 * --------------------------------------------------------------------------------------------- */

static void scenario_a_reservation_of_any_size_is_rounded_as_by_win32(struct twin *twin)
{
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        char *memory = twin_alloc(twin, NULL, (SIZE_T)sizes[i], MEM_RESERVE, PAGE_READWRITE);

        twin->origin = memory;
        if (!memory)
            continue; /* a 32-bit process may have no such hole */
        twin_look(twin, memory, (SIZE_T)sizes[i]);
        twin_free(twin, memory, 0, MEM_RELEASE);
    }
}
TWIN_TEST(a_reservation_of_any_size_is_rounded_as_by_win32)

static void scenario_reserve_and_commit_of_any_size_is_rounded_as_by_win32(struct twin *twin)
{
    for (size_t i = 0; i < COUNT_OF(sizes) && sizes[i] <= MOST_COMMITTED; i++) {
        char *memory = twin_make(twin, (SIZE_T)sizes[i], RESERVE_COMMIT, PAGE_READWRITE);

        memory[sizes[i] - 1] = 1;
        twin_look(twin, memory, (SIZE_T)sizes[i]);
        twin_free(twin, memory, 0, MEM_RELEASE);
    }
}
TWIN_TEST(reserve_and_commit_of_any_size_is_rounded_as_by_win32)

static void scenario_commit_of_any_size_and_offset_is_rounded_as_by_win32(struct twin *twin)
{
    static const SIZE_T offsets[] = {0, 1, PAGE - 1, PAGE, PAGE + 1, GRANULE - 1, GRANULE + 5};

    for (size_t i = 0; i < COUNT_OF(sizes) && sizes[i] <= 1 * MIB; i++) {
        for (size_t j = 0; j < COUNT_OF(offsets); j++) {
            char *memory = twin_make(twin, 2 * MIB, MEM_RESERVE, PAGE_READWRITE);

            twin_alloc(twin, memory + offsets[j], (SIZE_T)sizes[i], MEM_COMMIT, PAGE_READWRITE);
            twin_look(twin, memory, 2 * MIB);
            twin_free(twin, memory, 0, MEM_RELEASE);
        }
    }
}
TWIN_TEST(commit_of_any_size_and_offset_is_rounded_as_by_win32)

static void scenario_a_reservation_at_a_free_granule_is_made_there(struct twin *twin)
{
    char *memory = twin_alloc(twin, twin->spot, 5 * PAGE, MEM_RESERVE, PAGE_READWRITE);

    assert_address(memory, twin->spot);
    twin_look(twin, memory, 5 * PAGE);
    twin_free(twin, memory, 0, MEM_RELEASE);
}
TWIN_TEST(a_reservation_at_a_free_granule_is_made_there)

static void scenario_a_reservation_at_any_offset_begins_at_its_granule(struct twin *twin)
{
    static const SIZE_T offsets[] = {1, PAGE - 1, PAGE, 0x1234, GRANULE - PAGE, GRANULE - 1};
    static const SIZE_T lengths[] = {1, PAGE, PAGE + 1, GRANULE, 3 * GRANULE + 1};

    for (size_t i = 0; i < COUNT_OF(offsets); i++) {
        for (size_t j = 0; j < COUNT_OF(lengths); j++) {
            char *memory = twin_alloc(twin, twin->spot + GRANULE + offsets[i], lengths[j],
                                      MEM_RESERVE, PAGE_READWRITE);

            assert_address(memory, twin->spot + GRANULE);
            twin_look(twin, memory, offsets[i] + lengths[j]);
            twin_free(twin, memory, 0, MEM_RELEASE);
        }
    }
}
TWIN_TEST(a_reservation_at_any_offset_begins_at_its_granule)

static void scenario_reserve_and_commit_at_any_offset_commits_the_whole_range(struct twin *twin)
{
    static const SIZE_T offsets[] = {1, PAGE, 0x1234, GRANULE - 1};
    static const SIZE_T lengths[] = {1, PAGE, GRANULE + 1};

    for (size_t i = 0; i < COUNT_OF(offsets); i++) {
        for (size_t j = 0; j < COUNT_OF(lengths); j++) {
            char *memory = twin_alloc(twin, twin->spot + offsets[i], lengths[j], RESERVE_COMMIT,
                                      PAGE_READWRITE);

            assert_non_null(memory);
            memory[0] = memory[offsets[i] + lengths[j] - 1] = 1;
            twin_look(twin, memory, offsets[i] + lengths[j]);
            twin_free(twin, memory, 0, MEM_RELEASE);
        }
    }
}
TWIN_TEST(reserve_and_commit_at_any_offset_commits_the_whole_range)

static void scenario_a_reservation_at_a_taken_address_fails_as_in_win32(struct twin *twin)
{
    char *taken =
        twin_alloc(twin, twin->spot + GRANULE, 2 * GRANULE, RESERVE_COMMIT, PAGE_READWRITE);

    assert_non_null(taken);
    twin_alloc(twin, taken, PAGE, MEM_RESERVE, PAGE_READWRITE);
    twin_alloc(twin, taken, PAGE, RESERVE_COMMIT, PAGE_READWRITE);
    twin_alloc(twin, taken + GRANULE + 1, PAGE, MEM_RESERVE, PAGE_READWRITE);
    twin_alloc(twin, taken + GRANULE, 4 * GRANULE, MEM_RESERVE, PAGE_READWRITE);
    twin_alloc(twin, taken - GRANULE, GRANULE + 1, MEM_RESERVE, PAGE_READWRITE);
    twin_look(twin, taken - GRANULE, PAGE);
    twin_look(twin, taken, 2 * GRANULE);
    twin_free(twin, taken, 0, MEM_RELEASE);
}
TWIN_TEST(a_reservation_at_a_taken_address_fails_as_in_win32)

static void scenario_a_reservation_over_memory_of_someone_else_fails_as_in_win32(struct twin *twin)
{
    char *foreign = VirtualAlloc(twin->spot, GRANULE, RESERVE_COMMIT, PAGE_READWRITE);

    assert_address(foreign, twin->spot);
    twin_alloc(twin, foreign, PAGE, MEM_RESERVE, PAGE_READWRITE);
    twin_alloc(twin, foreign, 2 * GRANULE, RESERVE_COMMIT, PAGE_READWRITE);
    twin_alloc(twin, GetModuleHandleW(NULL), PAGE, MEM_RESERVE, PAGE_READWRITE);
    twin_look(twin, foreign, GRANULE);
    assert_true(VirtualFree(foreign, 0, MEM_RELEASE));
}
TWIN_TEST(a_reservation_over_memory_of_someone_else_fails_as_in_win32)

static void scenario_a_reservation_where_no_memory_can_be_fails_as_in_win32(struct twin *twin)
{
    static const uintptr_t addresses[] = {
        1,
        PAGE - 1,
        UINTPTR_MAX,
        UINTPTR_MAX - PAGE,
        UINTPTR_MAX - GRANULE + 1,
#ifdef _WIN64
        0x7fffffff0000,
        0x800000000000,
        0xffff800000000000,
#else
        0xc0000000,
#endif
    };
    static const DWORD types[] = {MEM_RESERVE, RESERVE_COMMIT, MEM_COMMIT};

    /* Wine 8 has memory below 64 KiB, and 32-bit systems differ in where user space ends. */
    for (size_t i = 0; i < COUNT_OF(addresses); i++) {
        for (size_t j = 0; j < COUNT_OF(types); j++) {
            char *memory = twin_alloc(twin, (void *)addresses[i], PAGE, types[j], PAGE_READWRITE);

            if (memory)
                twin_free(twin, memory, 0, MEM_RELEASE);
        }
    }
}
TWIN_TEST(a_reservation_where_no_memory_can_be_fails_as_in_win32)

static void scenario_top_down_reserves_from_the_top(struct twin *twin)
{
    char *bottom = twin_make(twin, GRANULE, RESERVE_COMMIT, PAGE_READWRITE);
    char *top = twin_make(twin, 3 * PAGE, RESERVE_COMMIT | MEM_TOP_DOWN, PAGE_READWRITE);

    twin_note(twin, top > bottom);
    twin_look(twin, top, 3 * PAGE);
    twin_alloc(twin, top, PAGE, MEM_COMMIT | MEM_TOP_DOWN, PAGE_READONLY);
    twin_look(twin, top, 3 * PAGE);
    twin_free(twin, top, 0, MEM_RELEASE);
    twin_free(twin, bottom, 0, MEM_RELEASE);
}
TWIN_TEST(top_down_reserves_from_the_top)

static void scenario_size_0_fails_as_in_win32(struct twin *twin)
{
    static const DWORD types[] = {MEM_RESERVE, MEM_COMMIT, RESERVE_COMMIT, MEM_RESET};
    char *memory = twin_make(twin, GRANULE, MEM_RESERVE, PAGE_READWRITE);

    for (size_t i = 0; i < COUNT_OF(types); i++) {
        twin_alloc(twin, NULL, 0, types[i], PAGE_READWRITE);
        twin_alloc(twin, twin->spot, 0, types[i], PAGE_READWRITE);
        twin_alloc(twin, twin->spot + 1, 0, types[i], PAGE_READWRITE);
        twin_alloc(twin, memory, 0, types[i], PAGE_READWRITE);
        twin_alloc(twin, memory + PAGE + 1, 0, types[i], PAGE_READWRITE);
    }
    twin_look(twin, memory, GRANULE);
    twin_free(twin, memory, 0, MEM_RELEASE);
}
TWIN_TEST(size_0_fails_as_in_win32)

static void scenario_sizes_beyond_the_address_space_fail_as_in_win32(struct twin *twin)
{
    static const SIZE_T too_large[] = {SIZE_MAX, SIZE_MAX - PAGE, SIZE_MAX - PAGE + 1,
                                       SIZE_MAX - GRANULE, SIZE_MAX / 2 + 1};
    char *memory = twin_make(twin, GRANULE, MEM_RESERVE, PAGE_READWRITE);

    for (size_t i = 0; i < COUNT_OF(too_large); i++) {
        twin_alloc(twin, NULL, too_large[i], MEM_RESERVE, PAGE_READWRITE);
        twin_alloc(twin, NULL, too_large[i], RESERVE_COMMIT, PAGE_READWRITE);
        twin_alloc(twin, NULL, too_large[i], MEM_COMMIT, PAGE_READWRITE);
        twin_alloc(twin, twin->spot, too_large[i], MEM_RESERVE, PAGE_READWRITE);
        twin_alloc(twin, memory, too_large[i], MEM_COMMIT, PAGE_READWRITE);
        twin_alloc(twin, memory + PAGE, too_large[i], MEM_COMMIT, PAGE_READWRITE);
        twin_free_refused(twin, memory + PAGE, too_large[i], MEM_DECOMMIT);
    }
    twin_look(twin, memory, GRANULE);
    twin_free(twin, memory, 0, MEM_RELEASE);
}
TWIN_TEST(sizes_beyond_the_address_space_fail_as_in_win32)

/* ------------------------------------------------------------------------------------------------
 * Commit and decommit
 * --------------------------------------------------------------------------------------------- */

static void scenario_commit_alone_at_null_reserves_too(struct twin *twin)
{
    static const SIZE_T lengths[] = {1, PAGE + 1, GRANULE, 1 * MIB};

    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        char *memory = twin_make(twin, lengths[i], MEM_COMMIT, PAGE_READWRITE);

        memory[lengths[i] - 1] = 1;
        twin_look(twin, memory, lengths[i]);
        twin_free(twin, memory, 0, MEM_RELEASE);
    }
}
TWIN_TEST(commit_alone_at_null_reserves_too)

static void scenario_recommit_changes_the_protection_and_keeps_the_contents(struct twin *twin)
{
    char *memory = twin_make(twin, GRANULE, MEM_RESERVE, PAGE_READWRITE);

    twin_alloc(twin, memory, 4 * PAGE, MEM_COMMIT, PAGE_READWRITE);
    memset(memory, 0x5a, 4 * PAGE);
    twin_alloc(twin, memory + PAGE, 2 * PAGE, MEM_COMMIT, PAGE_READONLY);
    twin_note(twin, memory[PAGE]);
    twin_alloc(twin, memory + 3 * PAGE, 4 * PAGE, MEM_COMMIT, PAGE_EXECUTE_READWRITE);
    twin_note(twin, memory[3 * PAGE]);
    twin_look(twin, memory, GRANULE);
    twin_free(twin, memory, 0, MEM_RELEASE);
}
TWIN_TEST(recommit_changes_the_protection_and_keeps_the_contents)

static void scenario_commit_beyond_the_end_of_the_region_fails_as_in_win32(struct twin *twin)
{
    char *memory = twin_alloc(twin, twin->spot, 4 * GRANULE, MEM_RESERVE, PAGE_READWRITE);

    assert_non_null(memory);
    twin_alloc(twin, memory + 3 * GRANULE, GRANULE + 1, MEM_COMMIT, PAGE_READWRITE);
    twin_alloc(twin, memory, 5 * GRANULE, MEM_COMMIT, PAGE_READWRITE);
    twin_alloc(twin, memory + 4 * GRANULE - 1, 2, MEM_COMMIT, PAGE_READWRITE);
    twin_alloc(twin, memory + 4 * GRANULE, 1, MEM_COMMIT, PAGE_READWRITE);
    twin_look(twin, memory, 4 * GRANULE);
    twin_free(twin, memory, 0, MEM_RELEASE);
}
TWIN_TEST(commit_beyond_the_end_of_the_region_fails_as_in_win32)

static void scenario_commit_from_one_region_into_the_next_fails_as_in_win32(struct twin *twin)
{
    char *first = twin_alloc(twin, twin->spot, GRANULE, MEM_RESERVE, PAGE_READWRITE);
    char *second = twin_alloc(twin, twin->spot + GRANULE, GRANULE, RESERVE_COMMIT, PAGE_READWRITE);

    assert_non_null(first);
    assert_non_null(second);
    twin_alloc(twin, first + GRANULE - PAGE, 2 * PAGE, MEM_COMMIT, PAGE_READWRITE);
    twin_free_refused(twin, first + GRANULE - PAGE, 2 * PAGE, MEM_DECOMMIT);
    twin_look(twin, first, GRANULE);
    twin_look(twin, second, GRANULE);
    twin_free(twin, first, 0, MEM_RELEASE);
    twin_free(twin, second, 0, MEM_RELEASE);
}
TWIN_TEST(commit_from_one_region_into_the_next_fails_as_in_win32)

static void scenario_a_part_is_decommitted_page_by_page(struct twin *twin)
{
    static const struct {
        SIZE_T offset, size;
    } parts[] = {
        {0, 1},        {PAGE, PAGE},           {3 * PAGE - 1, 2},          {5 * PAGE + 5, 2 * PAGE},
        {9 * PAGE, 0}, {GRANULE - PAGE, PAGE}, {GRANULE - 1, GRANULE / 2}, {4 * PAGE, 1},
    };

    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        char *memory = twin_make(twin, 2 * GRANULE, RESERVE_COMMIT, PAGE_READWRITE);

        twin_free(twin, memory + parts[i].offset, parts[i].size, MEM_DECOMMIT);
        twin_look(twin, memory, 2 * GRANULE);
        twin_free(twin, memory, 0, MEM_RELEASE);
    }
}
TWIN_TEST(a_part_is_decommitted_page_by_page)

static void scenario_decommit_of_what_is_not_committed_succeeds(struct twin *twin)
{
    char *memory = twin_make(twin, GRANULE, MEM_RESERVE, PAGE_READWRITE);

    twin_free(twin, memory, GRANULE, MEM_DECOMMIT);
    twin_alloc(twin, memory + PAGE, PAGE, MEM_COMMIT, PAGE_READWRITE);
    twin_free(twin, memory, 3 * PAGE, MEM_DECOMMIT);
    twin_free(twin, memory, 3 * PAGE, MEM_DECOMMIT);
    twin_look(twin, memory, GRANULE);
    twin_free(twin, memory, 0, MEM_RELEASE);
}
TWIN_TEST(decommit_of_what_is_not_committed_succeeds)

static void scenario_decommit_with_size_0_at_the_base_decommits_everything(struct twin *twin)
{
    static const SIZE_T offsets[] = {0, 1, PAGE - 1}; /* rounded down to the base's page */

    for (size_t i = 0; i < COUNT_OF(offsets); i++) {
        char *memory = twin_make(twin, 3 * GRANULE, MEM_RESERVE, PAGE_READWRITE);

        twin_alloc(twin, memory, PAGE, MEM_COMMIT, PAGE_READWRITE);
        twin_alloc(twin, memory + GRANULE, GRANULE, MEM_COMMIT, PAGE_READWRITE);
        twin_free(twin, memory + offsets[i], 0, MEM_DECOMMIT);
        twin_look(twin, memory, 3 * GRANULE);
        twin_free(twin, memory, 0, MEM_RELEASE);
    }
}
TWIN_TEST(decommit_with_size_0_at_the_base_decommits_everything)

static void scenario_what_is_committed_again_after_a_decommit_is_zero(struct twin *twin)
{
    char *memory = twin_make(twin, GRANULE, RESERVE_COMMIT, PAGE_READWRITE);
    unsigned sum = 0;

    memset(memory, 0x5a, GRANULE);
    twin_free(twin, memory + PAGE, 2 * PAGE, MEM_DECOMMIT);
    twin_alloc(twin, memory, GRANULE, MEM_COMMIT, PAGE_READWRITE);
    for (SIZE_T i = PAGE; i < 3 * PAGE; i++)
        sum += (unsigned char)memory[i];
    assert_figure(sum, 0);
    twin_note(twin, memory[PAGE - 1]);
    twin_note(twin, memory[3 * PAGE]);
    twin_look(twin, memory, GRANULE);
    twin_free(twin, memory, 0, MEM_RELEASE);
}
TWIN_TEST(what_is_committed_again_after_a_decommit_is_zero)

/* ------------------------------------------------------------------------------------------------
 * Release
 * --------------------------------------------------------------------------------------------- */

static void scenario_release_with_a_size_fails_as_in_win32(struct twin *twin)
{
    char *memory = twin_make(twin, GRANULE, RESERVE_COMMIT, PAGE_READWRITE);

    twin_free(twin, memory, GRANULE, MEM_RELEASE);
    twin_free(twin, memory, 1, MEM_RELEASE);
    twin_look(twin, memory, GRANULE);
    twin_free(twin, memory, 0, MEM_RELEASE);
}
TWIN_TEST(release_with_a_size_fails_as_in_win32)

static void scenario_release_within_the_base_s_page_releases_as_in_win32(struct twin *twin)
{
    static const SIZE_T offsets[] = {1, PAGE - 1};

    for (size_t i = 0; i < COUNT_OF(offsets); i++) {
        char *memory = twin_make(twin, GRANULE, RESERVE_COMMIT, PAGE_READWRITE);

        if (!twin_free(twin, memory + offsets[i], 0, MEM_RELEASE))
            twin_free(twin, memory, 0, MEM_RELEASE);
        twin_look(twin, memory, GRANULE);
    }
}
TWIN_TEST(release_within_the_base_s_page_releases_as_in_win32)

static void scenario_release_of_an_interior_page_fails_as_in_win32(struct twin *twin)
{
    static const SIZE_T offsets[] = {PAGE, GRANULE, GRANULE + 1, 2 * GRANULE - 1};
    char *memory = twin_make(twin, 2 * GRANULE, RESERVE_COMMIT, PAGE_READWRITE);

    for (size_t i = 0; i < COUNT_OF(offsets); i++)
        twin_free(twin, memory + offsets[i], 0, MEM_RELEASE);
    twin_look(twin, memory, 2 * GRANULE);
    twin_free(twin, memory, 0, MEM_RELEASE);
}
TWIN_TEST(release_of_an_interior_page_fails_as_in_win32)

static void scenario_a_released_region_is_free_and_cannot_be_used(struct twin *twin)
{
    char *memory = twin_alloc(twin, twin->spot, GRANULE, RESERVE_COMMIT, PAGE_READWRITE);

    assert_non_null(memory);
    twin_free(twin, memory, 0, MEM_RELEASE);
    twin_look(twin, memory, GRANULE);
    twin_free_refused(twin, memory, 0, MEM_RELEASE);
    twin_free_refused(twin, memory, 0, MEM_DECOMMIT);
    twin_alloc(twin, memory, PAGE, MEM_COMMIT, PAGE_READWRITE);
    twin_protect(twin, memory, PAGE, PAGE_READONLY);
}
TWIN_TEST(a_released_region_is_free_and_cannot_be_used)

static void scenario_free_types_that_are_none_fail_as_in_win32(struct twin *twin)
{
    char *memory = twin_make(twin, GRANULE, RESERVE_COMMIT, PAGE_READWRITE);

    for (int bit = 0; bit < 32; bit++) {
        DWORD type = (DWORD)1 << bit;

        if (type != MEM_RELEASE && type != MEM_DECOMMIT) {
            twin_free(twin, memory, 0, type);
            twin_free(twin, memory, PAGE, type);
        }
    }
    twin_free(twin, memory, 0, 0);
    twin_free(twin, memory, 0, MEM_RELEASE | MEM_DECOMMIT);
    twin_free(twin, memory + PAGE, PAGE, MEM_RELEASE | MEM_DECOMMIT);
    twin_free(twin, memory, 0, MAXDWORD);
    twin_look(twin, memory, GRANULE);
    twin_free(twin, memory, 0, MEM_RELEASE);
}
TWIN_TEST(free_types_that_are_none_fail_as_in_win32)

/* ------------------------------------------------------------------------------------------------
 * Flags and protections
 * --------------------------------------------------------------------------------------------- */

/* A type, asked for inside a region, at NULL, and at a free address. */
static void ask_for_type(struct twin *twin, DWORD type)
{
    char *memory = twin_make(twin, GRANULE, MEM_RESERVE, PAGE_READWRITE);
    char *made;

    twin_alloc(twin, memory + PAGE, PAGE, MEM_COMMIT, PAGE_READWRITE);
    twin_alloc(twin, memory + PAGE, 2 * PAGE, type, PAGE_READONLY);
    twin_look(twin, memory, GRANULE);
    twin_free(twin, memory, 0, MEM_RELEASE);

    made = twin_alloc(twin, NULL, PAGE, type, PAGE_READWRITE);
    if (made)
        twin_free(twin, made, 0, MEM_RELEASE);
    twin->origin = twin->spot;
    made = twin_alloc(twin, twin->spot + PAGE, PAGE, type, PAGE_READWRITE);
    if (made)
        twin_free(twin, made, 0, MEM_RELEASE);
}

/* Every bit alone, and together with what makes a region, commits, or both. */
static void scenario_every_allocation_type_answers_as_in_win32(struct twin *twin)
{
    static const DWORD companions[] = {0, MEM_RESERVE, MEM_COMMIT, RESERVE_COMMIT};

    for (int bit = -1; bit < 32; bit++) {
        DWORD type = bit < 0 ? 0 : (DWORD)1 << bit;

        for (size_t i = 0; type != MEM_RESET && i < COUNT_OF(companions); i++)
            ask_for_type(twin, type | companions[i]);
    }
    twin_alloc(twin, NULL, PAGE, MAXDWORD, PAGE_READWRITE);
    twin_alloc(twin, NULL, PAGE, MEM_RELEASE | MEM_RESERVE, PAGE_READWRITE);
}
TWIN_TEST(every_allocation_type_answers_as_in_win32)

/* The protections that exist, with and without modifiers, and some that do not. */
static size_t list_protections(DWORD *list)
{
    static const DWORD odd[] = {0, 3, 5, 0x41, 0xff, 0x600, 0x704, 0x1000, 0x40000000, MAXDWORD};
    static const DWORD modifiers[] = {0, PAGE_GUARD, PAGE_NOCACHE, PAGE_WRITECOMBINE};
    size_t count = 0;

    for (size_t i = 0; i < COUNT_OF(modifiers); i++) {
        for (DWORD protect = PAGE_NOACCESS; protect <= PAGE_EXECUTE_WRITECOPY; protect <<= 1)
            list[count++] = protect | modifiers[i];
    }
    for (size_t i = 0; i < COUNT_OF(odd); i++)
        list[count++] = odd[i];
    return count;
}

#define MOST_PROTECTIONS 64

static void scenario_every_protection_of_a_reservation_answers_as_in_win32(struct twin *twin)
{
    DWORD protections[MOST_PROTECTIONS];
    size_t count = list_protections(protections);

    for (size_t i = 0; i < count; i++) {
        char *memory = twin_alloc(twin, NULL, 3 * PAGE, MEM_RESERVE, protections[i]);

        twin->origin = memory;
        if (memory) {
            twin_look(twin, memory, 3 * PAGE);
            twin_free(twin, memory, 0, MEM_RELEASE);
        }
    }
}
TWIN_TEST(every_protection_of_a_reservation_answers_as_in_win32)

static void scenario_every_protection_of_reserve_and_commit_answers_as_in_win32(struct twin *twin)
{
    DWORD protections[MOST_PROTECTIONS];
    size_t count = list_protections(protections);

    for (size_t i = 0; i < count; i++) {
        char *memory = twin_alloc(twin, NULL, 3 * PAGE, RESERVE_COMMIT, protections[i]);

        twin->origin = memory;
        if (memory) {
            twin_look(twin, memory, 3 * PAGE);
            twin_free(twin, memory, 0, MEM_RELEASE);
        }
    }
}
TWIN_TEST(every_protection_of_reserve_and_commit_answers_as_in_win32)

static void scenario_every_protection_of_a_commit_answers_as_in_win32(struct twin *twin)
{
    DWORD protections[MOST_PROTECTIONS];
    size_t count = list_protections(protections);

    for (size_t i = 0; i < count; i++) {
        char *memory = twin_make(twin, GRANULE, MEM_RESERVE, PAGE_READWRITE);

        twin_alloc(twin, memory + PAGE, PAGE, MEM_COMMIT, protections[i]);
        twin_alloc(twin, memory + 4 * PAGE, PAGE, MEM_COMMIT, PAGE_READWRITE);
        twin_alloc(twin, memory + 4 * PAGE, 2 * PAGE, MEM_COMMIT, protections[i]);
        twin_look(twin, memory, GRANULE);
        twin_free(twin, memory, 0, MEM_RELEASE);
    }
}
TWIN_TEST(every_protection_of_a_commit_answers_as_in_win32)

static void scenario_every_protection_of_virtual_protect_answers_as_in_win32(struct twin *twin)
{
    DWORD protections[MOST_PROTECTIONS];
    size_t count = list_protections(protections);
    char *memory = twin_make(twin, GRANULE, RESERVE_COMMIT, PAGE_READWRITE);

    for (size_t i = 0; i < count; i++) {
        twin_protect(twin, memory + PAGE + 1, PAGE, protections[i]);
        twin_look(twin, memory, GRANULE);
    }
    twin_free(twin, memory, 0, MEM_RELEASE);
}
TWIN_TEST(every_protection_of_virtual_protect_answers_as_in_win32)

static LONG guard_hits;

static LONG CALLBACK on_guard_page(EXCEPTION_POINTERS *exception)
{
    if (exception->ExceptionRecord->ExceptionCode != (DWORD)STATUS_GUARD_PAGE_VIOLATION)
        return EXCEPTION_CONTINUE_SEARCH;
    guard_hits++;
    return EXCEPTION_CONTINUE_EXECUTION;
}

static void scenario_a_guard_page_strikes_once(struct twin *twin)
{
    char *memory = twin_make(twin, GRANULE, MEM_RESERVE, PAGE_READWRITE);
    void *handler = AddVectoredExceptionHandler(1, on_guard_page);

    assert_non_null(handler);
    guard_hits = 0;
    twin_alloc(twin, memory, 3 * PAGE, MEM_COMMIT, PAGE_READWRITE | PAGE_GUARD);
    *(volatile char *)(memory + PAGE) = 1;
    *(volatile char *)(memory + PAGE + 1) = 1;
    twin_note(twin, guard_hits);
    twin_look(twin, memory, GRANULE);
    twin_free(twin, memory, 0, MEM_RELEASE);
    RemoveVectoredExceptionHandler(handler);
}
TWIN_TEST(a_guard_page_strikes_once)

/* ------------------------------------------------------------------------------------------------
 * Write watch and reset
 * --------------------------------------------------------------------------------------------- */

static void note_written(struct twin *twin, char *memory, SIZE_T size, DWORD flags)
{
    void *written[64];
    ULONG_PTR count = COUNT_OF(written);
    ULONG granularity = 0;
    UINT result = GetWriteWatch(flags, memory, size, written, &count, &granularity);

    twin_note(twin, result);
    twin_note(twin, granularity);
    twin_note(twin, count);
    for (ULONG_PTR i = 0; !result && i < count; i++)
        twin_note(twin, (char *)written[i] - memory);
}

static void scenario_write_watch_tells_what_was_written(struct twin *twin)
{
    char *memory = twin_make(twin, 2 * GRANULE, MEM_RESERVE | MEM_WRITE_WATCH, PAGE_READWRITE);

    twin_look(twin, memory, 2 * GRANULE);
    note_written(twin, memory, 2 * GRANULE, 0);
    twin_alloc(twin, memory + PAGE, 8 * PAGE, MEM_COMMIT, PAGE_READWRITE);
    memory[2 * PAGE] = memory[5 * PAGE + 7] = 1;
    note_written(twin, memory, 2 * GRANULE, 0);
    note_written(twin, memory, 2 * GRANULE, WRITE_WATCH_FLAG_RESET);
    note_written(twin, memory, 2 * GRANULE, 0);
    memory[PAGE] = 1;
    note_written(twin, memory, 2 * GRANULE, 0);
    twin_note(twin, ResetWriteWatch(memory, 2 * GRANULE));
    note_written(twin, memory, 2 * GRANULE, 0);
    twin_look(twin, memory, 2 * GRANULE);
    twin_free(twin, memory, 0, MEM_RELEASE);
}
TWIN_TEST(write_watch_tells_what_was_written)

static void scenario_write_watch_of_reserve_and_commit_tells_what_was_written(struct twin *twin)
{
    char *memory =
        twin_make(twin, GRANULE, RESERVE_COMMIT | MEM_WRITE_WATCH | MEM_TOP_DOWN, PAGE_READWRITE);

    memory[0] = memory[GRANULE - 1] = 1;
    note_written(twin, memory, GRANULE, 0);
    twin_free(twin, memory, 0, MEM_RELEASE);
}
TWIN_TEST(write_watch_of_reserve_and_commit_tells_what_was_written)

static void scenario_memory_without_write_watch_has_none(struct twin *twin)
{
    char *memory = twin_make(twin, GRANULE, RESERVE_COMMIT, PAGE_READWRITE);

    note_written(twin, memory, GRANULE, 0);
    twin_free(twin, memory, 0, MEM_RELEASE);
}
TWIN_TEST(memory_without_write_watch_has_none)

/* The system may drop the contents or keep them. In either case the pages can be written again. */
static void scenario_reset_keeps_pages_committed(struct twin *twin)
{
    static const DWORD types[] = {MEM_RESET, MEM_RESET_UNDO};

    for (size_t i = 0; i < COUNT_OF(types); i++) {
        char *memory = twin_make(twin, GRANULE, MEM_RESERVE, PAGE_READWRITE);

        twin_alloc(twin, memory + PAGE, 8 * PAGE, MEM_COMMIT, PAGE_READWRITE);
        memset(memory + PAGE, 0x5a, 8 * PAGE);
        twin_alloc(twin, memory + 2 * PAGE, 2 * PAGE, types[i], PAGE_READWRITE);
        twin_alloc(twin, memory + 5 * PAGE + 1, PAGE, types[i], PAGE_NOACCESS);
        twin_note(twin, memory[PAGE]);
        memory[2 * PAGE] = memory[5 * PAGE] = 1;
        twin_look(twin, memory, GRANULE);
        twin_free(twin, memory, 0, MEM_RELEASE);
    }
}
TWIN_TEST(reset_keeps_pages_committed)

static void scenario_reset_of_what_cannot_be_reset_answers_as_in_win32(struct twin *twin)
{
    static const DWORD types[] = {MEM_RESET, MEM_RESET_UNDO, MEM_RESET_UNDO | MEM_RESET};
    char *memory = twin_make(twin, GRANULE, MEM_RESERVE, PAGE_READWRITE);

    for (size_t i = 0; i < COUNT_OF(types); i++) {
        twin_alloc(twin, memory + PAGE, PAGE, types[i], PAGE_READWRITE);
        twin_alloc(twin, memory + GRANULE - PAGE, 2 * GRANULE, types[i], PAGE_READWRITE);
        twin_alloc(twin, memory, PAGE, types[i], 0);
    }
    twin_look(twin, memory, GRANULE);
    twin_free(twin, memory, 0, MEM_RELEASE);
    for (size_t i = 0; i < COUNT_OF(types); i++)
        twin_alloc(twin, twin->spot, PAGE, types[i], PAGE_READWRITE);
}
TWIN_TEST(reset_of_what_cannot_be_reset_answers_as_in_win32)

/* Windows refuses it. Wine reserves (test_wine.c). */
static void scenario_reset_at_null_answers_as_in_win32(struct twin *twin)
{
    char *made = twin_alloc(twin, NULL, PAGE, MEM_RESET, PAGE_READWRITE);

    if (made)
        twin_free(twin, made, 0, MEM_RELEASE);
}
TWIN_TEST(reset_at_null_answers_as_in_win32)

/* Windows refuses these. Wine commits nothing inside a region, and reserves elsewhere. */
static void scenario_reset_with_reserve_or_commit_answers_as_in_win32(struct twin *twin)
{
    ask_for_type(twin, MEM_RESET | MEM_RESERVE);
    ask_for_type(twin, MEM_RESET | MEM_COMMIT);
    ask_for_type(twin, MEM_RESET | RESERVE_COMMIT);
}
TWIN_TEST(reset_with_reserve_or_commit_answers_as_in_win32)

/* ------------------------------------------------------------------------------------------------
 * VirtualProtect
 * --------------------------------------------------------------------------------------------- */

static void scenario_protect_covers_whole_pages_and_tells_the_first_one_s(struct twin *twin)
{
    char *memory = twin_make(twin, GRANULE, RESERVE_COMMIT, PAGE_READWRITE);

    twin_protect(twin, memory + 2 * PAGE - 1, 2, PAGE_READONLY);
    twin_look(twin, memory, GRANULE);
    twin_protect(twin, memory, 4 * PAGE, PAGE_EXECUTE_READ);
    twin_protect(twin, memory + PAGE, GRANULE - PAGE, PAGE_NOACCESS);
    twin_protect(twin, memory, GRANULE, PAGE_READWRITE);
    twin_look(twin, memory, GRANULE);
    twin_free(twin, memory, 0, MEM_RELEASE);
}
TWIN_TEST(protect_covers_whole_pages_and_tells_the_first_one_s)

static void scenario_protect_of_what_is_not_all_committed_fails_as_in_win32(struct twin *twin)
{
    char *memory = twin_make(twin, GRANULE, MEM_RESERVE, PAGE_READWRITE);

    twin_alloc(twin, memory + PAGE, 2 * PAGE, MEM_COMMIT, PAGE_READWRITE);
    twin_protect(twin, memory, PAGE, PAGE_READONLY);
    twin_protect(twin, memory, 3 * PAGE, PAGE_READONLY);
    twin_protect(twin, memory + PAGE, 3 * PAGE, PAGE_READONLY);
    twin_protect(twin, memory + PAGE, 0, PAGE_READONLY);
    twin_protect(twin, memory + PAGE, 2 * GRANULE, PAGE_READONLY);
    twin_protect(twin, memory + PAGE, SIZE_MAX, PAGE_READONLY);
    twin_look(twin, memory, GRANULE);
    twin_free(twin, memory, 0, MEM_RELEASE);
}
TWIN_TEST(protect_of_what_is_not_all_committed_fails_as_in_win32)

/* Holds one page of this program's image that nothing else lies in. */
static char foreign_data[2 * 0x1000];

static void scenario_protect_of_memory_of_someone_else_is_win32_s_affair(struct twin *twin)
{
    char *image = (char *)(((uintptr_t)foreign_data + PAGE - 1) & ~(uintptr_t)(PAGE - 1));
    char *foreign = VirtualAlloc(twin->spot, GRANULE, RESERVE_COMMIT, PAGE_READWRITE);

    assert_address(foreign, twin->spot);
    twin_protect(twin, foreign + PAGE, PAGE, PAGE_READONLY);
    twin_look(twin, foreign, GRANULE);
    twin_protect(twin, image, PAGE, PAGE_READONLY);
    twin_protect(twin, image, PAGE, PAGE_READWRITE);
    image[0] = 1;
    twin_protect(twin, NULL, PAGE, PAGE_READWRITE);
    twin_protect(twin, (void *)(UINTPTR_MAX - PAGE), PAGE, PAGE_READWRITE);
    twin_protect(twin, twin->spot + 2 * GRANULE, PAGE, PAGE_READWRITE);
    assert_true(VirtualFree(foreign, 0, MEM_RELEASE));
}
TWIN_TEST(protect_of_memory_of_someone_else_is_win32_s_affair)

/* ------------------------------------------------------------------------------------------------
 * The whole list
 * --------------------------------------------------------------------------------------------- */

int main(void)
{
    const struct CMUnitTest tests[] = {
        promise(a_reservation_of_any_size_is_rounded_as_by_win32),
        promise(reserve_and_commit_of_any_size_is_rounded_as_by_win32),
        promise(commit_of_any_size_and_offset_is_rounded_as_by_win32),
        promise(a_reservation_at_a_free_granule_is_made_there),
        promise(a_reservation_at_any_offset_begins_at_its_granule),
        promise(reserve_and_commit_at_any_offset_commits_the_whole_range),
        promise(a_reservation_at_a_taken_address_fails_as_in_win32),
        promise(a_reservation_over_memory_of_someone_else_fails_as_in_win32),
        promise(a_reservation_where_no_memory_can_be_fails_as_in_win32),
        promise(top_down_reserves_from_the_top),
        promise(size_0_fails_as_in_win32),
        promise(sizes_beyond_the_address_space_fail_as_in_win32),
        promise(commit_alone_at_null_reserves_too),
        promise(recommit_changes_the_protection_and_keeps_the_contents),
        promise(commit_beyond_the_end_of_the_region_fails_as_in_win32),
        promise(commit_from_one_region_into_the_next_fails_as_in_win32),
        promise(a_part_is_decommitted_page_by_page),
        promise(decommit_of_what_is_not_committed_succeeds),
        promise(decommit_with_size_0_at_the_base_decommits_everything),
        promise(what_is_committed_again_after_a_decommit_is_zero),
        promise(release_with_a_size_fails_as_in_win32),
        promise(release_within_the_base_s_page_releases_as_in_win32),
        promise(release_of_an_interior_page_fails_as_in_win32),
        promise(a_released_region_is_free_and_cannot_be_used),
        promise(free_types_that_are_none_fail_as_in_win32),
        promise(every_allocation_type_answers_as_in_win32),
        promise(every_protection_of_a_reservation_answers_as_in_win32),
        promise(every_protection_of_reserve_and_commit_answers_as_in_win32),
        promise(every_protection_of_a_commit_answers_as_in_win32),
        promise(every_protection_of_virtual_protect_answers_as_in_win32),
        promise(a_guard_page_strikes_once),
        promise(write_watch_tells_what_was_written),
        promise(write_watch_of_reserve_and_commit_tells_what_was_written),
        promise(memory_without_write_watch_has_none),
        promise(reset_keeps_pages_committed),
        promise(reset_of_what_cannot_be_reset_answers_as_in_win32),
        promise(reset_at_null_answers_as_in_win32),
        promise(reset_with_reserve_or_commit_answers_as_in_win32),
        promise(protect_covers_whole_pages_and_tells_the_first_one_s),
        promise(protect_of_what_is_not_all_committed_fails_as_in_win32),
        promise(protect_of_memory_of_someone_else_is_win32_s_affair),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
