/*
 * main.c: hostmem-run, from the command line to the exit code.
 */
#include "base/exit_code.h"
#include "run/snapshot/exit_hooks.h"
#include "run/snapshot/report_thread.h"
#include "base/standard_error.h"
#include "run/launch/launcher_choose.h"
#include "base/wide.h"

#include <stdio.h>

/* MinGW-w64's startup code must not expand wildcards: the arguments are the program's. */
int _dowildcard = 0;

static struct launch launch;
static struct report_order order = {
    .program = &launch.program, .runtime = &launch.runtime, .memory = &launch.memory};

static int print(const char *text)
{
    fputs(text, stdout);
    return 0;
}

/* Before the program runs: afterwards it would be too late to say that it cannot be written. */
static int open_json_file(const wchar_t *path)
{
    order.json_file = INVALID_HANDLE_VALUE;
    if (!path)
        return GO_ON;
    order.json_file =
        CreateFileW(path, GENERIC_WRITE, FILE_SHARE_READ, NULL, CREATE_ALWAYS, 0, NULL);
    if (order.json_file == INVALID_HANDLE_VALUE)
        return fail(EXIT_CODE_REPORT_FILE,
                    "the report cannot be written to %s (Windows error %lu).", utf8_from_wide(path),
                    GetLastError());
    return GO_ON;
}

/* A program that did not run leaves no report behind. */
static void discard_report(const wchar_t *json_file)
{
    report_thread_cancel();
    if (order.json_file == INVALID_HANDLE_VALUE)
        return;
    CloseHandle(order.json_file);
    DeleteFileW(json_file);
}

/* Percent, from where memory is low to where it is ample. */
#define USUAL_DISTANCE 20u

/* What is kept of a limit for the runtime's own needs, unless the user says so. */
static uint64_t usual_reserve(uint64_t limit)
{
    const uint64_t least = UINT64_C(1) << 20, most = UINT64_C(16) << 20;
    uint64_t reserve = limit / 16;

    if (reserve < least)
        reserve = limit / 2 < least ? limit / 2 : least;
    return reserve < most ? reserve : most;
}

/*
 * Where memory becomes low, unless the user says so. The collector lets a program allocate up to
 * 6 MiB between two collections, and looks at the load in some of them only: three such steps and
 * a little more should be left.
 */
static unsigned usual_low_percent(uint64_t limit)
{
    const uint64_t left = UINT64_C(20) << 20;
    const unsigned least = 50, most = 90;

    if (limit >= left * 100 / (100 - most))
        return most;
    return limit > left * 100 / (100 - least) ? 100 - (unsigned)(left * 100 / limit) : least;
}

static void set_limits(HOSTMEM_LIMITS *limits, const struct arguments *arguments)
{
    uint64_t reserve =
        arguments->has_reserve ? arguments->reserve : usual_reserve(arguments->limit);

    limits->cbSize = sizeof(*limits);
    limits->Committed.Limit = arguments->limit - reserve;
    limits->Committed.AppDomainReserve = reserve;
    limits->Reserved.Limit = arguments->limit_reserved;
    limits->LowPercent = arguments->low_percent;
    limits->HighPercent = arguments->high_percent;
    if (arguments->limit && !limits->LowPercent) {
        limits->LowPercent = usual_low_percent(limits->Committed.Limit);
        limits->HighPercent = limits->LowPercent - USUAL_DISTANCE;
    }
}

static void set_host_options(struct memory_manager_options *options,
                             const struct arguments *arguments)
{
    options->redirect_flags = HOSTMEM_REDIRECT_FOLLOW;
    if (arguments->heap)
        options->redirect_flags |= HOSTMEM_REDIRECT_HEAP;
    if (arguments->callers)
        options->manager_flags |= HOSTMEM_TRACK_BLOCKS;
    if (arguments->check)
        options->manager_flags |=
            HOSTMEM_FILL_ON_ALLOC | HOSTMEM_FILL_ON_FREE | HOSTMEM_DELAY_REUSE;
    if (arguments->no_pressure)
        options->redirect_flags |= HOSTMEM_REDIRECT_NO_STATUS;
    options->guard_above = arguments->guard_above;
    set_limits(&options->limits, arguments);
}

static int prepare(const struct arguments *arguments)
{
    int code;

    launch.arguments = arguments;
    set_host_options(&launch.memory.options, arguments);
    code = program_open(&launch.program, arguments->program, arguments->program_argument_count,
                        arguments->program_arguments);
    if (code == GO_ON)
        code = launcher_choose(&launch);
    if (code == GO_ON)
        code = launch.launcher->find(&launch);
    if (code == GO_ON)
        code = open_json_file(arguments->json_file);
    order.print = !arguments->quiet;
    return code;
}

static int start(void)
{
    int code = memory_manager_open(&launch.memory);

    if (code != GO_ON)
        return code;
    if (!report_thread_start(&order))
        return fail(EXIT_CODE_NO_MEMORY, "there is no memory to start with.");
    exit_hooks_install();
    return launch.launcher->start(&launch);
}

/* Sets *exit_code to the program's own. */
static int run(DWORD *exit_code)
{
    struct ending ending = {.kind = ENDING_RETURN, .has_exit_code = true};
    int code = launch.launcher->run(&launch, &ending.exit_code);

    if (code == GO_ON)
        report_thread_report(&ending);
    *exit_code = ending.exit_code;
    return code;
}

static int run_program(const struct arguments *arguments)
{
    DWORD exit_code;
    int code = prepare(arguments);

    if (code != GO_ON)
        return code;
    code = start();
    if (code == GO_ON)
        code = run(&exit_code);
    if (code == GO_ON)
        return (int)exit_code;
    discard_report(arguments->json_file);
    return code;
}

int wmain(int argc, wchar_t **argv)
{
    struct arguments arguments = {0};
    int code;

    standard_error_open();
    code = arguments_read(&arguments, argc, argv);
    if (code != GO_ON)
        return code;
    if (arguments.help)
        return print(arguments_help);
    if (arguments.version)
        return print("hostmem-run " HOSTMEM_VERSION_TEXT "\n");
    return run_program(&arguments);
}
