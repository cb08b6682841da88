/*
 * redirect_module.c: HostMemRedirectModule and HostMemRemoveRedirection.
 */
#include "hosting/errors/error_info.h"
#include "hosting/host_memory_manager.h"
#include "redirect/follow.h"
#include "redirect/hooks/page_hooks.h"
#include "redirect/redirection.h"

#define REDIRECT_FLAGS                                                                             \
    ((DWORD)(HOSTMEM_REDIRECT_HEAP | HOSTMEM_REDIRECT_NO_STATUS | HOSTMEM_REDIRECT_FOLLOW |        \
             HOSTMEM_REDIRECT_ENDINGS | HOSTMEM_REDIRECT_NO_PAGES))

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
 * The list of all redirections that a host was ever given, linked by `older`. A removed one stays
 * in the list and in memory, so that any pointer can be looked for without being read.
 *
 * Protocol. A redirection is complete before it becomes `newest`, by compare-and-swap with release;
 * a reader takes `newest` with acquire. `older` never changes after that.
 */
static _Atomic(struct HOSTMEM_REDIRECTION *) newest;

static void keep(struct HOSTMEM_REDIRECTION *redirection)
{
    atomic_store_explicit(&redirection->stands, true, memory_order_relaxed);
    redirection->older = atomic_load_explicit(&newest, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&newest, &redirection->older, redirection,
                                                  memory_order_release, memory_order_relaxed))
        ;
}

/* True for one caller only, if the redirection stands: that caller undoes it. */
static bool claim(const struct HOSTMEM_REDIRECTION *redirection)
{
    struct HOSTMEM_REDIRECTION *known = atomic_load_explicit(&newest, memory_order_acquire);

    while (known && known != redirection)
        known = known->older;
    return known && atomic_exchange_explicit(&known->stands, false, memory_order_acq_rel);
}

static HRESULT redirect(struct manager *manager, HMODULE module, DWORD flags,
                        struct HOSTMEM_REDIRECTION **redirection)
{
    HRESULT hr;

    if (!(flags & HOSTMEM_REDIRECT_FOLLOW))
        return redirection_make(manager, module, flags, redirection);
    hr = follow_begin(flags);
    if (hr != S_OK)
        return hr;
    hr = redirection_make(manager, module, follow_flags(module, flags), redirection);
    if (hr != S_OK)
        follow_end();
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
    error_info_prepare();
    if (!manager)
        return error_info_set(BAD_REDIRECT_MANAGER, (uintptr_t)pManager);
    if (!hModule)
        return error_info_set(BAD_REDIRECT_NO_MODULE, 0);
    if (dwFlags & ~REDIRECT_FLAGS)
        return error_info_set(BAD_REDIRECT_FLAGS, dwFlags & ~REDIRECT_FLAGS);
    if (serves_hooks(hModule))
        return error_info_set(BAD_REDIRECT_OWN_MODULE, (uintptr_t)hModule);
    hr = redirect(manager, hModule, dwFlags, ppRedirection);
    if (hr == S_OK)
        keep(*ppRedirection);
    return hr;
}

HRESULT STDMETHODCALLTYPE HostMemRemoveRedirection(HOSTMEM_REDIRECTION *pRedirection)
{
    DWORD error;

    if (!pRedirection)
        return E_POINTER;
    error_info_prepare();
    if (!claim(pRedirection))
        return error_info_set(BAD_REDIRECTION, (uintptr_t)pRedirection);
    error = redirection_undo(pRedirection);
    if (pRedirection->flags & HOSTMEM_REDIRECT_FOLLOW) {
        DWORD other = follow_end();

        error = error ? error : other;
    }
    return HRESULT_FROM_WIN32(error);
}

HRESULT STDMETHODCALLTYPE HostMemFollowModule(HMODULE hModule)
{
    error_info_prepare();
    return hModule ? follow_module(hModule) : error_info_set(BAD_FOLLOW_MODULE, 0);
}
