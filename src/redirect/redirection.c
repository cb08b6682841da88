/*
 * redirection.c: see redirection.h.
 *
 * A first walk over the module's imports counts the entries to rewrite. A redirection of that size
 * is made, in bookkeeping memory of its own. A second walk notes the entries in it.
 */
#include "redirect/redirection.h"

#include "os/os.h"
#include "pe/import_table.h"
#include "pe/import_write.h"
#include "redirect/binding.h"
#include "redirect/heap_hooks.h"
#include "redirect/loader_hooks.h"
#include "redirect/memory_status_hooks.h"
#include "redirect/notification_hooks.h"
#include "redirect/page_hooks.h"
#include "redirect/spinlock.h"

/* Guards all writing of entries: import_write allows one thread at a time. */
static atomic_flag rewriting = SPINLOCK_FREE;

/* The first walk over the imports. */
struct survey {
    DWORD flags; /* HostMemRedirectModule's */
    size_t count;
};

/* True if what is imported from a module is Win32's: from kernel32, kernelbase or this API set. */
static bool exports_win32(const char *module, const char *api_set)
{
    return import_text_is_equal(module, "kernel32.dll") ||
           import_text_is_equal(module, "kernelbase.dll") ||
           import_text_has_prefix(module, api_set);
}

static void *status_hook_of(const char *function)
{
    void *hook = memory_status_hooks_find(function);

    return hook ? hook : notification_hooks_find(function);
}

/* The hook for an import; NULL: there is none, or the entry holds it already. */
static void *hook_of(const struct import *import, DWORD flags)
{
    bool with_memory = !(flags & REDIRECT_LOADER_ONLY);
    bool with_heap = with_memory && (flags & HOSTMEM_REDIRECT_HEAP);
    bool with_status = with_memory && !(flags & HOSTMEM_REDIRECT_NO_STATUS);
    void *hook = NULL;

    if (with_memory && exports_win32(import->module, "api-ms-win-core-memory-"))
        hook = page_hooks_find(import->function);
    if (!hook && (flags & HOSTMEM_REDIRECT_FOLLOW) &&
        exports_win32(import->module, "api-ms-win-core-libraryloader-"))
        hook = loader_hooks_find(import->function);
    if (!hook && with_status &&
        (exports_win32(import->module, "api-ms-win-core-memory-") ||
         exports_win32(import->module, "api-ms-win-core-sysinfo-")))
        hook = status_hook_of(import->function);
    if (!hook && with_heap && exports_win32(import->module, "api-ms-win-core-heap-"))
        hook = heap_hooks_find(import->function);
    return hook != *import->entry ? hook : NULL;
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

/* Puts the first `count` entries back, also after an error. Returns the first error, or 0. */
static DWORD put_back(const struct HOSTMEM_REDIRECTION *redirection, size_t count)
{
    DWORD first_error = ERROR_SUCCESS;

    while (count--) {
        const struct rewritten *rewritten = &redirection->entries[count];
        DWORD error = ERROR_SUCCESS;

        if (*rewritten->entry == rewritten->hook)
            error = import_write(rewritten->entry, rewritten->original);
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
                              (LPCWSTR)page_hooks_find("VirtualAlloc"), &pinned);
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

static HRESULT bind_and_redirect(struct manager *manager, HMODULE module, DWORD flags,
                                 struct HOSTMEM_REDIRECTION **redirection)
{
    struct survey survey = {.flags = flags};
    HRESULT hr;

    if (import_walk(module, count_entry, &survey) == IMPORT_WALK_NOT_PE)
        return HRESULT_FROM_WIN32(ERROR_BAD_EXE_FORMAT);
    if (!survey.count)
        return S_FALSE;
    if (!pin_hooks())
        return HRESULT_FROM_WIN32(GetLastError());
    page_hooks_prepare();
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
        return E_INVALIDARG;
    hr = bind_and_redirect(manager, module, flags, redirection);
    if (hr != S_OK)
        FreeLibrary(module);
    return hr;
}

DWORD redirection_undo(struct HOSTMEM_REDIRECTION *redirection)
{
    DWORD error;

    spinlock_acquire(&rewriting);
    error = put_back(redirection, redirection->count);
    spinlock_release(&rewriting);
    unbind();
    FreeLibrary(redirection->module);
    return error;
}
