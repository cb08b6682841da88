/*
 * create_manager.c: HostMemCreateManager.
 */
#include "hosting/errors/error_info.h"
#include "hosting/host_memory_manager.h"
#include "hosting/inspection.h"
#include "hosting/manager_parts.h"
#include "os/os.h"

#define OPTIONS_FLAGS                                                                              \
    (HOSTMEM_TRACK_BLOCKS | HOSTMEM_FILL_ON_ALLOC | HOSTMEM_FILL_ON_FREE | HOSTMEM_DELAY_REUSE |   \
     HOSTMEM_WATCH_SYSTEM | HOSTMEM_HARDEN)

static void set_callbacks(struct manager *manager, const HOSTMEM_OPTIONS *options)
{
    manager->leak_callback = options->pfnLeak;
    manager->leak_context = options->pLeakContext;
    manager->damage_callback = options->pfnDamage;
    manager->damage_context = options->pDamageContext;
    manager->redirected.module_callback = options->pfnModule;
    manager->redirected.module_context = options->pModuleContext;
    manager->redirected.started_callback = options->pfnStarted;
    manager->redirected.started_context = options->pStartedContext;
    manager->redirected.ending_callback = options->pfnEnding;
    manager->redirected.ending_context = options->pEndingContext;
}

static HRESULT make_manager(const HOSTMEM_OPTIONS *options, struct manager **made)
{
    struct book_space space;
    struct books_header *header;
    struct manager *manager;
    HRESULT hr = books_begin(options->pBooks, sizeof(struct manager), &space, &header);

    if (hr != S_OK)
        return hr;
    manager = CONTAINING_RECORD(header, struct manager, header);
    manager->IHostMemoryManager_iface.lpVtbl = &host_memory_manager_vtbl;
    manager->IHostMemInspection_iface.lpVtbl = &inspection_vtbl;
    manager->books = space;
    manager->books.gauge = &manager->counters.metadata;
    manager->born_tick = os_tick_milliseconds();
    manager->destroy = manager_destroy;
    atomic_store_explicit(&manager->references, 1, memory_order_relaxed);
    gauge_add(&manager->counters.metadata, sizeof(struct manager));
    set_callbacks(manager, options);
    hr = manager_make_parts(manager, options);
    if (hr == S_OK && !module_hold_take(&manager->module))
        hr = E_OUTOFMEMORY;
    if (hr != S_OK) {
        manager_release(manager);
        return hr;
    }
    books_publish(header);
    *made = manager;
    return S_OK;
}

/* S_OK if the options are known, and the memory for books is of the kind that is wanted. */
static HRESULT check_options(const HOSTMEM_OPTIONS *options)
{
    if (options->cbSize != sizeof(*options))
        return error_info_set(BAD_OPTIONS_SIZE, options->cbSize);
    if (options->dwFlags & ~(DWORD)OPTIONS_FLAGS)
        return error_info_set(BAD_OPTIONS_FLAGS, options->dwFlags & ~(DWORD)OPTIONS_FLAGS);
    if (!options->pBooks && options->cbBooks)
        return error_info_set(BAD_BOOKS_SIZE_ALONE, options->cbBooks);
    if (options->pBooks && !book_space_is_whole(options->pBooks, options->cbBooks))
        return error_info_set(BAD_BOOKS, (uintptr_t)options->pBooks);
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
    error_info_prepare();
    hr = check_options(options);
    if (hr == S_OK)
        hr = make_manager(options, &manager);
    if (hr != S_OK)
        return hr;
    SetLastError(last_error);
    *ppManager = &manager->IHostMemoryManager_iface;
    return S_OK;
}
