/*
 * test_clr_modes.c: the collector in each of its modes: server or workstation, concurrent or not.
 * The mode is set in the program's runtimeconfig.json or in the environment; the program prints
 * which one it has.
 */
#include "expected.h"
#include "layout.h"
#include "run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum {
    PATH_SIZE = 1024
};

/* What "Modes 4 40" does and prints on every runtime and bitness, with and without hostmem. */
#define ARGUMENTS "4 40"
#define CHECKSUM "checksum 2741372401638\n"

struct mode {
    bool server;
    bool concurrent;
    struct run *run; /* configured so */
};

static struct mode workstation = {.server = false, .concurrent = false};
static struct mode workstation_concurrent = {.server = false, .concurrent = true};
static struct mode server = {.server = true, .concurrent = false};
static struct mode server_concurrent = {.server = true, .concurrent = true};
static struct mode *const modes[] = {&workstation, &workstation_concurrent, &server,
                                     &server_concurrent};

enum {
    MODES = sizeof(modes) / sizeof(*modes)
};

/* ------------------------------------------------------------------------------------------------
 * Runs
 * --------------------------------------------------------------------------------------------- */

/*
 * Writes, beside a copy of the program, a configuration with these settings of the collector, which
 * end in a comma or are "".
 */
static const wchar_t *lay_out(const char *properties)
{
    static wchar_t program[PATH_SIZE];
    char config[512];

    snprintf(config, sizeof(config),
             "{\"runtimeOptions\": {%s\"framework\": {\"name\": \"Microsoft.NETCore.App\", "
             "\"version\": \"2.0.0\"}}}",
             properties);
    wcscpy(program, layout_path(L"app\\Modes.exe"));
    layout_directory(layout_path(L"app"));
    layout_program(L"Modes.exe", program);
    layout_text(layout_path(L"app\\Modes.runtimeconfig.json"), config);
    return program;
}

static struct run *run_configured(const struct mode *mode)
{
    char properties[128];

    snprintf(properties, sizeof(properties),
             "\"configProperties\": {\"System.GC.Server\": %s, \"System.GC.Concurrent\": %s}, ",
             mode->server ? "true" : "false", mode->concurrent ? "true" : "false");
    return run_host(RUN_WITH_JSON, L"\"%ls\" " ARGUMENTS, lay_out(properties));
}

static int run_in_each_mode(void **state)
{
    (void)state;
    for (int i = 0; i < MODES; i++)
        modes[i]->run = run_configured(modes[i]);
    return 0;
}

static int free_runs(void **state)
{
    (void)state;
    for (int i = 0; i < MODES; i++)
        run_free(modes[i]->run);
    layout_remove(layout_path(L"app"));
    return 0;
}

/* Sets the variables in the test's own environment, which the program inherits. */
static struct run *run_in_environment(const wchar_t *is_server, const wchar_t *is_concurrent)
{
    struct run *run;

    SetEnvironmentVariableW(L"COMPlus_gcServer", is_server);
    SetEnvironmentVariableW(L"COMPlus_gcConcurrent", is_concurrent);
    run = run_host(RUN_WITH_JSON, L"\"%ls\" " ARGUMENTS, lay_out(""));
    SetEnvironmentVariableW(L"COMPlus_gcServer", NULL);
    SetEnvironmentVariableW(L"COMPlus_gcConcurrent", NULL);
    return run;
}

/* ------------------------------------------------------------------------------------------------
 * What must come of them
 * --------------------------------------------------------------------------------------------- */

/* On a single processor the runtime makes one heap, whatever it was asked for. */
static bool has_several_processors(void)
{
    SYSTEM_INFO system;

    GetSystemInfo(&system);
    return system.dwNumberOfProcessors > 1;
}

static void check_mode(const struct run *run, const struct mode *mode)
{
    bool is_server = mode->server && has_several_processors();

    check_run(run, strstr(run->output, is_server ? "server True\n" : "server False\n"));
    check_run(run,
              strstr(run->output, mode->concurrent ? "latency Interactive\n" : "latency Batch\n"));
}

static void check_good(const struct run *run, const struct mode *mode)
{
    check_run(run, run->exit_code == 0);
    check_mode(run, mode);
    check_run(run, strstr(run->output, CHECKSUM));
    check_books(run);
    check_agreement(run);
    check_run(run, report_integer(run, "statistics.refused_frees") == 0);
    check_run(run, report_integer(run, "statistics.foreign_commits") == 0);
}

/* ------------------------------------------------------------------------------------------------
 * The tests
 * --------------------------------------------------------------------------------------------- */

static void the_program_and_the_books_are_right(void **state)
{
    const struct mode *mode = *state;

    check_good(mode->run, mode);
}

static void a_mode_of_the_environment_s_is_in_effect(void **state)
{
    struct run *run = run_in_environment(L"1", L"0");

    (void)state;
    check_good(run, &server);
    run_free(run);
}

/* The collector reserves a heap for each processor. */
static void the_heaps_of_all_processors_are_in_the_books(void **state)
{
    json_int_t one_heap = report_integer(workstation.run, "statistics.reserved.now");
    json_int_t heaps = report_integer(server.run, "statistics.reserved.now");

    (void)state;
    check_run(server.run, !has_several_processors() || heaps > one_heap);
}

/* A test of that name for that mode. */
#define IN_MODE(mode)                                                                              \
    {                                                                                              \
        "the_program_and_the_books_are_right_in_mode_" #mode, the_program_and_the_books_are_right, \
            NULL, NULL, &(mode)                                                                    \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_MODE(workstation),
        IN_MODE(workstation_concurrent),
        IN_MODE(server),
        IN_MODE(server_concurrent),
        cmocka_unit_test(a_mode_of_the_environment_s_is_in_effect),
        cmocka_unit_test(the_heaps_of_all_processors_are_in_the_books),
    };

    if (!clr_tests_begin())
        return EXIT_CODE_SKIPPED;
    return cmocka_run_group_tests_name("clr_modes", tests, run_in_each_mode, free_runs);
}
