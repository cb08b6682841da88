/*
 * test_watch_limits.c: C# programs within a limit on .NET Core 3.1 and .NET 8, 9 and 10: they print
 * what they should, the limit is kept to the byte, and a collector that is told its hard limit is
 * not refused.
 *
 * The long form tries every work on every runtime, with each limit and both kinds of collector.
 * Where a runtime alone fails with the same hard limit, nothing is asked of hostmem.
 */
#include "watched.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define MIB ((json_int_t)1 << 20)

/* What Limits does, and what it prints then. */
struct work {
    const wchar_t *arguments;
    const char *output;
    int per_limit; /* not 0: MIB is the limit times this, in quarters */
};

static const struct work churn = {L"churn 40 6000", "churn: all whole, sum 9444558765879370360\n",
                                  0};
static const struct work cache = {L"cache 32 10000", "cache: all right, sum 9645074068675494725\n",
                                  0};
static const struct work list = {L"list 36", "list: sum 5812091327464841295\n", 0};
static const struct work latency = {L"latency 64", "latency: out of memory 0 and 0 times\n", 0};
static const struct work threads = {L"threads", "threads: all whole, out of memory\n", 6};
static const struct work gate = {L"gate", "gate: a quarter passes, four times as much fails\n", 4};
static const struct work catch = {L"catch",
                                  "round 1: out of memory, 105535883\n"
                                  "round 2: out of memory, 105522389\n"
                                  "round 3: out of memory, 105526142\n",
                                  5};

static const struct dotnet dotnet_3 = {L"netcoreapp3.1", "3.1.2"};

struct case_of_limit {
    const struct work *work;
    const struct dotnet *dotnet;
    int limit; /* MiB */
    bool is_server;
};

/* Twelve of all. */
static const struct case_of_limit cases[] = {
    {&churn, &dotnet_10, 64, false},    {&catch, &dotnet_10, 64, false},
    {&latency, &dotnet_10, 64, false},  {&cache, &dotnet_10, 80, false},
    {&threads, &dotnet_10, 128, false}, {&list, &dotnet_10, 64, true},
    {&churn, &dotnet_9, 80, true},      {&catch, &dotnet_9, 128, false},
    {&churn, &dotnet_8, 64, false},     {&cache, &dotnet_8, 80, true},
    {&latency, &dotnet_3, 64, false},   {&threads, &dotnet_3, 256, false},
};

static const wchar_t *arguments_of(const struct case_of_limit *one)
{
    static wchar_t arguments[64];

    if (!one->work->per_limit)
        return one->work->arguments;
    swprintf(arguments, COUNT_OF(arguments), L"%ls %d", one->work->arguments,
             one->limit * one->work->per_limit / 4);
    return arguments;
}

static json_int_t refusals(const struct run *run)
{
    return report_integer(run, "statistics.refused_requests.task_critical.count") +
           report_integer(run, "statistics.refused_requests.app_domain_critical.count");
}

static void check_case(const struct case_of_limit *one)
{
    const wchar_t *root = dotnet_root(one->dotnet);
    struct run *run;

    if (!is_there(root))
        return;
    SetEnvironmentVariableW(L"COMPlus_gcServer", one->is_server ? L"1" : NULL);
    run = run_watched(L"--limit %dM --runtime \"%ls\" %ls %ls", one->limit, root,
                      clr_program(L"Limits"), arguments_of(one));
    SetEnvironmentVariableW(L"COMPlus_gcServer", NULL);
    check_run(run, run->exit_code == 0);
    check_run(run, strcmp(run->output, one->work->output) == 0);
    check_run(run, report_integer(run, "statistics.committed.peak") <= one->limit * MIB);
    check_run(run, json_is_true(report_member(run, "limits.kept")));
    check_books(run);
    if (one->dotnet != &dotnet_3)
        check_run(run, refusals(run) == 0);
    run_free(run);
}

static void every_work_is_done_within_its_limit(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        check_case(&cases[i]);
}

/* ------------------------------------------------------------------------------------------------
 * The long form
 * --------------------------------------------------------------------------------------------- */

/* .NET 8 alone hangs, or ends with an exception, where small objects exhaust a hard limit. */
static bool runtime_alone_fails(const struct case_of_limit *one)
{
    return one->dotnet == &dotnet_8 && (one->work == &catch || one->work == &threads);
}

static void every_work_is_done_on_every_runtime_within_each_limit(void **state)
{
    static const struct work *const works[] = {&churn, &cache, &catch, &list, &threads, &latency};
    static const struct dotnet *const dotnets[] = {&dotnet_3, &dotnet_8, &dotnet_9, &dotnet_10};
    static const int limits[] = {64, 80, 128, 256};
    size_t count = COUNT_OF(works) * COUNT_OF(dotnets) * COUNT_OF(limits) * 2;

    (void)state;
    for (size_t i = 0; is_long_form() && i < count * 10; i++) {
        const struct case_of_limit one = {
            .work = works[i % COUNT_OF(works)],
            .dotnet = dotnets[i / COUNT_OF(works) % COUNT_OF(dotnets)],
            .limit = limits[i / COUNT_OF(works) / COUNT_OF(dotnets) % COUNT_OF(limits)],
            .is_server = i / (count / 2) % 2,
        };

        if (!runtime_alone_fails(&one))
            check_case(&one);
    }
}

/* ------------------------------------------------------------------------------------------------
 * What the program sees, and who decides
 * --------------------------------------------------------------------------------------------- */

static struct run *run_on_10(const wchar_t *options, const wchar_t *program,
                             const wchar_t *arguments)
{
    return run_watched(L"%ls --runtime \"%ls\" %ls %ls", options, dotnet_root(&dotnet_10),
                       clr_program(program), arguments);
}

static void a_memory_fail_point_lets_through_what_fits(void **state)
{
    const struct case_of_limit one = {&gate, &dotnet_10, 64, false};
    struct run *run;

    (void)state;
    if (!is_there(dotnet_root(&dotnet_10)))
        skip();
    run = run_on_10(L"--limit 64M", L"Limits", arguments_of(&one));
    check_run(run, strcmp(run->output, gate.output) == 0);
    run_free(run);
}

/* TotalAvailableMemoryBytes of GC.GetGCMemoryInfo is the hard limit, if there is one. */
static long long told(const wchar_t *options)
{
    static const char name[] = "TotalAvailableMemoryBytes ";
    struct run *run;
    const char *at;
    long long bytes;

    SetEnvironmentVariableW(L"LIMITS_FACTS", L"1");
    run = run_on_10(options, L"Limits", L"hello 1");
    SetEnvironmentVariableW(L"LIMITS_FACTS", NULL);
    check_run(run, strcmp(run->output, "hello\n") == 0);
    at = strstr(run->errors, name);
    check_run(run, at);
    bytes = atoll(at + sizeof(name) - 1);
    run_free(run);
    return bytes;
}

static void the_user_decides_first_then_hostmem(void **state)
{
    (void)state;
    if (!is_there(dotnet_root(&dotnet_10)))
        skip();
    assert_int_equal(told(L"--limit 64M"), (60 - 3) * MIB - (60 * MIB / 64));
    SetEnvironmentVariableW(L"DOTNET_GCHeapHardLimit", L"2000000");
    assert_int_equal(told(L"--limit 64M"), 32 * MIB);
    SetEnvironmentVariableW(L"DOTNET_GCHeapHardLimit", NULL);
}

static void neither_the_program_nor_its_children_find_the_variables(void **state)
{
    static const wchar_t *const names[] = {L"DOTNET_GCHeapHardLimit", L"COMPlus_GCHeapHardLimit"};
    wchar_t arguments[SCRATCH_PATH_SIZE * 2];
    struct run *run;

    (void)state;
    if (!is_there(dotnet_root(&dotnet_10)))
        skip();
    run = run_on_10(L"--limit 64M", L"Variable", names[0]);
    check_run(run, strcmp(run->output, "not set\n") == 0);
    run_free(run);
    swprintf(arguments, COUNT_OF(arguments), L"cmd.exe /c set");
    run = run_on_10(L"--limit 64M", L"Starter", arguments);
    check_run(run, strstr(run->output, "SystemRoot=") || strstr(run->output, "SYSTEMROOT="));
    check_run(run, !strstr(run->output, "GCHeapHardLimit"));
    run_free(run);
}

static void a_limit_that_is_too_small_is_refused_in_a_sentence(void **state)
{
    struct run *run;

    (void)state;
    if (!is_there(dotnet_root(&dotnet_10)))
        skip();
    run = run_on_10(L"--limit 6M", L"Limits", L"hello 1");
    check_run(run, run->exit_code == 245);
    check_run(run, strstr(run->errors, "the limit is too small for this runtime to start: it takes "
                                       "9M"));
    check_run(run, *run->output == '\0');
    run_free(run);
    run = run_on_10(L"--limit 9M", L"Limits", L"hello 1");
    check_run(run, strcmp(run->output, "hello\n") == 0);
    run_free(run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_work_is_done_within_its_limit),
        cmocka_unit_test(every_work_is_done_on_every_runtime_within_each_limit),
        cmocka_unit_test(a_memory_fail_point_lets_through_what_fits),
        cmocka_unit_test(the_user_decides_first_then_hostmem),
        cmocka_unit_test(neither_the_program_nor_its_children_find_the_variables),
        cmocka_unit_test(a_limit_that_is_too_small_is_refused_in_a_sentence),
    };

    watched_begin();
    return cmocka_run_group_tests_name("limits on modern collectors", tests, NULL, NULL);
}
