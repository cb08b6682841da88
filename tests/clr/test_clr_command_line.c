/*
 * test_clr_command_line.c: what hostmem-run takes, what it hands on, and what it prints.
 */
#include "run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Two letters beyond Latin 1, one beyond 16 bits. */
#define UNICODE_WIDE L"\u00fcn\u00ef \u65e5\u672c \U0001f333"
#define UNICODE_UTF8 "\xc3\xbcn\xc3\xaf \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x8c\xb3"

/* ------------------------------------------------------------------------------------------------
 * Arguments
 * --------------------------------------------------------------------------------------------- */

static void arguments_reach_the_program_unchanged(void **state)
{
    struct run *run = run_host(RUN_PLAIN, L"%ls one \"two words\" \"\" * \"a\\\"b\" c:\\d\\",
                               clr_program(L"Echo"));

    (void)state;
    check_run(run, strcmp(run->output, "one\ntwo words\n\n*\na\"b\nc:\\d\\\n") == 0);
    check_run(run, run->exit_code == 6);
    run_free(run);
}

static void unicode_arguments_reach_the_program(void **state)
{
    struct run *run = run_host(RUN_PLAIN, L"%ls \"" UNICODE_WIDE L"\"", clr_program(L"Echo"));

    (void)state;
    check_run(run, strcmp(run->output, UNICODE_UTF8 "\n") == 0);
    check_run(run, run->exit_code == 1);
    run_free(run);
}

static void options_end_at_the_program(void **state)
{
    struct run *run =
        run_host(RUN_PLAIN, L"%ls --quiet --json none --help -- --foo", clr_program(L"Echo"));

    (void)state;
    check_run(run, strcmp(run->output, "--quiet\n--json\nnone\n--help\n--\n--foo\n") == 0);
    check_run(run, run->exit_code == 6);
    check_run(run, occurrences(run->errors, "---- hostmem ") == 1);
    run_free(run);
}

static void two_hyphens_end_the_options(void **state)
{
    struct run *run = run_host(RUN_PLAIN, L"--quiet -- %ls -- x", clr_program(L"Echo"));

    (void)state;
    check_run(run, strcmp(run->output, "--\nx\n") == 0);
    run_free(run);
}

static void programs_and_reports_may_have_unicode_names(void **state)
{
    wchar_t source[1024];
    wchar_t program[1024];
    struct run *run;

    (void)state;
    swprintf(source, 1024, L"%ls", clr_program(L"Echo") + 1);
    source[wcslen(source) - 1] = L'\0';
    swprintf(program, 1024, L"%ls\\" UNICODE_WIDE L".exe", scratch_directory());
    assert_true(CopyFileW(source, program, FALSE));
    run = run_host(RUN_WITH_JSON, L"\"%ls\" x y", program);
    DeleteFileW(program);
    check_run(run, run->exit_code == 2);
    check_run(run, strstr(run->errors, UNICODE_UTF8 ".exe\n"));
    check_run(run, strstr(report_text(run, "program"), UNICODE_UTF8 ".exe"));
    run_free(run);
}

/* ------------------------------------------------------------------------------------------------
 * The runtime
 * --------------------------------------------------------------------------------------------- */

static void check_runtime_from_variable(const wchar_t *variable)
{
    struct run *run;

    SetEnvironmentVariableW(variable, clr_runtime());
    run = run_host(RUN_NO_RUNTIME, L"--quiet %ls a", clr_program(L"Echo-net"));
    SetEnvironmentVariableW(variable, NULL);
    check_run(run, strcmp(run->output, "a\n") == 0);
    run_free(run);
}

static void variables_may_name_the_runtime(void **state)
{
    (void)state;
    check_runtime_from_variable(L"HOSTMEM_RUNTIME");
    check_runtime_from_variable(L"DOTNET_ROOT");
}

static void the_runtime_option_comes_before_the_variables(void **state)
{
    struct run *run;

    (void)state;
    SetEnvironmentVariableW(L"HOSTMEM_RUNTIME", L"no-such-directory");
    run = run_host(RUN_PLAIN, L"--quiet %ls a", clr_program(L"Echo"));
    SetEnvironmentVariableW(L"HOSTMEM_RUNTIME", NULL);
    check_run(run, strcmp(run->output, "a\n") == 0);
    run_free(run);
}

static void the_last_of_two_runtime_options_counts(void **state)
{
    struct run *run =
        run_host(RUN_NO_RUNTIME, L"--runtime no-such-directory --runtime \"%ls\" --quiet %ls a",
                 clr_runtime(), clr_program(L"Echo"));

    (void)state;
    check_run(run, strcmp(run->output, "a\n") == 0);
    run_free(run);
}

/* ------------------------------------------------------------------------------------------------
 * Output
 * --------------------------------------------------------------------------------------------- */

static void the_report_tells_all_that_it_promises(void **state)
{
    static const char *const parts[] = {
        "program     ",
        "\\Echo.exe\n",
        "ended by    return from Main, exit code 2\n",
        "SetHostControl accepted; redirected coreclr.dll, clrjit.dll",
        "Memory  ",
        "\n  reserved  ",
        "\n  committed  ",
        "\n  mapped  ",
        "\n  in heap blocks  ",
        "\n  in heap slabs  ",
        "\n  hostmem's books  ",
        "\n  regions  ",
        "\n  mapped ranges  ",
        "\n  heaps  ",
        "\n  heap blocks  ",
        "Calls  ",
        "\n  VirtualAlloc  ",
        "\n  VirtualFree  ",
        "\n  VirtualQuery  ",
        "\n  VirtualProtect  ",
        "\n  refused frees  ",
        "\n  frees passed through to Win32  ",
        "\n  commits in foreign memory  ",
        "\n  leaked heap blocks  ",
        "\n  damaged heap blocks  ",
        "Where every page went  ",
        "\n  owned by hostmem  ",
        "\n  programs and DLLs  ",
        "\n  mapped files  ",
        "\n  hostmem itself  ",
        "\n  Windows' own  ",
        "\n  unknown  ",
        "\n  whole process  ",
        "\nAudit: no difference ("};
    struct run *run = run_host(RUN_PLAIN, L"%ls a b", clr_program(L"Echo"));

    (void)state;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (occurrences(run->errors, parts[i]) != 1) {
            print_error("\"%s\" is there %d times\n", parts[i], occurrences(run->errors, parts[i]));
            check_run(run, !"each part is there once");
        }
    run_free(run);
}

static void no_table_is_wider_than_a_console(void **state)
{
    struct run *run = run_host(RUN_PLAIN, L"%ls", clr_program(L"Echo"));
    const char *line = strstr(run->errors, "\nMemory ");

    (void)state;
    check_run(run, line != NULL);
    for (line++; *line; line += strcspn(line, "\n") + 1)
        check_run(run, strcspn(line, "\n") < 80);
    run_free(run);
}

static void quiet_prints_nothing(void **state)
{
    struct run *run = run_host(RUN_PLAIN, L"--quiet %ls a", clr_program(L"Echo"));

    (void)state;
    check_run(run, *run->errors == '\0');
    check_run(run, strcmp(run->output, "a\n") == 0);
    run_free(run);
}

static void quiet_still_writes_the_json_report(void **state)
{
    struct run *run = run_host(RUN_WITH_JSON, L"--quiet %ls a", clr_program(L"Echo"));

    (void)state;
    check_run(run, *run->errors == '\0');
    check_run(run, report_integer(run, "schema") == 2);
    run_free(run);
}

static void the_json_report_has_every_member_in_its_form(void **state)
{
    static const char *const integers[] = {"schema",
                                           "exit_code",
                                           "statistics.reserved.now",
                                           "statistics.reserved.peak",
                                           "statistics.committed.now",
                                           "statistics.committed.peak",
                                           "statistics.mapped.now",
                                           "statistics.mapped.peak",
                                           "statistics.regions.now",
                                           "statistics.mapped_ranges.now",
                                           "statistics.heaps.now",
                                           "statistics.blocks.now",
                                           "statistics.block_bytes.now",
                                           "statistics.slab_bytes.now",
                                           "statistics.metadata.now",
                                           "statistics.refused_frees",
                                           "statistics.refused_blocks.foreign",
                                           "statistics.refused_blocks.interior",
                                           "statistics.refused_blocks.misaligned",
                                           "statistics.refused_blocks.freed",
                                           "statistics.refused_blocks.other_heap",
                                           "statistics.damaged_blocks",
                                           "statistics.foreign_commits",
                                           "statistics.passed_frees",
                                           "statistics.leaked_blocks",
                                           "statistics.leaked_bytes",
                                           "statistics.methods.CreateMalloc.calls",
                                           "statistics.methods.VirtualAlloc.failures",
                                           "statistics.methods.GetMemoryLoad.calls",
                                           "audit.regions",
                                           "audit.busy",
                                           "audit.reserved_bytes",
                                           "audit.committed_bytes",
                                           "audit.difference_count",
                                           "process.owned.committed",
                                           "process.images.committed",
                                           "process.mapped_files.reserved",
                                           "process.windows_heaps.allocations"};
    static const char *const texts[] = {
        "hostmem_version",       "program",           "ended_by",
        "runtime.directory",     "runtime.version",   "runtime.architecture",
        "host.set_host_control", "statistics.status", "audit.result"};
    struct run *run = run_host(RUN_WITH_JSON, L"%ls a b c", clr_program(L"Echo"));

    (void)state;
    for (size_t i = 0; i < sizeof(integers) / sizeof(integers[0]); i++)
        check_run(run, report_integer(run, integers[i]) >= 0);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        check_run(run, *report_text(run, texts[i]) != '\0');
    check_run(run, report_integer(run, "exit_code") == 3);
    check_run(run, json_array_size(report_member(run, "host.redirected_modules")) == 2);
    check_run(run, json_is_false(report_member(run, "host.heap")));
    check_run(run, json_is_false(report_member(run, "host.callers")));
    check_run(run, json_is_array(report_member(run, "audit.differences")));
    check_run(run, json_is_array(report_member(run, "mapped_ranges")));
    check_run(run, json_is_array(report_member(run, "heaps")));
    check_run(run, json_is_array(report_member(run, "live_blocks")));
    check_run(run, json_is_array(report_member(run, "damages")));
    run_free(run);
}

static void every_region_of_the_json_report_is_described(void **state)
{
    static const char *const members[] = {"size",           "committed", "allocation_type",
                                          "protect",        "thread",    "sequence",
                                          "critical_level", "heap",      "age_milliseconds"};
    struct run *run = run_host(RUN_WITH_JSON, L"%ls", clr_program(L"Echo"));
    const json_t *regions = report_member(run, "regions");

    (void)state;
    check_run(run, json_array_size(regions) > 0);
    for (size_t i = 0; i < json_array_size(regions); i++) {
        const json_t *region = json_array_get(regions, i);
        const char *base = json_string_value(json_object_get(region, "base"));

        check_run(run, base && strncmp(base, "0x", 2) == 0);
        for (size_t m = 0; m < sizeof(members) / sizeof(members[0]); m++)
            check_run(run, json_is_integer(json_object_get(region, members[m])));
        check_run(run, json_is_boolean(json_object_get(region, "slab")));
    }
    run_free(run);
}

static void help_names_every_option_and_exit_code(void **state)
{
    static const char *const parts[] = {"--runtime DIR",
                                        "--json FILE",
                                        "--quiet",
                                        "--heap ",
                                        "--callers ",
                                        "--check ",
                                        "--harden ",
                                        "--guard SIZE",
                                        "--limit SIZE",
                                        "--reserve SIZE",
                                        "--limit-reserved SIZE",
                                        "--pressure LOW,HIGH",
                                        "--pressure off",
                                        "--help",
                                        "--version",
                                        "  240  ",
                                        "  241  ",
                                        "  242  ",
                                        "  243  ",
                                        "  244  ",
                                        "  245  ",
                                        "  246  ",
                                        "  247  ",
                                        "  248  ",
                                        "  249  "};
    struct run *run = run_host(RUN_NO_RUNTIME, L"--help");

    (void)state;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        check_run(run, strstr(run->output, parts[i]));
    check_run(run, run->exit_code == 0);
    check_run(run, *run->errors == '\0');
    run_free(run);
}

static void version_is_told(void **state)
{
    struct run *run = run_host(RUN_NO_RUNTIME, L"--version");

    (void)state;
    check_run(run, strncmp(run->output, "hostmem-run ", 12) == 0);
    check_run(run, run->exit_code == 0);
    run_free(run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arguments_reach_the_program_unchanged),
        cmocka_unit_test(unicode_arguments_reach_the_program),
        cmocka_unit_test(options_end_at_the_program),
        cmocka_unit_test(two_hyphens_end_the_options),
        cmocka_unit_test(programs_and_reports_may_have_unicode_names),
        cmocka_unit_test(variables_may_name_the_runtime),
        cmocka_unit_test(the_runtime_option_comes_before_the_variables),
        cmocka_unit_test(the_last_of_two_runtime_options_counts),
        cmocka_unit_test(the_report_tells_all_that_it_promises),
        cmocka_unit_test(no_table_is_wider_than_a_console),
        cmocka_unit_test(quiet_prints_nothing),
        cmocka_unit_test(quiet_still_writes_the_json_report),
        cmocka_unit_test(the_json_report_has_every_member_in_its_form),
        cmocka_unit_test(every_region_of_the_json_report_is_described),
        cmocka_unit_test(help_names_every_option_and_exit_code),
        cmocka_unit_test(version_is_told),
    };

    if (!clr_tests_begin())
        return EXIT_CODE_SKIPPED;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
