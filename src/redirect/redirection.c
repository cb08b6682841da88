/*
 * redirection.c: see redirection.h.
 *
 * A redirection is a list of the entries that it rewrote and what was in them. It lives in a piece
 * of bookkeeping memory of its own, sized by a first walk over the module's imports.
 */
#include "redirect/redirection.h"

#include "os/os.h"
#include "redirect/binding.h"
#include "redirect/heap_hooks.h"
#include "redirect/page_hooks.h"
#include "pe/import_table.h"
#include "pe/import_write.h"
#include "redirect/loader_hooks.h"
#include "redirect/memory_status_hooks.h"
#include "redirect/spinlock.h"

/* Two threads that change the protection of one page, one after the other, must not overlap. */
static atomic_flag rewriting = SPINLOCK_FREE;

/* What a first walk over the imports finds. */
struct survey {
    DWORD flags; /* HostMemRedirectModule's */
    size_t count;
};

/* Imports of these modules are Win32's functions, those of an API set among them. */
static bool exposes_functions(const char *module, const char *api_set)
{
    return import_text_is_equal(module, "kernel32.dll") ||
           import_text_is_equal(module, "kernelbase.dll") ||
           import_text_has_prefix(module, api_set);
}

/* The hook that an import is to be rewritten to; NULL: leave it alone. */
static void *hook_of(const struct import *import, DWORD flags)
{
    bool with_memory = !(flags & REDIRECT_LOADER_ONLY);
    bool with_heap = with_memory && (flags & HOSTMEM_REDIRECT_HEAP);
    bool with_status = with_memory && !(flags & HOSTMEM_REDIRECT_NO_STATUS);
    void *hook = NULL;

    if (with_memory && exposes_functions(import->module, "api-ms-win-core-memory-"))
        hook = page_hooks_find(import->function);
    if (!hook && (flags & HOSTMEM_REDIRECT_FOLLOW) &&
        exposes_functions(import->module, "api-ms-win-core-libraryloader-"))
        hook = loader_hooks_find(import->function);
    if (!hook && with_status &&
        (exposes_functions(import->module, "api-ms-win-core-memory-") ||
         exposes_functions(import->module, "api-ms-win-core-sysinfo-")))
        hook = memory_status_hooks_find(import->function);
    if (!hook && with_heap && exposes_functions(import->module, "api-ms-win-core-heap-"))
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
        return false; /* somebody else is rewriting the module */
    redirection->entries[redirection->count++] =
        (struct rewritten){import->entry, *import->entry, hook};
    return true;
}

/* Puts the first `count` entries back. The first error, if any; goes on all the same. */
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

/* True if the handle is a loaded module's, which then has a reference more. */
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

/* The hooks' own module stays: a thread may be on its way into one at any time. */
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
    memory_status_hooks_unfollow();
}

/* Notes the entries and rewrites them. S_FALSE: another thread has been quicker. */
static HRESULT fill(struct HOSTMEM_REDIRECTION *redirection)
{
    HRESULT hr;

    spinlock_acquire(&rewriting);
    import_walk(redirection->module, note_entry, redirection);
    hr = redirection->count ? HRESULT_FROM_WIN32(rewrite(redirection)) : S_FALSE;
    spinlock_release(&rewriting);
    return hr;
}

/* Rewrites the module's entries. The caller holds the module and has bound the hooks. */
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
        memory_status_hooks_follow(manager);
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
