/*
 * memory_manager.c: see memory_manager.h.
 */
#define COBJMACROS
#include "run/launch/memory_manager.h"

#include "base/exit_code.h"
#include "base/path.h"

#include <stdbool.h>

int memory_manager_refused(const char *step, HRESULT result)
{
    return fail(EXIT_CODE_HOSTMEM_FAILED, "hostmem.dll refused: %s failed (0x%08lx).", step,
                (unsigned long)result);
}

int memory_manager_runtime_failed(const struct memory_manager *memory, const char *step,
                                  HRESULT result)
{
    const HOSTMEM_LIMITS *limits = &memory->options.limits;
    bool is_limited = limits->Committed.Limit || limits->Reserved.Limit;

    if (FAILED(memory->module_result))
        return memory_manager_refused("HostMemRedirectModule", memory->module_result);
    return fail(EXIT_CODE_RUNTIME_FAILED, "the runtime cannot be started: %s failed (0x%08lx)%s.",
                step, (unsigned long)result,
                is_limited && result == E_OUTOFMEMORY ? "; the limit may be too small for it" : "");
}

/* ------------------------------------------------------------------------------------------------
 * Modules
 * --------------------------------------------------------------------------------------------- */

void memory_manager_note_module(const struct memory_manager *memory, HMODULE module)
{
    if (memory->runtime_module_callback)
        memory->runtime_module_callback(module);
}

/*
 * Names are kept in static memory: when the report needs them, it may be too late to use a heap.
 * Any thread, at any time.
 */
static void note(struct memory_manager *memory, HMODULE module)
{
    static char names[MEMORY_MANAGER_MODULES][MAX_PATH];
    wchar_t path[PATH_MOST];
    LONG at = InterlockedIncrement(&memory->module_count) - 1;

    memory_manager_note_module(memory, module);
    if (at >= MEMORY_MANAGER_MODULES || !GetModuleFileNameW(module, path, PATH_MOST))
        return;
    WideCharToMultiByte(CP_UTF8, 0, path_file_name(path), -1, names[at], MAX_PATH - 1, NULL, NULL);
    memory->modules[at] = names[at];
}

/* Any thread, at any time. */
static void CALLBACK module_loaded(void *context, const HOSTMEM_MODULE *module)
{
    struct memory_manager *memory = context;

    if (FAILED(module->Result))
        memory->module_result = module->Result;
    else if (module->Kind != HostMemModuleHost)
        note(memory, module->hModule);
    else if (memory->dotnet_host_module_callback)
        memory->dotnet_host_module_callback(module->hModule);
}

/* ------------------------------------------------------------------------------------------------
 * The manager
 * --------------------------------------------------------------------------------------------- */

int memory_manager_open(struct memory_manager *memory)
{
    const HOSTMEM_OPTIONS options = {.cbSize = sizeof(options),
                                     .dwFlags = memory->options.manager_flags,
                                     .GuardAbove = memory->options.guard_above,
                                     .pfnDamage = memory->damage_callback,
                                     .pLimits = &memory->options.limits,
                                     .pfnModule = module_loaded,
                                     .pModuleContext = memory};
    HRESULT result = HostMemCreateManager(&options, &memory->manager);

    if (FAILED(result))
        return memory_manager_refused("HostMemCreateManager", result);
    result = IHostMemoryManager_QueryInterface(memory->manager, &IID_IHostMemInspection,
                                               (void **)&memory->inspection);
    if (FAILED(result))
        return memory_manager_refused("QueryInterface", result);
    result = HostMemCreateHostControl(memory->manager, NULL, &memory->control);
    if (FAILED(result))
        return memory_manager_refused("HostMemCreateHostControl", result);
    return GO_ON;
}

int memory_manager_follow(struct memory_manager *memory, HMODULE module, bool is_runtime)
{
    HOSTMEM_REDIRECTION *redirection;
    HRESULT result = HostMemRedirectModule(memory->manager, module, memory->options.redirect_flags,
                                           &redirection);

    if (FAILED(result))
        return memory_manager_refused("HostMemRedirectModule", result);
    if (result == S_OK && is_runtime)
        note(memory, module);
    return GO_ON;
}
