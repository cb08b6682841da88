/*
 * host.c: the host's managers, taken and called as CorHost2 and its neighbours do it.
 */
#include "host.h"

#include "notification.h"
#include "trace.h"

static IHostControl *host_control;
static IHostMemoryManager *memory_manager; /* NULL: Windows' own functions serve */
static IHostMalloc *host_heap;             /* never given back, as a CLR does not */

/* ------------------------------------------------------------------------------------------------
 * The managers
 * --------------------------------------------------------------------------------------------- */

/*
 * In the order in which a CLR asks. Only the memory manager is used; of the others the stand-in
 * only asks whether the host has one.
 */
static const IID manager_iids[] = {
    /* IHostMemoryManager */
    {0x7bc698d1, 0xf9e3, 0x4460, {0x9c, 0xde, 0xd0, 0x42, 0x48, 0xe9, 0xfa, 0x25}},
    /* IHostTaskManager */
    {0x997ff24c, 0x43b7, 0x4352, {0x86, 0x67, 0x0d, 0xc0, 0x4f, 0xaf, 0xd3, 0x54}},
    /* IHostThreadpoolManager */
    {0x983d50e2, 0xcb15, 0x466b, {0x80, 0xfc, 0x84, 0x5d, 0xc6, 0xe8, 0xc5, 0xfd}},
    /* IHostIoCompletionManager */
    {0x8bde9d80, 0xec06, 0x41d6, {0x83, 0xe6, 0x22, 0x58, 0x0e, 0xff, 0xcc, 0x20}},
    /* IHostSyncManager */
    {0x234330c7, 0x5f10, 0x4f20, {0x96, 0x15, 0x51, 0x22, 0xda, 0xb7, 0xa0, 0xac}},
    /* IHostAssemblyManager */
    {0x613dabd7, 0x62b2, 0x493e, {0x9e, 0x65, 0xc1, 0xe3, 0x2a, 0x1e, 0x0c, 0x5e}},
    /* IHostGCManager */
    {0x5d4ec34e, 0xf248, 0x457b, {0xb6, 0x03, 0x25, 0x5f, 0xaa, 0xba, 0x0d, 0x21}},
    /* IHostSecurityManager */
    {0x75ad2468, 0xa349, 0x4d02, {0xa7, 0x64, 0x76, 0xa6, 0x8a, 0xee, 0x0c, 0x4f}},
    /* IHostPolicyManager */
    {0x7ae49844, 0xb1e3, 0x4683, {0xba, 0x7c, 0x1e, 0x82, 0x12, 0xea, 0x3b, 0x79}},
};

/* Counts only with exactly S_OK and something there. */
static void *manager_of(IHostControl *control, REFIID iid)
{
    void *manager = NULL;
    HRESULT hr = control->lpVtbl->GetHostManager(control, iid, &manager);
    const bool taken = hr == S_OK && manager;

    trace_call(TRACED_GET_HOST_MANAGER, taken ? S_OK : E_FAIL);
    trace_manager(iid, taken);
    return taken ? manager : NULL;
}

static HRESULT take_memory_manager(IHostMemoryManager *manager)
{
    HRESULT hr;

    if (!host_heap) {
        hr = trace_call(TRACED_CREATE_MALLOC,
                        manager->lpVtbl->CreateMalloc(manager, MALLOC_THREADSAFE, &host_heap));
        if (hr != S_OK) {
            /* A CLR releases only a manager that it does not take. */
            host_heap = NULL;
            manager->lpVtbl->Release(manager);
            return E_UNEXPECTED;
        }
        trace_call(TRACED_REGISTER_CALLBACK, manager->lpVtbl->RegisterMemoryNotificationCallback(
                                                 manager, notification_callback()));
    }
    memory_manager = manager;
    return S_OK;
}

HRESULT host_take(IHostControl *control)
{
    if (!memory_manager) {
        IHostMemoryManager *manager = manager_of(control, &manager_iids[0]);
        HRESULT hr = manager ? take_memory_manager(manager) : S_OK;

        if (hr != S_OK)
            return hr;
    }
    /* What the others do is not this stand-in's matter. */
    for (size_t i = 1; i < ARRAYSIZE(manager_iids); i++)
        manager_of(control, &manager_iids[i]);
    if (!host_control) {
        host_control = control;
        control->lpVtbl->AddRef(control);
        trace_call(TRACED_CONTROL_ADD_REF, S_OK);
    }
    return S_OK;
}

/* ------------------------------------------------------------------------------------------------
 * Pages
 * --------------------------------------------------------------------------------------------- */

static HRESULT last_error(void)
{
    const DWORD error = GetLastError();

    return error ? HRESULT_FROM_WIN32(error) : E_FAIL;
}

static HRESULT succeeded_or_last_error(BOOL succeeded)
{
    return succeeded ? S_OK : last_error();
}

HRESULT host_alloc(void *address, SIZE_T size, DWORD type, DWORD protect,
                   EMemoryCriticalLevel level, void **memory)
{
    *memory = NULL;
    if (memory_manager)
        return trace_call(TRACED_VIRTUAL_ALLOC,
                          memory_manager->lpVtbl->VirtualAlloc(memory_manager, address, size, type,
                                                               protect, level, memory));
    *memory = VirtualAlloc(address, size, type, protect);
    return succeeded_or_last_error(*memory != NULL);
}

HRESULT host_free(void *address, SIZE_T size, DWORD type)
{
    if (memory_manager)
        return trace_call(TRACED_VIRTUAL_FREE,
                          memory_manager->lpVtbl->VirtualFree(memory_manager, address, size, type));
    return succeeded_or_last_error(VirtualFree(address, size, type));
}

HRESULT host_query(const void *address, MEMORY_BASIC_INFORMATION *information)
{
    SIZE_T length = 0;

    if (!memory_manager)
        return succeeded_or_last_error(VirtualQuery(address, information, sizeof(*information)) !=
                                       0);
    return trace_call(TRACED_VIRTUAL_QUERY, memory_manager->lpVtbl->VirtualQuery(
                                                memory_manager, (void *)address, information,
                                                sizeof(*information), &length));
}

HRESULT host_protect(void *address, SIZE_T size, DWORD protect, DWORD *old)
{
    if (memory_manager)
        return trace_call(TRACED_VIRTUAL_PROTECT, memory_manager->lpVtbl->VirtualProtect(
                                                      memory_manager, address, size, protect, old));
    return succeeded_or_last_error(VirtualProtect(address, size, protect, old));
}

HRESULT host_memory_load(DWORD *load, SIZE_T *available)
{
    MEMORYSTATUSEX status = {.dwLength = sizeof(status)};

    if (memory_manager)
        return trace_call(TRACED_GET_MEMORY_LOAD,
                          memory_manager->lpVtbl->GetMemoryLoad(memory_manager, load, available));
    if (!GlobalMemoryStatusEx(&status))
        return last_error();
    *load = status.dwMemoryLoad;
    *available = status.ullAvailPhys > MAXSIZE_T ? MAXSIZE_T : (SIZE_T)status.ullAvailPhys;
    return S_OK;
}

/* ------------------------------------------------------------------------------------------------
 * Blocks
 * --------------------------------------------------------------------------------------------- */

bool host_has_heap(void)
{
    return host_heap != NULL;
}

static HRESULT windows_malloc(SIZE_T size, void **block)
{
    *block = HeapAlloc(GetProcessHeap(), 0, size);
    return *block ? S_OK : E_OUTOFMEMORY;
}

HRESULT host_malloc(SIZE_T size, EMemoryCriticalLevel level, void **block)
{
    *block = NULL;
    if (!host_heap)
        return windows_malloc(size, block);
    return trace_call(TRACED_ALLOC, host_heap->lpVtbl->Alloc(host_heap, size, level, block));
}

HRESULT host_debug_malloc(SIZE_T size, EMemoryCriticalLevel level, char *file, int line,
                          void **block)
{
    *block = NULL;
    if (!host_heap)
        return windows_malloc(size, block);
    return trace_call(TRACED_DEBUG_ALLOC,
                      host_heap->lpVtbl->DebugAlloc(host_heap, size, level, file, line, block));
}

HRESULT host_malloc_free(void *block)
{
    if (!host_heap)
        return succeeded_or_last_error(HeapFree(GetProcessHeap(), 0, block));
    return trace_call(TRACED_FREE, host_heap->lpVtbl->Free(host_heap, block));
}

/* ------------------------------------------------------------------------------------------------
 * Address space
 * --------------------------------------------------------------------------------------------- */

HRESULT host_needs_address_space(void *address, SIZE_T size)
{
    if (!memory_manager)
        return E_NOTIMPL;
    return trace_call(TRACED_NEEDS_ADDRESS_SPACE, memory_manager->lpVtbl->NeedsVirtualAddressSpace(
                                                      memory_manager, address, size));
}

HRESULT host_acquired_address_space(void *address, SIZE_T size)
{
    if (!memory_manager)
        return E_NOTIMPL;
    return trace_call(
        TRACED_ACQUIRED_ADDRESS_SPACE,
        memory_manager->lpVtbl->AcquiredVirtualAddressSpace(memory_manager, address, size));
}

HRESULT host_released_address_space(void *address)
{
    if (!memory_manager)
        return E_NOTIMPL;
    return trace_call(TRACED_RELEASED_ADDRESS_SPACE,
                      memory_manager->lpVtbl->ReleasedVirtualAddressSpace(memory_manager, address));
}
