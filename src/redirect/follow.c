/*
 * follow.c: see follow.h.
 *
 * Modules are told apart by what they export, for their names are the runtime's business: it may
 * load clrjit.dll, a JIT compiler of another name, a collector of its own (clrgc.dll).
 *
 * The state here is changed by whose turn it is (spinlock.h). That a redirection of a loaded module
 * is made outside of it has a price: the last redirection that follows may have ended meanwhile,
 * and then it is undone at once.
 */
#include "redirect/follow.h"

#include "os/os.h"
#include "redirect/binding.h"
#include "redirect/redirection.h"
#include "redirect/spinlock.h"

static atomic_flag changing = SPINLOCK_FREE;
static _Atomic uint32_t followers; /* redirections that the host made */
static _Atomic DWORD followers_flags;
static struct HOSTMEM_REDIRECTION *followed; /* those of the modules that were loaded */

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
};

/* 0: none that is of interest here. */
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
 * Who follows
 * --------------------------------------------------------------------------------------------- */

HRESULT follow_begin(DWORD flags)
{
    HRESULT hr = S_OK;

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

static DWORD undo_all(struct HOSTMEM_REDIRECTION *redirection)
{
    DWORD first_error = ERROR_SUCCESS;

    while (redirection) {
        struct HOSTMEM_REDIRECTION *next = redirection->next;
        DWORD error = redirection_undo(redirection);

        os_metadata_release(redirection);
        first_error = first_error ? first_error : error;
        redirection = next;
    }
    return first_error;
}

DWORD follow_end(void)
{
    struct HOSTMEM_REDIRECTION *rest = NULL;

    spinlock_acquire(&changing);
    if (atomic_fetch_sub_explicit(&followers, 1, memory_order_relaxed) == 1) {
        rest = followed;
        followed = NULL;
    }
    spinlock_release(&changing);
    return undo_all(rest);
}

/* ------------------------------------------------------------------------------------------------
 * Following
 * --------------------------------------------------------------------------------------------- */

/* Puts it on the list of those that end with the last one that follows. False: that has ended. */
static bool keep(struct HOSTMEM_REDIRECTION *redirection)
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

/* S_FALSE: it has been done, or nobody follows any more. */
static HRESULT redirect(struct manager *manager, HMODULE module, HOSTMEM_MODULE_KIND kind)
{
    struct HOSTMEM_REDIRECTION *redirection;
    HRESULT hr =
        redirection_make(manager, module, flags_for(kind, followers_flags_now()), &redirection);

    if (hr == S_OK && !keep(redirection)) {
        undo_all(redirection);
        hr = S_FALSE;
    }
    return hr;
}

/* The manager stays while the caller is inside of a hook. */
static void bring(struct manager *manager, HMODULE module, HOSTMEM_MODULE_KIND kind)
{
    const HOSTMEM_MODULE told = {
        .hModule = module, .Kind = kind, .Result = redirect(manager, module, kind)};

    if (told.Result != S_FALSE && manager->module_callback)
        manager->module_callback(manager->module_context, &told);
}

void follow_module(HMODULE module)
{
    DWORD last_error = GetLastError();
    HOSTMEM_MODULE_KIND kind;
    struct manager *manager;

    if (!is_following())
        return;
    kind = kind_of(module);
    if (kind) {
        manager = binding_enter_open();
        if (manager)
            bring(manager, module, kind);
        binding_leave();
    }
    SetLastError(last_error);
}
