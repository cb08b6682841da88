/*
 * clr_host.c: ICLRRuntimeHost.
 */
#include "runtime.h"

/* The number of the default domain. */
#define DEFAULT_DOMAIN 1

static HRESULT STDMETHODCALLTYPE clr_host_QueryInterface(ICLRRuntimeHost *iface, REFIID iid,
                                                         void **object)
{
    if (!object)
        return E_POINTER;
    *object = NULL;
    if (!IsEqualGUID(iid, &IID_IUnknown) && !IsEqualGUID(iid, &IID_ICLRRuntimeHost))
        return E_NOINTERFACE;
    *object = iface;
    return S_OK;
}

/* The object is static: references to it need no counting. */
static ULONG STDMETHODCALLTYPE clr_host_reference(ICLRRuntimeHost *iface)
{
    (void)iface;
    return 1;
}

static HRESULT STDMETHODCALLTYPE clr_host_Start(ICLRRuntimeHost *iface)
{
    (void)iface;
    return runtime_start();
}

static HRESULT STDMETHODCALLTYPE clr_host_Stop(ICLRRuntimeHost *iface)
{
    (void)iface;
    return runtime_stop();
}

static HRESULT STDMETHODCALLTYPE clr_host_SetHostControl(ICLRRuntimeHost *iface,
                                                         IHostControl *control)
{
    (void)iface;
    return runtime_set_host_control(control);
}

static HRESULT STDMETHODCALLTYPE clr_host_GetCLRControl(ICLRRuntimeHost *iface,
                                                        ICLRControl **control)
{
    (void)iface;
    if (!control)
        return E_POINTER;
    *control = NULL;
    return E_NOTIMPL;
}

static HRESULT STDMETHODCALLTYPE clr_host_UnloadAppDomain(ICLRRuntimeHost *iface, DWORD domain,
                                                          BOOL wait)
{
    (void)iface;
    (void)wait;
    return domain == DEFAULT_DOMAIN ? COR_E_CANNOTUNLOADAPPDOMAIN : COR_E_APPDOMAINUNLOADED;
}

static HRESULT STDMETHODCALLTYPE clr_host_ExecuteInAppDomain(ICLRRuntimeHost *iface, DWORD domain,
                                                             FExecuteInAppDomainCallback callback,
                                                             void *cookie)
{
    (void)iface;
    if (!callback)
        return E_POINTER;
    if (!runtime_is_running())
        return HOST_E_CLRNOTAVAILABLE;
    return domain == DEFAULT_DOMAIN ? callback(cookie) : COR_E_APPDOMAINUNLOADED;
}

static HRESULT STDMETHODCALLTYPE clr_host_GetCurrentAppDomainId(ICLRRuntimeHost *iface,
                                                                DWORD *domain)
{
    (void)iface;
    if (!domain)
        return E_POINTER;
    if (!runtime_is_running())
        return HOST_E_CLRNOTAVAILABLE;
    *domain = DEFAULT_DOMAIN;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE clr_host_ExecuteApplication(ICLRRuntimeHost *iface, LPCWSTR name,
                                                             DWORD manifests,
                                                             LPCWSTR *manifest_paths, DWORD count,
                                                             LPCWSTR *activation_data, int *result)
{
    (void)iface;
    (void)name;
    (void)manifests;
    (void)manifest_paths;
    (void)count;
    (void)activation_data;
    if (result)
        *result = 0;
    return E_NOTIMPL;
}

static HRESULT STDMETHODCALLTYPE clr_host_ExecuteInDefaultAppDomain(ICLRRuntimeHost *iface,
                                                                    LPCWSTR path, LPCWSTR type,
                                                                    LPCWSTR method,
                                                                    LPCWSTR argument, DWORD *result)
{
    (void)iface;
    return runtime_call_method(path, type, method, argument, result);
}

static const ICLRRuntimeHostVtbl clr_host_vtbl = {
    clr_host_QueryInterface,
    clr_host_reference,
    clr_host_reference,
    clr_host_Start,
    clr_host_Stop,
    clr_host_SetHostControl,
    clr_host_GetCLRControl,
    clr_host_UnloadAppDomain,
    clr_host_ExecuteInAppDomain,
    clr_host_GetCurrentAppDomainId,
    clr_host_ExecuteApplication,
    clr_host_ExecuteInDefaultAppDomain,
};

static ICLRRuntimeHost clr_host = {&clr_host_vtbl};

ICLRRuntimeHost *runtime_clr_host(void)
{
    return &clr_host;
}
