/*
 * inspection_methods.h: the methods of IHostMemInspection outside inspection.c, by file.
 */
#ifndef HOSTMEM_HOSTING_INSPECTION_METHODS_H
#define HOSTMEM_HOSTING_INSPECTION_METHODS_H

#include "hosting/manager.h"

static inline struct manager *impl_from_IHostMemInspection(IHostMemInspection *iface)
{
    return CONTAINING_RECORD(iface, struct manager, IHostMemInspection_iface);
}

/* inspection_statistics.c */
HRESULT WINAPI inspection_GetStatistics(IHostMemInspection *iface, HOSTMEM_STATISTICS *statistics);

/* inspection_enum.c */
HRESULT WINAPI inspection_EnumRegions(IHostMemInspection *iface, HOSTMEM_REGION_CALLBACK callback,
                                      void *context);
HRESULT WINAPI inspection_EnumMappedRanges(IHostMemInspection *iface,
                                           HOSTMEM_MAPPED_RANGE_CALLBACK callback, void *context);
HRESULT WINAPI inspection_EnumBlocks(IHostMemInspection *iface, DWORD heap,
                                     HOSTMEM_BLOCK_CALLBACK callback, void *context);
HRESULT WINAPI inspection_EnumHeaps(IHostMemInspection *iface, HOSTMEM_HEAP_CALLBACK callback,
                                    void *context);
HRESULT WINAPI inspection_EnumSizeClasses(IHostMemInspection *iface, DWORD heap,
                                          HOSTMEM_SIZE_CLASS_CALLBACK callback, void *context);

/* inspection_audit.c */
HRESULT WINAPI inspection_Audit(IHostMemInspection *iface, HOSTMEM_AUDIT *result,
                                HOSTMEM_DIFFERENCE_CALLBACK callback, void *context);

#endif
