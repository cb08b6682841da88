/*
 * meta_host.c: ICLRMetaHost, and what mscoree.dll exports to get it.
 */
#include "assembly.h"
#include "enum_unknown.h"
#include "runtime.h"
#include "scenario.h"

static HRESULT STDMETHODCALLTYPE meta_host_QueryInterface(ICLRMetaHost *iface, REFIID iid,
                                                          void **object)
{
    if (!object)
        return E_POINTER;
    *object = NULL;
    if (!IsEqualGUID(iid, &IID_IUnknown) && !IsEqualGUID(iid, &IID_ICLRMetaHost))
        return E_NOINTERFACE;
    *object = iface;
    return S_OK;
}

/* The object is static: references to it need no counting. */
static ULONG STDMETHODCALLTYPE meta_host_reference(ICLRMetaHost *iface)
{
    (void)iface;
    return 1;
}

/* ------------------------------------------------------------------------------------------------
 * Runtimes
 * --------------------------------------------------------------------------------------------- */

static HRESULT STDMETHODCALLTYPE meta_host_GetRuntime(ICLRMetaHost *iface, LPCWSTR version,
                                                      REFIID iid, void **runtime)
{
    ICLRRuntimeInfo *info;

    (void)iface;
    if (!version || !runtime)
        return E_POINTER;
    *runtime = NULL;
    info = runtime_info_of(version);
    return info ? info->lpVtbl->QueryInterface(info, iid, runtime) : CLR_E_SHIM_RUNTIMELOAD;
}

static HRESULT STDMETHODCALLTYPE meta_host_GetVersionFromFile(ICLRMetaHost *iface, LPCWSTR path,
                                                              LPWSTR version, DWORD *length)
{
    wchar_t text[64];
    HRESULT hr;

    (void)iface;
    if (!path || !length)
        return E_POINTER;
    hr = assembly_version(path, text, ARRAYSIZE(text));
    return hr == S_OK ? copy_text(text, version, length) : hr;
}

static HRESULT STDMETHODCALLTYPE meta_host_EnumerateInstalledRuntimes(ICLRMetaHost *iface,
                                                                      IEnumUnknown **runtimes)
{
    IUnknown *infos[MOST_RUNTIMES];

    (void)iface;
    return runtimes ? enum_unknown_make(infos, runtime_info_installed(infos), runtimes) : E_POINTER;
}

static HRESULT STDMETHODCALLTYPE meta_host_EnumerateLoadedRuntimes(ICLRMetaHost *iface,
                                                                   HANDLE process,
                                                                   IEnumUnknown **runtimes)
{
    IUnknown *infos[MOST_RUNTIMES];

    (void)iface;
    (void)process; /* the stand-in knows only its own runtime */
    return runtimes ? enum_unknown_make(infos, runtime_info_loaded(infos), runtimes) : E_POINTER;
}

static HRESULT STDMETHODCALLTYPE meta_host_RequestRuntimeLoadedNotification(ICLRMetaHost *iface,
                                                                            void *callback)
{
    (void)iface;
    (void)callback;
    return E_NOTIMPL;
}

/* S_FALSE: no runtime is bound so. */
static HRESULT STDMETHODCALLTYPE meta_host_QueryLegacyV2RuntimeBinding(ICLRMetaHost *iface,
                                                                       REFIID iid, void **runtime)
{
    (void)iface;
    (void)iid;
    if (!runtime)
        return E_POINTER;
    *runtime = NULL;
    return S_FALSE;
}

static HRESULT STDMETHODCALLTYPE meta_host_ExitProcess(ICLRMetaHost *iface, INT32 exit_code)
{
    (void)iface;
    runtime_exit_process((UINT)exit_code);
    return E_FAIL; /* never reached */
}

static const ICLRMetaHostVtbl meta_host_vtbl = {
    meta_host_QueryInterface,
    meta_host_reference,
    meta_host_reference,
    meta_host_GetRuntime,
    meta_host_GetVersionFromFile,
    meta_host_EnumerateInstalledRuntimes,
    meta_host_EnumerateLoadedRuntimes,
    meta_host_RequestRuntimeLoadedNotification,
    meta_host_QueryLegacyV2RuntimeBinding,
    meta_host_ExitProcess,
};

static ICLRMetaHost meta_host = {&meta_host_vtbl};

/* ------------------------------------------------------------------------------------------------
 * The DLL
 * --------------------------------------------------------------------------------------------- */

__declspec(dllexport) HRESULT STDAPICALLTYPE
    CLRCreateInstance(REFCLSID clsid, REFIID riid, void **object);
BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, void *reserved);

HRESULT STDAPICALLTYPE CLRCreateInstance(REFCLSID clsid, REFIID riid, void **object)
{
    if (!object)
        return E_POINTER;
    *object = NULL;
    scenario_read();
    if (!IsEqualGUID(clsid, &CLSID_CLRMetaHost))
        return CLASS_E_CLASSNOTAVAILABLE;
    return meta_host.lpVtbl->QueryInterface(&meta_host, riid, object);
}

/* A CLR stays until its process ends. That this one can be unloaded lets a test begin anew. */
BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, void *reserved)
{
    (void)reserved;
    if (reason == DLL_PROCESS_ATTACH)
        DisableThreadLibraryCalls(instance);
    else if (reason == DLL_PROCESS_DETACH)
        runtime_detach();
    return TRUE;
}
