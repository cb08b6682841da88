/*
 * counted_call.c: see counted_call.h.
 */
#include "hosting/counted_call.h"

#include "hosting/limits.h"

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

HRESULT hresult_from_win32_error(DWORD error)
{
    switch (error) {
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_OUTOFMEMORY:
    case ERROR_COMMITMENT_LIMIT:
    case ERROR_PAGEFILE_QUOTA:
    case ERROR_WORKING_SET_QUOTA:
    case ERROR_NO_SYSTEM_RESOURCES:
        return E_OUTOFMEMORY;
    default:
        return HRESULT_FROM_WIN32(error);
    }
}

/* The methods that may have changed what is committed, or that ask how much there is. */
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
        return true;
    default:
        return false;
    }
}

/* The HRESULT, and the last error that goes with it. */
static HRESULT hresult_from_result(struct manager *manager, pages_result result, DWORD *error)
{
    switch (result) {
    case PAGES_FOREIGN:
        *error = ERROR_INVALID_ADDRESS;
        counter_increment(&manager->counters.refused_frees);
        return HOST_E_INVALIDOPERATION;
    case PAGES_CONTRADICTED:
        *error = ERROR_INVALID_ADDRESS;
        manager_set_status(manager, HostMemStatusBroken);
        return E_FAIL;
    case PAGES_REFUSED:
        *error = ERROR_COMMITMENT_LIMIT;
        return E_OUTOFMEMORY;
    default:
        *error = result;
        return hresult_from_win32_error(result);
    }
}

HRESULT counted_call_end(struct counted_call *call, pages_result result)
{
    DWORD error = call->last_error;
    HRESULT hr = S_OK;

    if (result != PAGES_OK)
        hr = hresult_from_result(call->manager, result, &error);
    call->last_error = error;
    hr = counted_call_end_with(call, hr);
    if (may_change_pressure(call->method))
        limits_feel_pressure(call->manager, result == PAGES_REFUSED);
    return hr;
}
