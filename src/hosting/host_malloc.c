/*
 * host_malloc.c: the IHostMalloc face: check the arguments, call the heap, return.
 *
 * Review note for invariant I4: Alloc, DebugAlloc and Free reach heap/ and, by it, pages/ and os/.
 */
#include "hosting/host_malloc.h"

#include "hosting/block.h"
#include "hosting/call.h"

static struct host_malloc *impl_from_IHostMalloc(IHostMalloc *iface)
{
    return CONTAINING_RECORD(iface, struct host_malloc, IHostMalloc_iface);
}

static ULONG WINAPI host_malloc_AddRef(IHostMalloc *iface)
{
    struct host_malloc *host_malloc = impl_from_IHostMalloc(iface);

    return atomic_fetch_add_explicit(&host_malloc->references, 1, memory_order_relaxed) + 1;
}

static HRESULT WINAPI host_malloc_QueryInterface(IHostMalloc *iface, REFIID riid, void **object)
{
    if (!object)
        return E_POINTER;
    *object = NULL;
    if (!riid)
        return E_POINTER;
    if (!guid_is_equal(riid, &IID_IUnknown) && !guid_is_equal(riid, &IID_IHostMalloc))
        return E_NOINTERFACE;
    host_malloc_AddRef(iface);
    *object = iface;
    return S_OK;
}

static void report_leak(void *context, const struct heap_block *block)
{
    struct manager *manager = context;
    HOSTMEM_BLOCK public_block;

    if (!manager->leak_callback)
        return;
    block_to_public(block, &public_block);
    manager->leak_callback(manager->leak_context, &public_block);
}

static ULONG WINAPI host_malloc_Release(IHostMalloc *iface)
{
    struct host_malloc *host_malloc = impl_from_IHostMalloc(iface);
    struct manager *manager = host_malloc->manager;
    uint32_t left =
        atomic_fetch_sub_explicit(&host_malloc->references, 1, memory_order_acq_rel) - 1;

    if (left == 0) {
        heap_destroy(&host_malloc->heap, report_leak, manager);
        pool_give(&manager->mallocs, host_malloc->index);
        manager_release(manager);
    }
    return left;
}

/* Alloc and DebugAlloc. */
static HRESULT alloc(IHostMalloc *iface, enum record_method method, SIZE_T size,
                     EMemoryCriticalLevel level, const char *file, int line, void **memory)
{
    struct host_malloc *host_malloc = impl_from_IHostMalloc(iface);
    struct call call;

    if (memory)
        *memory = NULL;
    if (!call_begin(&call, host_malloc->manager, method))
        return call_unavailable(&call);
    if (!memory)
        return call_end_with(&call, E_POINTER);
    if ((uint32_t)level > eProcessCritical)
        return call_end(&call, ERROR_INVALID_PARAMETER);
    return call_end(
        &call, heap_alloc(&host_malloc->heap, size, (uint32_t)level, file, (uint32_t)line, memory));
}

static HRESULT WINAPI host_malloc_Alloc(IHostMalloc *iface, SIZE_T size, EMemoryCriticalLevel level,
                                        void **memory)
{
    return alloc(iface, RECORD_MALLOC_ALLOC, size, level, NULL, 0, memory);
}

static HRESULT WINAPI host_malloc_DebugAlloc(IHostMalloc *iface, SIZE_T size,
                                             EMemoryCriticalLevel level, char *file, int line,
                                             void **memory)
{
    return alloc(iface, RECORD_MALLOC_DEBUG_ALLOC, size, level, file, line, memory);
}

static HRESULT WINAPI host_malloc_Free(IHostMalloc *iface, void *memory)
{
    struct host_malloc *host_malloc = impl_from_IHostMalloc(iface);
    struct call call;

    if (!call_begin(&call, host_malloc->manager, RECORD_MALLOC_FREE))
        return call_unavailable(&call);
    return call_end(&call, heap_free(&host_malloc->heap, memory));
}

static const IHostMallocVtbl host_malloc_vtbl = {
    host_malloc_QueryInterface, host_malloc_AddRef,     host_malloc_Release,
    host_malloc_Alloc,          host_malloc_DebugAlloc, host_malloc_Free,
};

IHostMalloc *host_malloc_create(struct manager *manager, bool executable)
{
    uint32_t index = pool_take(&manager->mallocs);
    struct host_malloc *host_malloc;

    if (!index)
        return NULL;
    host_malloc = pool_item(&manager->mallocs, index);
    host_malloc->IHostMalloc_iface.lpVtbl = &host_malloc_vtbl;
    host_malloc->manager = manager;
    host_malloc->index = index;
    atomic_store_explicit(&host_malloc->references, 1, memory_order_relaxed);
    heap_init(&host_malloc->heap, &manager->pages, &manager->names,
              atomic_fetch_add_explicit(&manager->heap_number, 1, memory_order_relaxed) + 1,
              executable);
    manager_add_ref(manager);
    return &host_malloc->IHostMalloc_iface;
}
