/*
 * test_report_text_limits.c: what the report for people says about limits
 * (src/report/report_text_limits.h).
 */
#include "support.h"

#include "report/report_text_limits.h"

#include <string.h>

static struct arena arena;
static struct snapshot snapshot;

static int begin(void **state)
{
    (void)state;
    snapshot = (struct snapshot){.audit_result = S_OK};
    return 0;
}

static const char *tables(void)
{
    struct text text = {.arena = &arena};

    report_text_limits(&text, &snapshot);
    return text.length ? text.characters : "";
}

static const char *verdict(void)
{
    struct text text = {.arena = &arena};

    report_text_limit_verdict(&text, &snapshot);
    return text.length ? text.characters : "";
}

static void without_a_limit_nothing_is_said(void **state)
{
    (void)state;
    assert_string_equal(tables(), "");
    assert_string_equal(verdict(), "");
}

static void limits_refusals_and_warnings_are_tables(void **state)
{
    (void)state;
    snapshot.limits.Committed = (HOSTMEM_LIMIT){.Limit = 3 << 20, .AppDomainReserve = 1 << 20};
    snapshot.statistics.Committed.Peak = 2 << 20;
    snapshot.statistics.RefusedRequests[eTaskCritical] =
        (HOSTMEM_FIRST_COUNT){.Count = 1234, .FirstMilliseconds = 5006, .FirstOrder = 1};
    assert_string_equal(
        tables(),
        "\nLimits                                      limit                         peak\n"
        "  committed             4.0 MiB       (4,194,304)    2.0 MiB       (2,097,152)\n"
        "    of that 1.0 MiB for what the runtime needs to handle a refusal\n"
        "\nRefused and told                        how often           first, since start\n"
        "  refused, task-critical                    1,234                      5.006 s\n"
        "  refused, app-domain-critical                  0\n"
        "  refused, process-critical                     0\n"
        "  told that memory is low                       0\n"
        "  told that it is neither                       0\n"
        "  told that memory is ample                     0\n");
}

static void a_limit_that_was_exceeded_is_told_in_capitals(void **state)
{
    (void)state;
    snapshot.limits.Committed.Limit = 1000000;
    snapshot.statistics.Committed.Peak = 1000000;
    assert_string_equal(verdict(),
                        "Limit: kept; at most 100.0 % of it committed; nothing refused\n");
    snapshot.statistics.Committed.Peak = 1001000;
    assert_string_equal(verdict(),
                        "Limit: EXCEEDED; at most 100.1 % of it committed; nothing refused\n");
}

static void both_limits_share_a_verdict(void **state)
{
    (void)state;
    snapshot.limits.Committed.Limit = 1000;
    snapshot.limits.Reserved.Limit = 2000;
    snapshot.statistics.Committed.Peak = 500;
    snapshot.statistics.Reserved.Peak = 2001;
    assert_string_equal(verdict(), "Limit: EXCEEDED; at most 50.0 % of it committed; at most "
                                   "100.0 % of it reserved; nothing refused\n");
}

static void a_refusal_is_told_with_its_warning(void **state)
{
    HOSTMEM_FIRST_COUNT *refused = &snapshot.statistics.RefusedRequests[eTaskCritical];
    HOSTMEM_FIRST_COUNT *low = &snapshot.statistics.Notifications[eMemoryAvailableLow - 1];

    (void)state;
    snapshot.limits.Reserved.Limit = 1000000;
    *refused = (HOSTMEM_FIRST_COUNT){.Count = 5, .FirstOrder = 10, .FirstMilliseconds = 2000};
    assert_non_null(strstr(verdict(), "\n       5 requests refused, WITHOUT a warning\n"));
    *low = (HOSTMEM_FIRST_COUNT){.Count = 1, .FirstOrder = 9, .FirstMilliseconds = 1990};
    assert_non_null(strstr(verdict(), ", the first 10 ms after the first warning\n"));
    *low = (HOSTMEM_FIRST_COUNT){.Count = 1, .FirstOrder = 11, .FirstMilliseconds = 2030};
    assert_non_null(strstr(verdict(), ", the first 30 ms BEFORE the first warning\n"));
}

/* Who reads "kept" must not take it for the process. */
static void more_memory_outside_than_inside_is_named(void **state)
{
    struct page_count *owners = snapshot.process.owners;

    (void)state;
    snapshot.limits.Committed.Limit = 1000000;
    snapshot.statistics.Committed.Peak = 112000;
    snapshot.has_process = true;
    owners[PAGE_OWNER_HOSTMEM].committed = 112000;
    owners[PAGE_OWNER_STACK].committed = 50000;
    owners[PAGE_OWNER_HEAP].committed = 30000;
    owners[PAGE_OWNER_SYSTEM].committed = 15000;
    owners[PAGE_OWNER_UNKNOWN].committed = 5000;
    owners[PAGE_OWNER_FILE].committed = 10000;
    owners[PAGE_OWNER_SHARED].committed = 2000;
    owners[PAGE_OWNER_IMAGE].committed = 5000000;
    assert_string_equal(verdict(),
                        "Limit: kept; at most 11.2 % of it committed; nothing refused\n");
    owners[PAGE_OWNER_UNKNOWN].committed = (ULONGLONG)1100 << 20;
    assert_string_equal(verdict(),
                        "Limit: kept by what hostmem manages; at most 11.2 % of it committed; "
                        "nothing refused\n"
                        "       OUTSIDE the limit: 48.8 KiB of stacks, 29.3 KiB of heaps, 1.1 GiB "
                        "of other\n"
                        "       private memory, 11.7 KiB of mapped files and sections, against\n"
                        "       109.4 KiB inside; hostmem does not manage them\n");
    snapshot.has_process = false;
    assert_string_equal(verdict(),
                        "Limit: kept; at most 11.2 % of it committed; nothing refused\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(without_a_limit_nothing_is_said, begin),
        cmocka_unit_test_setup(limits_refusals_and_warnings_are_tables, begin),
        cmocka_unit_test_setup(a_limit_that_was_exceeded_is_told_in_capitals, begin),
        cmocka_unit_test_setup(both_limits_share_a_verdict, begin),
        cmocka_unit_test_setup(a_refusal_is_told_with_its_warning, begin),
        cmocka_unit_test_setup(more_memory_outside_than_inside_is_named, begin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
