/*
 * standin_use.c: loading the stand-in, and what tests of it have in common.
 */
#include <initguid.h>

#include "standin_use.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <oleauto.h>

/* ------------------------------------------------------------------------------------------------
 * The control that notes down
 * --------------------------------------------------------------------------------------------- */

static struct recorder *impl_from_IHostControl(IHostControl *iface)
{
    return CONTAINING_RECORD(iface, struct recorder, IHostControl_iface);
}

static HRESULT STDMETHODCALLTYPE recorder_QueryInterface(IHostControl *iface, REFIID iid,
                                                         void **object)
{
    (void)iface;
    (void)iid;
    *object = NULL;
    return E_NOINTERFACE;
}

static ULONG STDMETHODCALLTYPE recorder_AddRef(IHostControl *iface)
{
    return (ULONG)InterlockedIncrement(&impl_from_IHostControl(iface)->add_refs);
}

static ULONG STDMETHODCALLTYPE recorder_Release(IHostControl *iface)
{
    return (ULONG)InterlockedIncrement(&impl_from_IHostControl(iface)->releases);
}

static HRESULT STDMETHODCALLTYPE recorder_GetHostManager(IHostControl *iface, REFIID iid,
                                                         void **object)
{
    struct recorder *recorder = impl_from_IHostControl(iface);
    HRESULT hr;

    if (recorder->asked < MOST_ASKED)
        recorder->iids[recorder->asked] = *iid;
    recorder->asked++;
    hr = IHostControl_GetHostManager(recorder->control, iid, object);
    return hr == S_OK ? recorder->answer : hr;
}

static HRESULT STDMETHODCALLTYPE recorder_SetAppDomainManager(IHostControl *iface, DWORD domain,
                                                              IUnknown *manager)
{
    return IHostControl_SetAppDomainManager(impl_from_IHostControl(iface)->control, domain,
                                            manager);
}

static const IHostControlVtbl recorder_vtbl = {
    recorder_QueryInterface,      recorder_AddRef, recorder_Release, recorder_GetHostManager,
    recorder_SetAppDomainManager,
};

/* ------------------------------------------------------------------------------------------------
 * Files
 * --------------------------------------------------------------------------------------------- */

static void own_path(wchar_t path[MAX_PATH])
{
    const DWORD length = GetModuleFileNameW(NULL, path, MAX_PATH);

    assert_between(length, 1, MAX_PATH - 1);
}

const wchar_t *program_path(void)
{
    static wchar_t path[MAX_PATH];

    own_path(path);
    return path;
}

const wchar_t *missing_path(void)
{
    static wchar_t path[MAX_PATH + 16];

    swprintf(path, COUNT_OF(path), L"%ls.missing", program_path());
    return path;
}

void temporary_file(wchar_t path[MAX_PATH])
{
    wchar_t directory[MAX_PATH];

    assert_between(GetTempPathW(MAX_PATH, directory), 1, MAX_PATH - 1);
    assert_true(GetTempFileNameW(directory, L"sin", 0, path) != 0);
}

char *file_text(const wchar_t *path)
{
    FILE *file = _wfopen(path, L"rb");
    size_t size = 0, room = 65536;
    char *text = malloc(room);

    assert_non_null(file);
    assert_non_null(text);
    size = fread(text, 1, room - 1, file);
    assert_true(size < room - 1);
    text[size] = '\0';
    fclose(file);
    return text;
}

void capture_begin(struct capture *capture, DWORD which)
{
    temporary_file(capture->path);
    capture->which = which;
    capture->before = GetStdHandle(which);
    capture->file = CreateFileW(capture->path, GENERIC_WRITE, FILE_SHARE_READ, NULL, CREATE_ALWAYS,
                                FILE_ATTRIBUTE_NORMAL, NULL);
    assert_true(capture->file != INVALID_HANDLE_VALUE);
    assert_true(SetStdHandle(which, capture->file));
}

char *capture_end(struct capture *capture)
{
    char *text;

    assert_true(SetStdHandle(capture->which, capture->before));
    CloseHandle(capture->file);
    text = file_text(capture->path);
    DeleteFileW(capture->path);
    return text;
}

/* ------------------------------------------------------------------------------------------------
 * The stand-in
 * --------------------------------------------------------------------------------------------- */

/* Anew: a test that failed may have left it loaded. */
static HMODULE load_dll(void)
{
    wchar_t path[MAX_PATH + 32];
    wchar_t *name;
    HMODULE left;

    own_path(path);
    name = wcsrchr(path, L'\\');
    assert_non_null(name);
    wcscpy(name, L"\\standin\\mscoree.dll");
    for (left = GetModuleHandleW(path); left; left = GetModuleHandleW(path))
        FreeLibrary(left);
    return LoadLibraryW(path);
}

void standin_load(struct standin *standin, const wchar_t *scenario, const HOSTMEM_LIMITS *limits)
{
    const HOSTMEM_OPTIONS options = {.cbSize = sizeof(options), .pLimits = limits};

    memset(standin, 0, sizeof(*standin));
    temporary_file(standin->trace);
    SetEnvironmentVariableW(L"STANDIN_TRACE", standin->trace);
    SetEnvironmentVariableW(L"STANDIN_CLR", scenario);

    standin->subject = subject_make(&options);
    standin->recorder.IHostControl_iface.lpVtbl = &recorder_vtbl;
    standin->recorder.answer = S_OK;
    assert_hresult(
        HostMemCreateHostControl(standin->subject.manager, NULL, &standin->recorder.control), S_OK);

    standin->module = load_dll();
    assert_non_null(standin->module);
    standin->create = (clr_create_instance_function)(void (*)(void))GetProcAddress(
        standin->module, "CLRCreateInstance");
    assert_non_null(standin->create);
    assert_hresult(standin->create(&CLSID_CLRMetaHost, &IID_ICLRMetaHost, (void **)&standin->meta),
                   S_OK);
}

void standin_bind(struct standin *standin, const wchar_t *scenario, const HOSTMEM_LIMITS *limits)
{
    standin_load(standin, scenario, limits);
    assert_hresult(standin->meta->lpVtbl->GetRuntime(standin->meta, L"v4.0.30319",
                                                     &IID_ICLRRuntimeInfo, (void **)&standin->info),
                   S_OK);
    assert_hresult(standin->info->lpVtbl->GetInterface(standin->info, &CLSID_CLRRuntimeHost,
                                                       &IID_ICLRRuntimeHost,
                                                       (void **)&standin->host),
                   S_OK);
    assert_hresult(standin->info->lpVtbl->GetInterface(standin->info, &CLSID_CorRuntimeHost,
                                                       &IID_ICorRuntimeHost,
                                                       (void **)&standin->cor),
                   S_OK);
}

void standin_start(struct standin *standin, const wchar_t *scenario, const HOSTMEM_LIMITS *limits)
{
    standin_bind(standin, scenario, limits);
    assert_hresult(
        ICLRRuntimeHost_SetHostControl(standin->host, &standin->recorder.IHostControl_iface), S_OK);
    assert_hresult(ICLRRuntimeHost_Start(standin->host), S_OK);
}

void standin_unload(struct standin *standin)
{
    assert_true(FreeLibrary(standin->module));
    standin->module = NULL;
}

void standin_end(struct standin *standin)
{
    if (standin->module)
        standin_unload(standin);
    IHostControl_Release(standin->recorder.control);
    subject_end(&standin->subject);
    DeleteFileW(standin->trace);
}

static SAFEARRAY *make_arguments(const wchar_t *const *arguments, unsigned count)
{
    SAFEARRAY *array = SafeArrayCreateVector(VT_BSTR, 0, count);

    assert_non_null(array);
    for (unsigned i = 0; i < count; i++) {
        LONG at = (LONG)i;
        BSTR text = SysAllocString(arguments[i]);

        assert_hresult(SafeArrayPutElement(array, &at, text), S_OK);
        SysFreeString(text);
    }
    return array;
}

HRESULT standin_execute(const struct standin *standin, const wchar_t *path,
                        const wchar_t *const *arguments, unsigned count, LONG *exit_code)
{
    SAFEARRAY *array = make_arguments(arguments, count);
    BSTR file = SysAllocString(path);
    IUnknown *unknown = NULL;
    clr_app_domain *domain = NULL;
    HRESULT hr;

    assert_hresult(ICorRuntimeHost_GetDefaultDomain(standin->cor, &unknown), S_OK);
    assert_hresult(IUnknown_QueryInterface(unknown, &IID__AppDomain, (void **)&domain), S_OK);
    hr = domain->lpVtbl->ExecuteAssembly_3(domain, file, NULL, array, exit_code);
    domain->lpVtbl->Release(domain);
    IUnknown_Release(unknown);
    SysFreeString(file);
    SafeArrayDestroy(array);
    return hr;
}
