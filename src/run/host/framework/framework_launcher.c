/*
 * framework_launcher.c: the calls that start a program on .NET Framework, and end it.
 *
 * The order matters: SetHostControl comes before Start, which asks the control for its managers.
 * Main runs as Windows would run it: in the default domain, on the process's first thread. COM is
 * left uninitialized there, so that the runtime gives the thread the apartment that Main's
 * attribute asks for.
 */
#define COBJMACROS
#include "run/host/framework/framework_launcher.h"

#include "base/exit_code.h"
#include "base/path.h"
#include "base/wide.h"
#include "run/host/framework/framework_error.h"
#include "run/host/framework/framework_find.h"
#include "run/host/framework_hosting.h"

static ICLRRuntimeInfo *info;
static ICLRRuntimeHost *clr;

/* ------------------------------------------------------------------------------------------------
 * Find and start
 * --------------------------------------------------------------------------------------------- */

static int find(struct launch *launch)
{
    return framework_find(launch, &info);
}

/* The runtime's modules that are loaded by now, among them the one that holds the runtime. */
static void watch_endings(const struct memory_manager *memory)
{
    static const wchar_t *const names[] = {L"mscoree.dll", L"mscoreei.dll", L"clr.dll",
                                           L"mscorwks.dll"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        HMODULE module = GetModuleHandleW(names[i]);

        if (module)
            memory_manager_watch_endings(memory, module);
    }
}

/* The runtime reads NAME.exe.config for assembly bindings and for the kind of collector. */
static HRESULT set_configuration(const struct program *program)
{
    const wchar_t *configuration = wide_concatenate(program->path, L".config", L"");
    DWORD flags = 0;
    HRESULT result;

    if (!path_is_file(configuration))
        return S_OK;
    result = info->lpVtbl->GetDefaultStartupFlags(info, &flags, NULL, NULL);
    if (SUCCEEDED(result))
        result = info->lpVtbl->SetDefaultStartupFlags(info, flags, configuration);
    return result;
}

static int start(struct launch *launch)
{
    struct memory_manager *memory = &launch->memory;
    HRESULT result = set_configuration(&launch->program);

    if (FAILED(result))
        return memory_manager_runtime_failed(memory, "SetDefaultStartupFlags", result);
    result = info->lpVtbl->GetInterface(info, &CLSID_CLRRuntimeHost, &IID_ICLRRuntimeHost,
                                        (void **)&clr);
    if (FAILED(result))
        return memory_manager_runtime_failed(memory, "GetInterface", result);
    watch_endings(memory);
    /* A runtime that refuses the control would run without hostmem. */
    memory->control_result = ICLRRuntimeHost_SetHostControl(clr, memory->control);
    if (FAILED(memory->control_result))
        return memory_manager_runtime_failed(memory, "SetHostControl", memory->control_result);
    launch->runtime_found(launch);
    result = ICLRRuntimeHost_Start(clr);
    return FAILED(result) ? memory_manager_runtime_failed(memory, "Start", result) : GO_ON;
}

/* ------------------------------------------------------------------------------------------------
 * Run
 * --------------------------------------------------------------------------------------------- */

static SAFEARRAY *make_arguments(const struct program *program)
{
    SAFEARRAY *arguments = SafeArrayCreateVector(VT_BSTR, 0, (ULONG)program->argument_count);

    for (LONG i = 0; arguments && i < program->argument_count; i++) {
        BSTR text = SysAllocString(program->arguments[i]);

        if (!text || FAILED(SafeArrayPutElement(arguments, &i, text))) {
            SafeArrayDestroy(arguments);
            arguments = NULL;
        }
        SysFreeString(text);
    }
    return arguments;
}

static HRESULT get_default_domain(clr_app_domain **domain)
{
    ICorRuntimeHost *runtime;
    IUnknown *unknown = NULL;
    HRESULT result = info->lpVtbl->GetInterface(info, &CLSID_CorRuntimeHost, &IID_ICorRuntimeHost,
                                                (void **)&runtime);

    if (FAILED(result))
        return result;
    result = ICorRuntimeHost_GetDefaultDomain(runtime, &unknown);
    ICorRuntimeHost_Release(runtime);
    if (FAILED(result))
        return result;
    result = IUnknown_QueryInterface(unknown, &IID__AppDomain, (void **)domain);
    IUnknown_Release(unknown);
    return result;
}

static int run_main(struct launch *launch, DWORD *exit_code)
{
    BSTR path = SysAllocString(launch->program.path);
    SAFEARRAY *arguments = make_arguments(&launch->program);
    clr_app_domain *domain;
    LONG returned = 0;
    HRESULT result;

    if (!path || !arguments)
        return fail_without_memory();
    result = get_default_domain(&domain);
    if (FAILED(result))
        return memory_manager_runtime_failed(&launch->memory, "GetDefaultDomain", result);
    result = domain->lpVtbl->ExecuteAssembly_3(domain, path, NULL, arguments, &returned);
    *exit_code = (DWORD)returned;
    if (FAILED(result))
        return framework_error_of_main(launch, result, exit_code);
    return GO_ON;
}

static int run_method(struct launch *launch, DWORD *exit_code)
{
    const struct arguments *arguments = launch->arguments;
    const struct program *program = &launch->program;
    HRESULT result = ICLRRuntimeHost_ExecuteInDefaultAppDomain(
        clr, program->path, arguments->call_type, arguments->call_method,
        program->argument_count ? program->arguments[0] : L"", exit_code);

    return FAILED(result) ? framework_error_of_call(launch, result, exit_code) : GO_ON;
}

/* Stop ends the managed side, as far as the runtime can end it in a process that goes on. */
static int run(struct launch *launch, DWORD *exit_code)
{
    int code =
        launch->arguments->call_type ? run_method(launch, exit_code) : run_main(launch, exit_code);

    if (code == GO_ON)
        ICLRRuntimeHost_Stop(clr);
    return code;
}

const struct launcher framework_launcher = {find, start, run};
