/*
 * host_callbacks.c: see host_callbacks.h.
 */
#include "hosting/parts/host_callbacks.h"

static HOSTMEM_REQUEST_KIND kind_of(const struct budget_request *request)
{
    if (request->section)
        return HostMemRequestSection;
    return request->heap ? HostMemRequestHeap : HostMemRequestPages;
}

static bool ask_host(void *context, const struct budget_request *request)
{
    const struct host_callbacks *callbacks = context;
    const HOSTMEM_REQUEST public_request = {
        .Kind = kind_of(request),
        .Level = (EMemoryCriticalLevel)request->level,
        .ReserveBytes = request->charge.reserved,
        .CommitBytes = request->charge.committed,
        .Address = (void *)request->address,
        .Heap = request->heap,
    };

    return callbacks->request(callbacks->request_context, &public_request) != FALSE;
}

void host_callbacks_init(struct host_callbacks *callbacks, struct budget *budget,
                         const HOSTMEM_OPTIONS *options)
{
    callbacks->pressure = options->pfnPressure;
    callbacks->pressure_context = options->pPressureContext;
    callbacks->refused = options->pfnRefused;
    callbacks->refused_context = options->pRefusedContext;
    callbacks->request = options->pfnRequest;
    callbacks->request_context = options->pRequestContext;
    if (callbacks->request) {
        budget->decide = ask_host;
        budget->decide_context = callbacks;
    }
}
