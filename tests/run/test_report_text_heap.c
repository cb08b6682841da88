/*
 * test_report_text_heap.c: how the report for people shows heap blocks
 * (src/report/report_text_heap.h).
 */
#include "support.h"

#include "report/report_text_heap.h"

#include <stdio.h>
#include <string.h>

enum {
    MOST_GROUPS = 1234
};

static struct arena arena;
static struct live_block_group groups[MOST_GROUPS];
static char origins[MOST_GROUPS][32];

/* Groups of one block each: heap.cpp:0 and so on, each of one byte less than the one before. */
static void make_groups(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        snprintf(origins[i], sizeof(origins[i]), "heap.cpp:%u", (unsigned)i);
        groups[i] = (struct live_block_group){origins[i], 1, 5000 - i};
    }
}

static const char *show(size_t count)
{
    const struct snapshot snapshot = {.live_block_groups = groups, .live_block_group_count = count};
    struct text text = {.arena = &arena};

    report_text_live_blocks(&text, &snapshot);
    return text.length ? text.characters : "";
}

static void no_groups_are_no_section(void **state)
{
    (void)state;
    assert_string_equal(show(0), "");
}

static void a_group_is_a_row(void **state)
{
    (void)state;
    groups[0] = (struct live_block_group){"heap.cpp:12", 2, 3000};
    assert_string_equal(
        show(1),
        "\nHeap blocks still live                     blocks                        bytes\n"
        "  heap.cpp:12                                   2    2.9 KiB           (3,000)\n");
}

static void ten_groups_are_shown_and_the_rest_counted(void **state)
{
    const char *shown;

    (void)state;
    make_groups(1234);
    shown = show(1234);
    assert_non_null(strstr(shown, "\n  heap.cpp:0 "));
    assert_non_null(strstr(shown, "\n  heap.cpp:9 "));
    assert_null(strstr(shown, "\n  heap.cpp:10 "));
    assert_non_null(strstr(shown, "\n  and 1,224 more groups\n"));
}

static void ten_groups_are_all(void **state)
{
    (void)state;
    make_groups(10);
    assert_null(strstr(show(10), "more groups"));
}

static void a_long_origin_has_a_row_of_its_own(void **state)
{
    (void)state;
    groups[0] = (struct live_block_group){"a-rather-long-directory/and-a-file.cpp:12", 1, 5};
    assert_non_null(strstr(
        show(1), "\n  a-rather-long-directory/and-a-file.cpp:12\n"
                 "                                                1        5 B               "
                 "(5)\n"));
}

static void a_heap_says_what_it_stands_for(void **state)
{
    const HOSTMEM_HEAP heaps[] = {
        {.Number = 1, .Allocations = 1, .Kind = HostMemHeapOfProcess},
        {.Number = 2, .Allocations = 1, .Kind = HostMemHeapOfModule},
        {.Number = 3, .Allocations = 1, .Kind = HostMemHeapOfModule},
        {.Number = 4, .Allocations = 1},
    };
    static const char *const modules[] = {"", "ucrtbase.dll", "", ""};
    const struct snapshot snapshot = {
        .heaps = heaps, .heap_count = COUNT_OF(heaps), .heap_modules = modules};
    struct text text = {.arena = &arena};
    const char *shown;

    (void)state;
    report_text_heaps(&text, &snapshot);
    shown = strstr(text.characters, "\n  in place of the process's heap\n");
    assert_non_null(shown);
    shown = strstr(shown, "\n  in place of a heap of ucrtbase.dll\n");
    assert_non_null(shown);
    shown = strstr(shown, "\n  in place of a heap of generated code\n");
    assert_non_null(shown);
    assert_null(strstr(strchr(shown + 1, '\n'), "in place of"));
}

static void a_damaged_block_is_told_with_its_origin(void **state)
{
    const struct damaged_block block = {.kind = HostMemDamageAfterFree,
                                        .address = 0x12345,
                                        .block = 0x12340,
                                        .size = 1000,
                                        .allocated_by = 7,
                                        .freed_by = 8,
                                        .origin = "heap.cpp:12"};
    const struct snapshot snapshot = {
        .statistics.DamagedBlocks = 3, .damaged_blocks = &block, .damaged_block_count = 1};
    struct text text = {.arena = &arena};

    (void)state;
    report_text_damaged_blocks(&text, &snapshot);
    assert_string_equal(text.characters,
                        "\nDamaged heap blocks: written to at\n"
                        "  0x12345, offset 5 in a block of 1,000 bytes after it was freed\n"
                        "    allocated by thread 7 (heap.cpp:12), freed by thread 8\n"
                        "  and 2 more\n");
}

static void a_write_beyond_a_block_is_told_with_its_side_and_how_far_that_was(void **state)
{
    const struct damaged_block blocks[] = {{.kind = HostMemDamageBehind,
                                            .address = 0x12340 + 1000,
                                            .block = 0x12340,
                                            .size = 1000,
                                            .allocated_by = 7,
                                            .origin = "a.dll+0x12"},
                                           {.kind = HostMemDamageBefore,
                                            .address = 0x12338,
                                            .block = 0x12340,
                                            .size = 1000,
                                            .allocated_by = 7,
                                            .freed_by = 8,
                                            .origin = "a.dll+0x12"}};
    const struct snapshot snapshot = {
        .statistics.DamagedBlocks = 2, .damaged_blocks = blocks, .damaged_block_count = 2};
    struct text text = {.arena = &arena};

    (void)state;
    report_text_damaged_blocks(&text, &snapshot);
    assert_string_equal(text.characters,
                        "\nDamaged heap blocks: written to at\n"
                        "  0x12728, 1 bytes behind the end of a block of 1,000 bytes\n"
                        "    allocated by thread 7 (a.dll+0x12)\n"
                        "  0x12338, 8 bytes before the beginning of a block of 1,000 bytes\n"
                        "    allocated by thread 7 (a.dll+0x12), freed by thread 8\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_groups_are_no_section),
        cmocka_unit_test(a_group_is_a_row),
        cmocka_unit_test(ten_groups_are_shown_and_the_rest_counted),
        cmocka_unit_test(ten_groups_are_all),
        cmocka_unit_test(a_long_origin_has_a_row_of_its_own),
        cmocka_unit_test(a_heap_says_what_it_stands_for),
        cmocka_unit_test(a_damaged_block_is_told_with_its_origin),
        cmocka_unit_test(a_write_beyond_a_block_is_told_with_its_side_and_how_far_that_was),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
