/*
 * page_hooks.c: see page_hooks.h.
 *
 * Each hook behaves as the function that it stands for, last error included. Calls that concern the
 * manager go to it; all others go to Win32 with the same arguments (I7). hostmem's own imports are
 * never rewritten, so the plain names below are Win32's functions.
 */
#include "redirect/page_hooks.h"

#include "hosting/host_memory_manager.h"
#include "os/os.h"
#include "redirect/binding.h"
#include "redirect/hook_table.h"
#include "redirect/request_level.h"

/* ------------------------------------------------------------------------------------------------
 * Pages
 * --------------------------------------------------------------------------------------------- */

/* True for every handle of this process. The last error stays as it is. */
static bool is_this_process(HANDLE process)
{
    DWORD last_error = GetLastError();
    bool same = process == GetCurrentProcess() || GetProcessId(process) == GetCurrentProcessId();

    SetLastError(last_error);
    return same;
}

static LPVOID alloc(LPVOID address, SIZE_T size, DWORD type, DWORD protect, DWORD node)
{
    struct manager *manager = binding_enter_open();
    void *memory;

    if (manager) {
        EMemoryCriticalLevel level = request_level_of_pages(manager, address, size, type);

        host_memory_manager_alloc(manager, address, size, type, protect, level, node, &memory);
        request_level_note_result(manager, level, memory, GetLastError());
    } else {
        memory = VirtualAllocExNuma(GetCurrentProcess(), address, size, type, protect, node);
    }
    binding_leave();
    return memory;
}

static LPVOID WINAPI hook_VirtualAlloc(LPVOID address, SIZE_T size, DWORD type, DWORD protect)
{
    return alloc(address, size, type, protect, OS_ANY_NODE);
}

static LPVOID WINAPI hook_VirtualAllocEx(HANDLE process, LPVOID address, SIZE_T size, DWORD type,
                                         DWORD protect)
{
    if (!is_this_process(process))
        return VirtualAllocEx(process, address, size, type, protect);
    return alloc(address, size, type, protect, OS_ANY_NODE);
}

static LPVOID WINAPI hook_VirtualAllocExNuma(HANDLE process, LPVOID address, SIZE_T size,
                                             DWORD type, DWORD protect, DWORD node)
{
    if (!is_this_process(process))
        return VirtualAllocExNuma(process, address, size, type, protect, node);
    return alloc(address, size, type, protect, node);
}

/* Frees memory that the manager does not own. After a success the last error is as before. */
static BOOL pass_free(struct manager *manager, LPVOID address, SIZE_T size, DWORD type)
{
    DWORD last_error = GetLastError();
    pages_result error = pages_free_foreign(&manager->pages, address, size, type);

    SetLastError(error ? error : last_error);
    return !error;
}

/*
 * The manager frees or refuses every address that its table knows; only others go to Win32. The
 * table knows a region until Win32 has freed it. So the loser of two frees of one region is refused
 * and never passes the address on to Win32, where it may have another owner by then.
 */
static BOOL WINAPI hook_VirtualFree(LPVOID address, SIZE_T size, DWORD type)
{
    struct manager *manager = binding_enter_open();
    BOOL done;

    if (manager && region_table_knows(&manager->pages.table, (uintptr_t)address)) {
        IHostMemoryManager *iface = &manager->IHostMemoryManager_iface;

        done = iface->lpVtbl->VirtualFree(iface, address, size, type) == S_OK;
    } else if (manager) {
        done = pass_free(manager, address, size, type);
    } else {
        done = VirtualFree(address, size, type);
    }
    binding_leave();
    return done;
}

static BOOL WINAPI hook_VirtualFreeEx(HANDLE process, LPVOID address, SIZE_T size, DWORD type)
{
    if (!is_this_process(process))
        return VirtualFreeEx(process, address, size, type);
    return hook_VirtualFree(address, size, type);
}

static SIZE_T WINAPI hook_VirtualQuery(LPCVOID address, PMEMORY_BASIC_INFORMATION information,
                                       SIZE_T length)
{
    struct manager *manager = binding_enter_open();
    SIZE_T written = 0;

    if (manager && information) {
        IHostMemoryManager *iface = &manager->IHostMemoryManager_iface;

        iface->lpVtbl->VirtualQuery(iface, (void *)address, information, length, &written);
    } else {
        written = VirtualQuery(address, information, length);
    }
    binding_leave();
    return written;
}

static BOOL WINAPI hook_VirtualProtect(LPVOID address, SIZE_T size, DWORD protect,
                                       PDWORD old_protect)
{
    struct manager *manager = binding_enter_open();
    BOOL done;

    if (manager && old_protect) {
        IHostMemoryManager *iface = &manager->IHostMemoryManager_iface;

        done = iface->lpVtbl->VirtualProtect(iface, address, size, protect, old_protect) == S_OK;
    } else {
        done = VirtualProtect(address, size, protect, old_protect);
    }
    binding_leave();
    return done;
}

/* ------------------------------------------------------------------------------------------------
 * Mapped files: Win32 maps and unmaps them, the manager keeps the books
 * --------------------------------------------------------------------------------------------- */

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

/* Enters a view in the books, and returns it. The last error stays as it is. */
static LPVOID noted_view(LPVOID view)
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

/*
 * Asks the manager for address space if a view could not be mapped for want of it, as a CLR asks
 * its host. True: the manager has given some up, and mapping is worth another try. False: the last
 * error is what it was, because a manager with nothing to give up sets the same one.
 */
static bool made_room(LPCVOID view, LPVOID address, SIZE_T size)
{
    struct manager *manager;
    bool made = false;

    if (view || GetLastError() != ERROR_NOT_ENOUGH_MEMORY)
        return false;
    manager = binding_enter_open();
    if (manager) {
        IHostMemoryManager *iface = &manager->IHostMemoryManager_iface;

        made = iface->lpVtbl->NeedsVirtualAddressSpace(iface, address, size) == S_OK;
    }
    binding_leave();
    return made;
}

static LPVOID WINAPI hook_MapViewOfFileEx(HANDLE mapping, DWORD access, DWORD offset_high,
                                          DWORD offset_low, SIZE_T size, LPVOID address)
{
    LPVOID view = MapViewOfFileEx(mapping, access, offset_high, offset_low, size, address);

    if (made_room(view, address, size))
        view = MapViewOfFileEx(mapping, access, offset_high, offset_low, size, address);
    return noted_view(view);
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
    LPVOID view =
        MapViewOfFileExNuma(mapping, access, offset_high, offset_low, size, address, node);

    if (made_room(view, address, size))
        view = MapViewOfFileExNuma(mapping, access, offset_high, offset_low, size, address, node);
    return noted_view(view);
}

/* kernel32's UnmapViewOfFileEx, or NULL on Windows 7. Written before a hook can need it. */
typedef BOOL WINAPI unmap_view_ex(LPVOID address, ULONG flags);
static _Atomic(unmap_view_ex *) real_UnmapViewOfFileEx;

void page_hooks_prepare(void)
{
    HMODULE kernel32 = NULL;
    FARPROC function = NULL;

    if (GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT, L"kernel32.dll",
                           &kernel32))
        function = GetProcAddress(kernel32, "UnmapViewOfFileEx");
    atomic_store_explicit(&real_UnmapViewOfFileEx, (unmap_view_ex *)(uintptr_t)function,
                          memory_order_release);
}

static BOOL unmap(LPVOID address, const ULONG *flags)
{
    unmap_view_ex *with_flags = atomic_load_explicit(&real_UnmapViewOfFileEx, memory_order_acquire);

    /* A module can only pass flags if it imports the function, and then kernel32 has it. */
    return flags && with_flags ? with_flags(address, *flags) : UnmapViewOfFile(address);
}

/* UnmapViewOfFile if flags is NULL, else UnmapViewOfFileEx. */
static BOOL unmap_view(LPVOID address, const ULONG *flags)
{
    MEMORY_BASIC_INFORMATION information;
    DWORD last_error = GetLastError();
    bool known = VirtualQuery(address, &information, sizeof(information)) != 0;
    struct manager *manager;

    SetLastError(last_error);
    if (!unmap(address, flags))
        return FALSE;
    last_error = GetLastError();
    manager = binding_enter_open();
    if (manager && known && mapped_remove(&manager->mapped, (uintptr_t)information.AllocationBase))
        emergency_restore(&manager->emergency);
    binding_leave();
    SetLastError(last_error);
    return TRUE;
}

static BOOL WINAPI hook_UnmapViewOfFile(LPCVOID address)
{
    return unmap_view((LPVOID)(uintptr_t)address, NULL);
}

static BOOL WINAPI hook_UnmapViewOfFileEx(LPVOID address, ULONG flags)
{
    return unmap_view(address, &flags);
}

/* ------------------------------------------------------------------------------------------------
 * The table of hooks
 * --------------------------------------------------------------------------------------------- */

static const struct hook hooks[] = {
    HOOK(VirtualAlloc),        HOOK(VirtualAllocEx),  HOOK(VirtualAllocExNuma),
    HOOK(VirtualFree),         HOOK(VirtualFreeEx),   HOOK(VirtualQuery),
    HOOK(VirtualProtect),      HOOK(MapViewOfFile),   HOOK(MapViewOfFileEx),
    HOOK(MapViewOfFileExNuma), HOOK(UnmapViewOfFile), HOOK(UnmapViewOfFileEx),
};

void *page_hooks_find(const char *function)
{
    return hook_table_find(hooks, sizeof(hooks) / sizeof(hooks[0]), function);
}
