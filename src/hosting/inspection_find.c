/*
 * inspection_find.c: the methods of IHostMemInspection that answer from the books alone, and are no
 * enumeration: what is at an address, and the limits.
 */
#include "hosting/inspection_methods.h"

#include "heap/heap_walk.h"
#include "hosting/public_facts.h"

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

HRESULT WINAPI inspection_GetLimits(IHostMemInspection *iface, HOSTMEM_LIMITS *limits)
{
    if (!limits)
        return E_POINTER;
    if (limits->cbSize != sizeof(*limits))
        return E_INVALIDARG;
    limits_get(&impl_from_IHostMemInspection(iface)->limits, limits);
    return S_OK;
}
