/*
 * test_report_json.c: the report for machines (src/report/report_json.h), member by member.
 * test_report_json_heap and test_report_json_limits have the members about heaps and limits. Each
 * test makes up a snapshot.
 */
#include "support.h"

#include "json_expect.h"
#include "made_up_snapshot.h"
#include "report/labels.h"
#include "report/report_json.h"

#include <string.h>

static struct arena arena;
static struct snapshot snapshot;

static int begin(void **state)
{
    (void)state;
    snapshot = made_up_snapshot();
    return 0;
}

static const json_t *member(const char *name)
{
    return json_expect_member(json_expect_report(&snapshot), name);
}

/* ------------------------------------------------------------------------------------------------
 * The whole
 * --------------------------------------------------------------------------------------------- */

/* Readers of schema 2 rely on each of these. */
static void the_report_has_these_members(void **state)
{
    static const char *const names[] = {
        "schema",        "hostmem_version", "program", "exit_code", "process_id",
        "running",       "ended_by",        "runtime", "host",      "statistics",
        "limits",        "audit",           "process", "regions",   "heaps",
        "mapped_ranges", "live_blocks",     "damages", "sections"};
    const json_t *report = json_expect_report(&snapshot);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        json_expect_member(report, names[i]);
    assert_figure(json_object_size(report), COUNT_OF(names));
    json_expect(json_expect_member(report, "schema"), "2");
    json_expect(json_expect_member(report, "hostmem_version"), "'" HOSTMEM_VERSION_TEXT "'");
}

static bool take_nothing(void *context, const char *bytes, size_t length)
{
    (void)context;
    (void)bytes;
    (void)length;
    return false;
}

static void a_report_that_is_not_taken_is_a_failure(void **state)
{
    (void)state;
    assert_false(report_json_write(&snapshot, &arena, take_nothing, NULL));
}

/* ------------------------------------------------------------------------------------------------
 * What ran
 * --------------------------------------------------------------------------------------------- */

static void what_ran_is_told(void **state)
{
    const json_t *report = json_expect_report(&snapshot);

    (void)state;
    json_expect(json_expect_member(report, "program"), "'Program.exe'");
    json_expect(json_expect_member(report, "exit_code"), "3");
    json_expect(json_expect_member(report, "ended_by"), "'return from Main'");
    json_expect(json_expect_member(report, "runtime"),
                "{'family': 'CoreCLR', 'directory': 'C:\\\\runtime', 'version': '2.0.0',"
                " 'architecture': 'x64'}");
}

static void an_exit_code_that_nobody_knows_is_null(void **state)
{
    (void)state;
    snapshot.subject.ending = (struct ending){ENDING_UNHANDLED_EXCEPTION, false, 3};
    json_expect(member("exit_code"), "null");
    json_expect(member("ended_by"), "'unhandled exception'");
}

static void an_exit_code_is_a_number_without_a_sign(void **state)
{
    (void)state;
    snapshot.subject.ending.exit_code = 0xe0434352;
    json_expect(member("exit_code"), "3762504530");
}

static void what_was_asked_of_hostmem_is_told(void **state)
{
    static const char *const modules[] = {"coreclr.dll", "clrjit.dll"};
    static const char *const libraries[] = {"ucrtbase.dll"};

    (void)state;
    json_expect(member("host"),
                "{'set_host_control': '0x00000000', 'set_host_control_accepted': true,"
                " 'redirected_modules': [], 'redirected_libraries': [], 'heap': false,"
                " 'callers': false, 'check': false,"
                " 'harden': false, 'guard_above': 0, 'tells_pressure': false}");
    snapshot.subject.host_control = E_NOTIMPL;
    snapshot.subject.modules = modules;
    snapshot.subject.module_count = COUNT_OF(modules);
    snapshot.subject.libraries = libraries;
    snapshot.subject.library_count = COUNT_OF(libraries);
    snapshot.subject.manages_heaps = true;
    snapshot.subject.keeps_callers = true;
    snapshot.subject.checks_blocks = true;
    snapshot.subject.is_hardened = true;
    snapshot.subject.tells_pressure = true;
    snapshot.subject.guard_above = 65536;
    json_expect(member("host"),
                "{'set_host_control': '0x80004001', 'set_host_control_accepted': false,"
                " 'redirected_modules': ['coreclr.dll', 'clrjit.dll'],"
                " 'redirected_libraries': ['ucrtbase.dll'], 'heap': true,"
                " 'callers': true, 'check': true, 'harden': true, 'guard_above': 65536,"
                " 'tells_pressure': true}");
}

/* A path of Windows may hold half a surrogate pair, and a report with a wrong name is none. */
static void text_that_is_not_utf_8_is_null(void **state)
{
    (void)state;
    snapshot.subject.program = "\xff.exe";
    json_expect(member("program"), "null");
}

/* ------------------------------------------------------------------------------------------------
 * Statistics
 * --------------------------------------------------------------------------------------------- */

static void each_gauge_is_told_under_its_name(void **state)
{
    HOSTMEM_STATISTICS *statistics = &snapshot.statistics;
    const struct {
        const char *name;
        HOSTMEM_GAUGE *gauge;
    } gauges[] = {{"reserved", &statistics->Reserved},
                  {"committed", &statistics->Committed},
                  {"section_bytes", &statistics->SectionBytes},
                  {"section_view_bytes", &statistics->SectionViewBytes},
                  {"sections", &statistics->Sections},
                  {"section_views", &statistics->SectionViews},
                  {"mapped", &statistics->Mapped},
                  {"regions", &statistics->Regions},
                  {"mapped_ranges", &statistics->MappedRanges},
                  {"heaps", &statistics->Heaps},
                  {"blocks", &statistics->Blocks},
                  {"block_bytes", &statistics->BlockBytes},
                  {"slab_bytes", &statistics->SlabBytes},
                  {"metadata", &statistics->Metadata}};
    const json_t *told;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(gauges); i++)
        *gauges[i].gauge = (HOSTMEM_GAUGE){.Now = 10 + i, .Peak = 20 + i};
    told = member("statistics");
    for (size_t i = 0; i < COUNT_OF(gauges); i++) {
        const json_t *gauge = json_expect_member(told, gauges[i].name);

        assert_figure(json_object_size(gauge), 2);
        assert_figure(json_integer_value(json_expect_member(gauge, "now")), 10 + i);
        assert_figure(json_integer_value(json_expect_member(gauge, "peak")), 20 + i);
    }
}

static void each_count_is_told_under_its_name(void **state)
{
    const json_t *told;

    (void)state;
    snapshot.statistics.RefusedFrees = 1;
    snapshot.statistics.DamagedBlocks = 2;
    snapshot.statistics.ForeignCommits = 3;
    snapshot.statistics.PassedFrees = 4;
    snapshot.statistics.PassedHeapCalls = 9;
    snapshot.statistics.PassedHeapBytes = 900;
    snapshot.statistics.LeakedBlocks = 5;
    snapshot.statistics.LeakedBytes = 6;
    told = member("statistics");
    json_expect(json_expect_member(told, "refused_frees"), "1");
    json_expect(json_expect_member(told, "damaged_blocks"), "2");
    json_expect(json_expect_member(told, "foreign_commits"), "3");
    json_expect(json_expect_member(told, "passed_frees"), "4");
    json_expect(json_expect_member(told, "passed_heap_calls"), "9");
    json_expect(json_expect_member(told, "passed_heap_bytes"), "900");
    json_expect(json_expect_member(told, "leaked_blocks"), "5");
    json_expect(json_expect_member(told, "leaked_bytes"), "6");
}

static void the_calls_of_each_method_are_told_under_its_name(void **state)
{
    const json_t *told;

    (void)state;
    for (size_t i = 0; i < HOSTMEM_METHODS; i++)
        snapshot.statistics.Methods[i] = (HOSTMEM_METHOD_COUNT){.Calls = 100 + i, .Failures = i};
    told = json_expect_member(member("statistics"), "methods");
    assert_figure(json_object_size(told), HOSTMEM_METHODS);
    json_expect(json_expect_member(told, "VirtualAlloc"), "{'calls': 101, 'failures': 1}");
    json_expect(json_expect_member(told, "IHostMalloc::Free"), "{'calls': 112, 'failures': 12}");
}

static void states_are_words(void **state)
{
    const json_t *told;

    (void)state;
    snapshot.statistics.Status = HostMemStatusBroken;
    snapshot.statistics.Pressure = eMemoryAvailableNeutral;
    snapshot.statistics.RedirectedLevel = eAppDomainCritical;
    told = member("statistics");
    json_expect(json_expect_member(told, "status"), "'broken'");
    json_expect(json_expect_member(told, "pressure"), "'neutral'");
    json_expect(json_expect_member(told, "redirected_level"), "'app_domain_critical'");
}

/* ------------------------------------------------------------------------------------------------
 * The audit
 * --------------------------------------------------------------------------------------------- */

static void an_audit_without_a_difference(void **state)
{
    (void)state;
    snapshot.audit.ReservedBytes = 7654321;
    json_expect(member("audit"),
                "{'against': 'system', 'result': '0x00000000', 'totals_compared': true,"
                " 'regions': 7, 'busy': 0, 'busy_bytes': 0, 'calls_under_way': 0,"
                " 'reserved_bytes': 7654321, 'committed_bytes': 1234567, 'sections': 0,"
                " 'sections_unseen': 0, 'difference_count': 0, 'differences': []}");
}

static void an_audit_that_could_not_compare_everything_says_so(void **state)
{
    const json_t *audit;

    (void)state;
    snapshot.audit.Busy = 2;
    snapshot.audit.BusyBytes = 65536;
    snapshot.audit.CallsUnderWay = 4;
    snapshot.audit.TotalsCompared = FALSE;
    audit = member("audit");
    json_expect(json_expect_member(audit, "busy"), "2");
    json_expect(json_expect_member(audit, "busy_bytes"), "65536");
    json_expect(json_expect_member(audit, "calls_under_way"), "4");
    json_expect(json_expect_member(audit, "totals_compared"), "false");
}

static void an_audit_that_failed_says_how(void **state)
{
    (void)state;
    snapshot.audit_result = E_OUTOFMEMORY;
    json_expect(json_expect_member(member("audit"), "result"), "'0x8007000e'");
}

static void a_difference_says_where_it_is(void **state)
{
    HOSTMEM_DIFFERENCE differences[] = {
        made_up_difference(HostMemOnlyInBooks, (void *)(uintptr_t)0x13000),
        made_up_difference(HostMemReservedTotal, NULL)};
    const json_t *audit;

    (void)state;
    snapshot.differences = differences;
    snapshot.difference_count = COUNT_OF(differences);
    differences[1].Section.Sequence = 3;
    snapshot.audit.Differences = 5; /* more than there was room for */
    audit = member("audit");
    json_expect(json_expect_member(audit, "difference_count"), "5");
    json_expect(json_expect_member(audit, "differences"),
                "[{'kind': 'committed in the books only', 'region': '0x10000', 'section': 0,"
                "  'address': '0x13000', 'books': 4096000, 'system': 8192},"
                " {'kind': 'total of reserved bytes', 'region': '0x0', 'section': 3,"
                "  'address': '0x0', 'books': 4096000, 'system': 8192}]");
}

static void each_kind_of_difference_has_a_name_of_its_own(void **state)
{
    HOSTMEM_DIFFERENCE differences[DIFFERENCE_KINDS];
    const json_t *told;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(differences); i++)
        differences[i] = made_up_difference((HOSTMEM_DIFFERENCE_KIND)(i + 1), NULL);
    snapshot.differences = differences;
    snapshot.difference_count = COUNT_OF(differences);
    told = json_expect_member(member("audit"), "differences");
    assert_figure(json_array_size(told), COUNT_OF(differences));
    for (size_t i = 0; i < COUNT_OF(differences); i++) {
        const char *name = json_string_value(json_object_get(json_array_get(told, i), "kind"));

        assert_non_null(name);
        assert_string_not_equal(name, label_of_difference((HOSTMEM_DIFFERENCE_KIND)1000));
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(name, label_of_difference(differences[j].Kind));
    }
}

/* ------------------------------------------------------------------------------------------------
 * Pages
 * --------------------------------------------------------------------------------------------- */

static void the_pages_of_the_process_are_told_by_their_owner(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < PAGE_OWNERS; i++)
        snapshot.process.owners[i] = (struct page_count){10 + i, 20 + i, 30 + i};
    snapshot.process.section_views = 50;
    snapshot.process.image_written = 51;
    snapshot.process.threads = 52;
    snapshot.process.heaps = 53;
    snapshot.process.private_bytes = 54;
    snapshot.process.image_bytes = 55;
    snapshot.process.mapped_bytes = 56;
    json_expect(member("process"),
                "{'owned': {'committed': 10, 'reserved': 20, 'allocations': 30},"
                " 'sections': {'committed': 11, 'reserved': 21, 'allocations': 31, 'in_views': 50},"
                " 'images': {'committed': 12, 'reserved': 22, 'allocations': 32, 'written': 51},"
                " 'mapped_files': {'committed': 13, 'reserved': 23, 'allocations': 33},"
                " 'others_sections': {'committed': 14, 'reserved': 24, 'allocations': 34},"
                " 'books': {'committed': 15, 'reserved': 25, 'allocations': 35},"
                " 'stacks': {'committed': 16, 'reserved': 26, 'allocations': 36, 'threads': 52},"
                " 'windows_heaps': {'committed': 17, 'reserved': 27, 'allocations': 37,"
                "                   'heaps': 53},"
                " 'windows': {'committed': 18, 'reserved': 28, 'allocations': 38},"
                " 'unknown': {'committed': 19, 'reserved': 29, 'allocations': 39},"
                " 'total': {'committed': 145, 'reserved': 245, 'allocations': 345},"
                " 'by_type': {'private': 54, 'image': 55, 'mapped': 56},"
                " 'taken': 'at the end', 'milliseconds_before': 0, 'complete': true}");
}

static void when_the_pages_were_looked_at_is_told(void **state)
{
    (void)state;
    snapshot.is_earlier_look = true;
    snapshot.look_milliseconds = 1500;
    json_expect(json_expect_member(member("process"), "taken"), "'before the end'");
    json_expect(json_expect_member(member("process"), "milliseconds_before"), "1500");
    snapshot.is_earlier_look = false;
    snapshot.subject.is_running = true;
    json_expect(json_expect_member(member("process"), "taken"), "'now'");
    snapshot.process.is_cut = true;
    json_expect(json_expect_member(member("process"), "complete"), "false");
    snapshot.has_process = false;
    json_expect(member("process"), "null");
}

static void regions_are_told_in_order(void **state)
{
    const HOSTMEM_REGION regions[] = {{.Base = (void *)(uintptr_t)0x20000,
                                       .Size = 65536,
                                       .Committed = 4096,
                                       .AllocationType = MEM_RESERVE,
                                       .Protect = PAGE_READWRITE,
                                       .CriticalLevel = eProcessCritical,
                                       .ThreadId = 5,
                                       .Heap = 6,
                                       .IsSlab = TRUE,
                                       .IsSpare = TRUE,
                                       .Sequence = 8,
                                       .AgeMilliseconds = 9},
                                      {.Base = (void *)(uintptr_t)0x30000}};

    (void)state;
    snapshot.regions = regions;
    snapshot.region_count = COUNT_OF(regions);
    json_expect(
        member("regions"),
        "[{'base': '0x20000', 'size': 65536, 'committed': 4096, 'allocation_type': 8192,"
        "  'protect': 4, 'critical_level': 2, 'thread': 5, 'heap': 6, 'slab': true, 'spare': true,"
        "  'sequence': 8, 'age_milliseconds': 9},"
        " {'base': '0x30000', 'size': 0, 'committed': 0, 'allocation_type': 0,"
        "  'protect': 0, 'critical_level': 0, 'thread': 0, 'heap': 0, 'slab': false, 'spare': "
        "false,"
        "  'sequence': 0, 'age_milliseconds': 0}]");
}

static void sections_are_told(void **state)
{
    const HOSTMEM_SECTION section = {.Size = 1u << 20,
                                     .Committed = 8192,
                                     .Reserved = TRUE,
                                     .Protect = PAGE_READWRITE,
                                     .Handles = 2,
                                     .Views = 3,
                                     .Caller = (void *)(uintptr_t)0x50000,
                                     .ThreadId = 6,
                                     .Sequence = 7,
                                     .AgeMilliseconds = 8};

    (void)state;
    snapshot.sections = &section;
    snapshot.section_count = 1;
    json_expect(member("sections"),
                "[{'size': 1048576, 'committed': 8192, 'reserved': true, 'protect': 4,"
                "  'handles': 2, 'views': 3, 'caller': '0x50000', 'thread': 6, 'sequence': 7,"
                "  'age_milliseconds': 8}]");
}

static void mapped_ranges_are_told(void **state)
{
    const HOSTMEM_MAPPED_RANGE range = {(void *)(uintptr_t)0x40000, 12288, 5, 2};

    (void)state;
    snapshot.mapped_ranges = &range;
    snapshot.mapped_range_count = 1;
    json_expect(member("mapped_ranges"),
                "[{'base': '0x40000', 'size': 12288, 'thread': 5, 'sequence': 2}]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_report_has_these_members, begin),
        cmocka_unit_test_setup(a_report_that_is_not_taken_is_a_failure, begin),
        cmocka_unit_test_setup(what_ran_is_told, begin),
        cmocka_unit_test_setup(an_exit_code_that_nobody_knows_is_null, begin),
        cmocka_unit_test_setup(an_exit_code_is_a_number_without_a_sign, begin),
        cmocka_unit_test_setup(what_was_asked_of_hostmem_is_told, begin),
        cmocka_unit_test_setup(text_that_is_not_utf_8_is_null, begin),
        cmocka_unit_test_setup(each_gauge_is_told_under_its_name, begin),
        cmocka_unit_test_setup(each_count_is_told_under_its_name, begin),
        cmocka_unit_test_setup(the_calls_of_each_method_are_told_under_its_name, begin),
        cmocka_unit_test_setup(states_are_words, begin),
        cmocka_unit_test_setup(an_audit_without_a_difference, begin),
        cmocka_unit_test_setup(an_audit_that_could_not_compare_everything_says_so, begin),
        cmocka_unit_test_setup(an_audit_that_failed_says_how, begin),
        cmocka_unit_test_setup(a_difference_says_where_it_is, begin),
        cmocka_unit_test_setup(each_kind_of_difference_has_a_name_of_its_own, begin),
        cmocka_unit_test_setup(the_pages_of_the_process_are_told_by_their_owner, begin),
        cmocka_unit_test_setup(when_the_pages_were_looked_at_is_told, begin),
        cmocka_unit_test_setup(regions_are_told_in_order, begin),
        cmocka_unit_test_setup(sections_are_told, begin),
        cmocka_unit_test_setup(mapped_ranges_are_told, begin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
