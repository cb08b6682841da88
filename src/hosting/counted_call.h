/*
 * counted_call.h: what every counted method does first and last.
 *
 * A call counts itself as begun, is refused if the manager no longer serves, and at its end maps
 * its result to the one HRESULT, sets the last error (Win32's after a failure, what it was before
 * after a success: invariant I5), latches a contradiction, counts itself as ended, and last of all
 * tells of pressure, if it has changed that.
 */
#ifndef HOSTMEM_HOSTING_COUNTED_CALL_H
#define HOSTMEM_HOSTING_COUNTED_CALL_H

#include "hosting/manager.h"

struct counted_call {
    struct manager *manager;
    enum counted_method method;
    DWORD last_error; /* when the call began */
};

/* False: the manager does not serve; return counted_call_unavailable. */
bool counted_call_begin(struct counted_call *call, struct manager *manager,
                        enum counted_method method);
HRESULT counted_call_unavailable(struct counted_call *call);

/* Ends a call by what pages/ or heap/ said. */
HRESULT counted_call_end(struct counted_call *call, pages_result result);

/* Ends a call by an HRESULT of the method's own; the last error is as it was before. */
HRESULT counted_call_end_with(struct counted_call *call, HRESULT hr);

/* The one mapping of Win32 errors. */
HRESULT hresult_from_win32_error(DWORD error);

#endif
