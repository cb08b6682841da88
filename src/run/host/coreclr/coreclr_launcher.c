/*
 * coreclr_launcher.c: the calls that start a program on CoreCLR, and end it.
 *
 * The order matters: a module is redirected before any of its code has asked for memory, and
 * SetHostControl comes before Start.
 */
#include "run/host/coreclr/coreclr_launcher.h"

#include "base/exit_code.h"
#include "base/path.h"
#include "base/wide.h"
#include "run/host/coreclr/coreclr_domain.h"
#include "run/host/coreclr/coreclr_find.h"
#include "run/host/coreclr/coreclr_start.h"

/* The runtime that runs in this process. */
static struct {
    HMODULE module;
    ICLRRuntimeHost4 *clr; /* ICLRRuntimeHost2 only, unless has_latched_exit_code */
    bool has_latched_exit_code;
    DWORD domain;
} runtime;

/* ------------------------------------------------------------------------------------------------
 * Load
 * --------------------------------------------------------------------------------------------- */

/* By full path: then the loader looks for the module's imports beside it. */
static int load(struct launch *launch)
{
    wchar_t *path = path_join(launch->runtime.directory, L"coreclr.dll");

    runtime.module = LoadLibraryExW(path, NULL, LOAD_WITH_ALTERED_SEARCH_PATH);
    if (!runtime.module)
        return fail(EXIT_CODE_RUNTIME_FAILED,
                    "the runtime cannot be loaded: %s (Windows error %lu).", utf8_from_wide(path),
                    GetLastError());
    return memory_manager_follow(&launch->memory, runtime.module, true);
}

/* ------------------------------------------------------------------------------------------------
 * Start
 * --------------------------------------------------------------------------------------------- */

static int get_clr(const struct memory_manager *memory)
{
    get_clr_runtime_host_function get = coreclr_start_entry(runtime.module);
    HRESULT result;

    if (!get)
        return fail(EXIT_CODE_RUNTIME_FAILED,
                    "the runtime cannot be started: coreclr.dll does not export "
                    "GetCLRRuntimeHost.");
    result = get(&IID_ICLRRuntimeHost4, (IUnknown **)&runtime.clr);
    runtime.has_latched_exit_code = SUCCEEDED(result);
    if (FAILED(result))
        result = get(&IID_ICLRRuntimeHost2, (IUnknown **)&runtime.clr);
    return FAILED(result) ? memory_manager_runtime_failed(memory, "GetCLRRuntimeHost", result)
                          : GO_ON;
}

static int start_clr(struct launch *launch)
{
    struct memory_manager *memory = &launch->memory;
    ICLRRuntimeHost4 *clr = runtime.clr;
    HRESULT result;

    coreclr_start_begin(memory, clr);
    launch->runtime_found(launch);
    result = clr->lpVtbl->SetStartupFlags(
        clr, CORECLR_STARTUP_CONCURRENT_GC | CORECLR_STARTUP_LOADER_OPTIMIZATION_SINGLE_DOMAIN |
                 CORECLR_STARTUP_SINGLE_APPDOMAIN);
    if (SUCCEEDED(result))
        result = clr->lpVtbl->Start(clr);
    result = coreclr_start_end(memory, result);
    return FAILED(result) ? memory_manager_runtime_failed(memory, "Start", result) : GO_ON;
}

static int make_domain(const struct launch *launch)
{
    ICLRRuntimeHost4 *clr = runtime.clr;
    struct domain_properties properties;
    HRESULT result;

    coreclr_domain_properties_make(&properties, &launch->runtime, &launch->program);
    result = clr->lpVtbl->CreateAppDomainWithManager(
        clr, path_file_name(launch->program.path),
        CORECLR_DOMAIN_ENABLE_PLATFORM_SPECIFIC_APPS |
            CORECLR_DOMAIN_ENABLE_PINVOKE_AND_CLASSIC_COMINTEROP |
            CORECLR_DOMAIN_DISABLE_TRANSPARENCY_ENFORCEMENT,
        NULL, NULL, DOMAIN_PROPERTIES, properties.names, properties.values, &runtime.domain);
    if (FAILED(result))
        return memory_manager_runtime_failed(&launch->memory, "CreateAppDomainWithManager", result);
    return GO_ON;
}

static int start(struct launch *launch)
{
    struct memory_manager *memory = &launch->memory;
    int code = load(launch);

    if (code == GO_ON)
        code = get_clr(memory);
    if (code == GO_ON)
        code = start_clr(launch);
    if (code == GO_ON)
        code = make_domain(launch);
    return code;
}

/* ------------------------------------------------------------------------------------------------
 * Run
 * --------------------------------------------------------------------------------------------- */

/* Ends the runtime's managed side; a handler of ProcessExit may still change the exit code. */
static void unload_domain(DWORD *exit_code)
{
    ICLRRuntimeHost4 *clr = runtime.clr;
    int latched = (int)*exit_code;

    if (!runtime.has_latched_exit_code)
        clr->lpVtbl->UnloadAppDomain(clr, runtime.domain, TRUE);
    else if (SUCCEEDED(clr->lpVtbl->UnloadAppDomain2(clr, runtime.domain, TRUE, &latched)))
        *exit_code = (DWORD)latched;
}

static int run(struct launch *launch, DWORD *exit_code)
{
    const struct program *program = &launch->program;
    HRESULT result = runtime.clr->lpVtbl->ExecuteAssembly(
        runtime.clr, runtime.domain, program->path, program->argument_count,
        program->argument_count ? (LPCWSTR *)program->arguments : NULL, exit_code);

    if (FAILED(result))
        return program_not_run(program, result);
    unload_domain(exit_code);
    return GO_ON;
}

static int find(struct launch *launch)
{
    return coreclr_find(&launch->runtime, launch->arguments->runtime, launch->program.directory);
}

const struct launcher coreclr_launcher = {find, start, run};
