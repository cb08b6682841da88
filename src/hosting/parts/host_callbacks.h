/*
 * host_callbacks.h: the host's own callbacks for pressure, refusals and requests (notify.h).
 *
 * Set before the manager serves, and never changed. A manager with any of them is kept alive by
 * each counted call (counted_call.h), since a callback may release it.
 */
#ifndef HOSTMEM_HOSTING_PARTS_HOST_CALLBACKS_H
#define HOSTMEM_HOSTING_PARTS_HOST_CALLBACKS_H

#include "budget/budget.h"

#include <hostmem/hostmem.h>

/* Each may be NULL: nothing is called. */
struct host_callbacks {
    HOSTMEM_PRESSURE_CALLBACK pressure;
    void *pressure_context;
    HOSTMEM_REFUSED_CALLBACK refused;
    void *refused_context;
    HOSTMEM_REQUEST_CALLBACK request;
    void *request_context;
};

/* Takes them from the options, and has the budget ask the host, if it wants to be asked. */
void host_callbacks_init(struct host_callbacks *callbacks, struct budget *budget,
                         const HOSTMEM_OPTIONS *options);

static inline bool host_callbacks_any(const struct host_callbacks *callbacks)
{
    return callbacks->pressure || callbacks->refused || callbacks->request;
}

#endif
