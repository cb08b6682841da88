/*
 * create_manager.c: HostMemCreateManager: makes a manager's parts and puts them together.
 */
#include "hosting/host_control.h"
#include "hosting/host_malloc.h"
#include "hosting/host_memory_manager.h"
#include "hosting/inspection.h"
#include "hosting/manager.h"
#include "hosting/public_facts.h"
#include "os/os.h"

#define MALLOC_LIMIT ((uint32_t)1 << 14)
#define CONTROL_LIMIT ((uint32_t)1 << 12)

#define HEAP_FLAGS                                                                                 \
    (HOSTMEM_TRACK_BLOCKS | HOSTMEM_FILL_ON_ALLOC | HOSTMEM_FILL_ON_FREE | HOSTMEM_DELAY_REUSE)
#define OPTIONS_FLAGS (HEAP_FLAGS | HOSTMEM_WATCH_SYSTEM)

static void set_callbacks(struct manager *manager, const HOSTMEM_OPTIONS *options)
{
    manager->leak_callback = options->pfnLeak;
    manager->leak_context = options->pLeakContext;
    manager->damage_callback = options->pfnDamage;
    manager->damage_context = options->pDamageContext;
    manager->redirected.module_callback = options->pfnModule;
    manager->redirected.module_context = options->pModuleContext;
    manager->redirected.ending_callback = options->pfnEnding;
    manager->redirected.ending_context = options->pEndingContext;
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

/* Everything that may fail. After a failure the manager can be released like a complete one. */
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
        !pressure_notify_init(&manager->limits.notify, &manager->counters, &manager->status,
                              &manager->pages.budget.committed, manager) ||
        !emergency_init(&manager->emergency, options->EmergencyReservation))
        return E_OUTOFMEMORY;
    return limits_init(&manager->limits, &manager->pages.budget, options);
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
    manager->born_tick = os_tick_milliseconds();
    atomic_store_explicit(&manager->references, 1, memory_order_relaxed);
    gauge_add(&manager->counters.metadata, sizeof(struct manager));
    set_callbacks(manager, options);
    hr = make_parts(manager, options);
    if (hr != S_OK) {
        manager_release(manager);
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
