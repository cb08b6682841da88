/*
 * main.c: hostmem-run, from the command line to the exit code.
 */
#include "base/exit_code.h"
#include "base/standard_error.h"
#include "base/wide.h"
#include "run/launch/limits_choose.h"
#include "run/launcher_choose.h"
#include "run/snapshot/damaged_blocks.h"
#include "run/snapshot/exit_hooks.h"
#include "run/snapshot/report_thread.h"

#include <stdio.h>

/* Keeps MinGW-w64's startup code from expanding wildcards: the arguments are the program's. */
int _dowildcard = 0;

static struct launch launch;
static struct report_order order = {.launch = &launch};

static int print(const char *text)
{
    fputs(text, stdout);
    return 0;
}

/* Before the program runs: afterwards it is too late to say that the file cannot be written. */
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

/* There is no report on a program that did not run. */
static void discard_report(const wchar_t *json_file)
{
    report_thread_cancel();
    if (order.json_file == INVALID_HANDLE_VALUE)
        return;
    CloseHandle(order.json_file);
    DeleteFileW(json_file);
}

static void set_memory_options(struct memory_manager_options *options,
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
    limits_choose(&options->limits, arguments);
}

static int prepare(const struct arguments *arguments)
{
    int code;

    launch.arguments = arguments;
    set_memory_options(&launch.memory.options, arguments);
    launch.memory.damage_callback = damaged_blocks_note;
    launch.memory.runtime_module_callback = exit_hooks_watch;
    launch.program_ended = report_thread_report;
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
        return fail_without_memory();
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
