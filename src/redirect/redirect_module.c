/*
 * redirect_module.c: HostMemRedirectModule and HostMemRemoveRedirection.
 */
#include "hosting/errors/error_info.h"
#include "hosting/host_memory_manager.h"
#include "redirect/follow.h"
#include "redirect/hooks/page_hooks.h"
#include "redirect/redirection.h"
#include "redirect/spinlock.h"

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
 * The redirections that the host has, linked by `next`. It knows each by a name that looks like a
 * pointer, so that whatever it gives can be looked for without being read, and nothing is kept of
 * those that were removed. The spinlock `naming` guards the list and the last name.
 */
static struct redirection *named;
static uintptr_t last_number;
static struct spinlock naming = SPINLOCK_FREE;

/* No two names are the same before the numbers start again; a name is no address of a structure. */
static HOSTMEM_REDIRECTION *name_of(uintptr_t number)
{
    return (HOSTMEM_REDIRECTION *)((2 * number + 1) * (uintptr_t)UINT64_C(0x9e3779b97f4a7c15));
}

static struct redirection **find(const HOSTMEM_REDIRECTION *name)
{
    struct redirection **at = &named;

    while (*at && (*at)->name != name)
        at = &(*at)->next;
    return at;
}

static HOSTMEM_REDIRECTION *keep(struct redirection *redirection)
{
    HOSTMEM_REDIRECTION *name;

    spinlock_acquire(&naming);
    do
        name = name_of(++last_number);
    while (*find(name));
    redirection->name = name;
    redirection->next = named;
    named = redirection;
    spinlock_release(&naming);
    return name;
}

/* The redirection of that name, for one caller only, who undoes it; NULL: none stands. */
static struct redirection *claim(const HOSTMEM_REDIRECTION *name)
{
    struct redirection **at, *claimed;

    spinlock_acquire(&naming);
    at = find(name);
    claimed = *at;
    if (claimed)
        *at = claimed->next;
    spinlock_release(&naming);
    return claimed;
}

static HRESULT redirect(struct manager *manager, HMODULE module, DWORD flags,
                        struct redirection **redirection)
{
    HRESULT hr;

    if (!(flags & HOSTMEM_REDIRECT_FOLLOW))
        return redirection_make(manager, module, flags, redirection);
    hr = follow_begin(flags);
    if (hr != S_OK)
        return hr;
    hr = redirection_make(manager, module, follow_flags(module, flags) | REDIRECT_MAY_BE_EMPTY,
                          redirection);
    if (hr != S_OK)
        follow_end();
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
    if (serves_hooks(hModule))
        return error_info_set(BAD_REDIRECT_OWN_MODULE, (uintptr_t)hModule);
    hr = redirect(manager, hModule, dwFlags, &made);
    if (hr == S_OK)
        *ppRedirection = keep(made);
    return hr;
}

HRESULT STDMETHODCALLTYPE HostMemRemoveRedirection(HOSTMEM_REDIRECTION *pRedirection)
{
    struct redirection *redirection;
    HRESULT hr, others = S_OK;

    if (!pRedirection)
        return E_POINTER;
    error_info_prepare();
    redirection = claim(pRedirection);
    if (!redirection)
        return error_info_set(BAD_REDIRECTION, (uintptr_t)pRedirection);
    if (redirection->flags & HOSTMEM_REDIRECT_FOLLOW)
        others = follow_end();
    hr = redirection_undo(redirection);
    return SUCCEEDED(hr) && FAILED(others) ? others : hr;
}

HRESULT STDMETHODCALLTYPE HostMemFollowModule(HMODULE hModule)
{
    error_info_prepare();
    return hModule ? follow_module(hModule) : error_info_set(BAD_FOLLOW_MODULE, 0);
}
