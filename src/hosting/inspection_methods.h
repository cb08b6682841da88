/*
 * inspection_methods.h: the methods of IHostMemInspection that more than one file uses, by file.
 */
#ifndef HOSTMEM_HOSTING_INSPECTION_METHODS_H
#define HOSTMEM_HOSTING_INSPECTION_METHODS_H

#include "hosting/manager.h"
#include "pages/audit/audit.h"

static inline struct manager *impl_from_IHostMemInspection(IHostMemInspection *iface)
{
    return CONTAINING_RECORD(iface, struct manager, IHostMemInspection_iface);
}

/* inspection_statistics.c */
HRESULT WINAPI inspection_GetStatistics(IHostMemInspection *iface, HOSTMEM_STATISTICS *statistics);
uint64_t inspection_calls_under_way(const struct manager *manager);

/* inspection_enum.c */
HRESULT WINAPI inspection_EnumRegions(IHostMemInspection *iface, HOSTMEM_REGION_CALLBACK callback,
                                      void *context);
HRESULT WINAPI inspection_EnumMappedRanges(IHostMemInspection *iface,
                                           HOSTMEM_MAPPED_RANGE_CALLBACK callback, void *context);
HRESULT WINAPI inspection_EnumSections(IHostMemInspection *iface, HOSTMEM_SECTION_CALLBACK callback,
                                       void *context);
HRESULT WINAPI inspection_EnumBlocks(IHostMemInspection *iface, DWORD heap,
                                     HOSTMEM_BLOCK_CALLBACK callback, void *context);
HRESULT WINAPI inspection_EnumHeaps(IHostMemInspection *iface, HOSTMEM_HEAP_CALLBACK callback,
                                    void *context);
HRESULT WINAPI inspection_EnumSizeClasses(IHostMemInspection *iface, DWORD heap,
                                          HOSTMEM_SIZE_CLASS_CALLBACK callback, void *context);

/* inspection.c: those that a copy of books has, too */
ULONG WINAPI inspection_AddRef(IHostMemInspection *iface);
ULONG WINAPI inspection_Release(IHostMemInspection *iface);
HRESULT WINAPI inspection_FindRegion(IHostMemInspection *iface, const void *address,
                                     HOSTMEM_REGION *region);
HRESULT WINAPI inspection_FindSection(IHostMemInspection *iface, const void *address,
                                      HOSTMEM_SECTION *section);
HRESULT WINAPI inspection_FindBlock(IHostMemInspection *iface, const void *address,
                                    HOSTMEM_BLOCK *public_block);
HRESULT WINAPI inspection_GetLimits(IHostMemInspection *iface, HOSTMEM_LIMITS *limits);

/* inspection_audit.c. The auditor: audit_run, or audit_records. */
typedef bool inspection_auditor(const struct pages *pages, struct audit *audit,
                                audit_callback *callback, void *context);
HRESULT inspection_audit_by(struct manager *manager, inspection_auditor *auditor,
                            HOSTMEM_AUDIT *result, HOSTMEM_DIFFERENCE_CALLBACK callback,
                            void *context);
/* Looks for damaged heap blocks. */
void inspection_look(struct manager *manager);

HRESULT WINAPI inspection_Audit(IHostMemInspection *iface, HOSTMEM_AUDIT *result,
                                HOSTMEM_DIFFERENCE_CALLBACK callback, void *context);

#endif
