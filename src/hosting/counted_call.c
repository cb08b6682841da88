/*
 * counted_call.c: see counted_call.h.
 */
#include "hosting/counted_call.h"

#include "hosting/hresult.h"

bool counted_call_begin(struct counted_call *call, struct manager *manager,
                        enum counted_method method)
{
    call->manager = manager;
    call->method = method;
    call->last_error = GetLastError();
    counters_begin(&manager->counters, method);
    return manager_is_open(manager);
}

HRESULT counted_call_end_with(struct counted_call *call, HRESULT hr)
{
    SetLastError(call->last_error);
    counters_end(&call->manager->counters, call->method, hr == S_OK);
    return hr;
}

HRESULT counted_call_unavailable(struct counted_call *call)
{
    return counted_call_end_with(call, HOST_E_CLRNOTAVAILABLE);
}

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

/* What a failed call means for the manager. */
static void note_failure(struct manager *manager, pages_result result)
{
    if (result == PAGES_FOREIGN)
        counter_increment(&manager->counters.refused_frees);
    else if (result == PAGES_CONTRADICTED)
        manager_set_status(manager, HostMemStatusBroken);
}

HRESULT counted_call_end(struct counted_call *call, pages_result result)
{
    HRESULT hr = S_OK;

    if (result != PAGES_OK) {
        hr = hresult_from_pages_result(result, &call->last_error);
        note_failure(call->manager, result);
    }
    counted_call_end_with(call, hr);
    if (may_change_pressure(call->method))
        manager_update_pressure(call->manager, result == PAGES_REFUSED);
    return hr;
}
