/*
 * coreclr_hosting.h: the hosting interfaces of CoreCLR that MinGW-w64's <mscoree.h> lacks.
 *
 * The order of the methods is a binary contract. Source: the interface definition published with
 * CoreCLR (MSCOREE.IDL), of which this takes names, order and numbers. CoreCLR's ICLRRuntimeHost
 * has the methods of the .NET Framework's, in the same order; each later interface adds to the end.
 */
#ifndef HOSTMEM_RUN_CORECLR_HOSTING_H
#define HOSTMEM_RUN_CORECLR_HOSTING_H

#include <windows.h>

#include <unknwn.h>

#include <mscoree.h>

/* What SetStartupFlags takes: the few that hostmem-run uses. */
enum coreclr_startup_flag {
    CORECLR_STARTUP_CONCURRENT_GC = 0x1,
    CORECLR_STARTUP_LOADER_OPTIMIZATION_SINGLE_DOMAIN = 0x2,
    CORECLR_STARTUP_SINGLE_APPDOMAIN = 0x800000
};

/* What CreateAppDomainWithManager takes: likewise. */
enum coreclr_domain_flag {
    CORECLR_DOMAIN_ENABLE_PINVOKE_AND_CLASSIC_COMINTEROP = 0x10,
    CORECLR_DOMAIN_ENABLE_PLATFORM_SPECIFIC_APPS = 0x40,
    CORECLR_DOMAIN_DISABLE_TRANSPARENCY_ENFORCEMENT = 0x100
};

DEFINE_GUID(IID_ICLRRuntimeHost2, 0x712ab73f, 0x2c22, 0x4807, 0xad, 0x7e, 0xf5, 0x01, 0xd7, 0xb7,
            0x2c, 0x2d);
DEFINE_GUID(IID_ICLRRuntimeHost4, 0x64f6d366, 0xd7c2, 0x4f1f, 0xb4, 0xb2, 0xe8, 0x16, 0x0c, 0xac,
            0x43, 0xaf);

/* ICLRRuntimeHost4 begins with ICLRRuntimeHost2: the same, but for its last method. */
#undef INTERFACE
#define INTERFACE ICLRRuntimeHost4
DECLARE_INTERFACE_(ICLRRuntimeHost4, IUnknown)
{
    STDMETHOD(QueryInterface)(THIS_ REFIID riid, void **ppvObject) PURE;
    STDMETHOD_(ULONG, AddRef)(THIS) PURE;
    STDMETHOD_(ULONG, Release)(THIS) PURE;

    /* ICLRRuntimeHost */
    STDMETHOD(Start)(THIS) PURE;
    STDMETHOD(Stop)(THIS) PURE;
    STDMETHOD(SetHostControl)(THIS_ IHostControl * control) PURE;
    STDMETHOD(GetCLRControl)(THIS_ ICLRControl * *control) PURE;
    STDMETHOD(UnloadAppDomain)(THIS_ DWORD domain, BOOL wait) PURE;
    STDMETHOD(ExecuteInAppDomain)
    (THIS_ DWORD domain, FExecuteInAppDomainCallback callback, void *context) PURE;
    STDMETHOD(GetCurrentAppDomainId)(THIS_ DWORD * domain) PURE;
    STDMETHOD(ExecuteApplication)
    (THIS_ LPCWSTR name, DWORD manifest_count, LPCWSTR *manifests, DWORD data_count, LPCWSTR *data,
     int *result) PURE;
    STDMETHOD(ExecuteInDefaultAppDomain)
    (THIS_ LPCWSTR assembly, LPCWSTR type, LPCWSTR method, LPCWSTR argument, DWORD *result) PURE;

    /* ICLRRuntimeHost2 */
    STDMETHOD(CreateAppDomainWithManager)
    (THIS_ LPCWSTR name, DWORD flags, LPCWSTR manager_assembly, LPCWSTR manager_type,
     int property_count, LPCWSTR *property_names, LPCWSTR *property_values, DWORD *domain) PURE;
    STDMETHOD(CreateDelegate)
    (THIS_ DWORD domain, LPCWSTR assembly, LPCWSTR type, LPCWSTR method, INT_PTR *function) PURE;
    STDMETHOD(Authenticate)(THIS_ ULONGLONG key) PURE;
    STDMETHOD(RegisterMacEHPort)(THIS) PURE;
    STDMETHOD(SetStartupFlags)(THIS_ DWORD flags) PURE;
    STDMETHOD(DllGetActivationFactory)(THIS_ DWORD domain, LPCWSTR type, IUnknown **factory) PURE;
    STDMETHOD(ExecuteAssembly)
    (THIS_ DWORD domain, LPCWSTR path, int argument_count, LPCWSTR *arguments, DWORD *result) PURE;

    /* ICLRRuntimeHost4 */
    STDMETHOD(UnloadAppDomain2)(THIS_ DWORD domain, BOOL wait, int *exit_code) PURE;
};

typedef HRESULT(STDAPICALLTYPE *get_clr_runtime_host_function)(REFIID riid, IUnknown **host);

#endif
