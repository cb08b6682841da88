/*
 * call.c: see call.h.
 */
#include "hosting/call.h"

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
    default:
        *error = result;
        return hresult_from_win32_error(result);
    }
}

HRESULT call_end(struct call *call, pages_result result)
{
    DWORD error;
    HRESULT hr;

    if (result == PAGES_OK)
        return call_end_with(call, S_OK);
    hr = hresult_from_result(call->manager, result, &error);
    call->last_error = error;
    return call_end_with(call, hr);
}
