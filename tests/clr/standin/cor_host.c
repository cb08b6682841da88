/*
 * cor_host.c: ICorRuntimeHost: start, stop and the default domain.
 */
#include "runtime.h"

static HRESULT STDMETHODCALLTYPE cor_host_QueryInterface(ICorRuntimeHost *iface, REFIID iid,
                                                         void **object)
{
    if (!object)
        return E_POINTER;
    *object = NULL;
    if (!IsEqualGUID(iid, &IID_IUnknown) && !IsEqualGUID(iid, &IID_ICorRuntimeHost))
        return E_NOINTERFACE;
    *object = iface;
    return S_OK;
}

/* The object is static: references to it need no counting. */
static ULONG STDMETHODCALLTYPE cor_host_reference(ICorRuntimeHost *iface)
{
    (void)iface;
    return 1;
}

static HRESULT STDMETHODCALLTYPE cor_host_Start(ICorRuntimeHost *iface)
{
    (void)iface;
    return runtime_start();
}

static HRESULT STDMETHODCALLTYPE cor_host_Stop(ICorRuntimeHost *iface)
{
    (void)iface;
    return runtime_stop();
}

/* GetDefaultDomain and CurrentDomain: there is no other domain. */
static HRESULT STDMETHODCALLTYPE cor_host_get_domain(ICorRuntimeHost *iface, IUnknown **domain)
{
    (void)iface;
    return domain ? runtime_default_domain(domain) : E_POINTER;
}

/* ------------------------------------------------------------------------------------------------
 * What the stand-in lacks
 * --------------------------------------------------------------------------------------------- */

static HRESULT STDMETHODCALLTYPE cor_host_without(ICorRuntimeHost *iface)
{
    (void)iface;
    return E_NOTIMPL;
}

static HRESULT STDMETHODCALLTYPE cor_host_SwitchInLogicalThreadState(ICorRuntimeHost *iface,
                                                                     DWORD *cookie)
{
    (void)iface;
    if (cookie)
        *cookie = 0;
    return E_NOTIMPL;
}

static HRESULT STDMETHODCALLTYPE cor_host_SwitchOutLogicalThreadState(ICorRuntimeHost *iface,
                                                                      DWORD **cookie)
{
    (void)iface;
    (void)cookie;
    return E_NOTIMPL;
}

static HRESULT STDMETHODCALLTYPE cor_host_LocksHeldByLogicalThread(ICorRuntimeHost *iface,
                                                                   DWORD *count)
{
    (void)iface;
    if (count)
        *count = 0;
    return E_NOTIMPL;
}

static HRESULT STDMETHODCALLTYPE cor_host_MapFile(ICorRuntimeHost *iface, HANDLE file,
                                                  HMODULE *address)
{
    (void)iface;
    (void)file;
    (void)address;
    return E_NOTIMPL;
}

static HRESULT STDMETHODCALLTYPE cor_host_GetConfiguration(ICorRuntimeHost *iface,
                                                           ICorConfiguration **configuration)
{
    (void)iface;
    (void)configuration;
    return E_NOTIMPL;
}

static HRESULT STDMETHODCALLTYPE cor_host_CreateDomain(ICorRuntimeHost *iface, LPCWSTR name,
                                                       IUnknown *identities, IUnknown **domain)
{
    (void)iface;
    (void)name;
    (void)identities;
    (void)domain;
    return E_NOTIMPL;
}

static HRESULT STDMETHODCALLTYPE cor_host_EnumDomains(ICorRuntimeHost *iface, HDOMAINENUM *domains)
{
    (void)iface;
    (void)domains;
    return E_NOTIMPL;
}

static HRESULT STDMETHODCALLTYPE cor_host_NextDomain(ICorRuntimeHost *iface, HDOMAINENUM domains,
                                                     IUnknown **domain)
{
    (void)iface;
    (void)domains;
    (void)domain;
    return E_NOTIMPL;
}

static HRESULT STDMETHODCALLTYPE cor_host_CloseEnum(ICorRuntimeHost *iface, HDOMAINENUM domains)
{
    (void)iface;
    (void)domains;
    return E_NOTIMPL;
}

static HRESULT STDMETHODCALLTYPE cor_host_CreateDomainEx(ICorRuntimeHost *iface, LPCWSTR name,
                                                         IUnknown *setup, IUnknown *evidence,
                                                         IUnknown **domain)
{
    (void)iface;
    (void)name;
    (void)setup;
    (void)evidence;
    (void)domain;
    return E_NOTIMPL;
}

/* CreateDomainSetup and CreateEvidence. */
static HRESULT STDMETHODCALLTYPE cor_host_create(ICorRuntimeHost *iface, IUnknown **object)
{
    (void)iface;
    (void)object;
    return E_NOTIMPL;
}

static HRESULT STDMETHODCALLTYPE cor_host_UnloadDomain(ICorRuntimeHost *iface, IUnknown *domain)
{
    (void)iface;
    (void)domain;
    return E_NOTIMPL;
}

static const ICorRuntimeHostVtbl cor_host_vtbl = {
    .QueryInterface = cor_host_QueryInterface,
    .AddRef = cor_host_reference,
    .Release = cor_host_reference,
    .CreateLogicalThreadState = cor_host_without,
    .DeleteLogicalThreadState = cor_host_without,
    .SwitchInLogicalThreadState = cor_host_SwitchInLogicalThreadState,
    .SwitchOutLogicalThreadState = cor_host_SwitchOutLogicalThreadState,
    .LocksHeldByLogicalThread = cor_host_LocksHeldByLogicalThread,
    .MapFile = cor_host_MapFile,
    .GetConfiguration = cor_host_GetConfiguration,
    .Start = cor_host_Start,
    .Stop = cor_host_Stop,
    .CreateDomain = cor_host_CreateDomain,
    .GetDefaultDomain = cor_host_get_domain,
    .EnumDomains = cor_host_EnumDomains,
    .NextDomain = cor_host_NextDomain,
    .CloseEnum = cor_host_CloseEnum,
    .CreateDomainEx = cor_host_CreateDomainEx,
    .CreateDomainSetup = cor_host_create,
    .CreateEvidence = cor_host_create,
    .UnloadDomain = cor_host_UnloadDomain,
    .CurrentDomain = cor_host_get_domain,
};

static ICorRuntimeHost cor_host = {&cor_host_vtbl};

ICorRuntimeHost *runtime_cor_host(void)
{
    return &cor_host;
}
