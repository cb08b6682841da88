/*
 * test_clr_soak.c: the short form of Soak, which does every kind of work on 16 threads at once with
 * the runtime's pages and heaps from hostmem. Soak.cs says how to run the long form.
 */
#include "expected.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* What it does and prints on every runtime and bitness, with and without hostmem. */
#define ARGUMENTS "--rounds 100 16 20261126"
#define WORK "16 threads, seed 20261126: 1600 rounds\n"
#define CHECKSUM "checksum -8137190783824824976\n"

static struct run *soak;

static int run_soak(void **state)
{
    (void)state;
    soak = run_host(RUN_WITH_JSON, L"--heap %ls " ARGUMENTS, clr_program(L"Soak"));
    return 0;
}

static int free_soak(void **state)
{
    (void)state;
    run_free(soak);
    return 0;
}

static void every_kind_of_work_comes_out_as_it_must(void **state)
{
    (void)state;
    check_run(soak, strncmp(soak->output, WORK, strlen(WORK)) == 0);
    check_run(soak, strstr(soak->output, "all was as it must be\n"));
    check_run(soak, soak->exit_code == 0);
}

static void its_result_is_that_of_any_other_run(void **state)
{
    (void)state;
    check_run(soak, strstr(soak->output, CHECKSUM));
}

static void the_books_are_exact_after_it(void **state)
{
    (void)state;
    check_books(soak);
    check_agreement(soak);
}

static void nothing_of_it_was_refused_or_foreign(void **state)
{
    static const char *const counts[] = {
        "statistics.refused_frees",
        "statistics.foreign_commits",
        "statistics.passed_frees",
        "statistics.damaged_blocks",
        "statistics.refused_blocks.foreign",
        "statistics.refused_blocks.interior",
        "statistics.refused_blocks.misaligned",
        "statistics.refused_blocks.freed",
        "statistics.refused_blocks.other_heap",
        "statistics.methods.IHostMalloc::Alloc.failures",
        "statistics.methods.IHostMalloc::Free.failures",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
        json_int_t count = report_integer(soak, counts[i]);

        if (count)
            print_error("%s: %lld\n", counts[i], (long long)count);
        check_run(soak, count == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_work_comes_out_as_it_must),
        cmocka_unit_test(its_result_is_that_of_any_other_run),
        cmocka_unit_test(the_books_are_exact_after_it),
        cmocka_unit_test(nothing_of_it_was_refused_or_foreign),
    };

    if (!clr_tests_begin())
        return EXIT_CODE_SKIPPED;
    return cmocka_run_group_tests_name("clr_soak", tests, run_soak, free_soak);
}
