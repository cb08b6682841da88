/*
 * test_watch_rest.c: every committed byte of a process is somebody's: the books and the named rest
 * add up to what VirtualQuery says, and next to nothing is unknown (src/census/).
 *
 * With -V, ctest shows a line for each program: docs/BOOKS.md has them as a table.
 */
#include "child.h"
#include "watched.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    UNKNOWN_SHARE = 50, /* less than one part in so many is unknown */
    LOOKS = 20,         /* at a process, to meet it at rest */
    PATIENCE_MILLISECONDS = 60000,
    POLL_MILLISECONDS = 50
};

/* ------------------------------------------------------------------------------------------------
 * The sums
 * --------------------------------------------------------------------------------------------- */

static json_int_t committed(const struct run *run, const char *owner)
{
    char path[64];

    snprintf(path, sizeof(path), "process.%s.committed", owner);
    return report_integer(run, path);
}

/* What the process itself has committed: neither images nor files. */
static json_int_t own_bytes(const struct run *run)
{
    return report_integer(run, "process.by_type.private") + committed(run, "sections") +
           committed(run, "others_sections");
}

static void show(const char *name, const struct run *run)
{
    static const char *const owners[] = {"owned",   "sections", "stacks",          "windows_heaps",
                                         "windows", "books",    "others_sections", "unknown"};

    printf("%-28s", name);
    for (size_t i = 0; i < sizeof(owners) / sizeof(owners[0]); i++)
        printf(" %s %.2f", owners[i], (double)committed(run, owners[i]) / (1 << 20));
    printf(" MiB; %d threads\n", (int)report_integer(run, "process.stacks.threads"));
}

static void check_sums(const struct run *run)
{
    static const char *const owners[] = {"owned",           "sections", "images", "mapped_files",
                                         "others_sections", "books",    "stacks", "windows_heaps",
                                         "windows",         "unknown"};
    json_int_t sum = 0;

    for (size_t i = 0; i < sizeof(owners) / sizeof(owners[0]); i++)
        sum += committed(run, owners[i]);
    check_run(run, sum == committed(run, "total"));
    check_run(run, sum == report_integer(run, "process.by_type.private") +
                              report_integer(run, "process.by_type.image") +
                              report_integer(run, "process.by_type.mapped") -
                              report_integer(run, "process.sections.in_views") +
                              committed(run, "sections"));
    check_run(run, committed(run, "owned") + committed(run, "sections") ==
                       report_integer(run, "statistics.committed.now"));
    check_run(run, json_is_true(report_member(run, "process.complete")));
}

static void check_unknown(const struct run *run)
{
    check_run(run, committed(run, "unknown") * UNKNOWN_SHARE < own_bytes(run));
    check_run(run, report_integer(run, "process.stacks.threads") >= 1);
    check_run(run, report_integer(run, "process.windows_heaps.heaps") >= 1);
    check_run(run, committed(run, "windows_heaps") > 0 && committed(run, "windows") > 0);
}

static void check_rest(const char *name, struct run *run)
{
    check_run(run, run->exit_code == 0);
    check_whole_report(run);
    check_sums(run);
    check_unknown(run);
    check_run(run, !strcmp(report_text(run, "process.taken"), "at the end"));
    show(name, run);
    run_free(run);
}

/* ------------------------------------------------------------------------------------------------
 * At the end
 * --------------------------------------------------------------------------------------------- */

static const wchar_t *program(const struct dotnet *dotnet)
{
    SetEnvironmentVariableW(L"DOTNET_ROOT", dotnet_root(dotnet));
    return hello(dotnet, L"fdd", L"Hello.exe");
}

static void of_a_modern_runtime_all_is_known(const struct dotnet *dotnet, const wchar_t *options)
{
    const wchar_t *path = program(dotnet);
    struct run *run;
    char name[64];

    if (!is_there(path))
        skip();
    snprintf(name, sizeof(name), "%s%s", dotnet->version, *options ? ", W^X off" : "");
    run = run_watched(L"%ls\"%ls\"", options, path);
    /* Those that ended count as long as their stacks are there. */
    check_run(run, report_integer(run, "process.stacks.threads") >= 3);
    check_rest(name, run);
}

static void dotnet_8_with_write_xor_execute(void **state)
{
    (void)state;
    of_a_modern_runtime_all_is_known(&dotnet_8, L"");
}

static void dotnet_9_with_write_xor_execute(void **state)
{
    (void)state;
    of_a_modern_runtime_all_is_known(&dotnet_9, L"");
}

static void dotnet_10_with_write_xor_execute(void **state)
{
    (void)state;
    of_a_modern_runtime_all_is_known(&dotnet_10, L"");
}

static void dotnet_10_without_write_xor_execute(void **state)
{
    (void)state;
    of_a_modern_runtime_all_is_known(&dotnet_10, L"--no-write-xor-execute ");
}

static void dotnet_3_1(void **state)
{
    const wchar_t *root = built(L"runtimes\\3.1.2-x64");

    (void)state;
    if (sizeof(void *) == 4 || !is_there(root))
        skip();
    check_rest("3.1.2", run_watched(L"--runtime \"%ls\" %ls", root, clr_program(L"Demo")));
}

static void node(void **state)
{
    const wchar_t *path = built(L"programs\\node\\bin\\node.exe");
    wchar_t scripts[SCRATCH_PATH_SIZE];

    (void)state;
    if (sizeof(void *) == 4 || !is_there(path))
        skip();
    GetEnvironmentVariableW(L"HOSTMEM_TEST_SCRIPTS", scripts, SCRATCH_PATH_SIZE);
    SetEnvironmentVariableW(L"NODE_SKIP_PLATFORM_CHECK", L"1");
    check_rest("node 20", run_watched(L"\"%ls\" \"%ls\\workload.js\"", path, scripts));
}

static void azmcp_on(const char *name, const wchar_t *options)
{
    const wchar_t *path = built(L"programs\\azmcp\\dist\\azmcp.exe");

    if (sizeof(void *) == 4 || !is_there(path))
        skip();
    check_rest(name, run_watched(L"%ls\"%ls\" tools list", options, path));
}

static void azmcp_with_write_xor_execute(void **state)
{
    (void)state;
    azmcp_on("azmcp tools list", L"");
}

static void azmcp_without_write_xor_execute(void **state)
{
    (void)state;
    if (!is_long_form())
        skip();
    azmcp_on("azmcp tools list, W^X off", L"--no-write-xor-execute ");
}

/* ------------------------------------------------------------------------------------------------
 * While it runs
 * --------------------------------------------------------------------------------------------- */

struct walk {
    json_int_t private_bytes, image, mapped;
};

static struct walk walk_through(HANDLE process)
{
    struct walk walk = {0, 0, 0};
    MEMORY_BASIC_INFORMATION pages;

    for (char *at = NULL; VirtualQueryEx(process, at, &pages, sizeof(pages)) == sizeof(pages);
         at = (char *)pages.BaseAddress + pages.RegionSize) {
        if (pages.State == MEM_COMMIT && pages.Type == MEM_PRIVATE)
            walk.private_bytes += (json_int_t)pages.RegionSize;
        else if (pages.State == MEM_COMMIT && pages.Type == MEM_IMAGE)
            walk.image += (json_int_t)pages.RegionSize;
        else if (pages.State == MEM_COMMIT)
            walk.mapped += (json_int_t)pages.RegionSize;
    }
    return walk;
}

static bool is_same(struct walk one, struct walk other)
{
    return one.private_bytes == other.private_bytes && one.image == other.image &&
           one.mapped == other.mapped;
}

struct living {
    HANDLE input; /* the program's, to be closed */
    struct run *top;
    bool was_at_rest;
    struct walk walk;
};

/* What hostmem-top shows of the process; again, until nothing changed meanwhile. */
static void look_at_it(const struct run_process *runner, void *context)
{
    struct living *living = context;
    wchar_t directory[SCRATCH_PATH_SIZE];
    HANDLE process;

    assert_true(wait_for_output(runner, "Hello from"));
    process = open_child(runner);
    own_directory(directory);
    for (int look = 0; look < LOOKS && !living->was_at_rest; look++) {
        if (living->top)
            run_free(living->top);
        living->walk = walk_through(process);
        living->top =
            run_plain(L"\"%ls\\hostmem-top.exe\" --json %lu", directory, GetProcessId(process));
        living->was_at_rest = is_same(living->walk, walk_through(process));
    }
    CloseHandle(process);
    CloseHandle(living->input);
}

/* hostmem-top writes an array of one report. */
static void take_report(struct run *top)
{
    json_t *reports = json_loads(top->output, 0, NULL);

    check_run(top, json_array_size(reports) == 1);
    top->report = json_incref(json_array_get(reports, 0));
    json_decref(reports);
}

/* Not the code that has counted, but this test asks the system. */
static void a_running_process_adds_up_to_what_the_system_says(void **state)
{
    SECURITY_ATTRIBUTES inherited = {.nLength = sizeof(inherited), .bInheritHandle = TRUE};
    const wchar_t *path = program(&dotnet_10);
    struct living living = {0};
    struct run_order order = {.meanwhile = look_at_it, .context = &living};
    struct run *run;

    (void)state;
    if (!is_there(path))
        skip();
    assert_true(CreatePipe(&order.input, &living.input, &inherited, 0));
    SetHandleInformation(living.input, HANDLE_FLAG_INHERIT, 0);
    run = order_watched(order, L"\"%ls\" --echo", path);
    check_run(run, run->exit_code == 0);
    check_run(living.top, living.top->exit_code == 0 && living.was_at_rest);
    take_report(living.top);
    check_sums(living.top);
    check_unknown(living.top);
    check_run(living.top, !strcmp(report_text(living.top, "process.taken"), "now"));
    check_run(living.top,
              report_integer(living.top, "process.by_type.private") == living.walk.private_bytes);
    check_run(living.top, report_integer(living.top, "process.by_type.image") == living.walk.image);
    check_run(living.top,
              report_integer(living.top, "process.by_type.mapped") == living.walk.mapped);
    show("10, running", living.top);
    run_free(living.top);
    run_free(run);
}

/* ------------------------------------------------------------------------------------------------
 * An end that nobody saw
 * --------------------------------------------------------------------------------------------- */

/* hostmem-run writes a line of --interval, and then looks at the process. */
static void wait_for_lines(const struct run_process *runner, int wanted)
{
    for (int left = PATIENCE_MILLISECONDS, lines = 0; lines < wanted && left > 0;
         left -= POLL_MILLISECONDS) {
        char *errors = read_file(runner->errors);

        lines = errors ? occurrences(errors, "  committed ") : 0;
        free(errors);
        Sleep(POLL_MILLISECONDS);
    }
}

static void end_it(const struct run_process *runner, void *is_looked_at)
{
    HANDLE process;

    assert_true(wait_for_output(runner, "Hello from"));
    process = open_child(runner);
    if (is_looked_at)
        wait_for_lines(runner, 3); /* so the second look is over */
    assert_true(TerminateProcess(process, 7));
    CloseHandle(process);
}

static struct run *run_killed(const wchar_t *options, void *is_looked_at)
{
    SECURITY_ATTRIBUTES inherited = {.nLength = sizeof(inherited), .bInheritHandle = TRUE};
    struct run_order order = {.meanwhile = end_it, .context = is_looked_at};
    struct run *run;
    HANDLE input;

    assert_true(CreatePipe(&order.input, &input, &inherited, 0));
    SetHandleInformation(input, HANDLE_FLAG_INHERIT, 0);
    run = order_watched(order, L"%ls\"%ls\" --echo", options, program(&dotnet_10));
    CloseHandle(input);
    check_run(run, run->exit_code == 7);
    return run;
}

static void of_a_killed_process_the_last_look_is_told_as_such(void **state)
{
    struct run *run;

    (void)state;
    if (!is_there(program(&dotnet_10)))
        skip();
    run = run_killed(L"--interval 1 ", "is looked at");
    check_report_of_unseen_end(run);
    check_run(run, !strcmp(report_text(run, "process.taken"), "before the end"));
    check_run(run, report_integer(run, "process.milliseconds_before") > 0);
    check_run(run, strstr(run->errors, " s before the end was seen, from outside\n") != NULL);
    check_run(run, json_is_true(report_member(run, "process.complete")));
    check_unknown(run);
    run_free(run);
}

static void of_a_killed_process_that_nobody_looked_at_it_is_not_known(void **state)
{
    struct run *run;

    (void)state;
    if (!is_there(program(&dotnet_10)))
        skip();
    run = run_killed(L"", NULL);
    check_report_of_unseen_end(run);
    check_run(run, json_is_null(report_member(run, "process")));
    check_run(run, strstr(run->errors, "\nWhere every page went: not known, for the process did "
                                       "not see its end\n") != NULL);
    run_free(run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dotnet_8_with_write_xor_execute),
        cmocka_unit_test(dotnet_9_with_write_xor_execute),
        cmocka_unit_test(dotnet_10_with_write_xor_execute),
        cmocka_unit_test(dotnet_10_without_write_xor_execute),
        cmocka_unit_test(dotnet_3_1),
        cmocka_unit_test(node),
        cmocka_unit_test(azmcp_with_write_xor_execute),
        cmocka_unit_test(azmcp_without_write_xor_execute),
        cmocka_unit_test(a_running_process_adds_up_to_what_the_system_says),
        cmocka_unit_test(of_a_killed_process_the_last_look_is_told_as_such),
        cmocka_unit_test(of_a_killed_process_that_nobody_looked_at_it_is_not_known),
    };

    watched_begin();
    return cmocka_run_group_tests_name("whose every page is", tests, NULL, NULL);
}
