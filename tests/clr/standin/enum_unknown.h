/*
 * enum_unknown.h: an enumeration of runtimes.
 */
#ifndef STANDIN_ENUM_UNKNOWN_H
#define STANDIN_ENUM_UNKNOWN_H

#include "runtime_info.h"

/* Of so many runtimes, from the first on. S_OK; E_OUTOFMEMORY. */
HRESULT enum_unknown_make(IUnknown *const *items, unsigned count, IEnumUnknown **enumeration);

#endif
