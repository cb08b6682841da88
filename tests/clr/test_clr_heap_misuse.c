/*
 * test_clr_heap_misuse.c: misuse of heap blocks in a process with a CoreCLR (Heap.cs commits it) is
 * refused, found or stopped, and the report tells of it.
 */
#include "expected.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct run *misuse(const wchar_t *options, const wchar_t *way)
{
    return run_host(RUN_WITH_JSON, L"%ls %ls %ls", options, clr_program(L"Heap"), way);
}

/* ------------------------------------------------------------------------------------------------
 * Refused
 * --------------------------------------------------------------------------------------------- */

static void check_refusal(const wchar_t *way, const char *kind, const char *row)
{
    struct run *run = misuse(L"--heap", way);
    char path[64];

    check_run(run, strcmp(run->output, "refused\n") == 0);
    check_run(run, run->exit_code == 0);
    check_run(run, report_integer(run, "statistics.refused_frees") == 1);
    snprintf(path, sizeof(path), "statistics.refused_blocks.%s", kind);
    check_run(run, report_integer(run, path) == 1);
    check_run(run, occurrences(run->errors, row) == 1);
    check_books(run);
    run_free(run);
}

static void a_second_free_is_refused(void **state)
{
    (void)state;
    check_refusal(L"free-twice", "freed", "\n    of a heap block freed before  ");
}

static void a_free_inside_a_block_is_refused(void **state)
{
    (void)state;
    check_refusal(L"free-inside", "interior", "\n    inside a heap block  ");
    check_refusal(L"free-misaligned", "misaligned", "\n    inside a heap block, misaligned  ");
}

/* ------------------------------------------------------------------------------------------------
 * Found
 * --------------------------------------------------------------------------------------------- */

static void check_damage(const struct run *run, const json_t *damage)
{
    check_run(run, json_integer_value(json_object_get(damage, "offset")) == 5);
    check_run(run, json_integer_value(json_object_get(damage, "size")) == 40);
    check_run(run, json_integer_value(json_object_get(damage, "thread")) != 0);
    check_run(run, json_integer_value(json_object_get(damage, "freed_by")) ==
                       json_integer_value(json_object_get(damage, "thread")));
    check_run(run, json_is_string(json_object_get(damage, "address")));
    check_run(run, json_is_string(json_object_get(damage, "block")));
    check_run(run, json_is_string(json_object_get(damage, "origin")));
}

static void writes_to_freed_blocks_are_found(void **state)
{
    struct run *run = misuse(L"--check", L"damage 3");
    const json_t *damages = report_member(run, "damages");

    (void)state;
    check_run(run, strcmp(run->output, "3 blocks are damaged\n") == 0);
    check_run(run, report_integer(run, "statistics.damaged_blocks") == 3);
    check_run(run, json_array_size(damages) == 3);
    for (size_t i = 0; i < json_array_size(damages); i++)
        check_damage(run, json_array_get(damages, i));
    check_run(run, strstr(run->errors, "\nDamaged heap blocks: written to at\n  0x"));
    check_run(run, occurrences(run->errors,
                               ", offset 5 in a block of 40 bytes after it was freed\n") == 3);
    check_run(run,
              occurrences(run->errors, " (code generated at run time), freed by thread ") == 3);
    check_books(run);
    run_free(run);
}

static void the_first_twenty_damaged_blocks_are_described(void **state)
{
    struct run *run = misuse(L"--check --callers", L"damage 25");

    (void)state;
    check_run(run, report_integer(run, "statistics.damaged_blocks") == 25);
    check_run(run, json_array_size(report_member(run, "damages")) == 20);
    check_run(run, occurrences(run->errors, " (code generated at run time), freed by ") == 20);
    check_run(run, strstr(run->errors, "\n  and 5 more\n"));
    run_free(run);
}

static void check_fills_new_blocks_and_uses_them_again_late(void **state)
{
    struct run *run = misuse(L"--check", L"fresh");

    (void)state;
    check_run(run, strcmp(run->output, "first byte cd\nused again late\n") == 0);
    check_run(run, json_is_true(report_member(run, "host.check")));
    run_free(run);
}

static void an_overrun_is_told_with_its_caller_of_freed_blocks_and_of_live_ones(void **state)
{
    struct run *run = misuse(L"--check", L"beyond 6");
    const json_t *damages = report_member(run, "damages");
    size_t freed = 0;

    (void)state;
    check_run(run, strcmp(run->output, "6 blocks are written beyond\n") == 0);
    check_run(run, report_integer(run, "statistics.damaged_blocks") == 6);
    check_run(run, json_array_size(damages) == 6);
    for (size_t i = 0; i < json_array_size(damages); i++) {
        const json_t *damage = json_array_get(damages, i);

        check_run(run, strcmp(json_string_value(json_object_get(damage, "kind")), "behind") == 0);
        check_run(run, json_integer_value(json_object_get(damage, "offset")) == 40);
        check_run(run, json_integer_value(json_object_get(damage, "size")) == 40);
        check_run(run, json_integer_value(json_object_get(damage, "thread")) != 0);
        check_run(run, strcmp(json_string_value(json_object_get(damage, "origin")),
                              "code generated at run time") == 0);
        freed += json_integer_value(json_object_get(damage, "freed_by")) != 0;
    }
    check_run(run, freed == 3);
    check_run(run, strstr(run->errors, "1 bytes behind the end of a block of 40 bytes"));
    check_books(run);
    run_free(run);
}

static void hardened_heaps_tell_of_overruns_and_refuse_what_is_freed_twice(void **state)
{
    struct run *run = misuse(L"--harden", L"beyond 6");

    (void)state;
    check_run(run, json_is_true(report_member(run, "host.harden")));
    check_run(run, report_integer(run, "statistics.damaged_blocks") == 6);
    check_books(run);
    run_free(run);
    run = misuse(L"--harden", L"free-twice");
    check_run(run, strstr(run->output, "refused"));
    check_books(run);
    run_free(run);
}

static void without_check_nothing_is_looked_for(void **state)
{
    struct run *run = misuse(L"--heap", L"damage 3");

    (void)state;
    check_run(run, run->exit_code == 0);
    check_run(run, report_integer(run, "statistics.damaged_blocks") == 0);
    check_run(run, !strstr(run->errors, "Damaged heap blocks"));
    run_free(run);
}

/* ------------------------------------------------------------------------------------------------
 * Stopped
 * --------------------------------------------------------------------------------------------- */

static void a_guard_page_stops_a_write_behind_a_block(void **state)
{
    struct run *run = misuse(L"--guard 64K", L"overrun 100000");

    (void)state;
    check_run(run, strcmp(run->output, "writing behind a block\n") == 0);
    check_run(run, run->exit_code != 0 && run->exit_code != EXIT_CODE_TIMED_OUT);
    check_run(run, occurrences(run->errors, "Audit: no difference") == 1);
    check_run(run, report_integer(run, "host.guard_above") == 64 << 10);
    run_free(run);
}

static void smaller_blocks_have_no_guard_page(void **state)
{
    struct run *run = misuse(L"--guard 1M", L"overrun 100000");

    (void)state;
    check_run(run, strstr(run->output, "nothing stopped it\n"));
    check_run(run, run->exit_code == 0);
    run_free(run);
}

/* ------------------------------------------------------------------------------------------------
 * Left
 * --------------------------------------------------------------------------------------------- */

static void a_hundred_thousand_live_blocks_are_one_group(void **state)
{
    struct run *run = misuse(L"--callers", L"hold 100000 24");
    const json_t *first = json_array_get(report_member(run, "live_blocks"), 0);

    (void)state;
    check_run(run, strcmp(run->output, "100000 blocks are held\n") == 0);
    check_run(run, report_integer(run, "statistics.blocks.now") > 100000);
    check_run(run, strcmp(json_string_value(json_object_get(first, "origin")),
                          "code generated at run time") == 0);
    check_run(run, json_integer_value(json_object_get(first, "blocks")) == 100000);
    check_run(run, json_integer_value(json_object_get(first, "bytes")) == 2400000);
    check_books(run);
    run_free(run);
}

/* Whether so many live blocks of so many bytes were allocated at one place. */
static bool has_group(const struct run *run, json_int_t blocks, json_int_t bytes)
{
    const json_t *groups = report_member(run, "live_blocks");
    bool found = false;

    for (size_t i = 0; i < json_array_size(groups) && !found; i++) {
        const json_t *group = json_array_get(groups, i);

        found = json_integer_value(json_object_get(group, "blocks")) == blocks &&
                json_integer_value(json_object_get(group, "bytes")) == bytes;
    }
    return found;
}

/* What the runtime finds by GetProcAddress is hostmem's, and so is the block that it then makes. */
static void blocks_of_Marshal_AllocHGlobal_are_in_the_books(void **state)
{
    struct run *run = misuse(L"--callers", L"marshal 5000 24");

    (void)state;
    check_run(run, strcmp(run->output, "5000 blocks are held\n") == 0);
    check_run(run, has_group(run, 5000, 120000));
    check_run(run, report_integer(run, "statistics.refused_frees") == 0);
    check_books(run);
    run_free(run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_free_is_refused),
        cmocka_unit_test(a_free_inside_a_block_is_refused),
        cmocka_unit_test(writes_to_freed_blocks_are_found),
        cmocka_unit_test(the_first_twenty_damaged_blocks_are_described),
        cmocka_unit_test(hardened_heaps_tell_of_overruns_and_refuse_what_is_freed_twice),
        cmocka_unit_test(an_overrun_is_told_with_its_caller_of_freed_blocks_and_of_live_ones),
        cmocka_unit_test(check_fills_new_blocks_and_uses_them_again_late),
        cmocka_unit_test(without_check_nothing_is_looked_for),
        cmocka_unit_test(a_guard_page_stops_a_write_behind_a_block),
        cmocka_unit_test(smaller_blocks_have_no_guard_page),
        cmocka_unit_test(a_hundred_thousand_live_blocks_are_one_group),
        cmocka_unit_test(blocks_of_Marshal_AllocHGlobal_are_in_the_books),
    };

    if (!clr_tests_begin())
        return EXIT_CODE_SKIPPED;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
