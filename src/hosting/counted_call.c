/*
 * counted_call.c: see counted_call.h.
 */
#include "hosting/counted_call.h"

#include "hosting/hresult.h"

/* True for methods that may change what is committed, or that ask how much memory there is. */
static bool may_change_pressure(enum counted_method method)
{
    switch (method) {
    case COUNTED_VIRTUAL_ALLOC:
    case COUNTED_VIRTUAL_FREE:
    case COUNTED_GET_MEMORY_LOAD:
    case COUNTED_NEEDS_ADDRESS_SPACE:
    case COUNTED_MALLOC_ALLOC:
    case COUNTED_MALLOC_DEBUG_ALLOC:
    case COUNTED_MALLOC_FREE:
    case COUNTED_SECTIONS:
        return true;
    default:
        return false;
    }
}

bool counted_call_begin(struct counted_call *call, struct manager *manager,
                        enum counted_method method)
{
    call->manager = manager;
    call->method = method;
    call->last_error = GetLastError();
    call->is_kept = may_change_pressure(method) && host_callbacks_any(&manager->host);
    if (call->is_kept)
        manager_add_ref(manager);
    counters_begin(&manager->counters, method);
    return manager_is_open(manager);
}

/* Counts the call as ended. */
static void count(const struct counted_call *call, HRESULT hr)
{
    SetLastError(call->last_error);
    counters_end(&call->manager->counters, call->method, hr == S_OK);
}

/* Lets go of the manager, which may be gone then. The last error stays. */
static void let_go(const struct counted_call *call)
{
    if (!call->is_kept)
        return;
    manager_release(call->manager);
    SetLastError(call->last_error);
}

HRESULT counted_call_end_with(struct counted_call *call, HRESULT hr)
{
    count(call, hr);
    let_go(call);
    return hr;
}

HRESULT counted_call_unavailable(struct counted_call *call)
{
    return counted_call_end_with(call, HOST_E_CLRNOTAVAILABLE);
}

/* What a failed call means for the manager. */
static void note_failure(struct manager *manager, pages_result result)
{
    if (result == PAGES_FOREIGN)
        counter_increment(&manager->counters.refused_frees);
    else if (result == PAGES_CONTRADICTED)
        manager_set_status(manager, HostMemStatusBroken);
}

static void tell_refusal(const struct manager *manager, pages_result result,
                         HOSTMEM_REFUSED *refused)
{
    const struct host_callbacks *host = &manager->host;

    if (!refused || !host->refused || (result != PAGES_REFUSED && result != PAGES_DENIED))
        return;
    refused->Denied = result == PAGES_DENIED;
    host->refused(host->refused_context, refused);
}

HRESULT counted_call_end_request(struct counted_call *call, pages_result result,
                                 HOSTMEM_REFUSED *refused)
{
    HRESULT hr = S_OK;

    if (result != PAGES_OK) {
        hr = hresult_from_pages_result(result, &call->last_error);
        note_failure(call->manager, result);
    }
    count(call, hr);
    tell_refusal(call->manager, result, refused);
    if (may_change_pressure(call->method))
        manager_update_pressure(call->manager, result == PAGES_REFUSED);
    let_go(call);
    return hr;
}

HRESULT counted_call_end(struct counted_call *call, pages_result result)
{
    return counted_call_end_request(call, result, NULL);
}
