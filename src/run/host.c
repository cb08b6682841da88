/*
 * host.c: the sequence of calls that brings a program up on CoreCLR, and down again.
 *
 * The order is the contract: modules are redirected before any of their code has asked for memory,
 * and SetHostControl comes before Start.
 */
#define COBJMACROS
#include "host.h"

#include "damage.h"
#include "domain.h"
#include "exit_code.h"
#include "first_generation.h"
#include "wide.h"

const char *const host_module_names[HOST_MODULES] = {"coreclr.dll", "clrjit.dll"};

static int runtime_failed(const struct host *host, const char *step, HRESULT result)
{
    const HOSTMEM_LIMITS *limits = &host->options.limits;
    bool is_limited = limits->Committed.Limit || limits->Reserved.Limit;

    return fail(EXIT_CODE_RUNTIME_FAILED, "the runtime cannot be started: %s failed (0x%08lx)%s.",
                step, (unsigned long)result,
                is_limited && result == E_OUTOFMEMORY ? "; the limit may be too small for it" : "");
}

static int hostmem_failed(const char *step, HRESULT result)
{
    return fail(EXIT_CODE_HOSTMEM_FAILED, "hostmem.dll refused: %s failed (0x%08lx).", step,
                (unsigned long)result);
}

/* ------------------------------------------------------------------------------------------------
 * Load
 * --------------------------------------------------------------------------------------------- */

/* By full path, so that what the module imports is looked for beside it. */
static int load_modules(struct host *host, const wchar_t *directory)
{
    for (int i = 0; i < HOST_MODULES; i++) {
        wchar_t *path = path_join(directory, wide_from_utf8(host_module_names[i]));

        host->modules[i] = LoadLibraryExW(path, NULL, LOAD_WITH_ALTERED_SEARCH_PATH);
        if (!host->modules[i])
            return fail(EXIT_CODE_RUNTIME_FAILED,
                        "the runtime cannot be loaded: %s (Windows error %lu).",
                        utf8_from_wide(path), GetLastError());
    }
    return GO_ON;
}

static int make_manager(struct host *host)
{
    const HOSTMEM_OPTIONS options = {.cbSize = sizeof(options),
                                     .dwFlags = host->options.manager_flags,
                                     .GuardAbove = host->options.guard_above,
                                     .pfnDamage = damage_note,
                                     .pLimits = &host->options.limits};
    HRESULT result = HostMemCreateManager(&options, &host->manager);

    if (FAILED(result))
        return hostmem_failed("HostMemCreateManager", result);
    result = IHostMemoryManager_QueryInterface(host->manager, &IID_IHostMemInspection,
                                               (void **)&host->inspection);
    if (FAILED(result))
        return hostmem_failed("QueryInterface", result);
    result = HostMemCreateHostControl(host->manager, NULL, &host->control);
    if (FAILED(result))
        return hostmem_failed("HostMemCreateHostControl", result);
    return GO_ON;
}

/* The redirections stay till the process is gone: the runtime runs as long. */
static int redirect_modules(struct host *host)
{
    for (int i = 0; i < HOST_MODULES; i++) {
        HOSTMEM_REDIRECTION *redirection;
        HRESULT result = HostMemRedirectModule(host->manager, host->modules[i],
                                               host->options.redirect_flags, &redirection);

        if (FAILED(result))
            return hostmem_failed("HostMemRedirectModule", result);
        host->is_redirected[i] = result == S_OK;
    }
    return GO_ON;
}

int host_load(struct host *host, const struct runtime *runtime)
{
    int code;

    host->fits_first_generation = first_generation_fit(host->options.limits.Committed.Limit);
    code = load_modules(host, runtime->directory);
    if (code == GO_ON)
        code = make_manager(host);
    if (code == GO_ON)
        code = redirect_modules(host);
    return code;
}

/* ------------------------------------------------------------------------------------------------
 * Start
 * --------------------------------------------------------------------------------------------- */

static int get_clr(struct host *host)
{
    FARPROC entry = GetProcAddress(host->modules[0], "GetCLRRuntimeHost");
    get_clr_runtime_host_function get = (get_clr_runtime_host_function)(void (*)(void))entry;
    HRESULT result;

    if (!get)
        return fail(EXIT_CODE_RUNTIME_FAILED,
                    "the runtime cannot be started: coreclr.dll does not export "
                    "GetCLRRuntimeHost.");
    result = get(&IID_ICLRRuntimeHost4, (IUnknown **)&host->clr);
    host->has_latched_exit_code = SUCCEEDED(result);
    if (FAILED(result))
        result = get(&IID_ICLRRuntimeHost2, (IUnknown **)&host->clr);
    return FAILED(result) ? runtime_failed(host, "GetCLRRuntimeHost", result) : GO_ON;
}

static int start_clr(struct host *host)
{
    HRESULT result;

    /* A runtime that refuses the control still runs redirected; the report tells. */
    host->control_result = host->clr->lpVtbl->SetHostControl(host->clr, host->control);
    result = host->clr->lpVtbl->SetStartupFlags(
        host->clr, CORECLR_STARTUP_CONCURRENT_GC |
                       CORECLR_STARTUP_LOADER_OPTIMIZATION_SINGLE_DOMAIN |
                       CORECLR_STARTUP_SINGLE_APPDOMAIN);
    if (FAILED(result))
        return runtime_failed(host, "SetStartupFlags", result);
    /* What is refused before the runtime is up, it does not survive. */
    IHostMemInspection_SetRedirectedLevel(host->inspection, eProcessCritical);
    result = host->clr->lpVtbl->Start(host->clr);
    IHostMemInspection_SetRedirectedLevel(host->inspection, eTaskCritical);
    if (host->fits_first_generation)
        first_generation_forget();
    return FAILED(result) ? runtime_failed(host, "Start", result) : GO_ON;
}

static int make_domain(struct host *host, const struct runtime *runtime,
                       const struct program *program)
{
    struct domain_properties properties;
    HRESULT result;

    domain_properties_make(&properties, runtime, program);
    result = host->clr->lpVtbl->CreateAppDomainWithManager(
        host->clr, path_file_name(program->path),
        CORECLR_DOMAIN_ENABLE_PLATFORM_SPECIFIC_APPS |
            CORECLR_DOMAIN_ENABLE_PINVOKE_AND_CLASSIC_COMINTEROP |
            CORECLR_DOMAIN_DISABLE_TRANSPARENCY_ENFORCEMENT,
        NULL, NULL, DOMAIN_PROPERTIES, properties.names, properties.values, &host->domain);
    return FAILED(result) ? runtime_failed(host, "CreateAppDomainWithManager", result) : GO_ON;
}

int host_start(struct host *host, const struct runtime *runtime, const struct program *program)
{
    int code = get_clr(host);

    if (code == GO_ON)
        code = start_clr(host);
    if (code == GO_ON)
        code = make_domain(host, runtime, program);
    return code;
}

/* ------------------------------------------------------------------------------------------------
 * Run
 * --------------------------------------------------------------------------------------------- */

/* Ends the runtime's managed side; a handler of ProcessExit may still change the exit code. */
static void unload_domain(struct host *host, DWORD *exit_code)
{
    int latched = (int)*exit_code;

    if (!host->has_latched_exit_code)
        host->clr->lpVtbl->UnloadAppDomain(host->clr, host->domain, TRUE);
    else if (SUCCEEDED(
                 host->clr->lpVtbl->UnloadAppDomain2(host->clr, host->domain, TRUE, &latched)))
        *exit_code = (DWORD)latched;
}

int host_run(struct host *host, const struct program *program, DWORD *exit_code)
{
    HRESULT result = host->clr->lpVtbl->ExecuteAssembly(
        host->clr, host->domain, program->path, program->argument_count,
        program->argument_count ? (LPCWSTR *)program->arguments : NULL, exit_code);

    if (FAILED(result))
        return fail(EXIT_CODE_NOT_RUN, "the runtime could not run %s (0x%08lx).",
                    program->path_utf8, (unsigned long)result);
    unload_domain(host, exit_code);
    return GO_ON;
}
