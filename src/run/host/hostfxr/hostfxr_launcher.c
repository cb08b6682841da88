/*
 * hostfxr_launcher.c: see hostfxr_launcher.h.
 *
 * hostfxr.dll has one of three interfaces. That of 3.0 and later cannot run a self-contained
 * program. That of 2.1 can. That of 2.0 takes no path of an executable, but asks Windows for it; so
 * hostfxr_hooks.c answers with the one that a user would have started.
 */
#include "run/host/hostfxr/hostfxr_launcher.h"

#include "base/architecture.h"
#include "base/exit_code.h"
#include "base/path.h"
#include "run/launch/result_text.h"
#include "base/startup_alloc.h"
#include "base/wide.h"
#include "run/host/coreclr/coreclr_find.h"
#include "run/host/coreclr/coreclr_launcher.h"
#include "run/host/hostfxr/hostfxr_find.h"
#include "run/host/hostfxr/hostfxr_hooks.h"
#include "run/host/hostfxr/hostfxr_interface.h"
#include "run/launch/search_paths.h"

static struct hostfxr_place host;
static HMODULE hostfxr;

/* ------------------------------------------------------------------------------------------------
 * Find
 * --------------------------------------------------------------------------------------------- */

static int find_for_own(const struct program *program)
{
    if (host.hostfxr)
        return GO_ON;
    return fail(EXIT_CODE_BITNESS,
                "%s brings a runtime that is not a %d-bit one as this hostmem-run is: use the "
                "other one.",
                program->path_utf8, ARCHITECTURE_BITS);
}

/* These options are the dotnet command's. */
static int refuse_host_options(const struct arguments *arguments)
{
    if (!arguments->host_option_count)
        return GO_ON;
    return fail(EXIT_CODE_USAGE,
                "the option %s is for programs that are run as the dotnet command runs them, and "
                "this is none.",
                utf8_from_wide(arguments->host_options[0]));
}

/* A user who names a directory with coreclr.dll wants that runtime hosted without .NET's host. */
static bool is_bare_runtime(const wchar_t *place)
{
    return place && path_is_file(path_join(place, L"coreclr.dll"));
}

static int find(struct launch *launch)
{
    const struct program *program = &launch->program;
    const wchar_t *asked = search_path_asked_for(launch->arguments->runtime);
    int code;

    if (!is_bare_runtime(asked))
        host = hostfxr_find(program, asked);
    if (host.hostfxr && !host.is_self_contained &&
        (hostfxr_is_wanted(program) || launch->arguments->host_option_count))
        return GO_ON;
    code = refuse_host_options(launch->arguments);
    if (code != GO_ON)
        return code;
    if (host.is_self_contained)
        return find_for_own(program);
    launch->launcher = &coreclr_launcher;
    return launch->launcher->find(launch);
}

/* ------------------------------------------------------------------------------------------------
 * Start
 * --------------------------------------------------------------------------------------------- */

/* The executable that a user would start: the dotnet command, or the program's apphost. */
static const wchar_t *host_path(const struct program *program)
{
    return host.is_self_contained ? program_companion(program, L".exe")
                                  : path_join(host.root, L"dotnet.exe");
}

static int start(struct launch *launch)
{
    const wchar_t *path = host_path(&launch->program);

    coreclr_describe(&launch->runtime, host.root);
    hostfxr_hooks_prepare(launch, path);
    launch->memory.dotnet_host_module_callback = hostfxr_hooks_watch;
    hostfxr = LoadLibraryExW(host.hostfxr, NULL, LOAD_WITH_ALTERED_SEARCH_PATH);
    if (!hostfxr)
        return fail(EXIT_CODE_RUNTIME_FAILED,
                    "the runtime's host cannot be loaded: %s (Windows error %lu).",
                    utf8_from_wide(host.hostfxr), GetLastError());
    hostfxr_hooks_watch(hostfxr);
    return memory_manager_follow(&launch->memory, hostfxr, false);
}

/* ------------------------------------------------------------------------------------------------
 * Run
 * --------------------------------------------------------------------------------------------- */

struct command_line {
    int argc;
    const wchar_t **argv;
};

/* "dotnet exec OPTIONS PROGRAM arguments" or "PROGRAM arguments". */
static struct command_line make_command_line(const struct program *program,
                                             const struct arguments *arguments)
{
    size_t most = (size_t)program->argument_count + (size_t)arguments->host_option_count + 3;
    struct command_line line = {.argv = startup_alloc((most + 1) * sizeof(wchar_t *))};

    line.argv[line.argc++] = host_path(program);
    if (!host.is_self_contained) {
        line.argv[line.argc++] = L"exec";
        for (int i = 0; i < arguments->host_option_count; i++)
            line.argv[line.argc++] = arguments->host_options[i];
        line.argv[line.argc++] = program->path;
    }
    for (int i = 0; i < program->argument_count; i++)
        line.argv[line.argc++] = program->arguments[i];
    return line;
}

static void (*function_of(const char *name))(void)
{
    return (void (*)(void))GetProcAddress(hostfxr, name);
}

/* 3.0 and later. */
static int run_in_steps(hostfxr_initialize_function initialize, const struct command_line *line)
{
    const struct hostfxr_initialize_parameters parameters = {
        .size = sizeof(parameters), .host_path = line->argv[0], .dotnet_root = host.root};
    hostfxr_run_app_function run_app = (hostfxr_run_app_function)function_of("hostfxr_run_app");
    hostfxr_close_function close = (hostfxr_close_function)function_of("hostfxr_close");
    void *handle = NULL;
    int status = initialize(line->argc - 1, line->argv + 1, &parameters, &handle);

    if (status == HOSTFXR_SUCCESS && run_app)
        status = run_app(handle);
    if (handle && close)
        close(handle);
    return status;
}

static int call_hostfxr(const struct program *program, const struct arguments *arguments)
{
    struct command_line line = make_command_line(program, arguments);
    hostfxr_initialize_function initialize =
        (hostfxr_initialize_function)function_of("hostfxr_initialize_for_dotnet_command_line");
    hostfxr_main_startupinfo_function main_startupinfo =
        (hostfxr_main_startupinfo_function)function_of("hostfxr_main_startupinfo");
    hostfxr_main_function main = (hostfxr_main_function)function_of("hostfxr_main");

    if (initialize && !host.is_self_contained)
        return run_in_steps(initialize, &line);
    if (main_startupinfo)
        return main_startupinfo(line.argc, line.argv, line.argv[0], host.root,
                                host.is_self_contained ? program->path
                                                       : path_join(host.root, L"dotnet.dll"));
    return main(line.argc, line.argv);
}

static bool is_framework_missing(int status)
{
    return status == HOSTFXR_FRAMEWORK_MISSING ||
           (status == HOSTFXR_NO_HOSTPOLICY && !host.is_self_contained);
}

/* hostfxr itself has written its own messages to stderr. */
static int refused_by_host(const struct launch *launch, int status)
{
    const char *name = launch->program.path_utf8;

    if (is_framework_missing(status))
        return fail(EXIT_CODE_NO_RUNTIME,
                    "the framework that %s asks for in its runtimeconfig.json is not installed in "
                    "%s.",
                    name, utf8_from_wide(host.root));
    if (status == HOSTFXR_INVALID_CONFIG_FILE)
        return fail(EXIT_CODE_NOT_RUN, "the runtimeconfig.json or deps.json of %s cannot be used.",
                    name);
    return fail(EXIT_CODE_NOT_RUN, "%s could not be run: hostfxr.dll answered 0x%08lx.%s", name,
                (unsigned long)status, result_text(status));
}

static int tell_failure(const struct launch *launch, int status)
{
    const struct hostfxr_progress *progress = hostfxr_hooks_progress();

    if (!progress->has_loaded)
        return refused_by_host(launch, status);
    if (!progress->has_started)
        return memory_manager_runtime_failed(&launch->memory, "coreclr_initialize",
                                             progress->result);
    return program_not_run(&launch->program, progress->result);
}

static int run(struct launch *launch, DWORD *exit_code)
{
    int status = call_hostfxr(&launch->program, launch->arguments);

    if (!hostfxr_hooks_progress()->has_run)
        return tell_failure(launch, status);
    *exit_code = (DWORD)status;
    return GO_ON;
}

const struct launcher hostfxr_launcher = {find, start, run};
