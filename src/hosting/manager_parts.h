/*
 * manager_parts.h: making the parts of a manager, in the one order that decides where in the book
 * space each of them lies.
 */
#ifndef HOSTMEM_HOSTING_MANAGER_PARTS_H
#define HOSTMEM_HOSTING_MANAGER_PARTS_H

#include "hosting/manager.h"

/*
 * manager->books has been set; all else is zero. S_OK; E_OUTOFMEMORY; E_INVALIDARG
 * (options->pLimits). Call manager_destroy_parts also after a failure.
 */
HRESULT manager_make_parts(struct manager *manager, const HOSTMEM_OPTIONS *options);

#endif
