/*
 * counted_call.h: what every counted method does first and last.
 *
 * A call is counted when it begins, and refused if the manager no longer serves. When it ends, its
 * result becomes an HRESULT (hresult.h), a contradiction latches, and the last error is set:
 * Win32's after a failure, what it was before after a success (invariant I5). Then the call is
 * counted as ended. Last of all, the runtime is notified of pressure if the call may have changed
 * it.
 */
#ifndef HOSTMEM_HOSTING_COUNTED_CALL_H
#define HOSTMEM_HOSTING_COUNTED_CALL_H

#include "hosting/manager.h"

struct counted_call {
    struct manager *manager;
    enum counted_method method;
    DWORD last_error; /* what to leave behind; at first, what the call found */
};

/* False: the manager does not serve; return counted_call_unavailable. */
bool counted_call_begin(struct counted_call *call, struct manager *manager,
                        enum counted_method method);
HRESULT counted_call_unavailable(struct counted_call *call);

/* Ends a call with a result of pages/ or heap/. */
HRESULT counted_call_end(struct counted_call *call, pages_result result);

/* Ends a call with an HRESULT of the method's own; the last error is as it was before the call. */
HRESULT counted_call_end_with(struct counted_call *call, HRESULT hr);

#endif
