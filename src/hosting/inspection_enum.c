/*
 * inspection_enum.c: the enumerations of IHostMemInspection: regions, mapped ranges, blocks, heaps,
 * size classes. Each keeps the manager alive while the caller's callback runs.
 */
#include "hosting/inspection_methods.h"
#include "heap/heap_counters.h"
#include "heap/heap_walk.h"
#include "hosting/public_facts.h"

HRESULT WINAPI inspection_EnumRegions(IHostMemInspection *iface, HOSTMEM_REGION_CALLBACK callback,
                                      void *context)
{
    struct manager *manager = impl_from_IHostMemInspection(iface);
    struct region_facts facts;
    size_t committed;
    uint32_t cursor = 0;
    HRESULT hr = S_OK;

    if (!callback)
        return E_POINTER;
    manager_add_ref(manager);
    while (hr == S_OK && pages_next(&manager->pages, &cursor, &facts, &committed)) {
        HOSTMEM_REGION region;

        region_to_public(&facts, committed, &region);
        hr = callback(context, &region);
    }
    manager_release(manager);
    return hr;
}

HRESULT WINAPI inspection_EnumMappedRanges(IHostMemInspection *iface,
                                           HOSTMEM_MAPPED_RANGE_CALLBACK callback, void *context)
{
    struct manager *manager = impl_from_IHostMemInspection(iface);
    struct mapped_facts facts;
    uint32_t cursor = 0;
    HRESULT hr = S_OK;

    if (!callback)
        return E_POINTER;
    manager_add_ref(manager);
    while (hr == S_OK && mapped_next(&manager->mapped, &cursor, &facts)) {
        HOSTMEM_MAPPED_RANGE range = {(void *)facts.base, facts.size, facts.thread_id,
                                      facts.sequence};

        hr = callback(context, &range);
    }
    manager_release(manager);
    return hr;
}

HRESULT WINAPI inspection_EnumSections(IHostMemInspection *iface, HOSTMEM_SECTION_CALLBACK callback,
                                       void *context)
{
    struct manager *manager = impl_from_IHostMemInspection(iface);
    struct section_facts facts;
    uint32_t cursor = 0;
    HRESULT hr = S_OK;

    if (!callback)
        return E_POINTER;
    manager_add_ref(manager);
    while (hr == S_OK && sections_next(&manager->pages.sections, &cursor, &facts)) {
        HOSTMEM_SECTION section;

        section_to_public(&facts, &section);
        hr = callback(context, &section);
    }
    manager_release(manager);
    return hr;
}

HRESULT WINAPI inspection_EnumBlocks(IHostMemInspection *iface, DWORD heap,
                                     HOSTMEM_BLOCK_CALLBACK callback, void *context)
{
    struct manager *manager = impl_from_IHostMemInspection(iface);
    struct heap_cursor cursor = {0};
    struct heap_block block;
    HRESULT hr = S_OK;

    if (!callback)
        return E_POINTER;
    manager_add_ref(manager);
    while (hr == S_OK && heap_next_block(&manager->heaps, heap, &cursor, &block)) {
        HOSTMEM_BLOCK public_block;

        block_to_public(&block, &public_block);
        hr = callback(context, &public_block);
    }
    manager_release(manager);
    return hr;
}

HRESULT WINAPI inspection_EnumHeaps(IHostMemInspection *iface, HOSTMEM_HEAP_CALLBACK callback,
                                    void *context)
{
    struct manager *manager = impl_from_IHostMemInspection(iface);
    uint32_t cursor = 0;
    HRESULT hr = S_OK;
    struct heap_figures figures;
    struct heap *heap;

    if (!callback)
        return E_POINTER;
    manager_add_ref(manager);
    while (hr == S_OK && (heap = heap_next(&manager->heaps, &cursor)) != NULL) {
        struct heap_origin origin = heap_origin(heap);
        HOSTMEM_HEAP public_heap;

        if (!heap_figures(heap, &figures))
            continue;
        public_heap = (HOSTMEM_HEAP){
            .Number = figures.number,
            .Executable = figures.executable,
            .Blocks = {figures.blocks, figures.peak_blocks},
            .BlockBytes = {figures.block_bytes, figures.peak_bytes},
            .SlabBytes = gauge_to_public(&heap->slab_bytes),
            .LargeBlocks = gauge_to_public(&heap->large_blocks),
            .LargeBytes = gauge_to_public(&heap->large_bytes),
            .SpareBytes = figures.spare_bytes,
            .SpareLargeBytes = figures.cached_bytes,
            .Allocations =
                figures.counts[THREAD_ALLOCATED] + figures.counts[THREAD_DEBUG_ALLOCATED],
            .AllocatedBytes = figures.counts[THREAD_ALLOCATED_BYTES],
            .Frees = figures.counts[THREAD_FREED],
            .FreedBytes = figures.counts[THREAD_FREED_BYTES],
            .Kind = origin.kind,
            .Handle = (const void *)origin.handle,
            .Module = (const void *)origin.module,
        };
        hr = callback(context, &public_heap);
    }
    manager_release(manager);
    return hr;
}

/*
 * The class that comes next by size. The plain classes and the tracked classes are each in that
 * order; *plain and *tracked are how far they have been walked.
 */
static const struct size_class *next_size_class(const struct size_classes *classes, uint32_t *plain,
                                                uint32_t *tracked)
{
    if (*tracked == CLASS_COUNT ||
        (*plain < CLASS_PLAIN_COUNT &&
         classes->classes[*plain].block_size <= classes->classes[*tracked].block_size))
        return &classes->classes[(*plain)++];
    return &classes->classes[(*tracked)++];
}

HRESULT WINAPI inspection_EnumSizeClasses(IHostMemInspection *iface, DWORD heap,
                                          HOSTMEM_SIZE_CLASS_CALLBACK callback, void *context)
{
    struct manager *manager = impl_from_IHostMemInspection(iface);
    uint32_t plain = 0, tracked = CLASS_PLAIN_COUNT;
    HRESULT hr = S_OK;

    if (!callback)
        return E_POINTER;
    manager_add_ref(manager);
    for (uint32_t count = 0; hr == S_OK && count < CLASS_COUNT; count++) {
        const struct size_class *size_class =
            next_size_class(&manager->heaps.classes, &plain, &tracked);
        struct heap_class_figures figures;
        HOSTMEM_SIZE_CLASS public_class = {
            .BlockSize = size_class->block_size,
            .SmallestRequest = size_class->smallest,
            .LargestRequest = size_class->largest,
            .Tracked = size_class->tracked,
            .BlocksPerSlab = size_class->blocks,
        };

        heap_class_figures(&manager->heaps, heap, size_class->index, &figures);
        if (!figures.slabs)
            continue;
        public_class.Slabs = figures.slabs;
        public_class.Blocks = figures.blocks;
        public_class.BlockBytes = figures.block_bytes;
        hr = callback(context, &public_class);
    }
    manager_release(manager);
    return hr;
}
