/*
 * redirect.c: HostMemRedirectModule and HostMemRemoveRedirection.
 *
 * A redirection is a list of the entries that it rewrote and what was in them. It lives in a piece
 * of bookkeeping memory of its own, sized by a first walk over the module's imports.
 */
#include "os/os.h"
#include "redirect/binding.h"
#include "redirect/heap_hooks.h"
#include "redirect/hooks.h"
#include "redirect/import_table.h"
#include "redirect/status_hooks.h"

#define REDIRECT_FLAGS ((DWORD)(HOSTMEM_REDIRECT_HEAP | HOSTMEM_REDIRECT_NO_STATUS))

struct rewritten {
    void *volatile *entry;
    void *original;
    void *hook;
};

struct HOSTMEM_REDIRECTION {
    _Atomic(struct HOSTMEM_REDIRECTION *) self; /* NULL once it has been removed */
    HMODULE module;
    DWORD flags;
    size_t capacity;
    size_t count;
    struct rewritten entries[];
};

/* What a first walk over the imports finds. */
struct survey {
    DWORD flags; /* HostMemRedirectModule's */
    size_t count;
};

/* Imports of these modules are Win32's functions, those of an API set among them. */
static bool exposes_functions(const char *module, const char *api_set)
{
    return import_text_is_equal(module, "kernel32.dll") ||
           import_text_is_equal(module, "kernelbase.dll") ||
           import_text_has_prefix(module, api_set);
}

/* The hook that an import is to be rewritten to; NULL: leave it alone. */
static void *hook_of(const struct import *import, DWORD flags)
{
    bool with_heap = (flags & HOSTMEM_REDIRECT_HEAP) != 0;
    bool with_status = !(flags & HOSTMEM_REDIRECT_NO_STATUS);
    void *hook = NULL;

    if (exposes_functions(import->module, "api-ms-win-core-memory-"))
        hook = hooks_find(import->function);
    if (!hook && with_status &&
        (exposes_functions(import->module, "api-ms-win-core-memory-") ||
         exposes_functions(import->module, "api-ms-win-core-sysinfo-")))
        hook = status_hooks_find(import->function);
    if (!hook && with_heap && exposes_functions(import->module, "api-ms-win-core-heap-"))
        hook = heap_hooks_find(import->function);
    return hook != *import->entry ? hook : NULL;
}

static bool count_entry(void *context, const struct import *import)
{
    struct survey *survey = context;

    if (hook_of(import, survey->flags))
        survey->count++;
    return true;
}

static bool note_entry(void *context, const struct import *import)
{
    struct HOSTMEM_REDIRECTION *redirection = context;
    void *hook = hook_of(import, redirection->flags);

    if (!hook)
        return true;
    if (redirection->count == redirection->capacity)
        return false; /* somebody else is rewriting the module */
    redirection->entries[redirection->count++] =
        (struct rewritten){import->entry, *import->entry, hook};
    return true;
}

/* Puts the first `count` entries back. The first error, if any; goes on all the same. */
static DWORD put_back(const struct HOSTMEM_REDIRECTION *redirection, size_t count)
{
    DWORD first_error = ERROR_SUCCESS;

    while (count--) {
        const struct rewritten *rewritten = &redirection->entries[count];
        DWORD error = ERROR_SUCCESS;

        if (*rewritten->entry == rewritten->hook)
            error = import_write(rewritten->entry, rewritten->original);
        if (!first_error)
            first_error = error;
    }
    return first_error;
}

static DWORD rewrite(const struct HOSTMEM_REDIRECTION *redirection)
{
    for (size_t i = 0; i < redirection->count; i++) {
        DWORD error = import_write(redirection->entries[i].entry, redirection->entries[i].hook);

        if (error) {
            put_back(redirection, i);
            return error;
        }
    }
    return ERROR_SUCCESS;
}

static struct HOSTMEM_REDIRECTION *make_redirection(HMODULE module, const struct survey *survey)
{
    size_t size = sizeof(struct HOSTMEM_REDIRECTION) + survey->count * sizeof(struct rewritten);
    struct HOSTMEM_REDIRECTION *redirection = os_metadata_reserve(size);

    if (redirection && !os_metadata_commit(redirection, size)) {
        os_metadata_release(redirection);
        redirection = NULL;
    }
    if (redirection) {
        redirection->module = module;
        redirection->flags = survey->flags;
        redirection->capacity = survey->count;
    }
    return redirection;
}

/* True if the handle is a loaded module's, which then has a reference more. */
static bool hold_module(HMODULE module)
{
    HMODULE held = NULL;

    if (!module ||
        !GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, (LPCWSTR)module, &held))
        return false;
    if (held == module)
        return true;
    FreeLibrary(held);
    return false;
}

/* True for the modules that the hooks themselves call through: rewritten, they would call on. */
static bool serves_hooks(HMODULE module)
{
    static const LPCWSTR names[] = {L"kernel32.dll", L"kernelbase.dll", L"ntdll.dll"};
    HMODULE other;

    if (GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS |
                               GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                           (LPCWSTR)hooks_find("VirtualAlloc"), &other) &&
        other == module)
        return true;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT, names[i], &other) &&
            other == module)
            return true;
    }
    return false;
}

/* The hooks' own module stays: a thread may be on its way into one at any time. */
static bool pin_hooks(void)
{
    HMODULE pinned;

    return GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS |
                                  GET_MODULE_HANDLE_EX_FLAG_PIN,
                              (LPCWSTR)hooks_find("VirtualAlloc"), &pinned);
}

static void unbind(void)
{
    binding_end();
    status_hooks_unfollow();
}

/* Rewrites the module's entries. The caller holds the module and has bound the hooks. */
static HRESULT redirect_held(HMODULE module, const struct survey *survey,
                             struct HOSTMEM_REDIRECTION **redirection)
{
    struct HOSTMEM_REDIRECTION *made = make_redirection(module, survey);
    DWORD error;

    if (!made)
        return E_OUTOFMEMORY;
    import_walk(module, note_entry, made);
    error = rewrite(made);
    if (error) {
        os_metadata_release(made);
        return HRESULT_FROM_WIN32(error);
    }
    atomic_store_explicit(&made->self, made, memory_order_release);
    *redirection = made;
    return S_OK;
}

static HRESULT redirect(struct manager *manager, HMODULE module, DWORD flags,
                        struct HOSTMEM_REDIRECTION **redirection)
{
    struct survey survey = {.flags = flags};
    HRESULT hr;

    if (import_walk(module, count_entry, &survey) == IMPORT_WALK_NOT_PE)
        return HRESULT_FROM_WIN32(ERROR_BAD_EXE_FORMAT);
    if (!survey.count)
        return S_FALSE;
    if (!pin_hooks())
        return HRESULT_FROM_WIN32(GetLastError());
    hooks_prepare();
    hr = binding_begin(manager, (flags & HOSTMEM_REDIRECT_HEAP) != 0);
    if (hr != S_OK)
        return hr;
    if (!(flags & HOSTMEM_REDIRECT_NO_STATUS))
        status_hooks_follow(manager);
    hr = redirect_held(module, &survey, redirection);
    if (hr != S_OK)
        unbind();
    return hr;
}

HRESULT STDMETHODCALLTYPE HostMemRedirectModule(IHostMemoryManager *pManager, HMODULE hModule,
                                                DWORD dwFlags, HOSTMEM_REDIRECTION **ppRedirection)
{
    struct manager *manager = manager_from_interface(pManager);
    HRESULT hr;

    if (ppRedirection)
        *ppRedirection = NULL;
    if (!pManager || !ppRedirection)
        return E_POINTER;
    if (!manager || (dwFlags & ~REDIRECT_FLAGS) || serves_hooks(hModule) || !hold_module(hModule))
        return E_INVALIDARG;
    hr = redirect(manager, hModule, dwFlags, ppRedirection);
    if (hr != S_OK)
        FreeLibrary(hModule);
    return hr;
}

HRESULT STDMETHODCALLTYPE HostMemRemoveRedirection(HOSTMEM_REDIRECTION *pRedirection)
{
    HOSTMEM_REDIRECTION *self = pRedirection;
    DWORD error;

    if (!pRedirection)
        return E_POINTER;
    /* One remover wins; what it leaves behind is a page that says so. */
    if (!atomic_compare_exchange_strong_explicit(&pRedirection->self, &self, NULL,
                                                 memory_order_acq_rel, memory_order_relaxed))
        return E_INVALIDARG;
    error = put_back(pRedirection, pRedirection->count);
    unbind();
    FreeLibrary(pRedirection->module);
    return HRESULT_FROM_WIN32(error);
}
