/*
 * test_clr_heap.c: hostmem-run --heap alone, with --callers and with --check: C# programs on a real
 * CoreCLR whose pages and heaps hostmem manages. They do what they do without it, no free is
 * refused, and the books of heaps are exact.
 *
 * The same tests run for each of these options.
 */
#include "expected.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What "Stress 4 40" prints on every runtime and bitness, with and without hostmem. */
#define STRESS_CHECKSUM "checksum 2383497117361\n"

#define UNHANDLED_MANAGED_EXCEPTION 0xe0434352u

enum run_of {
    DEMO,
    STRESS,
    WHEREABOUTS,
    ECHO_ARGUMENTS,
    EXIT,
    RUNS
};

static struct run *runs[RUNS];

static int run_programs(const wchar_t *options)
{
    runs[DEMO] = run_host(RUN_WITH_JSON, L"%ls %ls 2 4", options, clr_program(L"Demo"));
    runs[STRESS] = run_host(RUN_WITH_JSON, L"%ls %ls 4 40", options, clr_program(L"Stress"));
    runs[WHEREABOUTS] = run_host(RUN_WITH_JSON, L"%ls %ls", options, clr_program(L"Whereabouts"));
    runs[ECHO_ARGUMENTS] = run_host(RUN_WITH_JSON, L"%ls %ls a b", options, clr_program(L"Echo"));
    runs[EXIT] = run_host(RUN_WITH_JSON, L"%ls %ls exit 4", options, clr_program(L"Exits"));
    return 0;
}

static int run_with_heap(void **state)
{
    (void)state;
    return run_programs(L"--heap");
}

static int run_with_callers(void **state)
{
    (void)state;
    return run_programs(L"--heap --callers");
}

static int run_with_check(void **state)
{
    (void)state;
    return run_programs(L"--heap --check");
}

static int free_runs(void **state)
{
    (void)state;
    for (int i = 0; i < RUNS; i++)
        run_free(runs[i]);
    return 0;
}

/* ------------------------------------------------------------------------------------------------
 * The programs
 * --------------------------------------------------------------------------------------------- */

static void programs_do_what_they_must(void **state)
{
    (void)state;
    check_demo_output(runs[DEMO], 2, 4);
    check_run(runs[STRESS], strncmp(runs[STRESS]->output, STRESS_CHECKSUM "finalizers ran\n",
                                    strlen(STRESS_CHECKSUM "finalizers ran\n")) == 0);
    check_run(runs[WHEREABOUTS], strstr(runs[WHEREABOUTS]->output, "\nheap-bytes "));
    check_run(runs[ECHO_ARGUMENTS], strcmp(runs[ECHO_ARGUMENTS]->output, "a\nb\n") == 0);
    check_run(runs[EXIT], strcmp(runs[EXIT]->output, "ending by exit\n") == 0);
}

static void exit_codes_are_the_programs(void **state)
{
    static const DWORD codes[RUNS] = {[ECHO_ARGUMENTS] = 2, [EXIT] = 4};

    (void)state;
    for (int i = 0; i < RUNS; i++)
        check_run(runs[i], runs[i]->exit_code == codes[i]);
}

static void the_books_are_exact(void **state)
{
    (void)state;
    for (int i = 0; i < RUNS; i++)
        check_books(runs[i]);
}

static void the_report_says_that_heaps_were_redirected(void **state)
{
    (void)state;
    for (int i = 0; i < RUNS; i++) {
        check_run(runs[i], json_is_true(report_member(runs[i], "host.heap")));
        check_run(runs[i], report_integer(runs[i], "host.guard_above") == 0);
        check_run(runs[i],
                  strstr(runs[i]->errors, "; redirected coreclr.dll, clrjit.dll with heaps\n"));
    }
}

static void without_check_the_report_says_so(void **state)
{
    (void)state;
    for (int i = 0; i < RUNS; i++)
        check_run(runs[i], json_is_false(report_member(runs[i], "host.check")));
}

static void with_check_the_report_says_so(void **state)
{
    (void)state;
    for (int i = 0; i < RUNS; i++)
        check_run(runs[i], json_is_true(report_member(runs[i], "host.check")));
}

static void no_free_is_refused(void **state)
{
    (void)state;
    for (int i = 0; i < RUNS; i++) {
        check_run(runs[i], report_integer(runs[i], "statistics.refused_frees") == 0);
        check_run(runs[i], report_integer(runs[i], "statistics.damaged_blocks") == 0);
        check_run(runs[i],
                  report_integer(runs[i], "statistics.methods.IHostMalloc::Free.failures") == 0);
    }
}

/* ------------------------------------------------------------------------------------------------
 * The heaps
 * --------------------------------------------------------------------------------------------- */

static void the_runtime_s_blocks_are_hostmem_s(void **state)
{
    (void)state;
    for (int i = 0; i < RUNS; i++) {
        const json_t *heaps = report_member(runs[i], "heaps");

        check_run(runs[i], json_array_size(heaps) >= 2);
        check_run(runs[i], sum_of(heaps, "allocations") > 1000);
        check_run(runs[i], report_integer(runs[i], "statistics.blocks.peak") > 500);
    }
}

static json_int_t sum_of_gauges(const json_t *array, const char *member)
{
    json_int_t sum = 0;

    for (size_t i = 0; i < json_array_size(array); i++)
        sum += json_integer_value(
            json_object_get(json_object_get(json_array_get(array, i), member), "now"));
    return sum;
}

static void check_heap(const struct run *run, const json_t *heap)
{
    const json_t *classes = json_object_get(heap, "size_classes");
    json_int_t blocks = json_integer_value(json_object_get(json_object_get(heap, "blocks"), "now"));
    json_int_t large =
        json_integer_value(json_object_get(json_object_get(heap, "large_blocks"), "now"));
    json_int_t bytes =
        json_integer_value(json_object_get(json_object_get(heap, "block_bytes"), "now"));
    json_int_t large_bytes =
        json_integer_value(json_object_get(json_object_get(heap, "large_bytes"), "now"));

    check_run(run, json_is_array(classes));
    check_run(run, sum_of(classes, "blocks") + large == blocks);
    check_run(run, sum_of(classes, "block_bytes") + large_bytes == bytes);
    check_run(run, json_integer_value(json_object_get(heap, "allocations")) -
                           json_integer_value(json_object_get(heap, "frees")) ==
                       blocks);
    check_run(run, json_integer_value(json_object_get(heap, "allocated_bytes")) -
                           json_integer_value(json_object_get(heap, "freed_bytes")) ==
                       bytes);
}

static void heaps_size_classes_and_statistics_agree(void **state)
{
    (void)state;
    for (int i = 0; i < RUNS; i++) {
        const json_t *heaps = report_member(runs[i], "heaps");

        for (size_t heap = 0; heap < json_array_size(heaps); heap++)
            check_heap(runs[i], json_array_get(heaps, heap));
        check_run(runs[i], sum_of_gauges(heaps, "blocks") ==
                               report_integer(runs[i], "statistics.blocks.now"));
        check_run(runs[i], sum_of_gauges(heaps, "block_bytes") ==
                               report_integer(runs[i], "statistics.block_bytes.now"));
        check_run(runs[i], sum_of_gauges(heaps, "slab_bytes") ==
                               report_integer(runs[i], "statistics.slab_bytes.now"));
    }
}

static void the_groups_of_live_blocks_add_up(void **state)
{
    (void)state;
    for (int i = 0; i < RUNS; i++) {
        const json_t *groups = report_member(runs[i], "live_blocks");

        check_run(runs[i],
                  sum_of(groups, "blocks") == report_integer(runs[i], "statistics.blocks.now"));
        check_run(runs[i],
                  sum_of(groups, "bytes") == report_integer(runs[i], "statistics.block_bytes.now"));
    }
}

static void the_report_has_its_sections(void **state)
{
    (void)state;
    for (int i = 0; i < RUNS; i++) {
        check_run(runs[i], occurrences(runs[i]->errors, "\nHeap 1  ") == 1);
        check_run(runs[i], occurrences(runs[i]->errors, "\nHeap blocks still live  ") == 1);
    }
}

static void no_table_is_wider_than_a_console(void **state)
{
    (void)state;
    for (int i = 0; i < RUNS; i++) {
        const char *line = strstr(runs[i]->errors, "\nMemory ");

        check_run(runs[i], line != NULL);
        for (line++; *line; line += strcspn(line, "\n") + 1)
            check_run(runs[i], strcspn(line, "\n") < 80);
    }
}

/* ------------------------------------------------------------------------------------------------
 * Where blocks come from
 * --------------------------------------------------------------------------------------------- */

static const char *origin_at(const struct run *run, size_t number)
{
    const json_t *group = json_array_get(report_member(run, "live_blocks"), number);

    return json_string_value(json_object_get(group, "origin"));
}

static void without_callers_no_origin_is_kept(void **state)
{
    (void)state;
    for (int i = 0; i < RUNS; i++) {
        check_run(runs[i], json_array_size(report_member(runs[i], "live_blocks")) == 1);
        check_run(runs[i], strcmp(origin_at(runs[i], 0), "no origin kept") == 0);
    }
}

static void callers_are_places_in_the_runtime_or_a_library(void **state)
{
    (void)state;
    for (int i = 0; i < RUNS; i++) {
        size_t count = json_array_size(report_member(runs[i], "live_blocks"));

        check_run(runs[i], count > 1);
        for (size_t group = 0; group < count; group++) {
            const char *origin = origin_at(runs[i], group);

            check_run(runs[i], origin && (strncmp(origin, "coreclr.dll+0x", 14) == 0 ||
                                          strncmp(origin, "clrjit.dll+0x", 13) == 0 ||
                                          strncmp(origin, "ucrtbase.dll+0x", 15) == 0));
        }
        check_run(runs[i], strstr(runs[i]->errors, "\n  coreclr.dll+0x"));
    }
}

/* ------------------------------------------------------------------------------------------------
 * Other endings
 * --------------------------------------------------------------------------------------------- */

static void check_ending(const wchar_t *options, const wchar_t *way, DWORD exit_code)
{
    struct run *run = run_host(RUN_WITH_JSON, L"%ls %ls %ls", options, clr_program(L"Exits"), way);

    check_run(run, run->exit_code == exit_code);
    check_run(run, occurrences(run->errors, "---- hostmem ") == 1);
    check_run(run, occurrences(run->errors, "Audit: no difference") == 1);
    check_run(run, report_integer(run, "statistics.refused_frees") == 0);
    check_run(run, sum_of(report_member(run, "heaps"), "allocations") > 1000);
    run_free(run);
}

static void an_unhandled_exception_is_reported_on(void **state)
{
    (void)state;
    check_ending(L"--heap", L"unhandled", UNHANDLED_MANAGED_EXCEPTION);
}

static void an_exit_while_others_allocate_is_reported_on(void **state)
{
    (void)state;
    check_ending(L"--callers", L"exit-from-thread 11", 11);
}

#define TESTS_OF_EACH_KIND                                                                         \
    cmocka_unit_test(programs_do_what_they_must), cmocka_unit_test(exit_codes_are_the_programs),   \
        cmocka_unit_test(the_books_are_exact), cmocka_unit_test(no_free_is_refused),               \
        cmocka_unit_test(the_report_says_that_heaps_were_redirected),                              \
        cmocka_unit_test(the_runtime_s_blocks_are_hostmem_s),                                      \
        cmocka_unit_test(heaps_size_classes_and_statistics_agree),                                 \
        cmocka_unit_test(the_groups_of_live_blocks_add_up),                                        \
        cmocka_unit_test(the_report_has_its_sections),                                             \
        cmocka_unit_test(no_table_is_wider_than_a_console)

int main(void)
{
    const struct CMUnitTest with_heap[] = {TESTS_OF_EACH_KIND,
                                           cmocka_unit_test(without_check_the_report_says_so),
                                           cmocka_unit_test(without_callers_no_origin_is_kept)};
    const struct CMUnitTest with_check[] = {
        TESTS_OF_EACH_KIND, cmocka_unit_test(with_check_the_report_says_so),
        cmocka_unit_test(callers_are_places_in_the_runtime_or_a_library)};
    const struct CMUnitTest with_callers[] = {
        TESTS_OF_EACH_KIND, cmocka_unit_test(without_check_the_report_says_so),
        cmocka_unit_test(callers_are_places_in_the_runtime_or_a_library)};
    const struct CMUnitTest endings[] = {
        cmocka_unit_test(an_unhandled_exception_is_reported_on),
        cmocka_unit_test(an_exit_while_others_allocate_is_reported_on)};
    int failed;

    if (!clr_tests_begin())
        return EXIT_CODE_SKIPPED;
    failed = cmocka_run_group_tests_name("--heap", with_heap, run_with_heap, free_runs);
    failed += cmocka_run_group_tests_name("--heap --check", with_check, run_with_check, free_runs);
    failed +=
        cmocka_run_group_tests_name("--heap --callers", with_callers, run_with_callers, free_runs);
    failed += cmocka_run_group_tests_name("endings", endings, NULL, NULL);
    return failed;
}
