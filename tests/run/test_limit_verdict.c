/*
 * test_limit_verdict.c: the verdict on a limit in the report (src/report/limit_verdict.h).
 */
#include "support.h"

#include "report/limit_verdict.h"

#define MIB ((ULONGLONG)1 << 20)

static const HOSTMEM_LIMITS of_64_mib = {
    .cbSize = sizeof(of_64_mib), .Committed = {.Limit = 60 * MIB, .AppDomainReserve = 4 * MIB}};

/*
 * A run with that peak, and with the order numbers of its first refusal and its first warning; 0:
 * never.
 */
static HOSTMEM_STATISTICS run_with(ULONGLONG peak, ULONGLONG refused_order, ULONGLONG low_order)
{
    HOSTMEM_STATISTICS statistics = {.Committed = {.Peak = peak}};

    if (refused_order)
        statistics.RefusedRequests[eTaskCritical] = (HOSTMEM_FIRST_COUNT){
            .Count = 3, .FirstMilliseconds = 10 * refused_order, .FirstOrder = refused_order};
    if (low_order)
        statistics.Notifications[eMemoryAvailableLow - 1] = (HOSTMEM_FIRST_COUNT){
            .Count = 2, .FirstMilliseconds = 10 * low_order, .FirstOrder = low_order};
    return statistics;
}

static void the_total_of_a_limit_is_with_what_is_kept_in_reserve(void **state)
{
    const HOSTMEM_LIMIT none = {.AppDomainReserve = MIB};
    const HOSTMEM_LIMIT largest = {.Limit = UINT64_MAX - 1, .AppDomainReserve = 2};

    (void)state;
    assert_figure(limit_total(&of_64_mib.Committed), 64 * MIB);
    assert_figure(limit_total(&of_64_mib.Reserved), 0);
    assert_figure(limit_total(&none), 0);
    assert_figure(limit_total(&largest), UINT64_MAX);
}

static void a_limit_is_kept_if_no_peak_is_above_it(void **state)
{
    HOSTMEM_LIMITS both = of_64_mib;
    HOSTMEM_STATISTICS statistics = run_with(64 * MIB, 0, 0);

    (void)state;
    assert_true(limit_verdict(&of_64_mib, &statistics).has_limit);
    assert_true(limit_verdict(&of_64_mib, &statistics).is_kept);
    statistics.Committed.Peak++;
    assert_false(limit_verdict(&of_64_mib, &statistics).is_kept);
    statistics.Committed.Peak--;
    both.Reserved.Limit = 100 * MIB;
    statistics.Reserved.Peak = 100 * MIB;
    assert_true(limit_verdict(&both, &statistics).is_kept);
    statistics.Reserved.Peak++;
    assert_false(limit_verdict(&both, &statistics).is_kept);
}

static void without_a_limit_there_is_nothing_to_judge(void **state)
{
    const HOSTMEM_LIMITS none = {.cbSize = sizeof(none)};
    const HOSTMEM_STATISTICS statistics = run_with(64 * MIB, 0, 0);

    (void)state;
    assert_false(limit_verdict(&none, &statistics).has_limit);
}

static void a_warning_is_in_time_only_before_the_first_refusal_of_any_level(void **state)
{
    HOSTMEM_STATISTICS statistics = run_with(MIB, 2, 1);
    struct limit_verdict verdict = limit_verdict(&of_64_mib, &statistics);

    (void)state;
    assert_figure(verdict.warning, LIMIT_WARNED_IN_TIME);
    assert_figure(verdict.milliseconds, 10);
    assert_figure(verdict.refusals, 3);

    statistics = run_with(MIB, 1, 3);
    verdict = limit_verdict(&of_64_mib, &statistics);
    assert_figure(verdict.warning, LIMIT_WARNED_LATE);
    assert_figure(verdict.milliseconds, 20);

    statistics = run_with(MIB, 3, 2);
    statistics.RefusedRequests[eProcessCritical] =
        (HOSTMEM_FIRST_COUNT){.Count = 1, .FirstMilliseconds = 5, .FirstOrder = 1};
    verdict = limit_verdict(&of_64_mib, &statistics);
    assert_figure(verdict.warning, LIMIT_WARNED_LATE);
    assert_figure(verdict.milliseconds, 15);
    assert_figure(verdict.refusals, 4);
}

/* Both in one millisecond: their order tells. */
static void a_warning_within_the_same_millisecond_is_told_apart(void **state)
{
    HOSTMEM_STATISTICS statistics = run_with(MIB, 2, 1);

    (void)state;
    statistics.Notifications[eMemoryAvailableLow - 1].FirstMilliseconds = 20;
    assert_figure(limit_verdict(&of_64_mib, &statistics).warning, LIMIT_WARNED_IN_TIME);
    statistics.Notifications[eMemoryAvailableLow - 1].FirstOrder = 3;
    assert_figure(limit_verdict(&of_64_mib, &statistics).warning, LIMIT_WARNED_LATE);
}

static void a_refusal_without_a_warning_is_told(void **state)
{
    HOSTMEM_STATISTICS refused = run_with(MIB, 1, 0), warned = run_with(MIB, 0, 1);

    (void)state;
    assert_figure(limit_verdict(&of_64_mib, &refused).warning, LIMIT_NEVER_WARNED);
    assert_figure(limit_verdict(&of_64_mib, &warned).warning, LIMIT_NOT_REFUSED);
}

static void shares_are_rounded_down_and_never_overflow(void **state)
{
    (void)state;
    assert_figure(limit_permille(0, 64 * MIB), 0);
    assert_figure(limit_permille(64 * MIB - 1, 64 * MIB), 999);
    assert_figure(limit_permille(64 * MIB, 64 * MIB), 1000);
    assert_figure(limit_permille(96 * MIB, 64 * MIB), 1500);
    assert_figure(limit_permille(1, 3), 333);
    assert_figure(limit_permille(UINT64_MAX / 2, UINT64_MAX), 500);
    assert_figure(limit_permille((ULONGLONG)1 << 60, (ULONGLONG)1 << 61), 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_total_of_a_limit_is_with_what_is_kept_in_reserve),
        cmocka_unit_test(a_limit_is_kept_if_no_peak_is_above_it),
        cmocka_unit_test(without_a_limit_there_is_nothing_to_judge),
        cmocka_unit_test(a_warning_is_in_time_only_before_the_first_refusal_of_any_level),
        cmocka_unit_test(a_warning_within_the_same_millisecond_is_told_apart),
        cmocka_unit_test(a_refusal_without_a_warning_is_told),
        cmocka_unit_test(shares_are_rounded_down_and_never_overflow),
    };

    return cmocka_run_group_tests_name("verdicts on limits", tests, NULL, NULL);
}
