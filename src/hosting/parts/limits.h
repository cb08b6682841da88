/*
 * limits.h: a manager's limits, as the host sets and reads them.
 *
 * The figures themselves lie where they are used: the limits in the budget, the thresholds in the
 * pressure state.
 */
#ifndef HOSTMEM_HOSTING_PARTS_LIMITS_H
#define HOSTMEM_HOSTING_PARTS_LIMITS_H

#include "hosting/parts/pressure_notify.h"

#include <hostmem/hostmem.h>

struct limits {
    struct budget *budget; /* charges and refuses */
    struct pressure_notify notify;
};

/*
 * Sets what the options ask for. limits->notify has been initialised, and nothing has been handed
 * out. S_OK; E_INVALIDARG (options->pLimits); E_OUTOFMEMORY.
 */
HRESULT limits_init(struct limits *limits, struct budget *budget, const HOSTMEM_OPTIONS *options);

/* IHostMemInspection::SetLimits, but for the pressure that may change by it. S_OK; E_INVALIDARG. */
HRESULT limits_set(struct limits *limits, const HOSTMEM_LIMITS *wanted);

/* IHostMemInspection::GetLimits. */
void limits_get(const struct limits *limits, HOSTMEM_LIMITS *read);

#endif
