/*
 * runtime_info.h: the runtimes that are installed, v2.0.50727 and v4.0.30319, or fewer.
 */
#ifndef STANDIN_RUNTIME_INFO_H
#define STANDIN_RUNTIME_INFO_H

#include "run/host/framework_hosting.h"

#define MOST_RUNTIMES 2

/* Fills in the installed runtimes, oldest first, and returns how many there are. */
unsigned runtime_info_installed(IUnknown *infos[MOST_RUNTIMES]);

/* The runtime that is loaded. Returns 1, or 0 if there is none. */
unsigned runtime_info_loaded(IUnknown *infos[MOST_RUNTIMES]);

/* NULL: it is not installed. */
ICLRRuntimeInfo *runtime_info_of(LPCWSTR version);

/*
 * Texts leave the stand-in so: *length says how many characters there is room for, then how many
 * they are, the null included. A NULL buffer asks only for that.
 * S_OK; E_POINTER; HRESULT_FROM_WIN32(ERROR_INSUFFICIENT_BUFFER).
 */
HRESULT copy_text(LPCWSTR text, LPWSTR buffer, DWORD *length);

#endif
