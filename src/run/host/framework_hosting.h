/*
 * framework_hosting.h: the hosting interfaces of .NET Framework that MinGW-w64's <mscoree.h> lacks.
 *
 * The order of the methods is a binary contract. Source: the .NET Framework hosting reference
 * ("CLR Hosting Interfaces Added in the .NET Framework 4 and 4.5"), and for _AppDomain the class
 * library's reference, whose methods stand in a COM interface in the order of their declaration.
 * A source file that defines the IIDs includes <initguid.h> first.
 */
#ifndef HOSTMEM_RUN_HOST_FRAMEWORK_HOSTING_H
#define HOSTMEM_RUN_HOST_FRAMEWORK_HOSTING_H

#include <windows.h>

#include <unknwn.h>

#include <mscoree.h>

#include <oaidl.h>

DEFINE_GUID(CLSID_CLRMetaHost, 0x9280188d, 0x0e8e, 0x4867, 0xb3, 0x0c, 0x7f, 0xa8, 0x38, 0x84, 0xe8,
            0xde);
DEFINE_GUID(IID_ICLRMetaHost, 0xd332db9e, 0xb9b3, 0x4125, 0x82, 0x07, 0xa1, 0x48, 0x84, 0xf5, 0x32,
            0x16);
DEFINE_GUID(IID_ICLRRuntimeInfo, 0xbd39d1d2, 0xba2f, 0x486a, 0x89, 0xb0, 0xb4, 0xb0, 0xcb, 0x46,
            0x68, 0x91);
DEFINE_GUID(IID__AppDomain, 0x05f696dc, 0x2b29, 0x3663, 0xad, 0x8b, 0xc4, 0x38, 0x9c, 0xf2, 0xa7,
            0x13);

/* What CLRCreateInstance, which mscoree.dll exports, looks like. */
typedef HRESULT(STDAPICALLTYPE *clr_create_instance_function)(REFCLSID clsid, REFIID riid,
                                                              void **object);

/* ------------------------------------------------------------------------------------------------
 * Which runtimes there are
 * --------------------------------------------------------------------------------------------- */

typedef struct ICLRMetaHost ICLRMetaHost;
typedef struct ICLRRuntimeInfo ICLRRuntimeInfo;

typedef struct ICLRMetaHostVtbl {
    /* IUnknown */
    HRESULT(STDMETHODCALLTYPE *QueryInterface)(ICLRMetaHost *This, REFIID riid, void **object);
    ULONG(STDMETHODCALLTYPE *AddRef)(ICLRMetaHost *This);
    ULONG(STDMETHODCALLTYPE *Release)(ICLRMetaHost *This);

    /* ICLRMetaHost */
    HRESULT(STDMETHODCALLTYPE *GetRuntime)
    (ICLRMetaHost *This, LPCWSTR version, REFIID riid, void **runtime);
    HRESULT(STDMETHODCALLTYPE *GetVersionFromFile)
    (ICLRMetaHost *This, LPCWSTR path, LPWSTR version, DWORD *length);
    HRESULT(STDMETHODCALLTYPE *EnumerateInstalledRuntimes)
    (ICLRMetaHost *This, IEnumUnknown **runtimes);
    HRESULT(STDMETHODCALLTYPE *EnumerateLoadedRuntimes)
    (ICLRMetaHost *This, HANDLE process, IEnumUnknown **runtimes);
    HRESULT(STDMETHODCALLTYPE *RequestRuntimeLoadedNotification)
    (ICLRMetaHost *This, void *callback);
    HRESULT(STDMETHODCALLTYPE *QueryLegacyV2RuntimeBinding)
    (ICLRMetaHost *This, REFIID riid, void **runtime);
    HRESULT(STDMETHODCALLTYPE *ExitProcess)(ICLRMetaHost *This, INT32 exit_code);
} ICLRMetaHostVtbl;

struct ICLRMetaHost {
    const ICLRMetaHostVtbl *lpVtbl;
};

/* Lengths are in characters, the terminating null included. */
typedef struct ICLRRuntimeInfoVtbl {
    /* IUnknown */
    HRESULT(STDMETHODCALLTYPE *QueryInterface)(ICLRRuntimeInfo *This, REFIID riid, void **object);
    ULONG(STDMETHODCALLTYPE *AddRef)(ICLRRuntimeInfo *This);
    ULONG(STDMETHODCALLTYPE *Release)(ICLRRuntimeInfo *This);

    /* ICLRRuntimeInfo */
    HRESULT(STDMETHODCALLTYPE *GetVersionString)
    (ICLRRuntimeInfo *This, LPWSTR version, DWORD *length);
    HRESULT(STDMETHODCALLTYPE *GetRuntimeDirectory)
    (ICLRRuntimeInfo *This, LPWSTR directory, DWORD *length);
    HRESULT(STDMETHODCALLTYPE *IsLoaded)(ICLRRuntimeInfo *This, HANDLE process, BOOL *loaded);
    HRESULT(STDMETHODCALLTYPE *LoadErrorString)
    (ICLRRuntimeInfo *This, UINT resource, LPWSTR text, DWORD *length, LONG locale);
    HRESULT(STDMETHODCALLTYPE *LoadLibrary)(ICLRRuntimeInfo *This, LPCWSTR name, HMODULE *module);
    HRESULT(STDMETHODCALLTYPE *GetProcAddress)
    (ICLRRuntimeInfo *This, LPCSTR function, void **address);
    HRESULT(STDMETHODCALLTYPE *GetInterface)
    (ICLRRuntimeInfo *This, REFCLSID clsid, REFIID riid, void **object);
    HRESULT(STDMETHODCALLTYPE *IsLoadable)(ICLRRuntimeInfo *This, BOOL *loadable);
    HRESULT(STDMETHODCALLTYPE *SetDefaultStartupFlags)
    (ICLRRuntimeInfo *This, DWORD flags, LPCWSTR configuration_file);
    HRESULT(STDMETHODCALLTYPE *GetDefaultStartupFlags)
    (ICLRRuntimeInfo *This, DWORD *flags, LPWSTR configuration_file, DWORD *length);
    HRESULT(STDMETHODCALLTYPE *BindAsLegacyV2Runtime)(ICLRRuntimeInfo *This);
    HRESULT(STDMETHODCALLTYPE *IsStarted)(ICLRRuntimeInfo *This, BOOL *started, DWORD *flags);
} ICLRRuntimeInfoVtbl;

struct ICLRRuntimeInfo {
    const ICLRRuntimeInfoVtbl *lpVtbl;
};

/* ------------------------------------------------------------------------------------------------
 * The default domain
 * --------------------------------------------------------------------------------------------- */

typedef struct clr_app_domain clr_app_domain; /* the class library's _AppDomain */

/*
 * Between IUnknown's methods and the one that hostmem-run calls there are 49 that it does not:
 * GetTypeInfoCount to Invoke, ToString to get_Evidence, the seven events, DefineDynamicAssembly
 * (9), CreateInstance and CreateInstanceFrom (6), Load (7), ExecuteAssembly and ExecuteAssembly_2.
 */
typedef struct clr_app_domain_vtbl {
    HRESULT(STDMETHODCALLTYPE *QueryInterface)(clr_app_domain *This, REFIID riid, void **object);
    ULONG(STDMETHODCALLTYPE *AddRef)(clr_app_domain *This);
    ULONG(STDMETHODCALLTYPE *Release)(clr_app_domain *This);

    void (*unused[49])(void);

    /*
     * Runs the entry point of the assembly in that file. evidence may be NULL; arguments is a
     * vector of BSTR. An exception that the program does not handle comes back as its HRESULT,
     * with its message in the thread's error information.
     */
    HRESULT(STDMETHODCALLTYPE *ExecuteAssembly_3)
    (clr_app_domain *This, BSTR file, IUnknown *evidence, SAFEARRAY *arguments, LONG *exit_code);
} clr_app_domain_vtbl;

struct clr_app_domain {
    const clr_app_domain_vtbl *lpVtbl;
};

#endif
