/*
 * memory_manager.c: see memory_manager.h.
 */
#define COBJMACROS
#include "run/host/memory_manager.h"

#include "base/exit_code.h"
#include "run/launch/result_text.h"

#include <hostmem/agent.h>

#include <stdbool.h>

int memory_manager_refused(const char *step, HRESULT result)
{
    HOSTMEM_ERROR_INFO info = {.cbSize = sizeof(info)};

    if (result == E_INVALIDARG && HostMemAgentGetErrorInfo(&info) == S_OK)
        return fail(EXIT_CODE_HOSTMEM_FAILED, "hostmem refused: %s failed (0x%08lx): %s %s.", step,
                    (unsigned long)result, info.pszArgument, info.pszSentence);
    return fail(EXIT_CODE_HOSTMEM_FAILED, "hostmem refused: %s failed (0x%08lx).%s", step,
                (unsigned long)result, result_text(result));
}

int memory_manager_runtime_failed(const struct memory_manager *memory, const char *step,
                                  HRESULT result)
{
    const HOSTMEM_LIMITS *limits = &memory->options.limits;
    bool is_limited = limits->Committed.Limit || limits->Reserved.Limit;

    if (FAILED(memory->module_result))
        return memory_manager_refused("HostMemRedirectModule", memory->module_result);
    return fail(EXIT_CODE_RUNTIME_FAILED, "the runtime cannot be started: %s failed (0x%08lx)%s.%s",
                step, (unsigned long)result,
                is_limited && result == E_OUTOFMEMORY ? "; the limit may be too small for it" : "",
                result_text(result));
}

/* Any thread, at any time. */
static void CALLBACK module_loaded(void *context, const HOSTMEM_MODULE *module)
{
    struct memory_manager *memory = context;

    if (FAILED(module->Result))
        memory->module_result = module->Result;
    else if (module->Kind == HostMemModuleHost && memory->dotnet_host_module_callback)
        memory->dotnet_host_module_callback(module->hModule);
}

int memory_manager_open(struct memory_manager *memory, struct agent_services *services)
{
    HRESULT result;

    memory->manager = services->manager;
    memory->inspection = services->inspection;
    memory->redirect = services->redirect;
    services->module_context = memory;
    services->module_callback = module_loaded;
    result = HostMemCreateHostControl(memory->manager, NULL, &memory->control);
    if (FAILED(result))
        return memory_manager_refused("HostMemCreateHostControl", result);
    return GO_ON;
}

int memory_manager_follow(struct memory_manager *memory, HMODULE module, bool is_runtime)
{
    HRESULT result = memory->redirect(module, memory->options.redirect_flags,
                                      is_runtime ? HostMemModuleRuntime : HostMemModuleHost);

    if (FAILED(result))
        return memory_manager_refused("HostMemRedirectModule", result);
    return GO_ON;
}

void memory_manager_watch_endings(const struct memory_manager *memory, HMODULE module)
{
    memory->redirect(module, HOSTMEM_REDIRECT_NO_PAGES | HOSTMEM_REDIRECT_NO_STATUS,
                     HostMemModuleRuntime);
}
