/*
 * host.c: see host.h.
 */
#define COBJMACROS
#include "run/launch/memory_manager.h"

#include "run/snapshot/damaged_blocks.h"
#include "base/exit_code.h"
#include "run/snapshot/exit_hooks.h"
#include "base/wide.h"

#include <stdbool.h>

int host_failed(const char *step, HRESULT result)
{
    return fail(EXIT_CODE_HOSTMEM_FAILED, "hostmem.dll refused: %s failed (0x%08lx).", step,
                (unsigned long)result);
}

int host_runtime_failed(const struct host *host, const char *step, HRESULT result)
{
    const HOSTMEM_LIMITS *limits = &host->options.limits;
    bool is_limited = limits->Committed.Limit || limits->Reserved.Limit;

    if (FAILED(host->module_result))
        return host_failed("HostMemRedirectModule", host->module_result);
    return fail(EXIT_CODE_RUNTIME_FAILED, "the runtime cannot be started: %s failed (0x%08lx)%s.",
                step, (unsigned long)result,
                is_limited && result == E_OUTOFMEMORY ? "; the limit may be too small for it" : "");
}

/* ------------------------------------------------------------------------------------------------
 * Modules
 * --------------------------------------------------------------------------------------------- */

/* Names lie in memory that stays: for the report it may be too late for a heap. */
static void note(struct host *host, HMODULE module)
{
    static char names[HOST_MODULES][MAX_PATH];
    wchar_t path[PATH_MOST];
    LONG at = InterlockedIncrement(&host->module_count) - 1;

    exit_hooks_watch(module);
    if (at >= HOST_MODULES || !GetModuleFileNameW(module, path, PATH_MOST))
        return;
    WideCharToMultiByte(CP_UTF8, 0, path_file_name(path), -1, names[at], MAX_PATH - 1, NULL, NULL);
    host->modules[at] = names[at];
}

/* Any thread, at any time. */
static void CALLBACK module_loaded(void *context, const HOSTMEM_MODULE *module)
{
    struct host *host = context;

    if (FAILED(module->Result))
        host->module_result = module->Result;
    else if (module->Kind != HostMemModuleHost)
        note(host, module->hModule);
    else if (host->host_module_callback)
        host->host_module_callback(module->hModule);
}

/* ------------------------------------------------------------------------------------------------
 * The manager
 * --------------------------------------------------------------------------------------------- */

int host_open(struct host *host)
{
    const HOSTMEM_OPTIONS options = {.cbSize = sizeof(options),
                                     .dwFlags = host->options.manager_flags,
                                     .GuardAbove = host->options.guard_above,
                                     .pfnDamage = damage_note,
                                     .pLimits = &host->options.limits,
                                     .pfnModule = module_loaded,
                                     .pModuleContext = host};
    HRESULT result = HostMemCreateManager(&options, &host->manager);

    if (FAILED(result))
        return host_failed("HostMemCreateManager", result);
    result = IHostMemoryManager_QueryInterface(host->manager, &IID_IHostMemInspection,
                                               (void **)&host->inspection);
    if (FAILED(result))
        return host_failed("QueryInterface", result);
    result = HostMemCreateHostControl(host->manager, NULL, &host->control);
    if (FAILED(result))
        return host_failed("HostMemCreateHostControl", result);
    return GO_ON;
}

int host_follow(struct host *host, HMODULE module, bool is_runtime)
{
    HOSTMEM_REDIRECTION *redirection;
    HRESULT result =
        HostMemRedirectModule(host->manager, module, host->options.redirect_flags, &redirection);

    if (FAILED(result))
        return host_failed("HostMemRedirectModule", result);
    if (result == S_OK && is_runtime)
        note(host, module);
    return GO_ON;
}
