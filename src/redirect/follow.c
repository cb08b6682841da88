/*
 * follow.c: see follow.h.
 *
 * A module is known by what it exports, not by its name: a runtime may load a JIT compiler or a
 * garbage collector of any name.
 *
 * Protocol. The spinlock `changing` guards `followed`, and every change of `followers` and
 * `followers_flags`, which are also read without it. It is not held while a loaded module is
 * redirected, because that calls the loader. So the last redirection that follows may end
 * meanwhile: then the new redirection is undone at once.
 */
#include "redirect/follow.h"

#include "os/os.h"
#include "redirect/binding.h"
#include "redirect/hooks/loader_hooks.h"
#include "redirect/redirection.h"
#include "redirect/spinlock.h"

static struct spinlock changing = SPINLOCK_FREE;
static _Atomic uint32_t followers; /* the host's own redirections that follow */
static _Atomic DWORD followers_flags;
static struct redirection *followed; /* the redirections of the modules that were found */

static bool is_following(void)
{
    return atomic_load_explicit(&followers, memory_order_relaxed) != 0;
}

static DWORD followers_flags_now(void)
{
    return atomic_load_explicit(&followers_flags, memory_order_relaxed);
}

/* ------------------------------------------------------------------------------------------------
 * What a module is
 * --------------------------------------------------------------------------------------------- */

static const struct {
    const char *export;
    HOSTMEM_MODULE_KIND kind;
} signs[] = {
    {"coreclr_initialize", HostMemModuleRuntime},
    {"GetCLRRuntimeHost", HostMemModuleRuntime},
    {"getJit", HostMemModuleJit},
    {"GC_Initialize", HostMemModuleCollector},
    {"InitializeGarbageCollector", HostMemModuleCollector},
    {"hostfxr_main", HostMemModuleHost},
    {"corehost_main", HostMemModuleHost},
    {"DotNetRuntimeDebugHeader", HostMemModuleNativeAot},
};

/* 0: it is no part of a runtime. */
static HOSTMEM_MODULE_KIND kind_of(HMODULE module)
{
    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
        if (GetProcAddress(module, signs[i].export))
            return signs[i].kind;
    }
    return (HOSTMEM_MODULE_KIND)0;
}

static DWORD flags_for(HOSTMEM_MODULE_KIND kind, DWORD flags)
{
    return kind == HostMemModuleHost ? flags | REDIRECT_LOADER_ONLY : flags;
}

DWORD follow_flags(HMODULE module, DWORD flags)
{
    return flags_for(kind_of(module), flags);
}

/* ------------------------------------------------------------------------------------------------
 * Following
 * --------------------------------------------------------------------------------------------- */

static HRESULT undo_all(struct redirection *redirection)
{
    HRESULT first_error = S_OK;

    while (redirection) {
        struct redirection *next = redirection->next;
        HRESULT hr = redirection_undo(redirection);

        if (FAILED(hr) && first_error == S_OK)
            first_error = hr;
        redirection = next;
    }
    return first_error;
}

/* Keeps a redirection until the last one that follows ends. False: that one has ended already. */
static bool keep(struct redirection *redirection)
{
    bool following;

    spinlock_acquire(&changing);
    following = is_following();
    if (following) {
        redirection->next = followed;
        followed = redirection;
    }
    spinlock_release(&changing);
    return following;
}

/* S_FALSE: the module was redirected before, or nothing is followed any more. */
static HRESULT redirect(struct manager *manager, HMODULE module, HOSTMEM_MODULE_KIND kind)
{
    struct redirection *redirection;
    HRESULT hr =
        redirection_make(manager, module, flags_for(kind, followers_flags_now()), &redirection);

    if (hr == S_OK && !keep(redirection)) {
        undo_all(redirection);
        hr = S_FALSE;
    }
    return hr;
}

/* Redirects a module and calls pfnModule. The caller keeps the manager alive by binding_enter. */
static HRESULT redirect_and_tell(struct manager *manager, HMODULE module, HOSTMEM_MODULE_KIND kind)
{
    const HOSTMEM_MODULE told = {
        .hModule = module, .Kind = kind, .Result = redirect(manager, module, kind)};

    if (told.Result != S_FALSE && manager->redirected.module_callback)
        manager->redirected.module_callback(manager->redirected.module_context, &told);
    return told.Result;
}

HRESULT follow_module(HMODULE module)
{
    DWORD last_error = GetLastError();
    HOSTMEM_MODULE_KIND kind;
    struct manager *manager;
    HRESULT hr = S_FALSE;

    if (!is_following())
        return S_FALSE;
    kind = kind_of(module);
    if (kind) {
        manager = binding_enter_open();
        if (manager)
            hr = redirect_and_tell(manager, module, kind);
        binding_leave();
    }
    SetLastError(last_error);
    return hr;
}

static void module_loaded(HMODULE module)
{
    follow_module(module);
}

/* ------------------------------------------------------------------------------------------------
 * Beginning and ending
 * --------------------------------------------------------------------------------------------- */

HRESULT follow_begin(DWORD flags)
{
    HRESULT hr = S_OK;

    loader_hooks_set_callback(module_loaded);
    spinlock_acquire(&changing);
    if (is_following() && followers_flags_now() != flags) {
        hr = HRESULT_FROM_WIN32(ERROR_BUSY);
    } else {
        atomic_store_explicit(&followers_flags, flags, memory_order_relaxed);
        atomic_fetch_add_explicit(&followers, 1, memory_order_relaxed);
    }
    spinlock_release(&changing);
    return hr;
}

HRESULT follow_end(void)
{
    struct redirection *rest = NULL;

    spinlock_acquire(&changing);
    if (atomic_fetch_sub_explicit(&followers, 1, memory_order_relaxed) == 1) {
        rest = followed;
        followed = NULL;
    }
    spinlock_release(&changing);
    return undo_all(rest);
}
