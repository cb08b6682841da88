/*
 * redirect_module.c: HostMemRedirectModule and HostMemRemoveRedirection, and what else is asked of
 * a module.
 */
#include "hosting/errors/error_info.h"
#include "hosting/host_memory_manager.h"
#include "redirect/runtime/collector.h"
#include "redirect/follow.h"
#include "redirect/hooks/page_hooks.h"

#define REDIRECT_FLAGS                                                                             \
    ((DWORD)(HOSTMEM_REDIRECT_HEAP | HOSTMEM_REDIRECT_NO_STATUS | HOSTMEM_REDIRECT_FOLLOW |        \
             HOSTMEM_REDIRECT_ENDINGS | HOSTMEM_REDIRECT_NO_PAGES | HOSTMEM_REDIRECT_LIBRARIES))

/* What HOSTMEM_REDIRECT_LIBRARIES needs. */
#define LIBRARIES_NEED ((DWORD)(HOSTMEM_REDIRECT_HEAP | HOSTMEM_REDIRECT_FOLLOW))

/* True for modules through which the hooks' own calls go: rewritten, a hook would call itself. */
static bool serves_hooks(HMODULE module)
{
    static const LPCWSTR names[] = {L"kernel32.dll", L"kernelbase.dll", L"ntdll.dll"};
    HMODULE other;

    if (GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS |
                               GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                           (LPCWSTR)&page_hooks, &other) &&
        other == module)
        return true;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT, names[i], &other) &&
            other == module)
            return true;
    }
    return false;
}

/*
 * The host knows each redirection by a name that looks like a pointer, so that whatever it gives
 * can be looked for without being read, and nothing is kept of those that were removed.
 */
static _Atomic uintptr_t last_number;

/* No two names are the same before the numbers start again; a name is no address of a structure. */
static HOSTMEM_REDIRECTION *name_of(uintptr_t number)
{
    return (HOSTMEM_REDIRECTION *)((2 * number + 1) * (uintptr_t)UINT64_C(0x9e3779b97f4a7c15));
}

static bool has_name(const struct redirection *redirection, const void *name)
{
    return redirection->name == name;
}

static HOSTMEM_REDIRECTION *new_name(void)
{
    HOSTMEM_REDIRECTION *name;

    do
        name = name_of(atomic_fetch_add_explicit(&last_number, 1, memory_order_relaxed) + 1);
    while (redirection_count(has_name, name));
    return name;
}

static HRESULT undo(struct redirection *redirection)
{
    HRESULT others = redirection->flags & HOSTMEM_REDIRECT_FOLLOW ? follow_end(redirection) : S_OK;
    HRESULT hr = redirection_undo(redirection);

    return SUCCEEDED(hr) && FAILED(others) ? others : hr;
}

/* Undoes what threads that were terminated have left half made or half undone. */
static void undo_abandoned(void)
{
    struct redirection *redirection = redirection_claim_abandoned();

    while (redirection) {
        struct redirection *next = redirection->claimed;

        undo(redirection);
        redirection = next;
    }
}

/* S_OK: the redirection is complete, and this thread has yet to settle it. */
static HRESULT redirect(struct manager *manager, HMODULE module, DWORD flags,
                        struct redirection **redirection)
{
    bool follows = (flags & HOSTMEM_REDIRECT_FOLLOW) != 0;
    DWORD own_flags = follows ? follow_flags(module, flags) | REDIRECT_MAY_BE_EMPTY : flags;
    HRESULT hr = redirection_begin(manager, module, own_flags, redirection);

    if (hr != S_OK)
        return hr;
    if (follows)
        hr = follow_begin(*redirection, flags);
    if (hr == S_OK)
        hr = redirection_complete(manager, *redirection);
    if (hr != S_OK)
        undo(*redirection);
    return hr;
}

HRESULT STDMETHODCALLTYPE HostMemRedirectModule(IHostMemoryManager *pManager, HMODULE hModule,
                                                DWORD dwFlags, HOSTMEM_REDIRECTION **ppRedirection)
{
    struct manager *manager = manager_from_interface(pManager);
    struct redirection *made;
    HRESULT hr;

    if (ppRedirection)
        *ppRedirection = NULL;
    if (!pManager || !ppRedirection)
        return E_POINTER;
    error_info_prepare();
    if (!manager)
        return error_info_set(BAD_REDIRECT_MANAGER, (uintptr_t)pManager);
    if (!hModule)
        return error_info_set(BAD_REDIRECT_NO_MODULE, 0);
    if (dwFlags & ~REDIRECT_FLAGS)
        return error_info_set(BAD_REDIRECT_FLAGS, dwFlags & ~REDIRECT_FLAGS);
    if ((dwFlags & HOSTMEM_REDIRECT_LIBRARIES) && LIBRARIES_NEED & ~dwFlags)
        return error_info_set(BAD_REDIRECT_LIBRARIES, dwFlags);
    if (serves_hooks(hModule))
        return error_info_set(BAD_REDIRECT_OWN_MODULE, (uintptr_t)hModule);
    undo_abandoned();
    hr = redirect(manager, hModule, dwFlags, &made);
    if (hr != S_OK)
        return hr;
    made->name = new_name();
    *ppRedirection = made->name;
    redirection_settle(made);
    follow_libraries();
    return S_OK;
}

HRESULT STDMETHODCALLTYPE HostMemRemoveRedirection(HOSTMEM_REDIRECTION *pRedirection)
{
    struct redirection *redirection;

    if (!pRedirection)
        return E_POINTER;
    error_info_prepare();
    undo_abandoned();
    redirection = redirection_claim(has_name, pRedirection);
    return redirection ? undo(redirection)
                       : error_info_set(BAD_REDIRECTION, (uintptr_t)pRedirection);
}

HRESULT STDMETHODCALLTYPE HostMemFollowModule(HMODULE hModule)
{
    error_info_prepare();
    return hModule ? follow_module(hModule) : error_info_set(BAD_FOLLOW_MODULE, 0);
}

HRESULT STDMETHODCALLTYPE HostMemGetHeapHardLimit(IHostMemoryManager *pManager, HMODULE hModule,
                                                  DWORD dwFlags, ULONGLONG *pBytes)
{
    const struct manager *manager = manager_from_interface(pManager);

    if (pBytes)
        *pBytes = 0;
    if (!pManager || !pBytes)
        return E_POINTER;
    error_info_prepare();
    if (!manager)
        return error_info_set(BAD_HARD_LIMIT_MANAGER, (uintptr_t)pManager);
    if (dwFlags & ~(DWORD)HOSTMEM_REDIRECT_HEAP)
        return error_info_set(BAD_HARD_LIMIT_FLAGS, dwFlags & ~(DWORD)HOSTMEM_REDIRECT_HEAP);
    return collector_hard_limit(manager, hModule, dwFlags, pBytes);
}
