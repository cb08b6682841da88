/*
 * call.c: see call.h.
 */
#include "hosting/counted_call.h"

#include "hosting/limits.h"

bool call_begin(struct call *call, struct manager *manager, enum record_method method)
{
    call->manager = manager;
    call->method = method;
    call->last_error = GetLastError();
    record_begin(&manager->record, method);
    return manager_is_open(manager);
}

HRESULT call_end_with(struct call *call, HRESULT hr)
{
    SetLastError(call->last_error);
    record_end(&call->manager->record, call->method, hr == S_OK);
    return hr;
}

HRESULT call_unavailable(struct call *call)
{
    return call_end_with(call, HOST_E_CLRNOTAVAILABLE);
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
static bool may_change_pressure(enum record_method method)
{
    switch (method) {
    case RECORD_VIRTUAL_ALLOC:
    case RECORD_VIRTUAL_FREE:
    case RECORD_GET_MEMORY_LOAD:
    case RECORD_NEEDS_ADDRESS_SPACE:
    case RECORD_MALLOC_ALLOC:
    case RECORD_MALLOC_DEBUG_ALLOC:
    case RECORD_MALLOC_FREE:
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
        record_count(&manager->record.refused_frees);
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

HRESULT call_end(struct call *call, pages_result result)
{
    DWORD error = call->last_error;
    HRESULT hr = S_OK;

    if (result != PAGES_OK)
        hr = hresult_from_result(call->manager, result, &error);
    call->last_error = error;
    hr = call_end_with(call, hr);
    if (may_change_pressure(call->method))
        limits_feel_pressure(call->manager, result == PAGES_REFUSED);
    return hr;
}
