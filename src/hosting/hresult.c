/*
 * hresult.c: see hresult.h.
 */
#include "hosting/hresult.h"

static HRESULT hresult_from_win32_error(DWORD error)
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

HRESULT hresult_from_pages_result(pages_result result, DWORD *last_error)
{
    switch (result) {
    case PAGES_FOREIGN:
        *last_error = ERROR_INVALID_ADDRESS;
        return HOST_E_INVALIDOPERATION;
    case PAGES_CONTRADICTED:
        *last_error = ERROR_INVALID_ADDRESS;
        return E_FAIL;
    case PAGES_REFUSED:
    case PAGES_DENIED:
        *last_error = ERROR_COMMITMENT_LIMIT;
        return hresult_from_win32_error(ERROR_COMMITMENT_LIMIT);
    default: /* Win32's own error */
        *last_error = result;
        return hresult_from_win32_error(result);
    }
}
