/*
 * test_clr_programs.c: C# programs on a real CoreCLR whose memory hostmem manages. They do what
 * they do without it, and afterwards the books are exact.
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

/* What "Stress 8 100" prints on every runtime and bitness, with and without hostmem. */
#define STRESS_CHECKSUM "checksum 5170131135639182825\n"

/* ------------------------------------------------------------------------------------------------
 * Runs that several tests look at
 * --------------------------------------------------------------------------------------------- */

static struct run *demo;
static struct run *stress;
static struct run *whereabouts;

static int run_programs(void **state)
{
    (void)state;
    demo = run_host(RUN_WITH_JSON, L"%ls 3 8", clr_program(L"Demo"));
    stress = run_host(RUN_WITH_JSON, L"%ls 8 100", clr_program(L"Stress"));
    whereabouts = run_host(RUN_WITH_JSON, L"%ls", clr_program(L"Whereabouts"));
    return 0;
}

static int free_runs(void **state)
{
    (void)state;
    run_free(demo);
    run_free(stress);
    run_free(whereabouts);
    return 0;
}

/* ------------------------------------------------------------------------------------------------
 * The programs
 * --------------------------------------------------------------------------------------------- */

static void the_demo_prints_what_it_must(void **state)
{
    (void)state;
    check_demo_output(demo, 3, 8);
    check_run(demo, demo->exit_code == 0);
}

static void a_program_that_strains_its_memory_finds_it_whole(void **state)
{
    (void)state;
    check_run(stress, strncmp(stress->output, STRESS_CHECKSUM, strlen(STRESS_CHECKSUM)) == 0);
    check_run(stress, strstr(stress->output, "finalizers ran\n"));
    check_run(stress, stress->exit_code == 0);
}

/* ------------------------------------------------------------------------------------------------
 * The books
 * --------------------------------------------------------------------------------------------- */

static void the_books_are_exact_after_the_demo(void **state)
{
    (void)state;
    check_books(demo);
}

static void the_books_are_exact_after_the_strain(void **state)
{
    (void)state;
    check_books(stress);
}

static void the_books_are_exact_after_dynamic_code(void **state)
{
    (void)state;
    check_books(whereabouts);
}

static void regions_statistics_audit_and_walk_agree_to_the_byte(void **state)
{
    (void)state;
    check_agreement(demo);
    check_agreement(stress);
    check_agreement(whereabouts);
}

static void nothing_is_committed_in_foreign_memory(void **state)
{
    (void)state;
    check_run(demo, report_integer(demo, "statistics.foreign_commits") == 0);
    check_run(stress, report_integer(stress, "statistics.foreign_commits") == 0);
    check_run(whereabouts, report_integer(whereabouts, "statistics.foreign_commits") == 0);
}

static void no_free_is_refused(void **state)
{
    (void)state;
    check_run(demo, report_integer(demo, "statistics.refused_frees") == 0);
    check_run(stress, report_integer(stress, "statistics.refused_frees") == 0);
    check_run(whereabouts, report_integer(whereabouts, "statistics.refused_frees") == 0);
}

static void the_runtime_accepts_the_host_control(void **state)
{
    (void)state;
    check_run(demo, strcmp(report_text(demo, "host.set_host_control"), "0x00000000") == 0);
    check_run(demo, json_is_true(report_member(demo, "host.set_host_control_accepted")));
    check_run(demo, strstr(demo->errors, "SetHostControl accepted"));
}

static void the_runtime_asks_hostmem_for_its_pages(void **state)
{
    (void)state;
    check_run(demo, report_integer(demo, "statistics.methods.VirtualAlloc.calls") > 100);
    check_run(demo, report_integer(demo, "statistics.methods.VirtualFree.calls") > 0);
    check_run(demo, report_integer(demo, "statistics.methods.VirtualQuery.calls") > 0);
    check_run(demo, report_integer(demo, "statistics.committed.peak") > (24 << 20));
}

/* ------------------------------------------------------------------------------------------------
 * Which of the runtime's memory hostmem owns
 * --------------------------------------------------------------------------------------------- */

static bool is_owned(const json_t *regions, unsigned long long address)
{
    for (size_t i = 0; i < json_array_size(regions); i++) {
        const json_t *region = json_array_get(regions, i);
        const char *base_text = json_string_value(json_object_get(region, "base"));
        unsigned long long base = strtoull(base_text, NULL, 16);
        unsigned long long size =
            (unsigned long long)json_integer_value(json_object_get(region, "size"));

        if (address - base < size)
            return true;
    }
    return false;
}

/* Each line of the program but the last is a name and an address. Returns how many were owned. */
static int count_owned_addresses(const char *part_of_name)
{
    const json_t *regions = report_member(whereabouts, "regions");
    char *lines = strdup(whereabouts->output);
    int owned = 0;

    for (char *line = strtok(lines, "\n"); line; line = strtok(NULL, "\n")) {
        char *name = line;
        char *space = strchr(line, ' ');
        unsigned long long address;

        check_run(whereabouts, space != NULL);
        *space = '\0';
        address = strtoull(space + 1, NULL, 16);
        if (!strstr(name, part_of_name))
            continue;
        if (!is_owned(regions, address)) {
            print_error("%s is at 0x%llx\n", name, address);
            check_run(whereabouts, !"an address is in no region of hostmem's");
        }
        owned++;
    }
    free(lines);
    return owned;
}

static void objects_of_every_generation_lie_in_owned_regions(void **state)
{
    (void)state;
    check_run(whereabouts, strstr(whereabouts->output, "generation-0-start "));
    check_run(whereabouts, strstr(whereabouts->output, "generation-2-start "));
    check_run(whereabouts, count_owned_addresses("generation-") == 4);
}

static void large_objects_lie_in_owned_regions(void **state)
{
    (void)state;
    check_run(whereabouts, count_owned_addresses("large-object") == 4);
}

static void types_lie_in_owned_regions(void **state)
{
    (void)state;
    check_run(whereabouts, count_owned_addresses("type-of-") == 5);
}

static void compiled_code_and_its_stubs_lie_in_owned_regions(void **state)
{
    (void)state;
    check_run(whereabouts, count_owned_addresses("of-a-method") == 3);
    check_run(whereabouts, count_owned_addresses("thunk-of-") == 1);
}

static void the_collected_heap_is_within_what_is_committed(void **state)
{
    static const char name[] = "heap-bytes ";
    const char *line = strstr(whereabouts->output, name);
    long long bytes;

    (void)state;
    check_run(whereabouts, line != NULL);
    bytes = strtoll(line + sizeof(name) - 1, NULL, 10);
    check_run(whereabouts,
              bytes > 0 && bytes <= report_integer(whereabouts, "statistics.committed.now"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_demo_prints_what_it_must),
        cmocka_unit_test(a_program_that_strains_its_memory_finds_it_whole),
        cmocka_unit_test(the_books_are_exact_after_the_demo),
        cmocka_unit_test(the_books_are_exact_after_the_strain),
        cmocka_unit_test(the_books_are_exact_after_dynamic_code),
        cmocka_unit_test(regions_statistics_audit_and_walk_agree_to_the_byte),
        cmocka_unit_test(nothing_is_committed_in_foreign_memory),
        cmocka_unit_test(no_free_is_refused),
        cmocka_unit_test(the_runtime_accepts_the_host_control),
        cmocka_unit_test(the_runtime_asks_hostmem_for_its_pages),
        cmocka_unit_test(objects_of_every_generation_lie_in_owned_regions),
        cmocka_unit_test(large_objects_lie_in_owned_regions),
        cmocka_unit_test(types_lie_in_owned_regions),
        cmocka_unit_test(compiled_code_and_its_stubs_lie_in_owned_regions),
        cmocka_unit_test(the_collected_heap_is_within_what_is_committed),
    };

    if (!clr_tests_begin())
        return EXIT_CODE_SKIPPED;
    return cmocka_run_group_tests(tests, run_programs, free_runs);
}
