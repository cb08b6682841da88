/*
 * hresult.h: the one mapping of errors to HRESULTs.
 */
#ifndef HOSTMEM_HOSTING_HRESULT_H
#define HOSTMEM_HOSTING_HRESULT_H

#include "pages/pages.h"

#include <hostmem/clrhosting.h>

/*
 * The HRESULT of any result but PAGES_OK. Win32's errors that mean a want of memory become
 * E_OUTOFMEMORY, all others HRESULT_FROM_WIN32. *last_error: what the call is to leave behind.
 */
HRESULT hresult_from_pages_result(pages_result result, DWORD *last_error);

#endif
