/*
 * main.c: hostmem-host, which hosts a .NET runtime in its own process. hostmem-run starts it with
 * its own command line, puts the agent into it, and reports when it has ended.
 */
#include "agent/agent_services.h"
#include "base/exit_code.h"
#include "base/standard_error.h"
#include "base/wide.h"
#include "run/launch/limits_choose.h"
#include "run/host/launcher_choose.h"

#include <stdio.h>

/* Keeps MinGW-w64's startup code from expanding wildcards: the arguments are the program's. */
int _dowildcard = 0;

static struct launch launch;
static struct agent_services *services;

/* ------------------------------------------------------------------------------------------------
 * What the report is to say
 * --------------------------------------------------------------------------------------------- */

static void copy(char *to, size_t size, const char *text)
{
    snprintf(to, size, "%s", text ? text : "");
}

static void tell_runtime(const struct launch *told)
{
    struct board_runtime *runtime = &services->board->runtime;

    runtime->host_control = told->memory.control_result;
    copy(runtime->family, sizeof(runtime->family), told->runtime.family);
    copy(runtime->version, sizeof(runtime->version), told->runtime.version);
    copy(runtime->directory, sizeof(runtime->directory), told->runtime.directory_utf8);
    atomic_store_explicit(&runtime->is_there, 1, memory_order_release);
}

static void tell_ending(const struct ending *ending)
{
    services->close(ending->kind);
}

/* There is no report on a program that did not run. */
static int tell_not_run(int code)
{
    services->board->not_run_code = (uint32_t)code;
    atomic_store_explicit(&services->board->stage, BOARD_NOT_RUN, memory_order_release);
    return code;
}

/* ------------------------------------------------------------------------------------------------
 * Running
 * --------------------------------------------------------------------------------------------- */

static int prepare(const struct arguments *arguments)
{
    const struct board_orders *orders = &services->board->orders;
    int code;

    launch.arguments = arguments;
    launch.memory.options.redirect_flags =
        orders->redirect_flags | HOSTMEM_REDIRECT_FOLLOW | HOSTMEM_REDIRECT_ENDINGS;
    launch.memory.options.limits = orders->limits;
    launch.program_ended = tell_ending;
    launch.runtime_found = tell_runtime;
    code = program_open(&launch.program, arguments->program, arguments->program_argument_count,
                        arguments->program_arguments);
    if (code == GO_ON)
        code = launcher_choose(&launch);
    if (code == GO_ON)
        code = launch.launcher->find(&launch);
    return code;
}

static int run_program(const struct arguments *arguments)
{
    struct ending ending = {.kind = ENDING_RETURN, .has_exit_code = true};
    int code = prepare(arguments);

    if (code == GO_ON)
        code = memory_manager_open(&launch.memory, services);
    if (code == GO_ON)
        code = launch.launcher->start(&launch);
    if (code == GO_ON)
        code = launch.launcher->run(&launch, &ending.exit_code);
    if (code != GO_ON)
        return tell_not_run(code);
    tell_ending(&ending);
    return (int)ending.exit_code;
}

int wmain(int argc, wchar_t **argv)
{
    struct arguments arguments = {0};
    int code;

    standard_error_open();
    services = HostMemAgentServices();
    if (!services)
        return fail(EXIT_CODE_USAGE,
                    "hostmem-host is a part of hostmem-run: start hostmem-run instead.");
    code = arguments_read(&arguments, argc, argv);
    return code == GO_ON ? run_program(&arguments) : tell_not_run(code);
}
