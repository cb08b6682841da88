/*
 * test_clr_limits.c: C# programs under a limit on a real CoreCLR: the limit is kept, the programs
 * survive it, and the runtime adapts to it.
 */
#include "expected.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MIB ((json_int_t)1 << 20)
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* ------------------------------------------------------------------------------------------------
 * Running out of memory
 * --------------------------------------------------------------------------------------------- */

enum {
    EXHAUST_EXIT_CODE = 7
};

/* In MiB. */
static const int limits[] = {32, 96, 256, 48, 64, 128, 192, 512};

static bool is_long(void)
{
    return getenv("HOSTMEM_TEST_LONG") != NULL;
}

/* What "Exhaust SIZE 2" prints. */
static const char exhaust_output[] = "round 1: out of memory, all arrays whole\n"
                                     "round 1: 20000 words, checksum 116826603140863980\n"
                                     "round 2: out of memory, all arrays whole\n"
                                     "round 2: 20000 words, checksum 6580032578798739222\n"
                                     "done\n";

static void check_kept(const struct run *run, json_int_t limit)
{
    check_run(run, report_integer(run, "limits.committed.total") == limit);
    check_run(run, report_integer(run, "statistics.committed.peak") <= limit);
    check_run(run, json_is_true(report_member(run, "limits.kept")));
    check_run(run, strstr(run->errors, "Limit: kept"));
}

/* Arrays of that many bytes. The short form tries only one limit, `first` of them. */
static void check_exhaustion(int size, size_t first)
{
    for (size_t i = is_long() ? 0 : first; i < (is_long() ? COUNT_OF(limits) : first + 1); i++) {
        struct run *run = run_host(RUN_WITH_JSON, L"--limit %dM %ls %d 2", limits[i],
                                   clr_program(L"Exhaust"), size);

        check_run(run, strcmp(run->output, exhaust_output) == 0);
        check_run(run, run->exit_code == EXHAUST_EXIT_CODE);
        check_kept(run, limits[i] * MIB);
        check_run(run, report_integer(run, "statistics.refused_requests.task_critical.count") > 0);
        check_run(run, report_integer(run, "statistics.refused_frees") == 0);
        check_books(run);
        run_free(run);
    }
}

static void a_program_survives_that_small_objects_exhaust_the_limit(void **state)
{
    (void)state;
    check_exhaustion(1000, 1);
}

static void a_program_survives_that_larger_objects_exhaust_the_limit(void **state)
{
    (void)state;
    check_exhaustion(65536, 0);
}

static void a_program_survives_that_large_objects_exhaust_the_limit(void **state)
{
    (void)state;
    check_exhaustion(300000, 2);
}

/* ------------------------------------------------------------------------------------------------
 * A runtime that adapts
 * --------------------------------------------------------------------------------------------- */

struct cache {
    struct run *run;
    int collections[3]; /* by generation, as the program saw them */
    json_int_t peak;    /* of committed bytes */
    json_int_t refusals;
};

/* Options come before the program. */
static struct cache run_cache(const wchar_t *options)
{
    struct cache cache = {
        .run = run_host(RUN_WITH_JSON, L"%ls %ls 15000", options, clr_program(L"Cache"))};
    const char *collections = strstr(cache.run->output, "collections ");

    check_run(cache.run, cache.run->exit_code == 0);
    check_run(cache.run, collections);
    check_run(cache.run, sscanf(collections, "collections %d %d %d", &cache.collections[0],
                                &cache.collections[1], &cache.collections[2]) == 3);
    check_books(cache.run);
    cache.peak = report_integer(cache.run, "statistics.committed.peak");
    for (int level = 0; level < 3; level++) {
        static const char *const levels[] = {
            "statistics.refused_requests.task_critical.count",
            "statistics.refused_requests.app_domain_critical.count",
            "statistics.refused_requests.process_critical.count"};

        cache.refusals += report_integer(cache.run, levels[level]);
    }
    return cache;
}

static void show(const char *name, const struct cache *cache)
{
    printf("%-22s collections %5d %5d %5d, peak %6lld KiB, refused %4lld, told low %3lld\n", name,
           cache->collections[0], cache->collections[1], cache->collections[2],
           (long long)(cache->peak / 1024), (long long)cache->refusals,
           (long long)report_integer(cache->run, "statistics.notifications.low.count"));
}

/* The checksum, up to the numbers of collections. */
static void check_same_result(const struct cache *a, const struct cache *b)
{
    size_t length = strcspn(a->run->output, "\n");

    check_run(b->run, strncmp(a->run->output, b->run->output, length + 1) == 0);
}

/*
 * The control has the same limit: it collects when it is refused, and not before. Without a limit
 * a 32-bit runtime collects about as often, because its segments are short: only a 64-bit one can
 * be compared with that.
 */
static void under_half_of_its_free_use_a_runtime_collects_earlier_and_more(void **state)
{
    struct cache without_limit, adapting, control;
    wchar_t options[2][64];
    int half;

    (void)state;
    /* The same first generation for all three, whatever the processor's cache is. */
    SetEnvironmentVariableW(L"COMPlus_GCgen0size", L"40000");
    without_limit = run_cache(L"");
    half = (int)(without_limit.peak / 2 / 1024);
    swprintf(options[0], COUNT_OF(options[0]), L"--limit %dK", half);
    swprintf(options[1], COUNT_OF(options[1]), L"--limit %dK --pressure off", half);
    adapting = run_cache(options[0]);
    control = run_cache(options[1]);
    SetEnvironmentVariableW(L"COMPlus_GCgen0size", NULL);

    printf("limit %d KiB\n", half);
    show("without a limit", &without_limit);
    show("told of the limit", &adapting);
    show("not told (control)", &control);

    check_same_result(&without_limit, &adapting);
    check_same_result(&without_limit, &control);
    check_kept(adapting.run, (json_int_t)half * 1024);
    check_kept(control.run, (json_int_t)half * 1024);
    if (sizeof(void *) == 8)
        check_run(adapting.run, adapting.collections[2] > without_limit.collections[2]);
    check_run(adapting.run, adapting.collections[2] > control.collections[2]);
    check_run(adapting.run, adapting.peak < control.peak);
    check_run(adapting.run, adapting.refusals < control.refusals);
    check_run(adapting.run, report_integer(adapting.run, "statistics.notifications.low.count") > 0);
    check_run(control.run, report_integer(control.run, "statistics.notifications.low.count") == 0);
    check_run(control.run, strstr(control.run->errors, "WITHOUT a warning"));
    run_free(without_limit.run);
    run_free(adapting.run);
    run_free(control.run);
}

/* ------------------------------------------------------------------------------------------------
 * At the brink
 * --------------------------------------------------------------------------------------------- */

#define BRINK_SECONDS (is_long() ? 30 : 4)

/* Low once, and then, while requests are refused, once a second at most. */
static void at_95_percent_of_its_limit_a_runtime_is_told_no_more_than_promised(void **state)
{
    ULONGLONG begin = GetTickCount64();
    struct run *run = run_host(RUN_WITH_JSON, L"--limit 128M --pressure 90,70 %ls 108 %d",
                               clr_program(L"Brink"), BRINK_SECONDS);
    json_int_t seconds = (json_int_t)((GetTickCount64() - begin) / 1000 + 1);
    json_int_t low, others;

    (void)state;
    check_run(run, run->exit_code == 0);
    check_run(run, strcmp(run->output, "done\n") == 0);
    check_run(run, report_integer(run, "statistics.committed.peak") * 100 >=
                       report_integer(run, "limits.committed.limit") * 95);
    check_kept(run, 128 * MIB);
    low = report_integer(run, "statistics.notifications.low.count");
    others = report_integer(run, "statistics.notifications.neutral.count") +
             report_integer(run, "statistics.notifications.high.count");
    check_run(run, low >= 1);
    check_run(run, low <= 1 + (report_integer(run, "limits.refusals") ? seconds : 0));
    check_run(run, others <= 4);
    check_books(run);
    run_free(run);
}

/* ------------------------------------------------------------------------------------------------
 * Other effects of a limit
 * --------------------------------------------------------------------------------------------- */

static void a_limit_on_address_space_is_kept_as_well(void **state)
{
    struct run *run =
        run_host(RUN_WITH_JSON, L"--limit-reserved 512M %ls 2 4", clr_program(L"Demo"));

    (void)state;
    check_demo_output(run, 2, 4);
    check_run(run, json_is_null(report_member(run, "limits.committed")));
    check_run(run, report_integer(run, "limits.reserved.total") == 512 * MIB);
    check_run(run, report_integer(run, "statistics.reserved.peak") <= 512 * MIB);
    check_run(run, json_is_true(report_member(run, "limits.kept")));
    run_free(run);
}

static void a_program_well_within_its_limit_is_refused_nothing(void **state)
{
    struct run *run = run_host(RUN_WITH_JSON, L"--limit 512M %ls 2 4", clr_program(L"Demo"));

    (void)state;
    check_demo_output(run, 2, 4);
    check_kept(run, 512 * MIB);
    check_run(run, report_integer(run, "limits.refusals") == 0);
    check_run(run, json_is_null(report_member(run, "limits.warned_before_refusal")));
    check_run(run, strstr(run->errors, "nothing refused"));
    run_free(run);
}

static void without_a_limit_the_report_does_not_speak_of_one(void **state)
{
    struct run *run = run_host(RUN_WITH_JSON, L"%ls 1 1", clr_program(L"Demo"));

    (void)state;
    check_run(run, json_is_null(report_member(run, "limits")));
    check_run(run, !strstr(run->errors, "Limit"));
    run_free(run);
}

static void the_report_tells_the_reserve_and_when_the_warning_came(void **state)
{
    struct run *run = run_host(RUN_WITH_JSON, L"--limit 64M --reserve 8M --pressure 80,60 %ls %d 3",
                               clr_program(L"Exhaust"), 65536);

    (void)state;
    check_run(run, run->exit_code == EXHAUST_EXIT_CODE);
    check_run(run, report_integer(run, "limits.committed.limit") == 56 * MIB);
    check_run(run, report_integer(run, "limits.committed.app_domain_reserve") == 8 * MIB);
    check_run(run, json_is_null(report_member(run, "limits.committed.process_reserve")));
    check_run(run, report_integer(run, "limits.low_percent") == 80);
    check_run(run, report_integer(run, "limits.high_percent") == 60);
    check_run(run, json_is_true(report_member(run, "limits.warned_before_refusal")));
    check_run(run,
              report_integer(run, "statistics.notifications.low.first_order") <
                  report_integer(run, "statistics.refused_requests.task_critical.first_order"));
    check_run(run, strstr(run->errors, "of that 8.0 MiB for what the runtime needs"));
    check_run(run, strstr(run->errors, "after the first warning"));
    run_free(run);
}

/* What the runtime reads while it starts is not the program's to see. */
static void a_limit_leaves_the_program_its_environment(void **state)
{
    struct run *run =
        run_host(RUN_PLAIN, L"--limit 64M %ls COMPlus_GCgen0size", clr_program(L"Variable"));

    (void)state;
    check_run(run, run->exit_code == 0);
    check_run(run, strcmp(run->output, "not set\n") == 0);
    run_free(run);
}

/* A machine that is short of memory itself makes a collector behave as its limit would. */
static bool machine_has_memory(void)
{
    MEMORYSTATUSEX status = {.dwLength = sizeof(status)};

    if (!GlobalMemoryStatusEx(&status) || status.dwMemoryLoad < 80)
        return true;
    printf("Skipped: %lu %% of this machine's memory are in use already.\n", status.dwMemoryLoad);
    return false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_survives_that_small_objects_exhaust_the_limit),
        cmocka_unit_test(a_program_survives_that_larger_objects_exhaust_the_limit),
        cmocka_unit_test(a_program_survives_that_large_objects_exhaust_the_limit),
        cmocka_unit_test(under_half_of_its_free_use_a_runtime_collects_earlier_and_more),
        cmocka_unit_test(at_95_percent_of_its_limit_a_runtime_is_told_no_more_than_promised),
        cmocka_unit_test(a_limit_on_address_space_is_kept_as_well),
        cmocka_unit_test(a_program_well_within_its_limit_is_refused_nothing),
        cmocka_unit_test(without_a_limit_the_report_does_not_speak_of_one),
        cmocka_unit_test(the_report_tells_the_reserve_and_when_the_warning_came),
        cmocka_unit_test(a_limit_leaves_the_program_its_environment),
    };

    if (!clr_tests_begin() || !machine_has_memory())
        return EXIT_CODE_SKIPPED;
    return cmocka_run_group_tests_name("limits on a real CLR", tests, NULL, NULL);
}
