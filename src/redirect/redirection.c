/*
 * redirection.c: see redirection.h.
 *
 * A redirection lies in bookkeeping memory of its own, with room for the entries that a survey has
 * found.
 */
#include "redirect/redirection.h"

#include "heap/reuse/reclaim.h"
#include "hosting/errors/error_info.h"
#include "os/os.h"
#include "redirect/binding.h"
#include "redirect/entries.h"
#include "redirect/hooks/hook_catalogue.h"
#include "redirect/hooks/lookup_hooks.h"
#include "redirect/hooks/notification_hooks.h"
#include "redirect/hooks/page_hooks.h"
#include "redirect/own_process.h"
#include "redirect/unloads.h"

static struct redirection *make_redirection(HMODULE module, DWORD flags, size_t count)
{
    size_t size = sizeof(struct redirection) + count * sizeof(struct rewritten);
    struct redirection *redirection = os_metadata_reserve(size);

    if (redirection && !os_metadata_commit(redirection, size)) {
        os_metadata_release(redirection);
        redirection = NULL;
    }
    if (redirection) {
        redirection->module = module;
        redirection->flags = flags;
        redirection->capacity = count;
    }
    return redirection;
}

/* Takes a reference of a module. False: the handle is not that of a loaded module. */
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

/* Pins the hooks' own module for ever: a thread may be about to enter a hook at any time. */
static bool pin_hooks(void)
{
    HMODULE pinned;

    return GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS |
                                  GET_MODULE_HANDLE_EX_FLAG_PIN,
                              (LPCWSTR)&page_hooks, &pinned);
}

static void unbind(void)
{
    binding_end();
    notification_hooks_unfollow();
}

/* Rewrites the module's entries. The caller holds the module and has bound the manager. */
static HRESULT redirect_held(struct manager *manager, HMODULE module, DWORD flags, size_t count,
                             struct redirection **redirection)
{
    struct reclaim_attempt attempt = reclaim_begin(&manager->heaps);
    struct redirection *made;
    HRESULT hr;

    do
        made = make_redirection(module, flags, count);
    while (!made && reclaim_again(&attempt, ERROR_NOT_ENOUGH_MEMORY));
    if (!made)
        return E_OUTOFMEMORY;
    hr = entries_rewrite(made);
    if (hr != S_OK) {
        os_metadata_release(made);
        return hr;
    }
    *redirection = made;
    return S_OK;
}

/* What hooks need of the system. */
static void prepare_hooks(void)
{
    own_process_prepare();
    hook_catalogue_prepare();
    lookup_hooks_prepare();
}

static HRESULT bind_and_redirect(struct manager *manager, HMODULE module, DWORD flags,
                                 struct redirection **redirection)
{
    size_t count;
    HRESULT hr;

    prepare_hooks();
    hr = entries_survey(module, flags, &count);
    if (hr != S_OK)
        return hr;
    if (!pin_hooks())
        return HRESULT_FROM_WIN32(GetLastError());
    unloads_begin(entries_forget);
    hr = binding_begin(manager, (flags & HOSTMEM_REDIRECT_HEAP) && !(flags & REDIRECT_LOADER_ONLY));
    if (hr != S_OK)
        return hr;
    if (!(flags & (HOSTMEM_REDIRECT_NO_STATUS | REDIRECT_LOADER_ONLY)))
        notification_hooks_follow(manager);
    hr = redirect_held(manager, module, flags, count, redirection);
    if (hr != S_OK)
        unbind();
    return hr;
}

HRESULT redirection_make(struct manager *manager, HMODULE module, DWORD flags,
                         struct redirection **redirection)
{
    HRESULT hr;

    if (!hold_module(module))
        return error_info_set(BAD_REDIRECT_MODULE, (uintptr_t)module);
    hr = bind_and_redirect(manager, module, flags, redirection);
    if (hr != S_OK)
        FreeLibrary(module);
    return hr;
}

/* What may call the host, or the module, is the last. */
HRESULT redirection_undo(struct redirection *redirection)
{
    HMODULE module = redirection->module;
    HRESULT hr = entries_put_back(redirection);

    os_metadata_release(redirection);
    unbind();
    if (hr != S_FALSE)
        FreeLibrary(module);
    return hr;
}
