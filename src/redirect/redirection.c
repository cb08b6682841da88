/*
 * redirection.c: see redirection.h.
 *
 * A first walk over the module's imports counts the entries to rewrite. A redirection of that size
 * is made, in bookkeeping memory of its own. A second walk notes the entries in it.
 */
#include "redirect/redirection.h"

#include "hosting/errors/error_info.h"
#include "os/os.h"
#include "pe/import_table.h"
#include "pe/import_write.h"
#include "redirect/binding.h"
#include "redirect/hooks/hook_catalogue.h"
#include "redirect/hooks/lookup_hooks.h"
#include "redirect/hooks/notification_hooks.h"
#include "redirect/hooks/page_hooks.h"
#include "redirect/own_process.h"
#include "redirect/spinlock.h"

/* Guards all writing of entries (import_write allows one thread at a time), and `standing`. */
static atomic_flag rewriting = SPINLOCK_FREE;

/* The redirections whose entries are rewritten, the newest first, linked by `below`. */
static struct HOSTMEM_REDIRECTION *standing;

/* The first walk over the imports. */
struct survey {
    DWORD flags; /* HostMemRedirectModule's */
    size_t count;
};

/* ------------------------------------------------------------------------------------------------
 * Which entries
 * --------------------------------------------------------------------------------------------- */

static unsigned features_of(DWORD flags)
{
    unsigned features = flags & HOSTMEM_REDIRECT_NO_PAGES ? 0 : HOOKS_PAGES;

    if (flags & REDIRECT_LOADER_ONLY)
        return HOOKS_LOADS;
    if (!(flags & HOSTMEM_REDIRECT_NO_STATUS))
        features |= HOOKS_STATUS;
    if (flags & HOSTMEM_REDIRECT_HEAP)
        features |= HOOKS_HEAP;
    if (flags & HOSTMEM_REDIRECT_FOLLOW)
        features |= HOOKS_LOADS;
    if (flags & HOSTMEM_REDIRECT_ENDINGS)
        features |= HOOKS_ENDINGS;
    return features;
}

static struct rewritten *find_in(struct HOSTMEM_REDIRECTION *redirection,
                                 const volatile void *entry)
{
    for (size_t i = 0; i < redirection->count; i++) {
        if (redirection->entries[i].entry == entry)
            return &redirection->entries[i];
    }
    return NULL;
}

/* The newest of the standing redirections' notes of an entry; NULL: there is none. */
static struct rewritten *find_standing(const volatile void *entry)
{
    struct rewritten *found = NULL;

    for (struct HOSTMEM_REDIRECTION *at = standing; at && !found; at = at->below)
        found = find_in(at, entry);
    return found;
}

/*
 * The hook for an import; NULL: there is none, or the entry is redirected to it already, even if
 * somebody else has rewritten it since. A module that is redirected once more, with other flags,
 * looks up by GetProcAddress what either of the two redirects.
 */
static void *hook_of(const struct import *import, DWORD flags)
{
    const struct rewritten *noted = find_standing(import->entry);
    const void *now = noted ? noted->hook : *import->entry;
    unsigned features = features_of(flags);
    void *hook =
        lookup_hooks_find(features | lookup_hooks_features(now), import->module, import->function);

    if (!hook)
        hook = hook_catalogue_find_import(features, import->module, import->function);
    return hook != now ? hook : NULL;
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
        return false; /* another thread or program is rewriting the module */
    redirection->entries[redirection->count++] =
        (struct rewritten){import->entry, *import->entry, hook};
    return true;
}

/* ------------------------------------------------------------------------------------------------
 * Rewriting
 * --------------------------------------------------------------------------------------------- */

/*
 * Puts one entry back. If a newer redirection has rewritten it once more, that one gets what to put
 * back in its turn. What another program has written stays.
 */
static DWORD put_entry_back(const struct rewritten *rewritten)
{
    struct rewritten *newer;

    if (*rewritten->entry == rewritten->hook)
        return import_write(rewritten->entry, rewritten->original);
    newer = find_standing(rewritten->entry);
    if (newer && newer->original == rewritten->hook)
        newer->original = rewritten->original;
    return ERROR_SUCCESS;
}

/* Puts the first `count` entries back, also after an error. Returns the first error, or 0. */
static DWORD put_back(const struct HOSTMEM_REDIRECTION *redirection, size_t count)
{
    DWORD first_error = ERROR_SUCCESS;

    while (count--) {
        DWORD error = put_entry_back(&redirection->entries[count]);

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

/* Notes the entries and rewrites them. S_FALSE: another thread has just rewritten them all. */
static HRESULT fill(struct HOSTMEM_REDIRECTION *redirection)
{
    HRESULT hr;

    spinlock_acquire(&rewriting);
    import_walk(redirection->module, note_entry, redirection);
    hr = redirection->count ? HRESULT_FROM_WIN32(rewrite(redirection)) : S_FALSE;
    if (hr == S_OK) {
        redirection->below = standing;
        standing = redirection;
    }
    spinlock_release(&rewriting);
    return hr;
}

/* Rewrites the module's entries. The caller holds the module and has bound the manager. */
static HRESULT redirect_held(HMODULE module, const struct survey *survey,
                             struct HOSTMEM_REDIRECTION **redirection)
{
    struct HOSTMEM_REDIRECTION *made = make_redirection(module, survey);
    HRESULT hr;

    if (!made)
        return E_OUTOFMEMORY;
    hr = fill(made);
    if (hr != S_OK) {
        os_metadata_release(made);
        return hr;
    }
    *redirection = made;
    return S_OK;
}

/* Counts the entries to rewrite. */
static enum import_walk_result take_survey(HMODULE module, struct survey *survey)
{
    enum import_walk_result result;

    spinlock_acquire(&rewriting);
    result = import_walk(module, count_entry, survey);
    spinlock_release(&rewriting);
    return result;
}

/* What hooks need of the system. */
static void prepare_hooks(void)
{
    own_process_prepare();
    hook_catalogue_prepare();
    lookup_hooks_prepare();
}

static HRESULT bind_and_redirect(struct manager *manager, HMODULE module, DWORD flags,
                                 struct HOSTMEM_REDIRECTION **redirection)
{
    struct survey survey = {.flags = flags};
    HRESULT hr;

    if (take_survey(module, &survey) == IMPORT_WALK_NOT_PE)
        return HRESULT_FROM_WIN32(ERROR_BAD_EXE_FORMAT);
    if (!survey.count)
        return S_FALSE;
    if (!pin_hooks())
        return HRESULT_FROM_WIN32(GetLastError());
    prepare_hooks();
    hr = binding_begin(manager, (flags & HOSTMEM_REDIRECT_HEAP) && !(flags & REDIRECT_LOADER_ONLY));
    if (hr != S_OK)
        return hr;
    if (!(flags & (HOSTMEM_REDIRECT_NO_STATUS | REDIRECT_LOADER_ONLY)))
        notification_hooks_follow(manager);
    hr = redirect_held(module, &survey, redirection);
    if (hr != S_OK)
        unbind();
    return hr;
}

HRESULT redirection_make(struct manager *manager, HMODULE module, DWORD flags,
                         struct HOSTMEM_REDIRECTION **redirection)
{
    HRESULT hr;

    if (!hold_module(module))
        return error_info_set(BAD_REDIRECT_MODULE, (uintptr_t)module);
    hr = bind_and_redirect(manager, module, flags, redirection);
    if (hr != S_OK)
        FreeLibrary(module);
    return hr;
}

/* Takes a redirection out of the list of those that stand. */
static void take_out(const struct HOSTMEM_REDIRECTION *redirection)
{
    struct HOSTMEM_REDIRECTION **at = &standing;

    while (*at != redirection)
        at = &(*at)->below;
    *at = redirection->below;
}

DWORD redirection_undo(struct HOSTMEM_REDIRECTION *redirection)
{
    DWORD error;

    spinlock_acquire(&rewriting);
    take_out(redirection);
    error = put_back(redirection, redirection->count);
    spinlock_release(&rewriting);
    unbind();
    FreeLibrary(redirection->module);
    return error;
}
