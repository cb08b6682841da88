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
 *
 * The libraries that are there are redirected by two passes: what takes blocks of all, then what
 * makes them of any, because one may free another's blocks of the process's heap. `refused` are
 * those that could not be, so that each is told once. It belongs to one run of following (`run`),
 * which begins with the first redirection that follows. Both are written under the lock.
 */
#include "redirect/follow.h"

#include "redirect/binding.h"
#include "redirect/hooks/loader_hooks.h"
#include "redirect/libraries.h"
#include "redirect/spinlock.h"

static struct spinlock changing = SPINLOCK_FREE;
static atomic_bool following; /* some of the host's redirections follow */
static _Atomic DWORD followers_flags;
static _Atomic uint32_t run;
static _Atomic(HMODULE) refused[LIBRARIES_LOOKED_FOR]; /* NULL: not that library */

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

/* Under the lock. */
static void begin_run(void)
{
    for (unsigned i = 0; i < LIBRARIES_LOOKED_FOR; i++)
        atomic_store_explicit(&refused[i], NULL, memory_order_relaxed);
    atomic_fetch_add_explicit(&run, 1, memory_order_relaxed);
}

/* Under the lock, after each change of who follows. */
static bool look_who_follows(void)
{
    bool any = redirection_count(follows, NULL) != 0;

    if (any && !is_following())
        begin_run();
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
static HRESULT redirect(struct manager *manager, HMODULE module, DWORD flags)
{
    struct redirection *redirection;
    HRESULT hr = redirection_begin(manager, module, flags, &redirection);

    if (hr != S_OK)
        return hr;
    hr = redirection_complete(manager, redirection);
    if (hr == S_OK && keep(redirection))
        return S_OK;
    redirection_undo(redirection);
    return hr == S_OK ? S_FALSE : hr;
}

/*
 * Redirects a module and calls pfnModule; not of the first of two passes that succeeds
 * (REDIRECT_NO_MAKERS). The caller keeps the manager alive by binding_enter.
 */
static HRESULT redirect_and_tell(struct manager *manager, HMODULE module, HOSTMEM_MODULE_KIND kind,
                                 DWORD pass)
{
    DWORD flags = flags_for(kind, followers_flags_now()) | pass;
    const HOSTMEM_MODULE told = {
        .hModule = module, .Kind = kind, .Result = redirect(manager, module, flags)};

    if (manager->redirected.module_callback &&
        (FAILED(told.Result) || (told.Result == S_OK && !pass)))
        manager->redirected.module_callback(manager->redirected.module_context, &told);
    return told.Result;
}

/* `pass`: REDIRECT_NO_MAKERS, or 0. */
static HRESULT follow(HMODULE module, DWORD pass)
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
            hr = redirect_and_tell(manager, module, kind, pass);
        binding_leave();
    }
    SetLastError(last_error);
    return hr;
}

HRESULT follow_module(HMODULE module)
{
    return follow(module, 0);
}

/* ------------------------------------------------------------------------------------------------
 * Libraries
 * --------------------------------------------------------------------------------------------- */

/* A redirection of the module's heap functions stands, with all of them. */
static bool serves_heap_of(const struct redirection *redirection, const void *module)
{
    return redirection->module == module && (redirection->flags & HOSTMEM_REDIRECT_HEAP) &&
           !(redirection->flags & REDIRECT_NO_MAKERS) && redirection_stands(redirection);
}

static bool was_refused(const void *module)
{
    for (unsigned i = 0; i < LIBRARIES_LOOKED_FOR; i++) {
        if (atomic_load_explicit(&refused[i], memory_order_relaxed) == module)
            return true;
    }
    return false;
}

static void set_refused(unsigned index, HMODULE module, uint32_t of_run)
{
    spinlock_acquire(&changing);
    if (atomic_load_explicit(&run, memory_order_relaxed) == of_run)
        atomic_store_explicit(&refused[index], module, memory_order_relaxed);
    spinlock_release(&changing);
}

/* Another module may have got the address of one that was refused. */
static void forget_others(unsigned index, const void *module)
{
    HMODULE noted = atomic_load_explicit(&refused[index], memory_order_relaxed);

    if (noted && noted != module)
        set_refused(index, NULL, atomic_load_explicit(&run, memory_order_relaxed));
}

static void follow_library(unsigned index, HMODULE module, DWORD pass)
{
    uint32_t now = atomic_load_explicit(&run, memory_order_relaxed);

    forget_others(index, module);
    if (!module || was_refused(module) || redirection_count(serves_heap_of, module))
        return;
    if (FAILED(follow(module, pass)))
        set_refused(index, module, now);
}

static void follow_takers(unsigned index, HMODULE module)
{
    follow_library(index, module, REDIRECT_NO_MAKERS);
}

static void follow_makers(unsigned index, HMODULE module)
{
    follow_library(index, module, 0);
}

static void each_library(library_callback *callback)
{
    if (is_following() && (followers_flags_now() & HOSTMEM_REDIRECT_LIBRARIES))
        libraries_each(callback);
}

void follow_libraries(void)
{
    each_library(follow_takers);
    each_library(follow_makers);
}

/* With the module others may have been loaded, which it imports. */
static void module_loaded(HMODULE module)
{
    DWORD last_error = GetLastError();

    each_library(follow_takers);
    if (!was_refused(module))
        follow_module(module);
    each_library(follow_makers);
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
