/*
 * host_malloc.c: the IHostMalloc face: check the arguments, call the heap, return.
 *
 * Review note for invariant I4: Alloc, DebugAlloc and Free reach heap/ and, by it, pages/ and os/.
 *
 * The common case of Alloc and Free is counted in the heap's own lanes, not as a call of the
 * record's (call.h): it does nothing to the books of pages, and no Win32 call that could touch the
 * last error. GetStatistics adds the two up.
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
        heap_destroy(host_malloc->heap, report_leak, manager);
        pool_give(&manager->mallocs, host_malloc->index);
        manager_release(manager);
    }
    return left;
}

/* A call that was refused before it reached the heap, or by the heap. */
static HRESULT refused(struct manager *manager, enum record_method method, HRESULT hr,
                       pages_result result)
{
    struct call call;

    if (!call_begin(&call, manager, method))
        return call_unavailable(&call);
    return hr != S_OK ? call_end_with(&call, hr) : call_end(&call, result);
}

HRESULT host_malloc_alloc(struct host_malloc *host_malloc, const struct heap_request *request,
                          void **memory)
{
    struct manager *manager = host_malloc->manager;
    enum record_method method = request->debug ? RECORD_MALLOC_DEBUG_ALLOC : RECORD_MALLOC_ALLOC;
    DWORD last_error = GetLastError();
    pages_result result;

    if (memory)
        *memory = NULL;
    if (!manager_is_open(manager) || !memory)
        return refused(manager, method, E_POINTER, PAGES_OK);
    if (request->critical_level > eProcessCritical)
        return refused(manager, method, S_OK, ERROR_INVALID_PARAMETER);
    result = heap_alloc(host_malloc->heap, request, memory);
    if (result)
        return refused(manager, method, S_OK, result);
    SetLastError(last_error);
    return S_OK;
}

static HRESULT WINAPI host_malloc_Alloc(IHostMalloc *iface, SIZE_T size, EMemoryCriticalLevel level,
                                        void **memory)
{
    struct host_malloc *host_malloc = impl_from_IHostMalloc(iface);
    struct heap_request request = {
        .size = size, .critical_level = (uint32_t)level, .caller = __builtin_return_address(0)};

    if (memory && (uint32_t)level <= eProcessCritical && manager_is_open(host_malloc->manager) &&
        heap_alloc_quick(host_malloc->heap, size, memory))
        return S_OK;
    return host_malloc_alloc(host_malloc, &request, memory);
}

static HRESULT WINAPI host_malloc_DebugAlloc(IHostMalloc *iface, SIZE_T size,
                                             EMemoryCriticalLevel level, char *file, int line,
                                             void **memory)
{
    struct heap_request request = {.size = size,
                                   .critical_level = (uint32_t)level,
                                   .file = file,
                                   .line = (uint32_t)line,
                                   .caller = __builtin_return_address(0),
                                   .debug = true};

    return host_malloc_alloc(impl_from_IHostMalloc(iface), &request, memory);
}

HRESULT host_malloc_free(struct host_malloc *host_malloc, void *memory)
{
    struct manager *manager = host_malloc->manager;
    pages_result result;

    if (!memory || !manager_is_open(manager))
        return refused(manager, RECORD_MALLOC_FREE, S_OK, PAGES_OK);
    result = heap_free(host_malloc->heap, memory);
    return result ? refused(manager, RECORD_MALLOC_FREE, S_OK, result) : S_OK;
}

static HRESULT WINAPI host_malloc_Free(IHostMalloc *iface, void *memory)
{
    return host_malloc_free(impl_from_IHostMalloc(iface), memory);
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
    host_malloc->heap = heap_create(&manager->heaps, executable);
    if (!host_malloc->heap) {
        pool_give(&manager->mallocs, index);
        return NULL;
    }
    manager_add_ref(manager);
    return &host_malloc->IHostMalloc_iface;
}
