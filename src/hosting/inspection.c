/*
 * inspection.c: the IHostMemInspection interface: the table of its methods, and the simple ones.
 *
 * All methods work in every status: hosts inspect most when something has gone wrong.
 */
#include "hosting/inspection.h"
#include "heap/check/heap_look.h"
#include "heap/heap_walk.h"

#include "hosting/errors/error_info.h"
#include "hosting/host_malloc.h"
#include "hosting/inspection_methods.h"
#include "hosting/public_facts.h"
#include "pages/sections/view.h"

static HRESULT WINAPI inspection_QueryInterface(IHostMemInspection *iface, REFIID riid,
                                                void **object)
{
    return manager_query_interface(impl_from_IHostMemInspection(iface), riid, object);
}

ULONG WINAPI inspection_AddRef(IHostMemInspection *iface)
{
    return manager_add_ref(impl_from_IHostMemInspection(iface));
}

ULONG WINAPI inspection_release_body(IHostMemInspection *iface, struct module_hold *given_back);

RELEASE_ENTRY(inspection_Release, inspection_release_body);

ULONG WINAPI inspection_release_body(IHostMemInspection *iface, struct module_hold *given_back)
{
    return manager_release_into(impl_from_IHostMemInspection(iface), given_back);
}

HRESULT WINAPI inspection_FindRegion(IHostMemInspection *iface, const void *address,
                                     HOSTMEM_REGION *region)
{
    struct manager *manager = impl_from_IHostMemInspection(iface);
    struct region_facts facts;
    size_t committed;

    if (!region)
        return E_POINTER;
    *region = (HOSTMEM_REGION){0};
    if (!pages_find(&manager->pages, address, &facts, &committed))
        return S_FALSE;
    region_to_public(&facts, committed, region);
    return S_OK;
}

HRESULT WINAPI inspection_FindSection(IHostMemInspection *iface, const void *address,
                                      HOSTMEM_SECTION *section)
{
    struct manager *manager = impl_from_IHostMemInspection(iface);
    struct section_facts facts;

    if (!section)
        return E_POINTER;
    *section = (HOSTMEM_SECTION){0};
    if (!views_find_section(&manager->pages.sections, (uintptr_t)address, &facts))
        return S_FALSE;
    section_to_public(&facts, section);
    return S_OK;
}

HRESULT WINAPI inspection_FindBlock(IHostMemInspection *iface, const void *address,
                                    HOSTMEM_BLOCK *public_block)
{
    struct manager *manager = impl_from_IHostMemInspection(iface);
    struct heap_block block;

    if (!public_block)
        return E_POINTER;
    *public_block = (HOSTMEM_BLOCK){0};
    if (!heap_find_block(&manager->heaps, (uintptr_t)address, &block))
        return S_FALSE;
    block_to_public(&block, public_block);
    return S_OK;
}

void inspection_look(struct manager *manager)
{
    DWORD last_error = GetLastError();

    manager_add_ref(manager); /* the callback may release it */
    heap_look(&manager->heaps, NULL);
    manager_release(manager);
    SetLastError(last_error);
}

static HRESULT WINAPI inspection_Trim(IHostMemInspection *iface, SIZE_T *bytes)
{
    struct manager *manager = impl_from_IHostMemInspection(iface);
    DWORD last_error = GetLastError();
    size_t given_bytes;
    bool given;

    manager_add_ref(manager);
    inspection_look(manager);
    given = host_malloc_trim_all(manager, &given_bytes);
    manager_release(manager);
    if (bytes)
        *bytes = given_bytes;
    SetLastError(last_error);
    return given ? S_OK : S_FALSE;
}

static HRESULT WINAPI inspection_SetLimits(IHostMemInspection *iface, const HOSTMEM_LIMITS *limits)
{
    struct manager *manager = impl_from_IHostMemInspection(iface);
    HRESULT hr = limits ? limits_set(&manager->limits, limits) : E_POINTER;

    if (hr == S_OK)
        manager_update_pressure(manager, false);
    return hr;
}

HRESULT WINAPI inspection_GetLimits(IHostMemInspection *iface, HOSTMEM_LIMITS *limits)
{
    if (!limits)
        return E_POINTER;
    if (limits->cbSize != sizeof(*limits))
        return error_info_set(BAD_LIMITS_SIZE, limits->cbSize);
    limits_get(&impl_from_IHostMemInspection(iface)->limits, limits);
    return S_OK;
}

static HRESULT WINAPI inspection_SetRedirectedLevel(IHostMemInspection *iface,
                                                    EMemoryCriticalLevel level)
{
    if ((uint32_t)level > eProcessCritical)
        return error_info_set(BAD_REDIRECTED_LEVEL, (uint32_t)level);
    redirected_set_level(&impl_from_IHostMemInspection(iface)->redirected, level);
    return S_OK;
}

static HRESULT WINAPI inspection_Close(IHostMemInspection *iface)
{
    struct manager *manager = impl_from_IHostMemInspection(iface);

    manager_set_status(manager, HostMemStatusClosed);
    inspection_look(manager);
    return S_OK;
}

const IHostMemInspectionVtbl inspection_vtbl = {
    inspection_QueryInterface,
    inspection_AddRef,
    inspection_Release,
    inspection_GetStatistics,
    inspection_EnumRegions,
    inspection_EnumMappedRanges,
    inspection_EnumBlocks,
    inspection_FindRegion,
    inspection_Audit,
    inspection_Close,
    inspection_EnumHeaps,
    inspection_EnumSizeClasses,
    inspection_FindBlock,
    inspection_Trim,
    inspection_SetLimits,
    inspection_GetLimits,
    inspection_SetRedirectedLevel,
    inspection_EnumSections,
    inspection_FindSection,
};
