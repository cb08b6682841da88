/*
 * host_control.c: the IHostControl interface: hands out the memory manager; every other request
 * goes to the host's own IHostControl.
 */
#include "hosting/host_control.h"

#include "hosting/host_memory_manager.h"

static struct host_control *impl_from_IHostControl(IHostControl *iface)
{
    return CONTAINING_RECORD(iface, struct host_control, IHostControl_iface);
}

static ULONG WINAPI host_control_AddRef(IHostControl *iface)
{
    struct host_control *control = impl_from_IHostControl(iface);

    return atomic_fetch_add_explicit(&control->references, 1, memory_order_relaxed) + 1;
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

static ULONG WINAPI host_control_Release(IHostControl *iface)
{
    struct host_control *control = impl_from_IHostControl(iface);
    struct manager *manager = control->manager;
    uint32_t left = atomic_fetch_sub_explicit(&control->references, 1, memory_order_acq_rel) - 1;

    if (left == 0) {
        if (control->inner)
            control->inner->lpVtbl->Release(control->inner);
        control->IHostControl_iface.lpVtbl = NULL; /* a call after this faults */
        pool_give(&manager->controls, control->index);
        manager_release(manager);
    }
    return left;
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
    if (control->inner)
        return control->inner->lpVtbl->GetHostManager(control->inner, riid, object);
    return E_NOINTERFACE;
}

static HRESULT WINAPI host_control_SetAppDomainManager(IHostControl *iface, DWORD domain,
                                                       IUnknown *manager)
{
    struct host_control *control = impl_from_IHostControl(iface);

    if (!control->inner)
        return S_OK;
    return control->inner->lpVtbl->SetAppDomainManager(control->inner, domain, manager);
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
    struct host_control *control;
    uint32_t index;

    if (ppControl)
        *ppControl = NULL;
    if (!pManager || !ppControl)
        return E_POINTER;
    if (!manager)
        return E_INVALIDARG;
    index = pool_take(&manager->controls);
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
