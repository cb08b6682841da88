/*
 * inspection.h: the IHostMemInspection interface of a manager.
 */
#ifndef HOSTMEM_HOSTING_INSPECTION_H
#define HOSTMEM_HOSTING_INSPECTION_H

#include <hostmem/hostmem.h>

extern const IHostMemInspectionVtbl inspection_vtbl;

#endif
