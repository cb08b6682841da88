/*
 * handle_hooks.c: see handle_hooks.h.
 */
#include "redirect/hooks/sections/handle_hooks.h"

#include "heap/reuse/reclaim.h"
#include "hosting/counted_call.h"
#include "redirect/binding.h"
#include "redirect/own_process.h"

static bool knows(struct manager *manager, const void *handle)
{
    return manager_is_open(manager) && sections_know(&manager->pages.sections, (uintptr_t)handle);
}

struct manager *handle_hooks_find(HANDLE handle)
{
    return binding_find(knows, handle);
}

void handle_hooks_forget(HANDLE handle)
{
    struct manager *manager;

    while (handle && (manager = handle_hooks_find(handle)) != NULL) {
        struct counted_call call;

        counted_call_begin(&call, manager, COUNTED_SECTIONS);
        sections_forget_handle(&manager->pages.sections, (uintptr_t)handle);
        counted_call_end(&call, PAGES_OK);
    }
}

/* ------------------------------------------------------------------------------------------------
 * Closing
 * --------------------------------------------------------------------------------------------- */

/* The handle of a section, out of the books while Win32 is asked to close it. */
struct closing {
    struct counted_call call;
    struct sections *sections; /* NULL: it stands for none */
    uintptr_t handle;
    uint32_t section; /* 0: another thread has taken it meanwhile */
};

static void begin_closing(struct closing *closing, HANDLE handle)
{
    struct manager *manager = handle_hooks_find(handle);

    closing->sections = manager ? &manager->pages.sections : NULL;
    if (!manager)
        return;
    counted_call_begin(&closing->call, manager, COUNTED_SECTIONS);
    closing->handle = (uintptr_t)handle;
    closing->section = sections_take_handle(closing->sections, closing->handle);
}

static bool is_open(uintptr_t handle)
{
    DWORD flags;

    return GetHandleInformation((HANDLE)handle, &flags) != 0;
}

static void end_closing(struct closing *closing, bool closed)
{
    if (!closing->sections)
        return;
    closing->call.last_error = GetLastError(); /* Win32's, after a success too */
    if (closing->section && !closed && is_open(closing->handle))
        sections_restore_handle(closing->sections, closing->handle, closing->section);
    else if (closing->section)
        sections_release(closing->sections, closing->section);
    counted_call_end(&closing->call, PAGES_OK);
}

static BOOL WINAPI hook_CloseHandle(HANDLE handle)
{
    struct closing closing;
    BOOL closed;

    binding_enter();
    begin_closing(&closing, handle);
    closed = CloseHandle(handle);
    end_closing(&closing, closed);
    binding_leave();
    return closed;
}

/* ------------------------------------------------------------------------------------------------
 * Duplicating
 * --------------------------------------------------------------------------------------------- */

/* What DuplicateHandle takes. */
struct duplication {
    HANDLE source_process;
    HANDLE source;
    HANDLE target_process;
    HANDLE *target;
    DWORD access;
    BOOL inherit;
    DWORD options;
};

static BOOL pass(const struct duplication *request)
{
    return DuplicateHandle(request->source_process, request->source, request->target_process,
                           request->target, request->access, request->inherit, request->options);
}

/* Win32 has made a handle of this process, whose section is held. False: the books have no room. */
static bool note_duplicate(struct manager *manager, uint32_t section, HANDLE duplicate)
{
    struct reclaim_attempt attempt = reclaim_begin(&manager->heaps);
    bool noted;

    handle_hooks_forget(duplicate);
    do
        noted = sections_note_handle(&manager->pages.sections, (uintptr_t)duplicate, section);
    while (!noted && reclaim_again(&attempt, ERROR_NOT_ENOUGH_MEMORY));
    return noted;
}

/* Duplicates the handle of a section for this process. */
static BOOL duplicate_known(struct manager *manager, uint32_t section,
                            const struct duplication *request)
{
    struct sections *sections = &manager->pages.sections;

    if (!pass(request)) {
        sections_release(sections, section);
        return FALSE;
    }
    if (!request->target || note_duplicate(manager, section, *request->target)) {
        if (!request->target)
            sections_release(sections, section);
        return TRUE;
    }
    CloseHandle(*request->target);
    *request->target = NULL;
    sections_release(sections, section);
    SetLastError(ERROR_NOT_ENOUGH_MEMORY);
    return FALSE;
}

/* Duplicates any handle for this process. */
static BOOL duplicate_here(const struct duplication *request, bool own)
{
    struct manager *manager = own ? handle_hooks_find(request->source) : NULL;
    struct counted_call call;
    uint32_t section;
    BOOL done;

    if (!manager) {
        done = pass(request);
        if (done && request->target)
            handle_hooks_forget(*request->target);
        return done;
    }
    counted_call_begin(&call, manager, COUNTED_SECTIONS);
    section = sections_hold(&manager->pages.sections, (uintptr_t)request->source);
    done = section ? duplicate_known(manager, section, request) : pass(request);
    call.last_error = GetLastError();
    counted_call_end(&call, PAGES_OK);
    return done;
}

static BOOL duplicate(const struct duplication *request, bool own)
{
    return own_process_is(request->target_process) ? duplicate_here(request, own) : pass(request);
}

/* True if the handle is protected from being closed. The last error stays as it is. */
static bool is_protected(HANDLE handle)
{
    DWORD last_error = GetLastError();
    DWORD flags = 0;

    GetHandleInformation(handle, &flags);
    SetLastError(last_error);
    return (flags & HANDLE_FLAG_PROTECT_FROM_CLOSE) != 0;
}

/*
 * The source is closed whatever becomes of the duplicate, unless it is protected: then it stays
 * open, and the call succeeds all the same.
 */
static BOOL duplicate_and_close(const struct duplication *request)
{
    struct closing closing;
    struct manager *manager = handle_hooks_find(request->source);
    uint32_t section =
        manager ? sections_hold(&manager->pages.sections, (uintptr_t)request->source) : 0;
    bool stays = section && is_protected(request->source);
    BOOL done;

    begin_closing(&closing, request->source);
    if (section && own_process_is(request->target_process)) {
        done = duplicate_known(manager, section, request);
    } else {
        if (section)
            sections_release(&manager->pages.sections, section);
        done = duplicate(request, false);
    }
    end_closing(&closing, done && !stays);
    return done;
}

static BOOL WINAPI hook_DuplicateHandle(HANDLE source_process, HANDLE source, HANDLE target_process,
                                        LPHANDLE target, DWORD access, BOOL inherit, DWORD options)
{
    const struct duplication request = {source_process, source,  target_process, target,
                                        access,         inherit, options};
    bool own;
    BOOL done;

    binding_enter();
    own = own_process_is(source_process);
    if (own && (options & DUPLICATE_CLOSE_SOURCE))
        done = duplicate_and_close(&request);
    else
        done = duplicate(&request, own);
    binding_leave();
    return done;
}

static struct hook hooks[] = {
    HOOK(CloseHandle),
    HOOK(DuplicateHandle),
};

const struct hook_table handle_hooks = HOOK_TABLE(hooks);
