/*
 * test_report_text.c: what both reports (src/report/report_text.h, report_json.h) say when something is
 * wrong: books that differ from the system, an audit that could not compare or failed, a manager
 * that is broken, a limit that was exceeded, a refusal without a warning. Each test makes up a
 * snapshot.
 */
#include "support.h"

#include "report/labels.h"
#include "report/report_json.h"
#include "report/report_text.h"

#include <jansson.h>

#include <stdio.h>
#include <string.h>

static const HOSTMEM_DIFFERENCE_KIND kinds[] = {
    HostMemOnlyInBooks,     HostMemOnlyInSystem,   HostMemRegionMissing,  HostMemRegionLarger,
    HostMemReservedTotal,   HostMemCommittedTotal, HostMemRegionsTotal,   HostMemBlocksTotal,
    HostMemBlockBytesTotal, HostMemReservedCharge, HostMemCommittedCharge};

static struct arena arena;
static struct snapshot snapshot;
static HOSTMEM_DIFFERENCE differences[COUNT_OF(kinds)];

static int begin(void **state)
{
    (void)state;
    memset(&snapshot, 0, sizeof(snapshot));
    snapshot.subject = (struct snapshot_subject){.program = "Program.exe",
                                                 .ending = {ENDING_RETURN, true, 3},
                                                 .runtime_family = "CoreCLR",
                                                 .runtime_version = "2.0.0",
                                                 .runtime_directory = "C:\\runtime",
                                                 .architecture = "x64"};
    snapshot.differences = differences;
    snapshot.audit.TotalsCompared = TRUE;
    snapshot.audit.Regions = 7;
    snapshot.audit.CommittedBytes = 1234567;
    return 0;
}

/* ------------------------------------------------------------------------------------------------
 * The reports of the snapshot
 * --------------------------------------------------------------------------------------------- */

static const char *text_report(void)
{
    struct text text = {.arena = &arena};

    report_text_write(&text, &snapshot);
    assert_non_null(text.characters);
    return text.characters;
}

static char json_bytes[256 * 1024];
static size_t json_length;

static bool take_json(void *context, const char *bytes, size_t length)
{
    (void)context;
    assert_true(length <= sizeof(json_bytes) - json_length);
    memcpy(json_bytes + json_length, bytes, length);
    json_length += length;
    return true;
}

static bool take_nothing(void *context, const char *bytes, size_t length)
{
    (void)context;
    (void)bytes;
    (void)length;
    return false;
}

static json_t *json_report(void)
{
    json_t *report;

    json_length = 0;
    assert_true(report_json_write(&snapshot, &arena, take_json, NULL));
    report = json_loadb(json_bytes, json_length, 0, NULL);
    assert_non_null(report);
    return report;
}

static void assert_says(const char *part)
{
    const char *report = text_report();

    if (!strstr(report, part))
        fail_msg("\"%s\" is not in: %s", part, report);
}

static const json_t *audit_of(const json_t *report)
{
    const json_t *audit = json_object_get(report, "audit");

    assert_non_null(audit);
    return audit;
}

/* ------------------------------------------------------------------------------------------------
 * Books that are wrong
 * --------------------------------------------------------------------------------------------- */

static void add_difference(HOSTMEM_DIFFERENCE_KIND kind, void *address)
{
    const HOSTMEM_DIFFERENCE difference = {
        .Kind = kind,
        .Address = address,
        .Region.Base = address ? (void *)(uintptr_t)0x10000 : NULL,
        .Books = 4096000,
        .System = 8192,
    };

    assert_true(snapshot.difference_count < COUNT_OF(differences));
    differences[snapshot.difference_count++] = difference;
    snapshot.audit.Differences++;
}

static void every_difference_is_told_by_a_name_of_its_own(void **state)
{
    json_t *report;
    const json_t *found;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        add_difference(kinds[i], NULL);
    assert_says("Audit: differences: 11 (7 regions, 1,234,567 bytes committed)\n");
    report = json_report();
    assert_figure(json_integer_value(json_object_get(audit_of(report), "difference_count")),
                  COUNT_OF(kinds));
    found = json_object_get(audit_of(report), "differences");
    assert_figure(json_array_size(found), COUNT_OF(kinds));
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        char line[256];
        const char *name = json_string_value(json_object_get(json_array_get(found, i), "kind"));

        assert_non_null(name);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(name, label_of_difference(kinds[j]));
        snprintf(line, sizeof(line), "  %s: 4,096,000 in the books, 8,192 in the system\n", name);
        assert_says(line);
    }
    json_decref(report);
    assert_string_equal(label_of_difference((HOSTMEM_DIFFERENCE_KIND)1000), "unknown difference");
}

static void a_difference_says_where_it_is(void **state)
{
    json_t *report;
    const json_t *found;

    (void)state;
    add_difference(HostMemOnlyInBooks, (void *)(uintptr_t)0x13000);
    assert_says("  committed in the books only at 0x13000 in the region 0x10000: 4,096,000 in the "
                "books, 8,192 in the system\n");
    report = json_report();
    found = json_array_get(json_object_get(audit_of(report), "differences"), 0);
    assert_string_equal(json_string_value(json_object_get(found, "address")), "0x13000");
    assert_string_equal(json_string_value(json_object_get(found, "region")), "0x10000");
    assert_figure(json_integer_value(json_object_get(found, "books")), 4096000);
    assert_figure(json_integer_value(json_object_get(found, "system")), 8192);
    json_decref(report);
}

static void an_audit_that_could_not_compare_everything_says_so(void **state)
{
    json_t *report;

    (void)state;
    snapshot.audit.Busy = 2;
    snapshot.audit.TotalsCompared = FALSE;
    assert_says("Audit: no difference (7 regions, 1,234,567 bytes committed; 2 regions were "
                "changing; other threads were at work, totals not compared)\n");
    report = json_report();
    assert_figure(json_integer_value(json_object_get(audit_of(report), "busy")), 2);
    assert_true(json_is_false(json_object_get(audit_of(report), "totals_compared")));
    json_decref(report);
}

static void an_audit_that_failed_is_not_one_without_differences(void **state)
{
    json_t *report;

    (void)state;
    snapshot.audit_result = E_OUTOFMEMORY;
    assert_says("Audit: failed (0x8007000e)\n");
    assert_null(strstr(text_report(), "no difference"));
    report = json_report();
    assert_string_equal(json_string_value(json_object_get(audit_of(report), "result")),
                        "0x8007000e");
    json_decref(report);
}

static void a_manager_that_is_not_open_is_told(void **state)
{
    (void)state;
    assert_null(strstr(text_report(), "Manager:"));
    snapshot.statistics.Status = HostMemStatusBroken;
    assert_says("Manager: broken\n");
    snapshot.statistics.Status = HostMemStatusClosed;
    assert_says("Manager: closed\n");
}

/* ------------------------------------------------------------------------------------------------
 * Limits
 * --------------------------------------------------------------------------------------------- */

static void a_limit_that_was_exceeded_is_told_in_capitals(void **state)
{
    json_t *report;

    (void)state;
    snapshot.limits.Committed.Limit = 1000000;
    snapshot.statistics.Committed.Peak = 1000000;
    assert_says("Limit: kept; at most 100.0 % of it committed; nothing refused\n");
    snapshot.statistics.Committed.Peak = 1001000;
    assert_says("Limit: EXCEEDED; at most 100.1 % of it committed; nothing refused\n");
    report = json_report();
    assert_true(json_is_false(json_object_get(json_object_get(report, "limits"), "kept")));
    json_decref(report);
}

static void a_refusal_is_told_with_its_warning(void **state)
{
    HOSTMEM_FIRST_COUNT *refused = &snapshot.statistics.RefusedRequests[eTaskCritical];
    HOSTMEM_FIRST_COUNT *low = &snapshot.statistics.Notifications[eMemoryAvailableLow - 1];

    (void)state;
    snapshot.limits.Reserved.Limit = 1000000;
    *refused = (HOSTMEM_FIRST_COUNT){.Count = 5, .FirstOrder = 10, .FirstMilliseconds = 2000};
    assert_says("5 requests refused, WITHOUT a warning\n");
    *low = (HOSTMEM_FIRST_COUNT){.Count = 1, .FirstOrder = 9, .FirstMilliseconds = 1990};
    assert_says("5 requests refused, the first 10 ms after the first warning\n");
    *low = (HOSTMEM_FIRST_COUNT){.Count = 1, .FirstOrder = 11, .FirstMilliseconds = 2030};
    assert_says("5 requests refused, the first 30 ms BEFORE the first warning\n");
}

/* ------------------------------------------------------------------------------------------------
 * The output
 * --------------------------------------------------------------------------------------------- */

static void a_report_that_is_not_taken_is_a_failure(void **state)
{
    (void)state;
    assert_false(report_json_write(&snapshot, &arena, take_nothing, NULL));
}

static void what_ran_is_told_by_both_reports(void **state)
{
    static const char *const modules[] = {"coreclr.dll", "clrjit.dll"};
    json_t *report;
    const json_t *host;

    (void)state;
    snapshot.subject.modules = modules;
    snapshot.subject.module_count = COUNT_OF(modules);
    snapshot.subject.manages_heaps = true;
    assert_says("  program     Program.exe\n"
                "  ended by    return from Main, exit code 3\n"
                "  runtime     CoreCLR 2.0.0 x64, C:\\runtime\n"
                "  host        SetHostControl accepted; redirected coreclr.dll, clrjit.dll with "
                "heaps\n");
    report = json_report();
    host = json_object_get(report, "host");
    assert_figure(json_array_size(json_object_get(host, "redirected_modules")), 2);
    assert_true(json_is_true(json_object_get(host, "heap")));
    assert_figure(json_integer_value(json_object_get(report, "exit_code")), 3);
    json_decref(report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_difference_is_told_by_a_name_of_its_own, begin),
        cmocka_unit_test_setup(a_difference_says_where_it_is, begin),
        cmocka_unit_test_setup(an_audit_that_could_not_compare_everything_says_so, begin),
        cmocka_unit_test_setup(an_audit_that_failed_is_not_one_without_differences, begin),
        cmocka_unit_test_setup(a_manager_that_is_not_open_is_told, begin),
        cmocka_unit_test_setup(a_limit_that_was_exceeded_is_told_in_capitals, begin),
        cmocka_unit_test_setup(a_refusal_is_told_with_its_warning, begin),
        cmocka_unit_test_setup(a_report_that_is_not_taken_is_a_failure, begin),
        cmocka_unit_test_setup(what_ran_is_told_by_both_reports, begin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
