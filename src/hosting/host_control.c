/*
 * host_control.c: the IHostControl interface: hands out the memory manager; every other request
 * goes to the host's own IHostControl.
 */
#include "hosting/host_control.h"

#include "heap/reuse/reclaim.h"
#include "hosting/errors/error_info.h"
#include "hosting/host_memory_manager.h"
#include "hosting/parts/reference.h"

static struct host_control *impl_from_IHostControl(IHostControl *iface)
{
    return CONTAINING_RECORD(iface, struct host_control, IHostControl_iface);
}

static ULONG WINAPI host_control_AddRef(IHostControl *iface)
{
    return reference_add(&impl_from_IHostControl(iface)->references);
}

static HRESULT WINAPI host_control_QueryInterface(IHostControl *iface, REFIID riid, void **object)
{
    if (!object)
        return E_POINTER;
    *object = NULL;
    if (!riid)
        return E_POINTER;
    if (!guid_is_equal(riid, &IID_IUnknown) && !guid_is_equal(riid, &IID_IHostControl))
        return E_NOINTERFACE;
    host_control_AddRef(iface);
    *object = iface;
    return S_OK;
}

/* The last reference is gone. The inner control may refer to this one until it has been released.
 */
static ULONG end(struct host_control *control, struct module_hold *given_back)
{
    struct manager *manager = control->manager;
    IHostControl *inner = control->inner;
    uint32_t left;

    reference_begin_end(&control->references);
    control->inner = NULL;
    if (inner)
        inner->lpVtbl->Release(inner);
    left = reference_kept(&control->references);
    if (left)
        return left;
    control->IHostControl_iface.lpVtbl = NULL; /* a call after this faults */
    pool_give(&manager->controls, control->index);
    manager_release_into(manager, given_back);
    return 0;
}

static ULONG release_into(struct host_control *control, struct module_hold *given_back)
{
    uint32_t left = reference_release(&control->references);

    return left ? left : end(control, given_back);
}

ULONG WINAPI host_control_release_body(IHostControl *iface, struct module_hold *given_back);
ULONG WINAPI host_control_Release(IHostControl *iface);

RELEASE_ENTRY(host_control_Release, host_control_release_body);

ULONG WINAPI host_control_release_body(IHostControl *iface, struct module_hold *given_back)
{
    return release_into(impl_from_IHostControl(iface), given_back);
}

/* After a call of the inner control, which may have released this one. */
static HRESULT release_after(struct host_control *control, HRESULT hr)
{
    struct module_hold kept_for_ever;

    release_into(control, &kept_for_ever);
    return hr;
}

static HRESULT WINAPI host_control_GetHostManager(IHostControl *iface, REFIID riid, void **object)
{
    struct host_control *control = impl_from_IHostControl(iface);

    if (!object)
        return E_POINTER;
    *object = NULL;
    if (!riid)
        return E_POINTER;
    if (guid_is_equal(riid, &IID_IHostMemoryManager))
        return manager_query_interface(control->manager, riid, object);
    if (!control->inner)
        return E_NOINTERFACE;
    reference_add(&control->references);
    return release_after(control,
                         control->inner->lpVtbl->GetHostManager(control->inner, riid, object));
}

static HRESULT WINAPI host_control_SetAppDomainManager(IHostControl *iface, DWORD domain,
                                                       IUnknown *manager)
{
    struct host_control *control = impl_from_IHostControl(iface);

    if (!control->inner)
        return S_OK;
    reference_add(&control->references);
    return release_after(
        control, control->inner->lpVtbl->SetAppDomainManager(control->inner, domain, manager));
}

static const IHostControlVtbl host_control_vtbl = {
    host_control_QueryInterface,
    host_control_AddRef,
    host_control_Release,
    host_control_GetHostManager,
    host_control_SetAppDomainManager,
};

/* ------------------------------------------------------------------------------------------------
 * Making
 * --------------------------------------------------------------------------------------------- */

HRESULT STDMETHODCALLTYPE HostMemCreateHostControl(IHostMemoryManager *pManager,
                                                   IHostControl *pInner, IHostControl **ppControl)
{
    struct manager *manager = manager_from_interface(pManager);
    struct reclaim_attempt attempt;
    struct host_control *control;
    uint32_t index;

    if (ppControl)
        *ppControl = NULL;
    if (!pManager || !ppControl)
        return E_POINTER;
    error_info_prepare();
    if (!manager)
        return error_info_set(BAD_CONTROL_MANAGER, (uintptr_t)pManager);
    attempt = reclaim_begin(&manager->heaps);
    do
        index = pool_take(&manager->controls);
    while (!index && reclaim_again(&attempt, ERROR_NOT_ENOUGH_MEMORY));
    if (!index)
        return E_OUTOFMEMORY;
    control = pool_item(&manager->controls, index);
    control->IHostControl_iface.lpVtbl = &host_control_vtbl;
    control->manager = manager;
    control->inner = pInner;
    control->index = index;
    atomic_store_explicit(&control->references, 1, memory_order_relaxed);
    manager_add_ref(manager);
    if (pInner)
        pInner->lpVtbl->AddRef(pInner);
    *ppControl = &control->IHostControl_iface;
    return S_OK;
}
