/*
 * test_block_groups.c: how heap blocks are grouped by their origin
 * (src/run/snapshot/block_groups.h), and how origins read (block_origin.h).
 */
#include "support.h"

#include "run/snapshot/block_groups.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

enum {
    MANY = 1000000,
    MODULE = 0x10000000,
    MODULE_SIZE = 0x100000
};

static struct arena arena;
static struct block_groups groups;
static struct board board;
static const struct module_names names = {&board, &arena};

static int begin(void **state)
{
    (void)state;
    block_groups_begin(&groups, &arena);
    board.modules[0] = (struct board_module){
        .is_there = 1, .base = MODULE, .size = MODULE_SIZE, .name = "kernel32.dll"};
    return 0;
}

static void add(const void *caller, const char *file, int line, SIZE_T size)
{
    const HOSTMEM_BLOCK block = {.Caller = caller, .FileName = file, .Line = line, .Size = size};

    assert_true(block_groups_add(&groups, &block));
}

/* The groups, in order and in words; their number is asserted. */
static const struct live_block_group *finish(size_t expected)
{
    size_t count;
    const struct live_block_group *live = block_groups_finish(&groups, &names, &count);

    assert_figure(count, expected);
    return live;
}

static void check_group(const struct live_block_group *group, const char *text, uint64_t blocks,
                        uint64_t bytes)
{
    assert_string_equal(group->origin, text);
    assert_figure(group->blocks, blocks);
    assert_figure(group->bytes, bytes);
}

static void no_blocks_are_no_groups(void **state)
{
    (void)state;
    finish(0);
}

static void blocks_of_one_line_are_one_group(void **state)
{
    char copy[] = "heap.cpp"; /* the same text at another place */
    const struct live_block_group *group;

    (void)state;
    add(NULL, "heap.cpp", 12, 100);
    add(NULL, copy, 12, 50);
    add(NULL, "heap.cpp", 13, 20);
    add(NULL, "other.cpp", 12, 30);
    group = finish(3);
    check_group(&group[0], "heap.cpp:12", 2, 150);
    check_group(&group[1], "other.cpp:12", 1, 30);
    check_group(&group[2], "heap.cpp:13", 1, 20);
}

static void callers_are_named_by_module_and_offset(void **state)
{
    const char *base = (const char *)(uintptr_t)MODULE;
    const struct live_block_group *group;

    (void)state;
    add(base + 0x1234, NULL, 0, 8);
    add(base + 0x1234, NULL, 0, 8);
    add(base + 0x1235, NULL, 0, 8);
    group = finish(2);
    assert_int_equal(strcmp(group[0].origin, "kernel32.dll+0x1234"), 0);
    assert_figure(group[0].blocks, 2);
    assert_int_equal(strcmp(group[1].origin, "kernel32.dll+0x1235"), 0);
}

static void a_caller_comes_before_a_line(void **state)
{
    const char *base = (const char *)(uintptr_t)MODULE;
    const struct live_block_group *group;

    (void)state;
    add(base + 0x1234, "heap.cpp", 12, 8);
    group = finish(1);
    assert_int_equal(strcmp(group->origin, "kernel32.dll+0x1234"), 0);
}

static void callers_in_no_module_are_one_group(void **state)
{
    const char *code = (const char *)(uintptr_t)(MODULE + MODULE_SIZE);
    const struct live_block_group *group;

    (void)state;
    add(code, NULL, 0, 5);
    add(NULL, "heap.cpp", 1, 20);
    add(code + 1, NULL, 0, 6);
    add((const void *)KERNEL_ADDRESS, NULL, 0, 7);
    group = finish(2);
    check_group(&group[0], "heap.cpp:1", 1, 20);
    check_group(&group[1], "code generated at run time", 3, 18);
}

static void blocks_without_a_history_are_one_group(void **state)
{
    const struct live_block_group *group;

    (void)state;
    add(NULL, NULL, 0, 0);
    add(NULL, NULL, 0, 40);
    group = finish(1);
    check_group(group, "no origin kept", 2, 40);
}

static void groups_of_the_same_size_are_ordered_by_number_and_name(void **state)
{
    const struct live_block_group *group;

    (void)state;
    add(NULL, "b", 1, 10);
    add(NULL, "a", 1, 10);
    add(NULL, "c", 1, 5);
    add(NULL, "c", 1, 5);
    group = finish(3);
    check_group(&group[0], "c:1", 2, 10);
    check_group(&group[1], "a:1", 1, 10);
    check_group(&group[2], "b:1", 1, 10);
}

static void a_long_file_name_is_kept_whole(void **state)
{
    char name[1024] = "";
    char text[1040];

    (void)state;
    memset(name, 'x', sizeof(name) - 1);
    snprintf(text, sizeof(text), "%s:%d", name, INT_MAX);
    add(NULL, name, INT_MAX, 1);
    check_group(finish(1), text, 1, 1);
}

/*
 * If the work grew with the square of the number it would take a million million steps, and CTest's
 * time limit would end it.
 */
static void a_million_groups_are_made(void **state)
{
    const struct live_block_group *group;

    (void)state;
    for (int i = 0; i < 2 * MANY; i++)
        add(NULL, "heap.cpp", i % MANY, (SIZE_T)(i % MANY));
    group = finish(MANY);
    check_group(&group[0], "heap.cpp:999999", 2, 2 * (uint64_t)(MANY - 1));
    check_group(&group[MANY - 1], "heap.cpp:0", 2, 0);
}

#define on_new_groups(test) cmocka_unit_test_setup(test, begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_new_groups(no_blocks_are_no_groups),
        on_new_groups(blocks_of_one_line_are_one_group),
        on_new_groups(callers_are_named_by_module_and_offset),
        on_new_groups(a_caller_comes_before_a_line),
        on_new_groups(callers_in_no_module_are_one_group),
        on_new_groups(blocks_without_a_history_are_one_group),
        on_new_groups(groups_of_the_same_size_are_ordered_by_number_and_name),
        on_new_groups(a_long_file_name_is_kept_whole),
        on_new_groups(a_million_groups_are_made),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
