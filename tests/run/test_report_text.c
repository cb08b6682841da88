/*
 * test_report_text.c: what the report for people (src/report/report_text.h) says of what ran, and
 * when something is wrong: books that differ from the system, an audit that could not compare or
 * failed, a manager that is broken. test_report_text_heap and test_report_text_limits have the
 * sections on heaps and limits. Each test makes up a snapshot.
 */
#include "support.h"

#include "made_up_snapshot.h"
#include "report/labels.h"
#include "report/report_text.h"

#include <stdio.h>
#include <string.h>

static struct arena arena;
static struct snapshot snapshot;

static int begin(void **state)
{
    (void)state;
    snapshot = made_up_snapshot();
    return 0;
}

static const char *text_report(void)
{
    struct text text = {.arena = &arena};

    report_text_write(&text, &snapshot);
    assert_non_null(text.characters);
    return text.characters;
}

static void assert_says(const char *part)
{
    const char *report = text_report();

    if (!strstr(report, part))
        fail_msg("\"%s\" is not in: %s", part, report);
}

/* ------------------------------------------------------------------------------------------------
 * Books that are wrong
 * --------------------------------------------------------------------------------------------- */

static void every_difference_is_told_with_its_figures(void **state)
{
    HOSTMEM_DIFFERENCE differences[DIFFERENCE_KINDS];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(differences); i++)
        differences[i] = made_up_difference((HOSTMEM_DIFFERENCE_KIND)(i + 1), NULL);
    snapshot.differences = differences;
    snapshot.difference_count = COUNT_OF(differences);
    snapshot.audit.Differences = COUNT_OF(differences);
    assert_says("Audit: differences: 17 (7 regions, 1,234,567 bytes committed)\n");
    for (size_t i = 0; i < COUNT_OF(differences); i++) {
        char line[256];

        snprintf(line, sizeof(line), "  %s: 4,096,000 in the books, 8,192 in the system\n",
                 label_of_difference(differences[i].Kind));
        assert_says(line);
    }
    assert_string_equal(label_of_difference((HOSTMEM_DIFFERENCE_KIND)1000), "unknown difference");
}

static void a_difference_says_where_it_is(void **state)
{
    const HOSTMEM_DIFFERENCE difference =
        made_up_difference(HostMemOnlyInBooks, (void *)(uintptr_t)0x13000);

    (void)state;
    snapshot.differences = &difference;
    snapshot.difference_count = 1;
    assert_says("  committed in the books only at 0x13000 in the region 0x10000: 4,096,000 in the "
                "books, 8,192 in the system\n");
}

static void a_difference_in_a_section_says_in_which(void **state)
{
    HOSTMEM_DIFFERENCE difference =
        made_up_difference(HostMemSectionOnlyInSystem, (void *)(uintptr_t)0x13000);

    (void)state;
    difference.Section = (HOSTMEM_SECTION){.Size = 65536, .Sequence = 2};
    snapshot.differences = &difference;
    snapshot.difference_count = 1;
    snapshot.audit.Sections = 3;
    assert_says("  section committed in the system only at 0x13000 in section 2: 4,096,000 in the "
                "books, 8,192 in the system\n");
    assert_says("(7 regions, 1,234,567 bytes committed; 3 sections)\n");
}

static void an_audit_that_could_not_compare_everything_says_so(void **state)
{
    (void)state;
    snapshot.audit.Busy = 2;
    snapshot.audit.BusyBytes = 131072;
    snapshot.audit.TotalsCompared = FALSE;
    assert_says("Audit: no difference (7 regions, 1,234,567 bytes committed; 131,072 bytes in 2 "
                "regions kept changing and were not compared; other threads were at work, totals "
                "not compared)\n");
}

static void books_of_a_killed_program_say_what_was_under_way(void **state)
{
    (void)state;
    snapshot.is_audited_inside = false;
    assert_says("Books: totals equal the records (7 regions, 1,234,567 bytes committed)\n");
    snapshot.audit.TotalsCompared = FALSE;
    snapshot.audit.Busy = 2;
    snapshot.audit.CallsUnderWay = 3;
    assert_says("Books: no difference (7 regions, 1,234,567 bytes committed; 2 regions were "
                "changing; 3 calls were under way, totals not compared)\n");
}

static void an_audit_that_failed_is_not_one_without_differences(void **state)
{
    (void)state;
    snapshot.audit_result = E_OUTOFMEMORY;
    assert_says("Audit: failed (0x8007000e)\n");
    assert_null(strstr(text_report(), "no difference"));
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
 * What ran
 * --------------------------------------------------------------------------------------------- */

static void what_ran_is_told_first(void **state)
{
    static const char *const modules[] = {"coreclr.dll", "clrjit.dll"};
    static const char *const libraries[] = {"ucrtbase.dll", "combase.dll"};

    (void)state;
    snapshot.subject.modules = modules;
    snapshot.subject.module_count = COUNT_OF(modules);
    snapshot.subject.libraries = libraries;
    snapshot.subject.library_count = COUNT_OF(libraries);
    snapshot.subject.manages_heaps = true;
    assert_says("  program     Program.exe\n"
                "  ended by    return from Main, exit code 3\n"
                "  runtime     CoreCLR 2.0.0 x64, C:\\runtime\n"
                "  host        SetHostControl accepted; redirected coreclr.dll, clrjit.dll with "
                "heaps\n"
                "  libraries   ucrtbase.dll, combase.dll\n");
}

static void an_exit_code_is_told_as_people_look_for_it(void **state)
{
    (void)state;
    snapshot.subject.ending = (struct ending){ENDING_EXIT_PROCESS, true, 0x7fffffff};
    assert_says("  ended by    ExitProcess, exit code 2147483647\n");
    snapshot.subject.ending = (struct ending){ENDING_UNHANDLED_EXCEPTION, true, 0xe0434352};
    assert_says("  ended by    unhandled exception, exit code 0xe0434352\n");
    snapshot.subject.ending = (struct ending){ENDING_CONSOLE_CONTROL, false, 3};
    assert_says("  ended by    console control event\n");
}

static void a_refused_host_control_is_told_with_its_result(void **state)
{
    (void)state;
    snapshot.subject.host_control = E_ACCESSDENIED;
    assert_says("  host        SetHostControl refused (0x80070005)\n");
    snapshot.subject.host_control = E_NOTIMPL;
    assert_says("  host        SetHostControl not implemented by this runtime\n");
    snapshot.subject.has_host_control = false;
    assert_says("  host        the program's own\n");
}

/* ------------------------------------------------------------------------------------------------
 * The tables
 * --------------------------------------------------------------------------------------------- */

static void methods_that_were_never_called_are_left_out(void **state)
{
    (void)state;
    snapshot.statistics.Methods[HostMemVirtualAlloc] =
        (HOSTMEM_METHOD_COUNT){.Calls = 1234, .Failures = 5};
    assert_says("  VirtualAlloc                              1,234                            5\n");
    assert_null(strstr(text_report(), "VirtualProtect"));
}

static void heap_calls_that_were_passed_through_are_counted(void **state)
{
    (void)state;
    snapshot.statistics.PassedHeapCalls = 1234;
    assert_says("  heap calls passed through to Win32        1,234\n");
}

static void the_pages_of_the_process_add_up(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < PAGE_OWNERS; i++)
        snapshot.process.owners[i] = (struct page_count){.committed = i + 1, .reserved = 10 * i};
    snapshot.process.threads = 1234;
    snapshot.process.heaps = 1;
    assert_says("\nWhere every page went                   committed                address space\n"
                "  owned by hostmem          1 B               (1)        0 B               (0)\n"
                "  sections                  2 B               (2)       10 B              (10)\n"
                "  programs and DLLs         3 B               (3)       20 B              (20)\n"
                "  mapped files              4 B               (4)       30 B              (30)\n"
                "  others' sections          5 B               (5)       40 B              (40)\n"
                "  hostmem itself            6 B               (6)       50 B              (50)\n"
                "  1,234 thread stacks        7 B               (7)       60 B              (60)\n"
                "  1 Windows heap            8 B               (8)       70 B              (70)\n"
                "  Windows' own              9 B               (9)       80 B              (80)\n"
                "  unknown                  10 B              (10)       90 B              (90)\n"
                "  whole process            55 B              (55)      450 B             (450)\n"
                "\n");
}

static void where_too_much_was_to_be_noted_the_table_says_so(void **state)
{
    (void)state;
    snapshot.process.is_cut = true;
    assert_says("  (more stacks and heaps than could be noted: some are unknown)\n");
}

static void pages_that_were_seen_before_the_end_are_told_as_such(void **state)
{
    (void)state;
    snapshot.is_earlier_look = true;
    snapshot.look_milliseconds = 1290;
    assert_says("address space\n  as it was 1.2 s before the end was seen, from outside\n");
}

static void pages_that_nobody_saw_are_told_as_not_known(void **state)
{
    (void)state;
    snapshot.has_process = false;
    assert_says("\nWhere every page went: not known, for the process did not see its end\n");
    snapshot.subject.is_running = true;
    assert_says("\nWhere every page went: not known, for the process cannot be looked at\n\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_difference_is_told_with_its_figures, begin),
        cmocka_unit_test_setup(a_difference_says_where_it_is, begin),
        cmocka_unit_test_setup(a_difference_in_a_section_says_in_which, begin),
        cmocka_unit_test_setup(an_audit_that_could_not_compare_everything_says_so, begin),
        cmocka_unit_test_setup(books_of_a_killed_program_say_what_was_under_way, begin),
        cmocka_unit_test_setup(an_audit_that_failed_is_not_one_without_differences, begin),
        cmocka_unit_test_setup(a_manager_that_is_not_open_is_told, begin),
        cmocka_unit_test_setup(what_ran_is_told_first, begin),
        cmocka_unit_test_setup(an_exit_code_is_told_as_people_look_for_it, begin),
        cmocka_unit_test_setup(a_refused_host_control_is_told_with_its_result, begin),
        cmocka_unit_test_setup(heap_calls_that_were_passed_through_are_counted, begin),
        cmocka_unit_test_setup(methods_that_were_never_called_are_left_out, begin),
        cmocka_unit_test_setup(the_pages_of_the_process_add_up, begin),
        cmocka_unit_test_setup(where_too_much_was_to_be_noted_the_table_says_so, begin),
        cmocka_unit_test_setup(pages_that_were_seen_before_the_end_are_told_as_such, begin),
        cmocka_unit_test_setup(pages_that_nobody_saw_are_told_as_not_known, begin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
