/*
 * redirect.c: HostMemRedirectModule and HostMemRemoveRedirection.
 */
#include "redirect/follow.h"
#include "redirect/hooks.h"
#include "redirect/redirection.h"

#define REDIRECT_FLAGS                                                                             \
    ((DWORD)(HOSTMEM_REDIRECT_HEAP | HOSTMEM_REDIRECT_NO_STATUS | HOSTMEM_REDIRECT_FOLLOW))

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

    if (ppRedirection)
        *ppRedirection = NULL;
    if (!pManager || !ppRedirection)
        return E_POINTER;
    if (!manager || !hModule || (dwFlags & ~REDIRECT_FLAGS) || serves_hooks(hModule))
        return E_INVALIDARG;
    return redirect(manager, hModule, dwFlags, ppRedirection);
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
    error = redirection_undo(pRedirection);
    if (pRedirection->flags & HOSTMEM_REDIRECT_FOLLOW) {
        DWORD other = follow_end();

        error = error ? error : other;
    }
    return HRESULT_FROM_WIN32(error);
}
