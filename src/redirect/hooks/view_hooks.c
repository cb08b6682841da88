/*
 * view_hooks.c: see view_hooks.h.
 */
#include "redirect/hooks/view_hooks.h"

#include "redirect/binding.h"
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

LPVOID view_hooks_noted(LPVOID view)
{
    DWORD last_error = GetLastError();
    struct manager *manager = binding_enter_open();

    if (manager && view) {
        IHostMemoryManager *iface = &manager->IHostMemoryManager_iface;

        iface->lpVtbl->AcquiredVirtualAddressSpace(iface, view, view_size(view));
    }
    binding_leave();
    SetLastError(last_error);
    return view;
}

static LPVOID WINAPI hook_MapViewOfFileEx(HANDLE mapping, DWORD access, DWORD offset_high,
                                          DWORD offset_low, SIZE_T size, LPVOID address)
{
    struct retry retry = retry_begin();
    LPVOID view;

    do
        view = MapViewOfFileEx(mapping, access, offset_high, offset_low, size, address);
    while (!view && retry_helps_view(&retry, address, size));
    return view_hooks_noted(view);
}

static LPVOID WINAPI hook_MapViewOfFile(HANDLE mapping, DWORD access, DWORD offset_high,
                                        DWORD offset_low, SIZE_T size)
{
    return hook_MapViewOfFileEx(mapping, access, offset_high, offset_low, size, NULL);
}

static LPVOID WINAPI hook_MapViewOfFileExNuma(HANDLE mapping, DWORD access, DWORD offset_high,
                                              DWORD offset_low, SIZE_T size, LPVOID address,
                                              DWORD node)
{
    struct retry retry = retry_begin();
    LPVOID view;

    do
        view = MapViewOfFileExNuma(mapping, access, offset_high, offset_low, size, address, node);
    while (!view && retry_helps_view(&retry, address, size));
    return view_hooks_noted(view);
}

/* True if the manager serves, and a view at that base is in its books. It is out of them then. */
static bool forget(struct manager *manager, const void *base)
{
    return manager_is_open(manager) && mapped_remove(&manager->mapped, (uintptr_t)base);
}

BOOL view_hooks_unmap(HANDLE process, LPVOID address, ULONG flags, unmap_view *unmap)
{
    MEMORY_BASIC_INFORMATION information;
    DWORD last_error = GetLastError();
    bool known = VirtualQuery(address, &information, sizeof(information)) != 0;
    struct manager *owner;

    SetLastError(last_error);
    if (!unmap(process, address, flags))
        return FALSE;
    last_error = GetLastError();
    binding_enter();
    owner = known ? binding_find(forget, information.AllocationBase) : NULL;
    if (owner)
        emergency_restore(&owner->emergency);
    binding_leave();
    SetLastError(last_error);
    return TRUE;
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
