/*
 * coreclr_start.c: see coreclr_start.h.
 */
#define COBJMACROS
#include "run/host/coreclr/coreclr_start.h"

#include "run/host/coreclr/gen0_size.h"

static bool fits_first_generation;

get_clr_runtime_host_function coreclr_start_entry(HMODULE module)
{
    FARPROC entry = GetProcAddress(module, "GetCLRRuntimeHost");

    return (get_clr_runtime_host_function)(void (*)(void))entry;
}

void coreclr_start_begin(struct memory_manager *memory, ICLRRuntimeHost4 *clr)
{
    memory->control_result =
        clr ? clr->lpVtbl->SetHostControl(clr, memory->control) : E_NOINTERFACE;
    fits_first_generation = gen0_size_fit(memory->options.limits.Committed.Limit);
    /* The runtime does not survive a refusal before it is up. */
    IHostMemInspection_SetRedirectedLevel(memory->inspection, eProcessCritical);
}

HRESULT coreclr_start_end(struct memory_manager *memory, HRESULT result)
{
    IHostMemInspection_SetRedirectedLevel(memory->inspection, eTaskCritical);
    if (fits_first_generation)
        gen0_size_forget();
    return FAILED(memory->module_result) ? memory->module_result : result;
}
