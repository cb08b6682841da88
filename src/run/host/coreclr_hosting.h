/*
 * coreclr_hosting.h: the hosting interfaces of CoreCLR that MinGW-w64's <mscoree.h> lacks.
 *
 * The order of the methods is a binary contract. Source: the interface definition published with
 * CoreCLR (MSCOREE.IDL), of which this takes names, order and numbers. CoreCLR's ICLRRuntimeHost
 * has the methods of the .NET Framework's, in the same order; each later interface adds to the end.
 */
#ifndef HOSTMEM_RUN_HOST_CORECLR_HOSTING_H
#define HOSTMEM_RUN_HOST_CORECLR_HOSTING_H

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
typedef struct ICLRRuntimeHost4 ICLRRuntimeHost4;

typedef struct ICLRRuntimeHost4Vtbl {
    /* IUnknown */
    HRESULT(STDMETHODCALLTYPE *QueryInterface)
    (ICLRRuntimeHost4 *This, REFIID riid, void **object);
    ULONG(STDMETHODCALLTYPE *AddRef)
    (ICLRRuntimeHost4 *This);
    ULONG(STDMETHODCALLTYPE *Release)
    (ICLRRuntimeHost4 *This);

    /* ICLRRuntimeHost */
    HRESULT(STDMETHODCALLTYPE *Start)
    (ICLRRuntimeHost4 *This);
    HRESULT(STDMETHODCALLTYPE *Stop)
    (ICLRRuntimeHost4 *This);
    HRESULT(STDMETHODCALLTYPE *SetHostControl)
    (ICLRRuntimeHost4 *This, IHostControl *control);
    HRESULT(STDMETHODCALLTYPE *GetCLRControl)
    (ICLRRuntimeHost4 *This, ICLRControl **control);
    HRESULT(STDMETHODCALLTYPE *UnloadAppDomain)
    (ICLRRuntimeHost4 *This, DWORD domain, BOOL wait);
    HRESULT(STDMETHODCALLTYPE *ExecuteInAppDomain)
    (ICLRRuntimeHost4 *This, DWORD domain, FExecuteInAppDomainCallback callback, void *context);
    HRESULT(STDMETHODCALLTYPE *GetCurrentAppDomainId)
    (ICLRRuntimeHost4 *This, DWORD *domain);
    HRESULT(STDMETHODCALLTYPE *ExecuteApplication)
    (ICLRRuntimeHost4 *This, LPCWSTR name, DWORD manifest_count, LPCWSTR *manifests,
     DWORD data_count, LPCWSTR *data, int *result);
    HRESULT(STDMETHODCALLTYPE *ExecuteInDefaultAppDomain)
    (ICLRRuntimeHost4 *This, LPCWSTR assembly, LPCWSTR type, LPCWSTR method, LPCWSTR argument,
     DWORD *result);

    /* ICLRRuntimeHost2 */
    HRESULT(STDMETHODCALLTYPE *CreateAppDomainWithManager)
    (ICLRRuntimeHost4 *This, LPCWSTR name, DWORD flags, LPCWSTR manager_assembly,
     LPCWSTR manager_type, int property_count, LPCWSTR *names, LPCWSTR *values, DWORD *domain);
    HRESULT(STDMETHODCALLTYPE *CreateDelegate)
    (ICLRRuntimeHost4 *This, DWORD domain, LPCWSTR assembly, LPCWSTR type, LPCWSTR method,
     INT_PTR *function);
    HRESULT(STDMETHODCALLTYPE *Authenticate)
    (ICLRRuntimeHost4 *This, ULONGLONG key);
    HRESULT(STDMETHODCALLTYPE *RegisterMacEHPort)
    (ICLRRuntimeHost4 *This);
    HRESULT(STDMETHODCALLTYPE *SetStartupFlags)
    (ICLRRuntimeHost4 *This, DWORD flags);
    HRESULT(STDMETHODCALLTYPE *DllGetActivationFactory)
    (ICLRRuntimeHost4 *This, DWORD domain, LPCWSTR type, IUnknown **factory);
    HRESULT(STDMETHODCALLTYPE *ExecuteAssembly)
    (ICLRRuntimeHost4 *This, DWORD domain, LPCWSTR path, int argument_count, LPCWSTR *arguments,
     DWORD *result);

    /* ICLRRuntimeHost4 */
    HRESULT(STDMETHODCALLTYPE *UnloadAppDomain2)
    (ICLRRuntimeHost4 *This, DWORD domain, BOOL wait, int *exit_code);
} ICLRRuntimeHost4Vtbl;

struct ICLRRuntimeHost4 {
    const ICLRRuntimeHost4Vtbl *lpVtbl;
};

typedef HRESULT(STDAPICALLTYPE *get_clr_runtime_host_function)(REFIID riid, IUnknown **host);

#endif
