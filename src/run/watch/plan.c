/*
 * plan.c: see plan.h.
 */
#include "run/watch/plan.h"

#include "base/architecture.h"
#include "base/exit_code.h"
#include "base/path.h"
#include "base/wide.h"
#include "run/launch/program.h"
#include "run/launch/program_file.h"
#include "run/launch/search_paths.h"
#include "run/watch/agent_path.h"

#include <stdio.h>

/* ------------------------------------------------------------------------------------------------
 * What it is
 * --------------------------------------------------------------------------------------------- */

static bool is_apphost(const wchar_t *path)
{
    const struct program program = {.path = path};
    struct pe_headers pe;

    return program_file_headers(program_companion(&program, L".dll"), &pe) == PROGRAM_FILE_PE &&
           pe.is_managed;
}

static enum program_shape shape_of(const wchar_t *path, const struct pe_headers *pe)
{
    if (pe->is_managed)
        return SHAPE_ASSEMBLY;
    if (program_file_exports(path, "DotNetRuntimeInfo"))
        return SHAPE_SINGLE_FILE;
    if (program_file_exports(path, "DotNetRuntimeDebugHeader"))
        return SHAPE_NATIVE_AOT;
    return is_apphost(path) ? SHAPE_APPHOST : SHAPE_NATIVE;
}

/* ------------------------------------------------------------------------------------------------
 * What is started
 * --------------------------------------------------------------------------------------------- */

static bool has_host_options(const struct arguments *arguments)
{
    return arguments->runtime || arguments->host_option_count || arguments->clr ||
           arguments->call_type;
}

/* Whoever names a runtime, or options of .NET's host, wants hostmem to host it. */
static bool wants_host(const struct arguments *arguments)
{
    return has_host_options(arguments) || search_path_asked_for(NULL);
}

static int start_other(struct plan *plan, const char *name)
{
    static const wchar_t *const places[] = {L"..\\" ARCHITECTURE_OTHER_NAME L"\\hostmem-run.exe",
                                            ARCHITECTURE_OTHER_NAME L"\\hostmem-run.exe"};

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        plan->started = path_beside(places[i]);
        plan->start = PLAN_OTHER_BITNESS;
        if (path_is_file(plan->started))
            return GO_ON;
    }
    return fail(EXIT_CODE_BITNESS,
                "%s is a %d-bit program and this is the %d-bit hostmem-run: use the other one.",
                name, ARCHITECTURE_OTHER_BITS, ARCHITECTURE_BITS);
}

static int choose(struct plan *plan, const struct pe_headers *pe, const char *name,
                  const struct arguments *arguments)
{
    if (plan->shape == SHAPE_ASSEMBLY || (plan->shape == SHAPE_APPHOST && wants_host(arguments))) {
        plan->start = PLAN_HOST;
        plan->started = path_beside(L"hostmem-host.exe");
        return GO_ON;
    }
    if (pe->is_dll)
        return fail(EXIT_CODE_NOT_MANAGED,
                    "%s is a native DLL, and no program that can be started.", name);
    if (pe->machine != (pe->is_64_bit ? IMAGE_FILE_MACHINE_AMD64 : IMAGE_FILE_MACHINE_I386))
        return fail(EXIT_CODE_BITNESS, "%s is for another processor (machine 0x%04x).", name,
                    pe->machine);
    if (pe->is_64_bit != (ARCHITECTURE_BITS == 64))
        return start_other(plan, name);
    if (has_host_options(arguments))
        return fail(EXIT_CODE_USAGE,
                    "%s is started itself, and finds its runtime itself: the options --runtime, "
                    "--clr, --call and those of the dotnet command are for other programs.",
                    name);
    plan->start = PLAN_ITSELF;
    plan->started = plan->program;
    return GO_ON;
}

int plan_make(struct plan *plan, const struct arguments *arguments)
{
    const char *name = utf8_from_wide(arguments->program);
    struct pe_headers pe;
    int code = program_read_headers(path_full(arguments->program), name, &pe);

    if (code != GO_ON)
        return code;
    plan->program = path_full(arguments->program);
    plan->shape = shape_of(plan->program, &pe);
    return choose(plan, &pe, name, arguments);
}

/* ------------------------------------------------------------------------------------------------
 * --explain
 * --------------------------------------------------------------------------------------------- */

static const char *describe(enum program_shape shape)
{
    switch (shape) {
    case SHAPE_ASSEMBLY:
        return "an assembly: it has a CLI header";
    case SHAPE_APPHOST:
        return "an apphost: a native program with an assembly of its name beside it";
    case SHAPE_SINGLE_FILE:
        return "a single file with the .NET runtime inside: it exports DotNetRuntimeInfo";
    case SHAPE_NATIVE_AOT:
        return "a program compiled by NativeAOT: it exports DotNetRuntimeDebugHeader";
    default:
        return "a native program";
    }
}

void plan_explain(const struct plan *plan, const struct arguments *arguments)
{
    printf("%s\n  is %s.\n", utf8_from_wide(plan->program), describe(plan->shape));
    switch (plan->start) {
    case PLAN_ITSELF:
        printf("  It would be started with hostmem-agent.dll before its imports. Its own module\n"
               "  would be redirected, and each runtime that it loads.\n");
        break;
    case PLAN_HOST:
        printf("  It would be run in %s, which hosts a runtime for it.\n",
               utf8_from_wide(plan->started));
        break;
    case PLAN_OTHER_BITNESS:
        printf("  It would be handed to %s.\n", utf8_from_wide(plan->started));
    }
    if (arguments->heap)
        printf("  With heaps: also those of the libraries by which modules allocate (C run-time\n"
               "  libraries, combase.dll or ole32.dll, oleaut32.dll), whenever they are loaded.\n");
    if (arguments->wanted_module_count)
        printf("  Modules that would be redirected besides:");
    for (int i = 0; i < arguments->wanted_module_count; i++)
        printf(" %s", utf8_from_wide(arguments->wanted_modules[i]));
    if (arguments->wanted_module_count)
        printf("\n");
}
