/*
 * launcher_choose.c: see launcher_choose.h.
 */
#include "run/host/launcher_choose.h"

#include "base/exit_code.h"
#include "base/path.h"
#include "base/wide.h"
#include "run/host/framework/framework_launcher.h"
#include "run/host/hostfxr/hostfxr_find.h"
#include "run/host/hostfxr/hostfxr_launcher.h"
#include "run/launch/search_paths.h"

static bool has_files_of_dotnet(const struct program *program)
{
    return hostfxr_is_wanted(program) || path_is_file(program_companion(program, L".deps.json")) ||
           path_is_file(path_join(program->directory, L"coreclr.dll"));
}

/* Programs for .NET can refer to mscorlib, too, through libraries older than .NET. */
static bool is_for_framework(const struct program *program)
{
    return !has_files_of_dotnet(program) && program->metadata.refers_to_mscorlib &&
           !program->metadata.refers_to_system_runtime;
}

static int take_framework(struct launch *launch)
{
    if (launch->arguments->runtime)
        return fail(EXIT_CODE_USAGE, "the options --clr and --call are for .NET Framework, and "
                                     "--runtime is not.");
    if (launch->arguments->host_option_count)
        return fail(EXIT_CODE_USAGE,
                    "the options --clr and --call are for .NET Framework, and %s "
                    "is not.",
                    utf8_from_wide(launch->arguments->host_options[0]));
    if (launch->arguments->call_type && launch->program.argument_count > 1)
        return fail(EXIT_CODE_USAGE, "the method of --call takes one argument, not %d.",
                    launch->program.argument_count);
    launch->launcher = &framework_launcher;
    return GO_ON;
}

int launcher_choose(struct launch *launch)
{
    const struct arguments *arguments = launch->arguments;
    bool for_framework = is_for_framework(&launch->program);

    if (arguments->call_type && !arguments->clr && !for_framework)
        return fail(EXIT_CODE_USAGE,
                    "the option --call is for .NET Framework, and %s is a program for .NET.",
                    launch->program.path_utf8);
    if (arguments->clr || arguments->call_type)
        return take_framework(launch);
    if (search_path_asked_for(arguments->runtime) || arguments->host_option_count || !for_framework)
        launch->launcher = &hostfxr_launcher;
    else
        launch->launcher = &framework_launcher;
    return GO_ON;
}
