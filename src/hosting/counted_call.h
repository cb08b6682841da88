/*
 * counted_call.h: what every counted method does first and last.
 *
 * A call is counted when it begins, and refused if the manager no longer serves. When it ends, its
 * result becomes an HRESULT (hresult.h), a contradiction latches, and the last error is set:
 * Win32's after a failure, what it was before after a success (invariant I5). Then the call is
 * counted as ended. Last of all, the host is told of a refusal, and the runtime and the host are
 * notified of pressure if the call may have changed it. Such a call keeps the manager alive if
 * there are callbacks of the host's, which may release it: do not use the manager after the end.
 */
#ifndef HOSTMEM_HOSTING_COUNTED_CALL_H
#define HOSTMEM_HOSTING_COUNTED_CALL_H

#include "hosting/manager.h"

struct counted_call {
    struct manager *manager;
    enum counted_method method;
    DWORD last_error; /* what to leave behind; at first, what the call found */
    bool is_kept;     /* it holds a reference of the manager */
};

/*
 * Ends a call that asked for memory with a result of pages/ or heap/. If it was refused or denied,
 * the host is told *refused, of which all but Denied has been set.
 */
HRESULT counted_call_end_request(struct counted_call *call, pages_result result,
                                 HOSTMEM_REFUSED *refused);

/* False: the manager does not serve; return counted_call_unavailable. */
bool counted_call_begin(struct counted_call *call, struct manager *manager,
                        enum counted_method method);
HRESULT counted_call_unavailable(struct counted_call *call);

/* Ends a call with a result of pages/ or heap/. */
HRESULT counted_call_end(struct counted_call *call, pages_result result);

/* Ends a call with an HRESULT of the method's own; the last error is as it was before the call. */
HRESULT counted_call_end_with(struct counted_call *call, HRESULT hr);

#endif
