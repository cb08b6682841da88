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
#include "redirect/runtime/collector.h"
#include "hosting/parts/ended_thread.h"
#include "redirect/entries.h"
#include "redirect/hooks/hook_catalogue.h"
#include "redirect/hooks/lookup_hooks.h"
#include "redirect/hooks/notification_hooks.h"
#include "redirect/hooks/page_hooks.h"
#include "redirect/libraries.h"
#include "redirect/own_process.h"
#include "redirect/spinlock.h"
#include "redirect/unloads.h"

static struct spinlock listing = SPINLOCK_FREE;
static redirection_link all;

/* ------------------------------------------------------------------------------------------------
 * The list
 * --------------------------------------------------------------------------------------------- */

static struct redirection *first_of(const redirection_link *link)
{
    return atomic_load_explicit(link, memory_order_relaxed);
}

static uint32_t thread_of(const struct redirection *redirection)
{
    return atomic_load_explicit(&redirection->thread, memory_order_relaxed);
}

static void set_thread(struct redirection *redirection, uint32_t thread)
{
    atomic_store_explicit(&redirection->thread, thread, memory_order_release);
}

static void put_in(struct redirection *redirection)
{
    set_thread(redirection, os_thread_id());
    spinlock_acquire(&listing);
    atomic_store_explicit(&redirection->next, first_of(&all), memory_order_relaxed);
    atomic_store_explicit(&all, redirection, memory_order_release);
    spinlock_release(&listing);
}

static void take_out(const struct redirection *redirection)
{
    redirection_link *at = &all;

    spinlock_acquire(&listing);
    while (first_of(at) != redirection)
        at = &first_of(at)->next;
    atomic_store_explicit(at, first_of(&redirection->next), memory_order_release);
    spinlock_release(&listing);
}

unsigned redirection_count(redirection_test *test, const void *context)
{
    unsigned count = 0;

    spinlock_acquire(&listing);
    for (const struct redirection *at = first_of(&all); at; at = first_of(&at->next))
        count += test(at, context);
    spinlock_release(&listing);
    return count;
}

/* Claims those of which the test says so. */
static struct redirection *claim(redirection_test *is_due, redirection_test *test,
                                 const void *context)
{
    struct redirection *claimed = NULL;

    spinlock_acquire(&listing);
    for (struct redirection *at = first_of(&all); at; at = first_of(&at->next)) {
        if (!is_due(at, NULL) || !test(at, context))
            continue;
        set_thread(at, os_thread_id());
        at->claimed = claimed;
        claimed = at;
    }
    spinlock_release(&listing);
    return claimed;
}

bool redirection_stands(const struct redirection *redirection)
{
    return !thread_of(redirection);
}

static bool stands(const struct redirection *redirection, const void *nothing)
{
    (void)nothing;
    return redirection_stands(redirection);
}

static bool is_abandoned(const struct redirection *redirection, const void *nothing)
{
    uint32_t thread = thread_of(redirection);

    (void)nothing;
    return thread && thread != os_thread_id() && ended_thread_is(thread);
}

struct redirection *redirection_claim(redirection_test *test, const void *context)
{
    return claim(stands, test, context);
}

struct redirection *redirection_claim_abandoned(void)
{
    return claim(is_abandoned, is_abandoned, NULL);
}

void redirection_settle(struct redirection *redirection)
{
    set_thread(redirection, 0);
}

/* ------------------------------------------------------------------------------------------------
 * Making
 * --------------------------------------------------------------------------------------------- */

static struct redirection *make_redirection(size_t count)
{
    size_t size = sizeof(struct redirection) + count * sizeof(struct rewritten);
    struct redirection *redirection = os_metadata_reserve(size);

    if (redirection && !os_metadata_commit(redirection, size)) {
        os_metadata_release(redirection);
        redirection = NULL;
    }
    if (redirection)
        redirection->capacity = count;
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

/* What hooks need of the system. */
static void prepare_hooks(void)
{
    own_process_prepare();
    hook_catalogue_prepare();
    lookup_hooks_prepare();
}

/* The caller holds the module. */
static HRESULT begin_held(struct manager *manager, HMODULE module, DWORD flags,
                          struct redirection **redirection)
{
    struct reclaim_attempt attempt = reclaim_begin(&manager->heaps);
    struct redirection *made;
    size_t count;
    HRESULT hr;

    prepare_hooks();
    hr = entries_survey(module, flags, &count);
    if (hr != S_OK)
        return hr;
    do
        made = make_redirection(count);
    while (!made && reclaim_again(&attempt, ERROR_NOT_ENOUGH_MEMORY));
    if (!made)
        return E_OUTOFMEMORY;
    made->module = module;
    made->flags = flags;
    made->holds_module = true;
    made->keeps_blocks = (flags & HOSTMEM_REDIRECT_HEAP) && libraries_is_one(module);
    put_in(made);
    *redirection = made;
    return S_OK;
}

HRESULT redirection_begin(struct manager *manager, HMODULE module, DWORD flags,
                          struct redirection **redirection)
{
    HRESULT hr;

    if (!hold_module(module))
        return error_info_set(BAD_REDIRECT_MODULE, (uintptr_t)module);
    hr = begin_held(manager, module, flags, redirection);
    if (hr != S_OK)
        FreeLibrary(module);
    return hr;
}

/*
 * Another thread may be loading a run-time library: its heap was not there before the entries were
 * rewritten, and it may have been made without the hook meanwhile.
 */
static bool take_late_heap(struct manager *manager, const struct taken_heaps *heaps)
{
    HANDLE own = heaps->of_process && !heaps->own ? libraries_own_heap(heaps->module) : NULL;

    return !own || binding_take_own(manager, own, heaps->module);
}

HRESULT redirection_complete(struct manager *manager, struct redirection *redirection)
{
    DWORD flags = redirection->flags;
    struct taken_heaps heaps = {.module = redirection->module};
    HRESULT hr;

    if (!pin_hooks())
        return HRESULT_FROM_WIN32(GetLastError());
    unloads_begin(entries_forget);
    heaps.of_process = (flags & HOSTMEM_REDIRECT_HEAP) && !(flags & REDIRECT_LOADER_ONLY);
    if (heaps.of_process)
        heaps.own = libraries_own_heap(redirection->module);
    hr = binding_begin(manager, &heaps, &redirection->use);
    if (hr != S_OK)
        return hr;
    if (!(flags & (HOSTMEM_REDIRECT_NO_STATUS | REDIRECT_LOADER_ONLY))) {
        collector_note(manager, redirection->module);
        notification_hooks_follow(manager);
    }
    hr = entries_rewrite(redirection);
    return hr == S_OK && !take_late_heap(manager, &heaps) ? E_OUTOFMEMORY : hr;
}

static void release_module(struct redirection *redirection, bool is_unloaded)
{
    bool held = redirection->holds_module;

    redirection->holds_module = false;
    if (held && !is_unloaded)
        FreeLibrary(redirection->module);
}

/* What calls the host, or the module, does so without a lock, and may redirect. */
HRESULT redirection_undo(struct redirection *redirection)
{
    HRESULT hr = entries_put_back(redirection);

    binding_end(&redirection->use);
    notification_hooks_unfollow();
    release_module(redirection, hr == S_FALSE);
    take_out(redirection);
    os_metadata_release(redirection);
    return hr;
}
