/*
 * hostfxr_hooks.c: the replacements for functions that .NET's host calls.
 */
#include "run/host/hostfxr/hostfxr_hooks.h"

#include "base/path.h"
#include "pe/import_table.h"
#include "run/host/coreclr/coreclr_find.h"
#include "run/host/coreclr/coreclr_start.h"
#include "run/host/hostfxr/hostfxr_interface.h"
#include "run/host/import_hooks.h"

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

/* NULL: the runtime has no such interface, or does not hand it out. */
static ICLRRuntimeHost4 *get_clr(void)
{
    get_clr_runtime_host_function get = coreclr_start_entry(hooks.runtime);
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
    hooks.launch->runtime_found(hooks.launch);
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
        coreclr_describe(&hooks.launch->runtime, path_directory(path));
}

/* ------------------------------------------------------------------------------------------------
 * What the host looks up and imports
 * --------------------------------------------------------------------------------------------- */

/* looked_up may be an ordinal. */
static bool is_called(LPCSTR looked_up, const char *name)
{
    return !IS_INTRESOURCE(looked_up) && !strcmp(looked_up, name);
}

/*
 * An import_hooks_lookup: the host looks up the functions of the runtime that it has loaded. Once
 * the runtime has started, a look-up of these names is the program's own.
 */
static FARPROC look_up(HMODULE module, LPCSTR name, FARPROC found)
{
    if (hooks.progress.has_started)
        return found;
    if (is_called(name, "coreclr_initialize")) {
        note_runtime(module);
        hooks.initialize = (coreclr_initialize_function)(void (*)(void))found;
        return (FARPROC)(void (*)(void))initialize;
    }
    if (is_called(name, "coreclr_execute_assembly")) {
        hooks.execute = (coreclr_execute_assembly_function)(void (*)(void))found;
        return (FARPROC)(void (*)(void))execute_assembly;
    }
    return found;
}

/* A host of version 2.0 concludes from the executable's name how it was started. */
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

void hostfxr_hooks_prepare(struct launch *launch, const wchar_t *host_path)
{
    hooks.launch = launch;
    hooks.host_path = host_path;
    import_hooks_add_lookup(look_up);
}

void hostfxr_hooks_watch(HMODULE module)
{
    static const struct import_hook imports[] = {
        {"GetProcAddress", IMPORT_OF(import_hooks_get_proc_address)},
        {"GetModuleFileNameW", IMPORT_OF(get_module_file_name)}};

    import_hooks_write(module, imports, sizeof(imports) / sizeof(imports[0]));
}

const struct hostfxr_progress *hostfxr_hooks_progress(void)
{
    return &hooks.progress;
}
