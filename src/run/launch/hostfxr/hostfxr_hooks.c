/*
 * hostfxr_hooks.c: the imports of .NET's host that are rewritten, and what they come to.
 */
#include "run/launch/hostfxr/hostfxr_hooks.h"

#include "run/launch/coreclr/coreclr_start.h"
#include "run/launch/hostfxr/hostfxr_interface.h"
#include "pe/import_table.h"
#include "base/wide.h"

#include <string.h>

static struct {
    struct launch *launch;
    const wchar_t *host_path;
    coreclr_initialize_function initialize;
    coreclr_execute_assembly_function execute;
    HMODULE runtime;
    struct hostfxr_progress progress;
} hooks;

/* ------------------------------------------------------------------------------------------------
 * The runtime's functions
 * --------------------------------------------------------------------------------------------- */

/* NULL: the runtime has no such interface, or none that can be had. */
static ICLRRuntimeHost4 *get_clr(void)
{
    FARPROC entry = GetProcAddress(hooks.runtime, "GetCLRRuntimeHost");
    get_clr_runtime_host_function get = (get_clr_runtime_host_function)(void (*)(void))entry;
    ICLRRuntimeHost4 *clr = NULL;

    return get && SUCCEEDED(get(&IID_ICLRRuntimeHost2, (IUnknown **)&clr)) ? clr : NULL;
}

static int WINAPI initialize(const char *host_path, const char *domain_name, int property_count,
                             const char **names, const char **values, void **handle,
                             unsigned int *domain)
{
    struct memory_manager *memory = &hooks.launch->memory;
    ICLRRuntimeHost4 *clr = get_clr();
    HRESULT result;

    coreclr_start_begin(memory, clr);
    result =
        hooks.initialize(host_path, domain_name, property_count, names, values, handle, domain);
    result = coreclr_start_end(memory, result);
    if (clr)
        clr->lpVtbl->Release(clr);
    hooks.progress.has_started = SUCCEEDED(result);
    hooks.progress.result = result;
    return result;
}

static int WINAPI execute_assembly(void *handle, unsigned int domain, int argc, const char **argv,
                                   const char *assembly, unsigned int *exit_code)
{
    int result = hooks.execute(handle, domain, argc, argv, assembly, exit_code);

    hooks.progress.has_run = SUCCEEDED(result);
    hooks.progress.result = result;
    return result;
}

static void note_runtime(HMODULE module)
{
    static wchar_t path[PATH_MOST];

    hooks.runtime = module;
    hooks.progress.has_loaded = true;
    if (GetModuleFileNameW(module, path, PATH_MOST))
        runtime_describe(&hooks.launch->runtime, path_directory(path));
}

/* ------------------------------------------------------------------------------------------------
 * What the host imports
 * --------------------------------------------------------------------------------------------- */

static bool is_called(LPCSTR function, const char *name)
{
    return !IS_INTRESOURCE(function) && !strcmp(function, name);
}

static FARPROC WINAPI get_proc_address(HMODULE module, LPCSTR function)
{
    FARPROC found = GetProcAddress(module, function);

    if (found && is_called(function, "coreclr_initialize")) {
        note_runtime(module);
        hooks.initialize = (coreclr_initialize_function)(void (*)(void))found;
        return (FARPROC)(void (*)(void))initialize;
    }
    if (found && is_called(function, "coreclr_execute_assembly")) {
        hooks.execute = (coreclr_execute_assembly_function)(void (*)(void))found;
        return (FARPROC)(void (*)(void))execute_assembly;
    }
    return found;
}

/* Hosts of version 2.0 look into the executable's name for how they were started. */
static DWORD WINAPI get_module_file_name(HMODULE module, LPWSTR name, DWORD size)
{
    size_t length = wcslen(hooks.host_path);

    if (module)
        return GetModuleFileNameW(module, name, size);
    if (!size)
        return 0;
    wcsncpy(name, hooks.host_path, size);
    if (length < size)
        return (DWORD)length;
    name[size - 1] = L'\0';
    SetLastError(ERROR_INSUFFICIENT_BUFFER);
    return size;
}

static bool hook_import(void *context, const struct import *import)
{
    (void)context;
    if (import_text_is_equal(import->function, "GetProcAddress"))
        import_write(import->entry, IMPORT_OF(get_proc_address));
    else if (import_text_is_equal(import->function, "GetModuleFileNameW"))
        import_write(import->entry, IMPORT_OF(get_module_file_name));
    return true;
}

void hostfxr_hooks_prepare(struct launch *launch, const wchar_t *host_path)
{
    hooks.launch = launch;
    hooks.host_path = host_path;
}

void hostfxr_hooks_watch(HMODULE module)
{
    import_walk(module, hook_import, NULL);
}

const struct hostfxr_progress *hostfxr_hooks_progress(void)
{
    return &hooks.progress;
}
