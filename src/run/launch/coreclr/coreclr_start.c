/*
 * coreclr_start.c: see coreclr_start.h.
 */
#define COBJMACROS
#include "run/launch/coreclr/coreclr_start.h"

#include "run/launch/coreclr/gen0_size.h"

static bool fits_first_generation;

void coreclr_start_begin(struct host *host, ICLRRuntimeHost4 *clr)
{
    host->control_result = clr ? clr->lpVtbl->SetHostControl(clr, host->control) : E_NOINTERFACE;
    fits_first_generation = gen0_size_fit(host->options.limits.Committed.Limit);
    /* What is refused before the runtime is up, it does not survive. */
    IHostMemInspection_SetRedirectedLevel(host->inspection, eProcessCritical);
}

HRESULT coreclr_start_end(struct host *host, HRESULT result)
{
    IHostMemInspection_SetRedirectedLevel(host->inspection, eTaskCritical);
    if (fits_first_generation)
        gen0_size_forget();
    return FAILED(host->module_result) ? host->module_result : result;
}
