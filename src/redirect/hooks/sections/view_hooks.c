/*
 * view_hooks.c: see view_hooks.h.
 */
#include "redirect/hooks/sections/view_hooks.h"

#include "heap/reuse/reclaim.h"
#include "hosting/counted_call.h"
#include "os/os.h"
#include "pages/foreign.h"
#include "pages/sections/view_commit.h"
#include "pages/sections/view.h"
#include "redirect/binding.h"
#include "redirect/hooks/sections/handle_hooks.h"
#include "redirect/retry.h"

/* The size of a whole view, counted as the CLR does it: everything with this allocation base. */
static SIZE_T view_size(const void *base)
{
    MEMORY_BASIC_INFORMATION information;
    const char *at = base;

    while (VirtualQuery(at, &information, sizeof(information)) &&
           information.AllocationBase == base)
        at = (const char *)information.BaseAddress + information.RegionSize;
    return (SIZE_T)(at - (const char *)base);
}

/* Enters a view of nothing that is known in the books. The last error stays as it is. */
static void note(LPVOID view)
{
    DWORD last_error = GetLastError();
    struct manager *manager = binding_enter_open();

    if (manager) {
        IHostMemoryManager *iface = &manager->IHostMemoryManager_iface;

        iface->lpVtbl->AcquiredVirtualAddressSpace(iface, view, view_size(view));
    }
    binding_leave();
    SetLastError(last_error);
}

static LPVOID map_in_room(map_way *way, const struct map_request *request)
{
    struct retry retry = retry_begin();
    LPVOID view;

    do
        view = way(request);
    while (!view && retry_helps_view(&retry, request->address, request->size));
    return view;
}

/* True if the manager serves, and a view of a section that it knows holds, or held, the address. */
static bool has_view(struct manager *manager, const void *address)
{
    const struct sections *sections = &manager->pages.sections;
    uintptr_t base;

    return manager_is_open(manager) && (views_know(sections, (uintptr_t)address) ||
                                        views_leave(sections, (uintptr_t)address, &base));
}

static LPVOID map_other(map_way *way, const struct map_request *request)
{
    LPVOID view = map_in_room(way, request);
    struct manager *stale = view ? binding_find(has_view, view) : NULL;

    if (stale) {
        struct counted_call call;

        counted_call_begin(&call, stale, COUNTED_SECTIONS);
        views_forget(&stale->pages.sections, (uintptr_t)view, (uintptr_t)view + view_size(view));
        counted_call_end(&call, PAGES_OK);
    }
    if (view)
        note(view);
    return view;
}

/* The view is in the books. A commit that was forwarded meanwhile may have landed in it. */
static void settle_if_raced(struct manager *manager, uint32_t index, uint64_t before)
{
    struct view_facts view;

    atomic_thread_fence(memory_order_seq_cst); /* as foreign.h wants it */
    if (!foreign_none_since(&manager->pages, before) &&
        views_read(&manager->pages.sections, index, &view))
        views_settle(&manager->pages, (struct range){view.base, view.base + view.size});
}

/* Enters a view that begins with a granule in the books. */
static enum view_mapped enter(struct manager *manager, uint32_t index,
                              const struct map_request *request, LPVOID view)
{
    if ((uintptr_t)view % OS_GRANULE_SIZE)
        return VIEW_STRANGE;
    return views_map(&manager->pages.sections, index, (uintptr_t)view, request->offset,
                     request->size);
}

/*
 * Maps a view whose record has been taken. One that begins inside a granule, as only a placeholder
 * can make it, is not found by its addresses, and counts as a mapped range. So does one that the
 * known section is too small for: its handle was closed unseen, and its value stands for another.
 */
static pages_result map_begun(struct manager *manager, uint32_t index, map_way *way,
                              const struct map_request *request, LPVOID *view)
{
    struct sections *sections = &manager->pages.sections;
    uint64_t before = foreign_requests(&manager->pages);
    enum view_mapped mapped;

    *view = map_in_room(way, request);
    if (!*view) {
        DWORD error = GetLastError();

        views_cancel(sections, index);
        return error ? error : ERROR_INVALID_PARAMETER;
    }
    mapped = enter(manager, index, request, *view);
    if (mapped == VIEW_MAPPED) {
        settle_if_raced(manager, index, before);
        return PAGES_OK;
    }
    views_cancel(sections, index);
    if (mapped == VIEW_STRANGE) {
        note(*view);
        return PAGES_OK;
    }
    UnmapViewOfFile(*view); /* a placeholder that it replaced goes with it */
    *view = NULL;
    return ERROR_NOT_ENOUGH_MEMORY;
}

/* PAGES_FOREIGN: the handle stands for no known section any more. */
static pages_result try_map(struct manager *manager, map_way *way,
                            const struct map_request *request, LPVOID *view)
{
    uint32_t section;
    uint32_t index = views_begin(&manager->pages.sections, (uintptr_t)request->mapping, &section);

    if (index)
        return map_begun(manager, index, way, request, view);
    return section ? ERROR_NOT_ENOUGH_MEMORY : PAGES_FOREIGN;
}

/* Maps a view of the section that the handle stands for. */
static LPVOID map_known(struct manager *manager, map_way *way, const struct map_request *request)
{
    struct reclaim_attempt attempt = reclaim_begin(&manager->heaps);
    struct counted_call call;
    LPVOID view = NULL;
    pages_result result;

    counted_call_begin(&call, manager, COUNTED_SECTIONS);
    do
        result = try_map(manager, way, request, &view);
    while (reclaim_again(&attempt, result));
    if (result == PAGES_FOREIGN) { /* another thread has closed the handle */
        counted_call_end(&call, PAGES_OK);
        return map_other(way, request);
    }
    call.last_error = GetLastError();
    counted_call_end(&call, result);
    return view;
}

LPVOID view_hooks_map(map_way *way, const struct map_request *request)
{
    struct manager *owner;
    LPVOID view;

    binding_enter();
    owner = handle_hooks_find(request->mapping);
    view = owner ? map_known(owner, way, request) : map_other(way, request);
    binding_leave();
    return view;
}

static LPVOID map_ex(const struct map_request *request)
{
    return MapViewOfFileEx(request->mapping, request->protect, (DWORD)(request->offset >> 32),
                           (DWORD)request->offset, request->size, request->address);
}

static LPVOID WINAPI hook_MapViewOfFileEx(HANDLE mapping, DWORD access, DWORD offset_high,
                                          DWORD offset_low, SIZE_T size, LPVOID address)
{
    const struct map_request request = {.mapping = mapping,
                                        .address = address,
                                        .offset = (ULONG64)offset_high << 32 | offset_low,
                                        .size = size,
                                        .protect = access};

    return view_hooks_map(map_ex, &request);
}

static LPVOID WINAPI hook_MapViewOfFile(HANDLE mapping, DWORD access, DWORD offset_high,
                                        DWORD offset_low, SIZE_T size)
{
    return hook_MapViewOfFileEx(mapping, access, offset_high, offset_low, size, NULL);
}

static LPVOID map_ex_numa(const struct map_request *request)
{
    return MapViewOfFileExNuma(request->mapping, request->protect, (DWORD)(request->offset >> 32),
                               (DWORD)request->offset, request->size, request->address,
                               request->node);
}

static LPVOID WINAPI hook_MapViewOfFileExNuma(HANDLE mapping, DWORD access, DWORD offset_high,
                                              DWORD offset_low, SIZE_T size, LPVOID address,
                                              DWORD node)
{
    const struct map_request request = {.mapping = mapping,
                                        .address = address,
                                        .offset = (ULONG64)offset_high << 32 | offset_low,
                                        .size = size,
                                        .protect = access,
                                        .node = node};

    return view_hooks_map(map_ex_numa, &request);
}

/* ------------------------------------------------------------------------------------------------
 * Unmapping
 * --------------------------------------------------------------------------------------------- */

/* True if the manager serves, and a view at that base is in its books. It is out of them then. */
static bool forget(struct manager *manager, const void *base)
{
    return manager_is_open(manager) && mapped_remove(&manager->mapped, (uintptr_t)base);
}

/* What unmapping takes. */
struct unmap_request {
    unmap_view *unmap;
    HANDLE process;
    LPVOID address;
    ULONG flags;
};

static BOOL pass_unmap(const struct unmap_request *request)
{
    return request->unmap(request->process, request->address, request->flags);
}

static BOOL unmap_other(const struct unmap_request *request)
{
    MEMORY_BASIC_INFORMATION information;
    DWORD last_error = GetLastError();
    bool known = VirtualQuery(request->address, &information, sizeof(information)) != 0;
    struct manager *owner;

    SetLastError(last_error);
    if (!pass_unmap(request))
        return FALSE;
    last_error = GetLastError();
    owner = known ? binding_find(forget, information.AllocationBase) : NULL;
    if (owner)
        emergency_restore(&owner->emergency);
    SetLastError(last_error);
    return TRUE;
}

static bool is_free(const void *address)
{
    MEMORY_BASIC_INFORMATION information;

    return !VirtualQuery(address, &information, sizeof(information)) ||
           information.State == MEM_FREE;
}

/* Unmaps a view that this thread has claimed. The last error is Win32's. */
static BOOL unmap_claimed(struct manager *manager, uint32_t index,
                          const struct unmap_request *request)
{
    struct sections *sections = &manager->pages.sections;
    BOOL done = pass_unmap(request);
    DWORD last_error = GetLastError();

    if (done || is_free(request->address))
        views_unmapped(sections, index);
    else
        views_restore(sections, index);
    if (done)
        emergency_restore(&manager->emergency);
    SetLastError(last_error);
    return done;
}

/*
 * Unmaps a view of a known section. While another thread commits pages in it (which the program
 * must not do), that thread unmaps it when it is done, with no flags.
 */
static BOOL unmap_known(struct manager *manager, const struct unmap_request *request)
{
    struct counted_call call;
    uint32_t index;
    BOOL done = TRUE;

    counted_call_begin(&call, manager, COUNTED_SECTIONS);
    switch (views_claim(&manager->pages.sections, (uintptr_t)request->address, &index)) {
    case VIEW_CLAIMED:
        done = unmap_claimed(manager, index, request);
        break;
    case VIEW_NOT_KNOWN: /* another thread has unmapped it */
        done = unmap_other(request);
        break;
    case VIEW_HANDED_ON:
        SetLastError(call.last_error);
        break;
    case VIEW_GONE_BEFORE:
        SetLastError(ERROR_INVALID_ADDRESS);
        done = FALSE;
        break;
    }
    call.last_error = GetLastError();
    counted_call_end(&call, PAGES_OK);
    return done;
}

BOOL view_hooks_unmap(HANDLE process, LPVOID address, ULONG flags, unmap_view *unmap)
{
    const struct unmap_request request = {unmap, process, address, flags};
    struct manager *owner;
    BOOL done;

    binding_enter();
    owner = binding_find(has_view, address);
    done = owner ? unmap_known(owner, &request) : unmap_other(&request);
    binding_leave();
    return done;
}

static BOOL unmap_plainly(HANDLE process, LPVOID address, ULONG flags)
{
    (void)process;
    (void)flags;
    return UnmapViewOfFile(address);
}

static BOOL WINAPI hook_UnmapViewOfFile(LPCVOID address)
{
    return view_hooks_unmap(GetCurrentProcess(), (LPVOID)(uintptr_t)address, 0, unmap_plainly);
}

static struct hook hooks[] = {
    HOOK(MapViewOfFile),
    HOOK(MapViewOfFileEx),
    HOOK(MapViewOfFileExNuma),
    HOOK(UnmapViewOfFile),
};

const struct hook_table view_hooks = HOOK_TABLE(hooks);
