/*
 * host_malloc.c: the IHostMalloc interface: each method checks its arguments, calls the heap and
 * returns.
 *
 * Review note for invariant I4: Alloc, DebugAlloc and Free reach heap/ and, through it, slabs/,
 * pages/, budget/ and os/; off the fast path also hosting/parts/ (pressure notification).
 *
 * A call that succeeds is counted in the heap's thread counters, not in the manager's counters
 * (counted_call.h). On the fast path Alloc changes no books of pages and makes no Win32 call. Free
 * does neither unless it empties a slab that goes back to the system: os_free then keeps the last
 * error, and a later call updates the pressure state. GetStatistics adds up both kinds of counters.
 */
#include "hosting/host_malloc.h"

#include "heap/heap_fast_path.h"
#include "heap/reuse/reclaim.h"
#include "hosting/counted_call.h"
#include "hosting/errors/error_info.h"
#include "hosting/public_facts.h"
#include "hosting/parts/reference.h"

static struct host_malloc *impl_from_IHostMalloc(IHostMalloc *iface)
{
    return CONTAINING_RECORD(iface, struct host_malloc, IHostMalloc_iface);
}

static ULONG WINAPI host_malloc_AddRef(IHostMalloc *iface)
{
    return reference_add(&impl_from_IHostMalloc(iface)->references);
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

/* Calls back for the live blocks, while the heap is whole. */
static void report_leaks(struct host_malloc *host_malloc)
{
    if (host_malloc->manager->leak_callback)
        heap_report_blocks(host_malloc->heap, report_leak, host_malloc->manager);
}

/*
 * The last reference is gone. The object's own destruction may call back once more, for damaged
 * blocks: so the count of references stays as it is until that is done.
 */
static ULONG end(struct host_malloc *host_malloc, struct module_hold *given_back)
{
    struct manager *manager = host_malloc->manager;
    uint32_t left;

    reference_begin_end(&host_malloc->references);
    report_leaks(host_malloc);
    left = reference_kept(&host_malloc->references);
    if (left)
        return left;
    heap_destroy(host_malloc->heap, NULL, NULL);
    manager_update_pressure(manager, false);
    host_malloc->IHostMalloc_iface.lpVtbl = NULL; /* a call after this faults */
    atomic_store_explicit(&host_malloc->references, 0, memory_order_relaxed);
    pool_give(&manager->mallocs, host_malloc->index);
    manager_release_into(manager, given_back);
    return 0;
}

static ULONG release_into(struct host_malloc *host_malloc, struct module_hold *given_back)
{
    uint32_t left = reference_release(&host_malloc->references);

    return left ? left : end(host_malloc, given_back);
}

ULONG WINAPI host_malloc_release_body(IHostMalloc *iface, struct module_hold *given_back);
ULONG WINAPI host_malloc_Release(IHostMalloc *iface);

RELEASE_ENTRY(host_malloc_Release, host_malloc_release_body);

ULONG WINAPI host_malloc_release_body(IHostMalloc *iface, struct module_hold *given_back)
{
    return release_into(impl_from_IHostMalloc(iface), given_back);
}

/* Releases inside a call, which returns into the module: it stays loaded if the manager ends. */
static void release_inside(struct host_malloc *host_malloc)
{
    struct module_hold kept_for_ever;

    release_into(host_malloc, &kept_for_ever);
}

/*
 * Counts a call that the heap's thread counters do not: one that fails, with hr or else with the
 * heap's result, or a Free of NULL.
 */
static HRESULT refused(struct manager *manager, enum counted_method method, HRESULT hr,
                       pages_result result)
{
    struct counted_call call;

    if (!counted_call_begin(&call, manager, method))
        return counted_call_unavailable(&call);
    return hr != S_OK ? counted_call_end_with(&call, hr) : counted_call_end(&call, result);
}

static enum counted_method method_of(const struct heap_request *request)
{
    return request->debug ? COUNTED_MALLOC_DEBUG_ALLOC : COUNTED_MALLOC_ALLOC;
}

static HRESULT alloc_failed(struct host_malloc *host_malloc, const struct heap_request *request,
                            pages_result result)
{
    HOSTMEM_REFUSED told = {.Kind = HostMemRequestHeap,
                            .Level = (EMemoryCriticalLevel)request->critical_level,
                            .Bytes = request->size,
                            .Heap = heap_number(host_malloc->heap)};
    struct counted_call call;

    if (!counted_call_begin(&call, host_malloc->manager, method_of(request)))
        return counted_call_unavailable(&call);
    return counted_call_end_request(&call, result, &told);
}

static HRESULT alloc_held(struct host_malloc *host_malloc, const struct heap_request *request,
                          void **memory)
{
    DWORD last_error = GetLastError();
    pages_result result = heap_alloc(host_malloc->heap, request, memory);

    if (result && request->quiet) {
        SetLastError(last_error);
        return E_OUTOFMEMORY;
    }
    if (result)
        return alloc_failed(host_malloc, request, result);
    SetLastError(last_error);
    manager_update_pressure(host_malloc->manager, false);
    return S_OK;
}

/* True if a callback may run while the heap is at work: the heap has to be kept alive. */
static bool may_call_back(const struct host_malloc *host_malloc)
{
    return host_malloc->manager->damage_callback || host_malloc->manager->host.request;
}

HRESULT host_malloc_alloc_anyway(struct host_malloc *host_malloc,
                                 const struct heap_request *request, void **memory)
{
    HRESULT hr;

    if (!may_call_back(host_malloc))
        return alloc_held(host_malloc, request, memory);
    host_malloc_AddRef(&host_malloc->IHostMalloc_iface);
    hr = alloc_held(host_malloc, request, memory);
    release_inside(host_malloc);
    return hr;
}

HRESULT host_malloc_alloc(struct host_malloc *host_malloc, const struct heap_request *request,
                          void **memory)
{
    struct manager *manager = host_malloc->manager;

    if (memory)
        *memory = NULL;
    if (!manager_is_open(manager) || !memory)
        return refused(manager, method_of(request), E_POINTER, PAGES_OK);
    if (request->critical_level > eProcessCritical) {
        error_info_set(BAD_BLOCK_LEVEL, request->critical_level);
        return refused(manager, method_of(request), S_OK, ERROR_INVALID_PARAMETER);
    }
    return host_malloc_alloc_anyway(host_malloc, request, memory);
}

/* Alloc without the fast path. A function of its own keeps the fast path's stack frame small. */
static __attribute__((noinline)) HRESULT alloc_plain(struct host_malloc *host_malloc, SIZE_T size,
                                                     EMemoryCriticalLevel level, const void *caller,
                                                     void **memory)
{
    struct heap_request request = {
        .size = size, .critical_level = (uint32_t)level, .caller = caller};

    return host_malloc_alloc(host_malloc, &request, memory);
}

static HRESULT WINAPI host_malloc_Alloc(IHostMalloc *iface, SIZE_T size, EMemoryCriticalLevel level,
                                        void **memory)
{
    struct host_malloc *host_malloc = impl_from_IHostMalloc(iface);

    if (memory && (uint32_t)level <= eProcessCritical && manager_is_open(host_malloc->manager) &&
        heap_fast_alloc(host_malloc->heap, size, memory))
        return S_OK;
    return alloc_plain(host_malloc, size, level, __builtin_return_address(0), memory);
}

static void set_file(struct heap_request *request, const char *file)
{
    request->file = file;
}

static HRESULT WINAPI host_malloc_DebugAlloc(IHostMalloc *iface, SIZE_T size,
                                             EMemoryCriticalLevel level, char *file, int line,
                                             void **memory)
{
    struct heap_request request = {.size = size,
                                   .critical_level = (uint32_t)level,
                                   .line = (uint32_t)line,
                                   .caller = __builtin_return_address(0),
                                   .debug = true};

    set_file(&request, file);
    return host_malloc_alloc(impl_from_IHostMalloc(iface), &request, memory);
}

static HRESULT free_held(struct host_malloc *host_malloc, void *memory)
{
    DWORD last_error = GetLastError();
    pages_result result = heap_free(host_malloc->heap, memory);

    if (result)
        return refused(host_malloc->manager, COUNTED_MALLOC_FREE, S_OK, result);
    manager_latch_contradiction(host_malloc->manager); /* while a slab was given back */
    SetLastError(last_error);
    manager_update_pressure(host_malloc->manager, false);
    return S_OK;
}

HRESULT host_malloc_free_anyway(struct host_malloc *host_malloc, void *memory)
{
    HRESULT hr;

    if (!may_call_back(host_malloc))
        return free_held(host_malloc, memory);
    host_malloc_AddRef(&host_malloc->IHostMalloc_iface);
    hr = free_held(host_malloc, memory);
    release_inside(host_malloc);
    return hr;
}

HRESULT host_malloc_free(struct host_malloc *host_malloc, void *memory)
{
    struct manager *manager = host_malloc->manager;

    if (!memory || !manager_is_open(manager))
        return refused(manager, COUNTED_MALLOC_FREE, S_OK, PAGES_OK);
    return host_malloc_free_anyway(host_malloc, memory);
}

static HRESULT WINAPI host_malloc_Free(IHostMalloc *iface, void *memory)
{
    struct host_malloc *host_malloc = impl_from_IHostMalloc(iface);

    if (manager_is_open(host_malloc->manager) && heap_fast_free(host_malloc->heap, memory))
        return S_OK;
    return host_malloc_free(host_malloc, memory);
}

static const IHostMallocVtbl host_malloc_vtbl = {
    host_malloc_QueryInterface, host_malloc_AddRef,     host_malloc_Release,
    host_malloc_Alloc,          host_malloc_DebugAlloc, host_malloc_Free,
};

/* ------------------------------------------------------------------------------------------------
 * Making, and trimming all heaps
 * --------------------------------------------------------------------------------------------- */

IHostMalloc *host_malloc_create(struct manager *manager, bool executable)
{
    struct reclaim_attempt attempt = reclaim_begin(&manager->heaps);
    struct host_malloc *host_malloc;
    uint32_t index;

    do
        index = pool_take(&manager->mallocs);
    while (!index && reclaim_again(&attempt, ERROR_NOT_ENOUGH_MEMORY));
    if (!index)
        return NULL;
    host_malloc = pool_item(&manager->mallocs, index);
    host_malloc->IHostMalloc_iface.lpVtbl = &host_malloc_vtbl;
    host_malloc->manager = manager;
    host_malloc->index = index;
    host_malloc->heap = heap_create(&manager->heaps, executable);
    if (!host_malloc->heap) {
        pool_give(&manager->mallocs, index);
        return NULL;
    }
    manager_add_ref(manager);
    /* Last: from now on a trim may take a reference (host_malloc_trim_all). */
    atomic_store_explicit(&host_malloc->references, 1, memory_order_release);
    return &host_malloc->IHostMalloc_iface;
}

bool host_malloc_trim_all(struct manager *manager, size_t *bytes)
{
    uint64_t before = reclaim_given(&manager->heaps);

    *bytes = reclaim(&manager->heaps);
    manager_latch_contradiction(manager);
    manager_update_pressure(manager, false);
    return *bytes || reclaim_given(&manager->heaps) != before;
}
