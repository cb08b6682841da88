/*
 * manager.c: the manager's making, its lifetime and its identity.
 */
#include "hosting/manager.h"

#include "hosting/public_facts.h"
#include "hosting/emergency.h"
#include "hosting/host_control.h"
#include "hosting/host_malloc.h"
#include "hosting/limits.h"
#include "os/os.h"

#define MALLOC_LIMIT ((uint32_t)1 << 14)

#define HEAP_FLAGS                                                                                 \
    (HOSTMEM_TRACK_BLOCKS | HOSTMEM_FILL_ON_ALLOC | HOSTMEM_FILL_ON_FREE | HOSTMEM_DELAY_REUSE)
#define OPTIONS_FLAGS (HEAP_FLAGS | HOSTMEM_WATCH_SYSTEM)
#define CONTROL_LIMIT ((uint32_t)1 << 12)
#define CALLBACK_LIMIT ((uint32_t)1 << 12)

bool guid_is_equal(REFGUID a, REFGUID b)
{
    bool equal = a->Data1 == b->Data1 && a->Data2 == b->Data2 && a->Data3 == b->Data3;

    for (int i = 0; i < 8; i++)
        equal = equal && a->Data4[i] == b->Data4[i];
    return equal;
}

struct manager *manager_from_interface(IHostMemoryManager *iface)
{
    if (!iface || iface->lpVtbl != &host_memory_manager_vtbl)
        return NULL;
    return CONTAINING_RECORD(iface, struct manager, IHostMemoryManager_iface);
}

void manager_set_status(struct manager *manager, HOSTMEM_STATUS status)
{
    uint32_t open = HostMemStatusOpen;
    manager_listener *listener = atomic_load_explicit(&manager->listener, memory_order_acquire);

    if (atomic_compare_exchange_strong_explicit(&manager->status, &open, status,
                                                memory_order_seq_cst, memory_order_relaxed) &&
        listener)
        listener(manager, PRESSURE_NEUTRAL);
}

void manager_latch_contradiction(struct manager *manager)
{
    if (counter_read(&manager->counters.contradictions))
        manager_set_status(manager, HostMemStatusBroken);
}

/* ------------------------------------------------------------------------------------------------
 * Making
 * --------------------------------------------------------------------------------------------- */

static void set_options(struct manager *manager, const HOSTMEM_OPTIONS *options)
{
    manager->leak_callback = options->pfnLeak;
    manager->leak_context = options->pLeakContext;
    manager->emergency_size = options->EmergencyReservation;
    manager->damage_callback = options->pfnDamage;
    manager->damage_context = options->pDamageContext;
    manager->module_callback = options->pfnModule;
    manager->module_context = options->pModuleContext;
}

static void report_damage(void *context, const struct heap_block *block)
{
    const struct manager *manager = context;
    HOSTMEM_DAMAGE damage = {.Address = (void *)block->damage, .FreedBy = block->freed_by};

    if (!manager->damage_callback)
        return;
    block_to_public(block, &damage.Block);
    manager->damage_callback(manager->damage_context, &damage);
}

/* Everything that may fail; what has been made is in the manager for destroy to find. */
static HRESULT make_parts(struct manager *manager, const HOSTMEM_OPTIONS *options)
{
    struct gauge *gauge = &manager->counters.metadata;
    struct heap_options heap_options = {
        .flags = options->dwFlags & HEAP_FLAGS,
        .guard_above = options->GuardAbove ? options->GuardAbove : SIZE_MAX,
        .damaged = report_damage,
        .context = manager,
    };

    if (!pages_init(&manager->pages, &manager->counters) ||
        !heap_space_init(&manager->heaps, &manager->pages, &heap_options) ||
        !mapped_init(&manager->mapped, &manager->counters) ||
        !pool_init(&manager->mallocs, sizeof(struct host_malloc), MALLOC_LIMIT, gauge) ||
        !pool_init(&manager->controls, sizeof(struct host_control), CONTROL_LIMIT, gauge) ||
        !pool_init(&manager->callbacks, sizeof(struct manager_callback), CALLBACK_LIMIT, gauge) ||
        !emergency_hold(manager))
        return E_OUTOFMEMORY;
    return limits_init(manager, options);
}

static void release_callbacks(struct manager *manager)
{
    for (uint32_t index = 1;
         manager->callbacks.span.base && index <= pool_limit(&manager->callbacks); index++) {
        struct manager_callback *item = pool_item(&manager->callbacks, index);
        ICLRMemoryNotificationCallback *callback =
            atomic_load_explicit(&item->callback, memory_order_acquire);

        if (callback)
            callback->lpVtbl->Release(callback);
    }
}

/* Gives the bookkeeping back. What is handed out stays: a runtime may be running on it. */
static void destroy(struct manager *manager)
{
    void *emergency = atomic_load_explicit(&manager->emergency, memory_order_acquire);

    release_callbacks(manager);
    limits_destroy(manager);
    if (emergency)
        os_metadata_release(emergency);
    pool_destroy(&manager->callbacks);
    pool_destroy(&manager->controls);
    pool_destroy(&manager->mallocs);
    heap_space_destroy(&manager->heaps);
    mapped_destroy(&manager->mapped);
    pages_destroy(&manager->pages);
    os_metadata_release(manager);
}

static HRESULT make_manager(const HOSTMEM_OPTIONS *options, struct manager **made)
{
    struct manager *manager = os_metadata_reserve(sizeof(struct manager));

    HRESULT hr;

    if (!manager)
        return E_OUTOFMEMORY;
    if (!os_metadata_commit(manager, sizeof(struct manager))) {
        os_metadata_release(manager);
        return E_OUTOFMEMORY;
    }
    manager->IHostMemoryManager_iface.lpVtbl = &host_memory_manager_vtbl;
    manager->IHostMemInspection_iface.lpVtbl = &inspection_vtbl;
    atomic_store_explicit(&manager->references, 1, memory_order_relaxed);
    gauge_add(&manager->counters.metadata, sizeof(struct manager));
    set_options(manager, options);
    hr = make_parts(manager, options);
    if (hr != S_OK) {
        destroy(manager);
        return hr;
    }
    *made = manager;
    return S_OK;
}

HRESULT STDMETHODCALLTYPE HostMemCreateManager(const HOSTMEM_OPTIONS *pOptions,
                                               IHostMemoryManager **ppManager)
{
    static const HOSTMEM_OPTIONS defaults = {.cbSize = sizeof(defaults)};
    const HOSTMEM_OPTIONS *options = pOptions ? pOptions : &defaults;
    DWORD last_error = GetLastError();
    struct manager *manager;
    HRESULT hr;

    if (!ppManager)
        return E_POINTER;
    *ppManager = NULL;
    if (options->cbSize != sizeof(*options) || (options->dwFlags & ~(DWORD)OPTIONS_FLAGS))
        return E_INVALIDARG;
    hr = make_manager(options, &manager);
    if (hr != S_OK)
        return hr;
    SetLastError(last_error);
    *ppManager = &manager->IHostMemoryManager_iface;
    return S_OK;
}

/* ------------------------------------------------------------------------------------------------
 * IUnknown, for both faces
 * --------------------------------------------------------------------------------------------- */

HRESULT manager_query_interface(struct manager *manager, REFIID riid, void **object)
{
    if (!object)
        return E_POINTER;
    *object = NULL;
    if (!riid)
        return E_POINTER;
    if (guid_is_equal(riid, &IID_IUnknown) || guid_is_equal(riid, &IID_IHostMemoryManager))
        *object = &manager->IHostMemoryManager_iface;
    else if (guid_is_equal(riid, &IID_IHostMemInspection))
        *object = &manager->IHostMemInspection_iface;
    else
        return E_NOINTERFACE;
    manager_add_ref(manager);
    return S_OK;
}

ULONG manager_add_ref(struct manager *manager)
{
    return atomic_fetch_add_explicit(&manager->references, 1, memory_order_relaxed) + 1;
}

ULONG manager_release(struct manager *manager)
{
    uint32_t left = atomic_fetch_sub_explicit(&manager->references, 1, memory_order_acq_rel) - 1;

    if (left == 0)
        destroy(manager);
    return left;
}
