/*
 * follow.c: see follow.h.
 *
 * A module is known by what it exports, not by its name: a runtime may load a JIT compiler or a
 * garbage collector of any name.
 *
 * Protocol. The host's redirections that follow, and those that were made because of them, are in
 * the list of all (redirection.h), and marked. The spinlock `changing` guards both marks, and every
 * change of `is_following` and `followers_flags`, which are also read without it. It is not held
 * while a loaded module is redirected, because that calls the loader. So the last redirection that
 * follows may end meanwhile: then the new redirection is undone at once.
 */
#include "redirect/follow.h"

#include "redirect/binding.h"
#include "redirect/hooks/loader_hooks.h"
#include "redirect/libraries.h"
#include "redirect/spinlock.h"

static struct spinlock changing = SPINLOCK_FREE;
static atomic_bool following; /* some of the host's redirections follow */
static _Atomic DWORD followers_flags;

static bool is_following(void)
{
    return atomic_load_explicit(&following, memory_order_relaxed);
}

static bool follows(const struct redirection *redirection, const void *nothing)
{
    (void)nothing;
    return redirection->follows;
}

static bool is_followed(const struct redirection *redirection, const void *nothing)
{
    (void)nothing;
    return redirection->is_followed;
}

/* Under the lock, after each change of who follows. */
static bool look_who_follows(void)
{
    bool any = redirection_count(follows, NULL) != 0;

    atomic_store_explicit(&following, any, memory_order_relaxed);
    return any;
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
static HOSTMEM_MODULE_KIND part_of_runtime(HMODULE module)
{
    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
        if (GetProcAddress(module, signs[i].export))
            return signs[i].kind;
    }
    return (HOSTMEM_MODULE_KIND)0;
}

/* 0: it is not followed. */
static HOSTMEM_MODULE_KIND kind_of(HMODULE module)
{
    HOSTMEM_MODULE_KIND kind = part_of_runtime(module);

    if (!kind && (followers_flags_now() & HOSTMEM_REDIRECT_LIBRARIES) && libraries_is_one(module))
        kind = HostMemModuleLibrary;
    return kind;
}

/* Of a library only the heap is of interest: its pages, if it asks for any, are its own. */
static DWORD flags_for(HOSTMEM_MODULE_KIND kind, DWORD flags)
{
    if (kind == HostMemModuleLibrary)
        return HOSTMEM_REDIRECT_HEAP | HOSTMEM_REDIRECT_NO_PAGES | HOSTMEM_REDIRECT_NO_STATUS;
    return kind == HostMemModuleHost ? flags | REDIRECT_LOADER_ONLY : flags;
}

DWORD follow_flags(HMODULE module, DWORD flags)
{
    return flags_for(part_of_runtime(module), flags);
}

/* ------------------------------------------------------------------------------------------------
 * Following
 * --------------------------------------------------------------------------------------------- */

static HRESULT undo_all(struct redirection *redirection)
{
    HRESULT first_error = S_OK;

    while (redirection) {
        struct redirection *next = redirection->claimed;
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
    bool kept;

    spinlock_acquire(&changing);
    kept = is_following();
    if (kept) {
        redirection->is_followed = true;
        redirection_settle(redirection);
    }
    spinlock_release(&changing);
    return kept;
}

/* S_FALSE: the module was redirected before, or nothing is followed any more. */
static HRESULT redirect(struct manager *manager, HMODULE module, HOSTMEM_MODULE_KIND kind)
{
    struct redirection *redirection;
    HRESULT hr =
        redirection_begin(manager, module, flags_for(kind, followers_flags_now()), &redirection);

    if (hr != S_OK)
        return hr;
    hr = redirection_complete(manager, redirection);
    if (hr == S_OK && keep(redirection))
        return S_OK;
    redirection_undo(redirection);
    return hr == S_OK ? S_FALSE : hr;
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

static void follow_library(HMODULE module)
{
    follow_module(module);
}

void follow_libraries(void)
{
    if (is_following() && (followers_flags_now() & HOSTMEM_REDIRECT_LIBRARIES))
        libraries_each_loaded(follow_library);
}

/* With the module others may have been loaded, which it imports. */
static void module_loaded(HMODULE module)
{
    DWORD last_error = GetLastError();

    follow_module(module);
    follow_libraries();
    SetLastError(last_error);
}

/* ------------------------------------------------------------------------------------------------
 * Beginning and ending
 * --------------------------------------------------------------------------------------------- */

HRESULT follow_begin(struct redirection *redirection, DWORD flags)
{
    HRESULT hr = S_OK;

    loader_hooks_set_callback(module_loaded);
    spinlock_acquire(&changing);
    if (look_who_follows() && followers_flags_now() != flags) {
        hr = HRESULT_FROM_WIN32(ERROR_BUSY);
    } else {
        atomic_store_explicit(&followers_flags, flags, memory_order_relaxed);
        redirection->follows = true;
        look_who_follows();
    }
    spinlock_release(&changing);
    return hr;
}

HRESULT follow_end(struct redirection *redirection)
{
    struct redirection *rest = NULL;

    spinlock_acquire(&changing);
    redirection->follows = false;
    if (!look_who_follows())
        rest = redirection_claim(is_followed, NULL);
    spinlock_release(&changing);
    return undo_all(rest);
}
