/*
 * host_memory_manager.c: the IHostMemoryManager interface: each method checks its arguments, calls
 * one function and returns.
 *
 * Review note for invariant I4: a thread that has suspended others may call VirtualAlloc,
 * VirtualFree, VirtualQuery, VirtualProtect and GetMemoryLoad. These reach pages/, budget/,
 * counters/, os/, hosting/parts/ and heap/reuse/ (what is held without use) only; last of all the
 * CLR's callback may be called, and the system's memory notification queried (pressure_notify.h).
 * VirtualQuery reads nothing of the manager's state but the status word, and writes counters only.
 */
#include "hosting/host_memory_manager.h"

#include "heap/reuse/reclaim.h"
#include "hosting/errors/bad_request.h"
#include "hosting/counted_call.h"
#include "hosting/host_malloc.h"
#include "hosting/parts/memory_load.h"
#include "os/os.h"

static struct manager *impl_from_IHostMemoryManager(IHostMemoryManager *iface)
{
    return CONTAINING_RECORD(iface, struct manager, IHostMemoryManager_iface);
}

struct manager *manager_from_interface(IHostMemoryManager *iface)
{
    if (!iface || iface->lpVtbl != &host_memory_manager_vtbl)
        return NULL;
    return impl_from_IHostMemoryManager(iface);
}

static HRESULT WINAPI memory_manager_QueryInterface(IHostMemoryManager *iface, REFIID riid,
                                                    void **object)
{
    return manager_query_interface(impl_from_IHostMemoryManager(iface), riid, object);
}

static ULONG WINAPI memory_manager_AddRef(IHostMemoryManager *iface)
{
    return manager_add_ref(impl_from_IHostMemoryManager(iface));
}

ULONG WINAPI memory_manager_release_body(IHostMemoryManager *iface, struct module_hold *given_back);
ULONG WINAPI memory_manager_Release(IHostMemoryManager *iface);

RELEASE_ENTRY(memory_manager_Release, memory_manager_release_body);

ULONG WINAPI memory_manager_release_body(IHostMemoryManager *iface, struct module_hold *given_back)
{
    return manager_release_into(impl_from_IHostMemoryManager(iface), given_back);
}

static HRESULT WINAPI memory_manager_CreateMalloc(IHostMemoryManager *iface, DWORD type,
                                                  IHostMalloc **host_malloc)
{
    struct counted_call call;

    if (host_malloc)
        *host_malloc = NULL;
    if (!counted_call_begin(&call, impl_from_IHostMemoryManager(iface), COUNTED_CREATE_MALLOC))
        return counted_call_unavailable(&call);
    if (!host_malloc)
        return counted_call_end_with(&call, E_POINTER);
    if (type & ~(DWORD)(MALLOC_THREADSAFE | MALLOC_EXECUTABLE)) {
        error_info_set(BAD_MALLOC_TYPE, type & ~(DWORD)(MALLOC_THREADSAFE | MALLOC_EXECUTABLE));
        return counted_call_end(&call, ERROR_INVALID_PARAMETER);
    }
    *host_malloc = host_malloc_create(call.manager, (type & MALLOC_EXECUTABLE) != 0);
    return counted_call_end(&call, *host_malloc ? PAGES_OK : ERROR_NOT_ENOUGH_MEMORY);
}

/* What a request that was refused was for. */
static HOSTMEM_REQUEST_KIND kind_of(const struct manager *manager,
                                    const struct pages_request *request)
{
    return (request->type & MEM_RESERVE) || !request->address ||
                   region_table_find(&manager->pages.table, (uintptr_t)request->address)
               ? HostMemRequestPages
               : HostMemRequestSection;
}

HRESULT host_memory_manager_alloc(struct manager *manager, void *address, SIZE_T size, DWORD type,
                                  DWORD protect, EMemoryCriticalLevel level, DWORD node,
                                  void **memory)
{
    struct pages_request request = {.address = address,
                                    .size = size,
                                    .type = type,
                                    .protect = protect,
                                    .node = node,
                                    .critical_level = (uint32_t)level};
    HOSTMEM_REFUSED refused = {.Level = level, .Bytes = size};
    struct counted_call call;
    pages_result result;

    if (memory)
        *memory = NULL;
    if (!counted_call_begin(&call, manager, COUNTED_VIRTUAL_ALLOC))
        return counted_call_unavailable(&call);
    if (!memory)
        return counted_call_end_with(&call, E_POINTER);
    if (request.critical_level > eProcessCritical) {
        error_info_set(BAD_ALLOC_LEVEL, request.critical_level);
        return counted_call_end(&call, ERROR_INVALID_PARAMETER);
    }
    result = reclaim_pages_alloc(&manager->heaps, &request, memory);
    if (result == ERROR_INVALID_PARAMETER)
        bad_request_of_alloc(&request);
    else if (result)
        refused.Kind = kind_of(manager, &request);
    return counted_call_end_request(&call, result, &refused);
}

static HRESULT WINAPI memory_manager_VirtualAlloc(IHostMemoryManager *iface, void *address,
                                                  SIZE_T size, DWORD type, DWORD protect,
                                                  EMemoryCriticalLevel level, void **memory)
{
    return host_memory_manager_alloc(impl_from_IHostMemoryManager(iface), address, size, type,
                                     protect, level, OS_ANY_NODE, memory);
}

static HRESULT WINAPI memory_manager_VirtualFree(IHostMemoryManager *iface, LPVOID address,
                                                 SIZE_T size, DWORD type)
{
    struct counted_call call;
    pages_result result;

    if (!counted_call_begin(&call, impl_from_IHostMemoryManager(iface), COUNTED_VIRTUAL_FREE))
        return counted_call_unavailable(&call);
    result = pages_free(&call.manager->pages, address, size, type);
    if (!result && type == MEM_RELEASE)
        emergency_restore_later(&call.manager->emergency);
    if (result == ERROR_INVALID_PARAMETER)
        bad_request_of_free(address, size, type);
    return counted_call_end(&call, result);
}

static HRESULT WINAPI memory_manager_VirtualQuery(IHostMemoryManager *iface, void *address,
                                                  void *buffer, SIZE_T length, SIZE_T *result)
{
    struct counted_call call;
    size_t written = 0;
    pages_result error;

    if (result)
        *result = 0;
    if (!counted_call_begin(&call, impl_from_IHostMemoryManager(iface), COUNTED_VIRTUAL_QUERY))
        return counted_call_unavailable(&call);
    if (!result || !buffer)
        return counted_call_end_with(&call, E_POINTER);
    error = os_query(address, buffer, length, &written);
    *result = written;
    if (error == ERROR_INVALID_PARAMETER)
        error_info_set(BAD_QUERY, (uintptr_t)address);
    return counted_call_end(&call, error);
}

static HRESULT WINAPI memory_manager_VirtualProtect(IHostMemoryManager *iface, void *address,
                                                    SIZE_T size, DWORD protect, DWORD *old_protect)
{
    struct counted_call call;
    struct reclaim_attempt attempt;
    uint32_t old = 0;
    pages_result error;

    if (!counted_call_begin(&call, impl_from_IHostMemoryManager(iface), COUNTED_VIRTUAL_PROTECT))
        return counted_call_unavailable(&call);
    if (!old_protect)
        return counted_call_end_with(&call, E_POINTER);
    attempt = reclaim_begin(&call.manager->heaps);
    do /* making a view's pages private takes memory */
        error = os_protect(address, size, protect, &old);
    while (error && reclaim_again(&attempt, error));
    if (!error)
        *old_protect = old;
    else if (error == ERROR_INVALID_PARAMETER)
        bad_request_of_protect(size, protect);
    return counted_call_end(&call, error);
}

static HRESULT WINAPI memory_manager_GetMemoryLoad(IHostMemoryManager *iface, DWORD *load,
                                                   SIZE_T *available)
{
    struct counted_call call;
    struct memory_load memory = {0};
    pages_result error;

    if (!counted_call_begin(&call, impl_from_IHostMemoryManager(iface), COUNTED_GET_MEMORY_LOAD))
        return counted_call_unavailable(&call);
    if (!load || !available)
        return counted_call_end_with(&call, E_POINTER);
    error = memory_load_read(&call.manager->pages.budget,
                             reclaim_held(&call.manager->heaps).committed, &memory);
    if (!error) {
        *load = memory.percent;
        *available = memory.available < SIZE_MAX ? (SIZE_T)memory.available : SIZE_MAX;
    }
    return counted_call_end(&call, error);
}

static HRESULT WINAPI memory_manager_RegisterMemoryNotificationCallback(
    IHostMemoryManager *iface, ICLRMemoryNotificationCallback *callback)
{
    struct counted_call call;
    struct reclaim_attempt attempt;
    bool done;

    if (!counted_call_begin(&call, impl_from_IHostMemoryManager(iface), COUNTED_REGISTER_CALLBACK))
        return counted_call_unavailable(&call);
    attempt = reclaim_begin(&call.manager->heaps);
    do
        done = pressure_notify_register(&call.manager->limits.notify, callback);
    while (!done && reclaim_again(&attempt, ERROR_NOT_ENOUGH_MEMORY));
    return counted_call_end(&call, done ? PAGES_OK : ERROR_NOT_ENOUGH_MEMORY);
}

/* Gives up the heaps' empty slabs and the emergency reservation. */
static HRESULT WINAPI memory_manager_NeedsVirtualAddressSpace(IHostMemoryManager *iface,
                                                              LPVOID address, SIZE_T size)
{
    struct counted_call call;
    bool trimmed, given;
    size_t bytes;
    HRESULT hr;

    (void)address;
    (void)size;
    if (!counted_call_begin(&call, impl_from_IHostMemoryManager(iface),
                            COUNTED_NEEDS_ADDRESS_SPACE))
        return counted_call_unavailable(&call);
    manager_add_ref(call.manager); /* the runtime may be told, and release it, before all is done */
    trimmed = host_malloc_trim_all(call.manager, &bytes);
    given = emergency_give(&call.manager->emergency);
    hr = counted_call_end(&call, given || trimmed ? PAGES_OK : ERROR_NOT_ENOUGH_MEMORY);
    manager_release(call.manager);
    return hr;
}

static HRESULT WINAPI memory_manager_AcquiredVirtualAddressSpace(IHostMemoryManager *iface,
                                                                 LPVOID address, SIZE_T size)
{
    struct counted_call call;
    struct reclaim_attempt attempt;
    bool done;

    if (!counted_call_begin(&call, impl_from_IHostMemoryManager(iface),
                            COUNTED_ACQUIRED_ADDRESS_SPACE))
        return counted_call_unavailable(&call);
    if (!address || !size || (uintptr_t)address + (size - 1) < (uintptr_t)address) {
        error_info_set(address ? BAD_RANGE_SIZE : BAD_RANGE_ADDRESS, address ? size : 0);
        return counted_call_end(&call, ERROR_INVALID_PARAMETER);
    }
    attempt = reclaim_begin(&call.manager->heaps);
    do
        done = mapped_add(&call.manager->mapped, (uintptr_t)address, size);
    while (!done && reclaim_again(&attempt, ERROR_NOT_ENOUGH_MEMORY));
    return counted_call_end(&call, done ? PAGES_OK : ERROR_NOT_ENOUGH_MEMORY);
}

static HRESULT WINAPI memory_manager_ReleasedVirtualAddressSpace(IHostMemoryManager *iface,
                                                                 LPVOID address)
{
    struct counted_call call;

    if (!counted_call_begin(&call, impl_from_IHostMemoryManager(iface),
                            COUNTED_RELEASED_ADDRESS_SPACE))
        return counted_call_unavailable(&call);
    if (!mapped_remove(&call.manager->mapped, (uintptr_t)address))
        return counted_call_end_with(&call, HOST_E_INVALIDOPERATION);
    emergency_restore(&call.manager->emergency);
    return counted_call_end(&call, PAGES_OK);
}

const IHostMemoryManagerVtbl host_memory_manager_vtbl = {
    memory_manager_QueryInterface,
    memory_manager_AddRef,
    memory_manager_Release,
    memory_manager_CreateMalloc,
    memory_manager_VirtualAlloc,
    memory_manager_VirtualFree,
    memory_manager_VirtualQuery,
    memory_manager_VirtualProtect,
    memory_manager_GetMemoryLoad,
    memory_manager_RegisterMemoryNotificationCallback,
    memory_manager_NeedsVirtualAddressSpace,
    memory_manager_AcquiredVirtualAddressSpace,
    memory_manager_ReleasedVirtualAddressSpace,
};
