/*
 * runtime_info.c: ICLRRuntimeInfo. The first version that is asked for an interface is loaded, and
 * the process has no other.
 */
#include "runtime_info.h"

#include "runtime.h"
#include "scenario.h"

#include <wchar.h>

#ifdef _WIN64
#define FRAMEWORK L"C:\\windows\\Microsoft.NET\\Framework64\\"
#else
#define FRAMEWORK L"C:\\windows\\Microsoft.NET\\Framework\\"
#endif

struct runtime_info {
    ICLRRuntimeInfo ICLRRuntimeInfo_iface;
    LPCWSTR version;
    LPCWSTR directory;
};

static const struct runtime_info *loaded; /* NULL: none yet */
static DWORD startup_flags;

static struct runtime_info *impl_from_ICLRRuntimeInfo(ICLRRuntimeInfo *iface)
{
    return CONTAINING_RECORD(iface, struct runtime_info, ICLRRuntimeInfo_iface);
}

HRESULT copy_text(LPCWSTR text, LPWSTR buffer, DWORD *length)
{
    const DWORD needed = (DWORD)wcslen(text) + 1;
    DWORD room;

    if (!length)
        return E_POINTER;
    room = *length;
    *length = needed;
    if (!buffer)
        return S_OK;
    if (room < needed)
        return HRESULT_FROM_WIN32(ERROR_INSUFFICIENT_BUFFER);
    wmemcpy(buffer, text, needed);
    return S_OK;
}

/* ------------------------------------------------------------------------------------------------
 * IUnknown
 * --------------------------------------------------------------------------------------------- */

static HRESULT STDMETHODCALLTYPE info_QueryInterface(ICLRRuntimeInfo *iface, REFIID iid,
                                                     void **object)
{
    if (!object)
        return E_POINTER;
    *object = NULL;
    if (!IsEqualGUID(iid, &IID_IUnknown) && !IsEqualGUID(iid, &IID_ICLRRuntimeInfo))
        return E_NOINTERFACE;
    *object = iface;
    return S_OK;
}

/* The objects are static: references to them need no counting. */
static ULONG STDMETHODCALLTYPE info_reference(ICLRRuntimeInfo *iface)
{
    (void)iface;
    return 1;
}

/* ------------------------------------------------------------------------------------------------
 * What it is
 * --------------------------------------------------------------------------------------------- */

static HRESULT STDMETHODCALLTYPE info_GetVersionString(ICLRRuntimeInfo *iface, LPWSTR version,
                                                       DWORD *length)
{
    return copy_text(impl_from_ICLRRuntimeInfo(iface)->version, version, length);
}

static HRESULT STDMETHODCALLTYPE info_GetRuntimeDirectory(ICLRRuntimeInfo *iface, LPWSTR directory,
                                                          DWORD *length)
{
    return copy_text(impl_from_ICLRRuntimeInfo(iface)->directory, directory, length);
}

static HRESULT STDMETHODCALLTYPE info_IsLoaded(ICLRRuntimeInfo *iface, HANDLE process, BOOL *result)
{
    (void)process; /* the stand-in knows only its own runtime */
    if (!result)
        return E_POINTER;
    *result = loaded == impl_from_ICLRRuntimeInfo(iface);
    return S_OK;
}

static BOOL can_be_loaded(const struct runtime_info *info)
{
    return !scenario_is(SCENARIO_UNLOADABLE) && (!loaded || loaded == info);
}

static HRESULT STDMETHODCALLTYPE info_IsLoadable(ICLRRuntimeInfo *iface, BOOL *result)
{
    if (!result)
        return E_POINTER;
    *result = can_be_loaded(impl_from_ICLRRuntimeInfo(iface));
    return S_OK;
}

/* ------------------------------------------------------------------------------------------------
 * Loading
 * --------------------------------------------------------------------------------------------- */

static HRESULT STDMETHODCALLTYPE info_GetInterface(ICLRRuntimeInfo *iface, REFCLSID clsid,
                                                   REFIID iid, void **object)
{
    const struct runtime_info *info = impl_from_ICLRRuntimeInfo(iface);

    if (!object)
        return E_POINTER;
    *object = NULL;
    if (!can_be_loaded(info))
        return loaded ? CLR_E_SHIM_LEGACYRUNTIMEALREADYBOUND : CLR_E_SHIM_RUNTIMELOAD;
    loaded = info;
    if (IsEqualGUID(clsid, &CLSID_CLRRuntimeHost)) {
        ICLRRuntimeHost *host = runtime_clr_host();

        return host->lpVtbl->QueryInterface(host, iid, object);
    }
    if (IsEqualGUID(clsid, &CLSID_CorRuntimeHost)) {
        ICorRuntimeHost *host = runtime_cor_host();

        return host->lpVtbl->QueryInterface(host, iid, object);
    }
    return CLASS_E_CLASSNOTAVAILABLE;
}

static HRESULT STDMETHODCALLTYPE info_SetDefaultStartupFlags(ICLRRuntimeInfo *iface, DWORD flags,
                                                             LPCWSTR configuration_file)
{
    (void)iface;
    (void)configuration_file;
    if (runtime_has_started())
        return HOST_E_INVALIDOPERATION;
    startup_flags = flags;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE info_GetDefaultStartupFlags(ICLRRuntimeInfo *iface, DWORD *flags,
                                                             LPWSTR configuration_file,
                                                             DWORD *length)
{
    (void)iface;
    if (!flags)
        return E_POINTER;
    *flags = startup_flags;
    return length ? copy_text(L"", configuration_file, length) : S_OK;
}

static HRESULT STDMETHODCALLTYPE info_IsStarted(ICLRRuntimeInfo *iface, BOOL *started, DWORD *flags)
{
    if (!started || !flags)
        return E_POINTER;
    *started = loaded == impl_from_ICLRRuntimeInfo(iface) && runtime_has_started();
    *flags = startup_flags;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE info_BindAsLegacyV2Runtime(ICLRRuntimeInfo *iface)
{
    (void)iface;
    return S_OK;
}

/* ------------------------------------------------------------------------------------------------
 * What the stand-in lacks
 * --------------------------------------------------------------------------------------------- */

static HRESULT STDMETHODCALLTYPE info_LoadErrorString(ICLRRuntimeInfo *iface, UINT resource,
                                                      LPWSTR text, DWORD *length, LONG locale)
{
    (void)iface;
    (void)resource;
    (void)locale;
    if (length && *length > 0 && text)
        text[0] = L'\0';
    if (length)
        *length = 0;
    return E_NOTIMPL;
}

static HRESULT STDMETHODCALLTYPE info_LoadLibrary(ICLRRuntimeInfo *iface, LPCWSTR name,
                                                  HMODULE *module)
{
    (void)iface;
    (void)name;
    (void)module;
    return E_NOTIMPL;
}

static HRESULT STDMETHODCALLTYPE info_GetProcAddress(ICLRRuntimeInfo *iface, LPCSTR function,
                                                     void **address)
{
    (void)iface;
    (void)function;
    (void)address;
    return E_NOTIMPL;
}

static const ICLRRuntimeInfoVtbl info_vtbl = {
    info_QueryInterface,
    info_reference,
    info_reference,
    info_GetVersionString,
    info_GetRuntimeDirectory,
    info_IsLoaded,
    info_LoadErrorString,
    info_LoadLibrary,
    info_GetProcAddress,
    info_GetInterface,
    info_IsLoadable,
    info_SetDefaultStartupFlags,
    info_GetDefaultStartupFlags,
    info_BindAsLegacyV2Runtime,
    info_IsStarted,
};

/* ------------------------------------------------------------------------------------------------
 * The runtimes
 * --------------------------------------------------------------------------------------------- */

static struct runtime_info infos_known[MOST_RUNTIMES] = {
    {{&info_vtbl}, L"v2.0.50727", FRAMEWORK L"v2.0.50727\\"},
    {{&info_vtbl}, L"v4.0.30319", FRAMEWORK L"v4.0.30319\\"},
};

static unsigned installed_count(void)
{
    if (scenario_is(SCENARIO_NONE))
        return 0;
    return scenario_is(SCENARIO_V2) ? 1 : MOST_RUNTIMES;
}

unsigned runtime_info_installed(IUnknown *infos[MOST_RUNTIMES])
{
    const unsigned count = installed_count();

    for (unsigned i = 0; i < count; i++)
        infos[i] = (IUnknown *)&infos_known[i].ICLRRuntimeInfo_iface;
    return count;
}

unsigned runtime_info_loaded(IUnknown *infos[MOST_RUNTIMES])
{
    if (!loaded)
        return 0;
    infos[0] = (IUnknown *)&loaded->ICLRRuntimeInfo_iface;
    return 1;
}

ICLRRuntimeInfo *runtime_info_of(LPCWSTR version)
{
    const unsigned count = installed_count();

    for (unsigned i = 0; i < count; i++)
        if (_wcsicmp(version, infos_known[i].version) == 0)
            return &infos_known[i].ICLRRuntimeInfo_iface;
    return NULL;
}
