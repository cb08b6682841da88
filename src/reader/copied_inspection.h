/*
 * copied_inspection.h: IHostMemInspection of a copy of books. What only looks is done by hosting/,
 * on the copy's manager.
 */
#ifndef HOSTMEM_READER_COPIED_INSPECTION_H
#define HOSTMEM_READER_COPIED_INSPECTION_H

#include "reader/copy.h"

extern const IHostMemInspectionVtbl copied_inspection_vtbl;

/* An empty copy with one reference, to be released by its interface. S_OK; E_OUTOFMEMORY. */
HRESULT copied_inspection_make(struct copy **copy);

#endif
