/*
 * test_report_json_limits.c: what the report for machines says about limits
 * (src/report/report_json_limits.h).
 */
#include "support.h"

#include "json_expect.h"
#include "report/report_json_limits.h"

static struct snapshot snapshot;

static int begin(void **state)
{
    (void)state;
    snapshot = (struct snapshot){.limits = {.LowPercent = 90, .HighPercent = 70}};
    json_expect_begin();
    return 0;
}

static void no_limit_is_null(void **state)
{
    (void)state;
    json_expect(report_json_limits(&snapshot), "null");
}

static void a_limit_is_told_beside_its_peak(void **state)
{
    (void)state;
    snapshot.limits.Committed = (HOSTMEM_LIMIT){.Limit = 900000, .AppDomainReserve = 100000};
    snapshot.statistics.Committed.Peak = 250000;
    json_expect(report_json_limits(&snapshot),
                "{'committed': {'limit': 900000, 'app_domain_reserve': 100000,"
                "  'process_reserve': null, 'total': 1000000, 'peak': 250000,"
                "  'peak_permille': 250},"
                " 'reserved': null, 'low_percent': 90, 'high_percent': 70, 'kept': true,"
                " 'refusals': 0, 'warned_before_refusal': null, 'outside': null}");
}

static void address_space_has_a_limit_of_its_own(void **state)
{
    const json_t *limits;

    (void)state;
    snapshot.limits.Reserved.Limit = 1000;
    snapshot.statistics.Reserved.Peak = 999;
    limits = report_json_limits(&snapshot);
    json_expect(json_expect_member(limits, "committed"), "null");
    json_expect(json_expect_member(limits, "reserved"),
                "{'limit': 1000, 'app_domain_reserve': 0, 'process_reserve': null, 'total': 1000,"
                " 'peak': 999, 'peak_permille': 999}");
}

static void check_process_reserve(ULONGLONG reserve, const char *expected)
{
    snapshot.limits.Committed.ProcessReserve = reserve;
    json_expect(json_expect_member(json_expect_member(report_json_limits(&snapshot), "committed"),
                                   "process_reserve"),
                expected);
}

/* HOSTMEM_LIMIT has it the other way round: there 0 is a reserve without end. */
static void a_process_reserve_is_null_without_end_and_0_without_any(void **state)
{
    (void)state;
    snapshot.limits.Committed.Limit = 1000;
    check_process_reserve(0, "null");
    check_process_reserve(4096, "4096");
    check_process_reserve(HOSTMEM_NO_RESERVE, "0");
}

static void a_limit_that_was_exceeded_was_not_kept(void **state)
{
    const json_t *limits;

    (void)state;
    snapshot.limits.Committed.Limit = 1000000;
    snapshot.statistics.Committed.Peak = 1000001;
    limits = report_json_limits(&snapshot);
    json_expect(json_expect_member(limits, "kept"), "false");
    json_expect(json_expect_member(json_expect_member(limits, "committed"), "peak_permille"),
                "1000");
}

static void what_lies_outside_is_told_beside_what_lies_inside(void **state)
{
    struct page_count *owners = snapshot.process.owners;

    (void)state;
    snapshot.limits.Committed.Limit = 1000000;
    snapshot.has_process = true;
    owners[PAGE_OWNER_HOSTMEM].committed = 300;
    owners[PAGE_OWNER_STACK].committed = 110;
    owners[PAGE_OWNER_HEAP].committed = 60;
    owners[PAGE_OWNER_SYSTEM].committed = 20;
    owners[PAGE_OWNER_UNKNOWN].committed = 10;
    owners[PAGE_OWNER_FILE].committed = 100;
    owners[PAGE_OWNER_BOOKS].committed = 5000;
    json_expect(json_expect_member(report_json_limits(&snapshot), "outside"),
                "{'private': 200, 'stacks': 110, 'heaps': 60, 'mapped': 100, 'inside': 300,"
                " 'more_than_inside': false}");
    owners[PAGE_OWNER_SHARED].committed = 1;
    json_expect(json_expect_member(report_json_limits(&snapshot), "outside"),
                "{'private': 200, 'stacks': 110, 'heaps': 60, 'mapped': 101, 'inside': 300,"
                " 'more_than_inside': true}");
}

static void check_warned(HOSTMEM_FIRST_COUNT low, const char *expected)
{
    const json_t *limits;

    snapshot.statistics.Notifications[eMemoryAvailableLow - 1] = low;
    limits = report_json_limits(&snapshot);
    json_expect(json_expect_member(limits, "refusals"), "5");
    json_expect(json_expect_member(limits, "warned_before_refusal"), expected);
}

static void a_refusal_is_told_with_whether_there_was_a_warning(void **state)
{
    (void)state;
    snapshot.limits.Committed.Limit = 1000000;
    snapshot.statistics.RefusedRequests[eTaskCritical] =
        (HOSTMEM_FIRST_COUNT){.Count = 5, .FirstMilliseconds = 2000, .FirstOrder = 10};
    check_warned((HOSTMEM_FIRST_COUNT){.Count = 0}, "false");
    check_warned((HOSTMEM_FIRST_COUNT){.Count = 1, .FirstOrder = 9}, "true");
    check_warned((HOSTMEM_FIRST_COUNT){.Count = 1, .FirstOrder = 11}, "false");
}

/* ------------------------------------------------------------------------------------------------
 * How often, and when first
 * --------------------------------------------------------------------------------------------- */

static const HOSTMEM_FIRST_COUNT counts[3] = {
    {.Count = 1, .FirstMilliseconds = 20, .FirstOrder = 3},
    {.Count = 0},
    {.Count = 4, .FirstMilliseconds = 0, .FirstOrder = 1}};

/* What never happened has no first time; 0 milliseconds are one. */
static void refusals_are_told_by_level(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(counts); i++)
        snapshot.statistics.RefusedRequests[i] = counts[i];
    json_expect(
        report_json_refused_requests(&snapshot.statistics),
        "{'task_critical': {'count': 1, 'first_milliseconds': 20, 'first_order': 3},"
        " 'app_domain_critical': {'count': 0, 'first_milliseconds': null, 'first_order': null},"
        " 'process_critical': {'count': 4, 'first_milliseconds': 0, 'first_order': 1}}");
}

static void notifications_are_told_by_state(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(counts); i++)
        snapshot.statistics.Notifications[i] = counts[i];
    json_expect(report_json_notifications(&snapshot.statistics),
                "{'low': {'count': 1, 'first_milliseconds': 20, 'first_order': 3},"
                " 'neutral': {'count': 0, 'first_milliseconds': null, 'first_order': null},"
                " 'high': {'count': 4, 'first_milliseconds': 0, 'first_order': 1}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(no_limit_is_null, begin),
        cmocka_unit_test_setup(a_limit_is_told_beside_its_peak, begin),
        cmocka_unit_test_setup(address_space_has_a_limit_of_its_own, begin),
        cmocka_unit_test_setup(a_process_reserve_is_null_without_end_and_0_without_any, begin),
        cmocka_unit_test_setup(a_limit_that_was_exceeded_was_not_kept, begin),
        cmocka_unit_test_setup(what_lies_outside_is_told_beside_what_lies_inside, begin),
        cmocka_unit_test_setup(a_refusal_is_told_with_whether_there_was_a_warning, begin),
        cmocka_unit_test_setup(refusals_are_told_by_level, begin),
        cmocka_unit_test_setup(notifications_are_told_by_state, begin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
