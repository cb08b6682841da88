/*
 * framework_find.c: asks mscoree.dll.
 */
#define COBJMACROS
#include "run/host/framework/framework_find.h"

#include "base/architecture.h"
#include "base/exit_code.h"
#include "base/startup_alloc.h"
#include "base/wide.h"

#include <string.h>

static HMODULE mscoree; /* NULL: there is none */
static ICLRMetaHost *meta_host;

/* ------------------------------------------------------------------------------------------------
 * What is installed
 * --------------------------------------------------------------------------------------------- */

typedef HRESULT(STDMETHODCALLTYPE *text_method)(ICLRRuntimeInfo *, LPWSTR, DWORD *);

/* The text that a method returns: a first call gets its length, a second the text; NULL: none. */
static wchar_t *text_of(ICLRRuntimeInfo *info, text_method method)
{
    DWORD length = 0;
    wchar_t *text;

    method(info, NULL, &length);
    text = startup_alloc(((size_t)length + 1) * sizeof(wchar_t));
    return length && SUCCEEDED(method(info, text, &length)) ? text : NULL;
}

static wchar_t *version_of(ICLRRuntimeInfo *info)
{
    return text_of(info, info->lpVtbl->GetVersionString);
}

/* The versions installed, for a message, or "none is". */
static const wchar_t *list_installed(void)
{
    IEnumUnknown *runtimes = NULL;
    const wchar_t *list = NULL;
    IUnknown *unknown;

    if (!meta_host || FAILED(meta_host->lpVtbl->EnumerateInstalledRuntimes(meta_host, &runtimes)) ||
        !runtimes)
        return L"none is";
    while (IEnumUnknown_Next(runtimes, 1, &unknown, NULL) == S_OK) {
        const wchar_t *version = version_of((ICLRRuntimeInfo *)unknown);

        if (version)
            list = wide_concatenate(list ? list : L"", list ? L", " : L"", version);
        IUnknown_Release(unknown);
    }
    IEnumUnknown_Release(runtimes);
    return list ? list : L"none is";
}

/* Wine's own libraries carry a mark behind their DOS header. */
static bool is_wine_own(void)
{
    static const char mark[] = "Wine builtin DLL";

    return mscoree && !memcmp((const char *)mscoree + sizeof(IMAGE_DOS_HEADER), mark, sizeof(mark));
}

/* This is Wine, and no .NET Framework has been installed into it. */
static bool is_bare_wine(void)
{
    return is_wine_own() ||
           (!mscoree && GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version"));
}

static int not_installed(const struct launch *launch, const wchar_t *version)
{
    return fail(
        EXIT_CODE_NO_RUNTIME,
        "%s is for .NET Framework %s, which is not installed (%s)%s; --clr VERSION chooses "
        "another one, --runtime DIR a CoreCLR.",
        launch->program.path_utf8, utf8_from_wide(version), utf8_from_wide(list_installed()),
        is_bare_wine() ? ", for this is Wine, which has none of its own, and whose Mono asks no "
                         "host for memory"
                       : "");
}

/* ------------------------------------------------------------------------------------------------
 * The version for the program
 * --------------------------------------------------------------------------------------------- */

/*
 * mscoree.dll is a system library. As usual, one in the directory of the process's executable comes
 * first. No other directory is searched: a library found there would be somebody else's.
 */
static bool open_meta_host(void)
{
    clr_create_instance_function create = NULL;

    mscoree = LoadLibraryExW(L"mscoree.dll", NULL,
                             LOAD_LIBRARY_SEARCH_APPLICATION_DIR | LOAD_LIBRARY_SEARCH_SYSTEM32);
    if (mscoree)
        create = (clr_create_instance_function)(void (*)(void))GetProcAddress(mscoree,
                                                                              "CLRCreateInstance");
    return create && SUCCEEDED(create(&CLSID_CLRMetaHost, &IID_ICLRMetaHost, (void **)&meta_host));
}

static const wchar_t *version_wanted(const struct launch *launch)
{
    if (launch->arguments->clr)
        return launch->arguments->clr;
    return wide_from_utf8(launch->program.metadata.version);
}

static void describe(struct runtime *runtime, ICLRRuntimeInfo *info, const wchar_t *wanted)
{
    const wchar_t *directory = text_of(info, info->lpVtbl->GetRuntimeDirectory);
    const wchar_t *version = version_of(info);

    runtime->family = ".NET Framework";
    runtime->directory = directory ? directory : L"";
    runtime->directory_utf8 = utf8_from_wide(runtime->directory);
    runtime->version = utf8_from_wide(version ? version : wanted);
}

int framework_find(struct launch *launch, ICLRRuntimeInfo **info)
{
    const wchar_t *version = version_wanted(launch);
    BOOL loadable = FALSE;

    if (!open_meta_host() || FAILED(meta_host->lpVtbl->GetRuntime(
                                 meta_host, version, &IID_ICLRRuntimeInfo, (void **)info)))
        return not_installed(launch, version);
    if (SUCCEEDED((*info)->lpVtbl->IsLoadable(*info, &loadable)) && loadable) {
        describe(&launch->runtime, *info, version);
        return GO_ON;
    }
    if (is_wine_own())
        return not_installed(launch, version);
    return fail(EXIT_CODE_RUNTIME_FAILED,
                "the runtime cannot be loaded: .NET Framework %s says that it is not to be loaded "
                "into this %d-bit process.",
                utf8_from_wide(version), ARCHITECTURE_BITS);
}
