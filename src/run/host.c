/*
 * host.c: see host.h.
 */
#define COBJMACROS
#include "host.h"

#include "damage.h"
#include "exit_code.h"

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

    return fail(EXIT_CODE_RUNTIME_FAILED, "the runtime cannot be started: %s failed (0x%08lx)%s.",
                step, (unsigned long)result,
                is_limited && result == E_OUTOFMEMORY ? "; the limit may be too small for it" : "");
}

int host_open(struct host *host)
{
    const HOSTMEM_OPTIONS options = {.cbSize = sizeof(options),
                                     .dwFlags = host->options.manager_flags,
                                     .GuardAbove = host->options.guard_above,
                                     .pfnDamage = damage_note,
                                     .pLimits = &host->options.limits};
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

/* Any thread, at any time. */
static void note_module(struct host *host, const char *name)
{
    LONG number = InterlockedIncrement(&host->module_count) - 1;

    if (number < HOST_MODULES)
        host->modules[number] = name;
}

int host_redirect(struct host *host, HMODULE module, const char *name)
{
    HOSTMEM_REDIRECTION *redirection;
    HRESULT result =
        HostMemRedirectModule(host->manager, module, host->options.redirect_flags, &redirection);

    if (FAILED(result))
        return host_failed("HostMemRedirectModule", result);
    if (result == S_OK)
        note_module(host, name);
    return GO_ON;
}
