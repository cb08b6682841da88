/*
 * page_hooks.c: see page_hooks.h.
 *
 * Each hook behaves as the function that it stands for, last error included. Calls that concern the
 * manager go to it; all others go to Win32 with the same arguments (I7). hostmem's own imports are
 * never rewritten, so the plain names below are Win32's functions.
 */
#include "redirect/hooks/page_hooks.h"

#include "hosting/host_memory_manager.h"
#include "os/os.h"
#include "pages/sections/view.h"
#include "redirect/binding.h"
#include "redirect/own_process.h"
#include "redirect/runtime/request_level.h"

/* True if the manager serves, and has a region, or knows a section's view, at the address. */
static bool knows(struct manager *manager, const void *address)
{
    return manager_is_open(manager) &&
           (region_table_knows(&manager->pages.table, (uintptr_t)address) ||
            views_know(&manager->pages.sections, (uintptr_t)address));
}

/* True if it serves, and has a region there that is not being released. */
static bool has(struct manager *manager, const void *address)
{
    return manager_is_open(manager) && region_table_has(&manager->pages.table, (uintptr_t)address);
}

/*
 * The manager that a request goes to. A commit in memory of a manager that is not bound any more
 * goes to that one, so that its books stay exact.
 */
static struct manager *enter_for_request(const void *address, DWORD type)
{
    struct manager *manager = binding_enter_open();
    struct manager *owner;

    if (!address || (type & MEM_RESERVE))
        return manager;
    owner = binding_find(knows, address);
    return owner ? owner : manager;
}

LPVOID page_hooks_alloc(LPVOID address, SIZE_T size, DWORD type, DWORD protect, DWORD node)
{
    struct manager *manager = enter_for_request(address, type);
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
    return page_hooks_alloc(address, size, type, protect, OS_ANY_NODE);
}

static LPVOID WINAPI hook_VirtualAllocEx(HANDLE process, LPVOID address, SIZE_T size, DWORD type,
                                         DWORD protect)
{
    if (!own_process_is_with(process, PROCESS_VM_OPERATION))
        return VirtualAllocEx(process, address, size, type, protect);
    return page_hooks_alloc(address, size, type, protect, OS_ANY_NODE);
}

static LPVOID WINAPI hook_VirtualAllocExNuma(HANDLE process, LPVOID address, SIZE_T size,
                                             DWORD type, DWORD protect, DWORD node)
{
    if (!own_process_is_with(process, PROCESS_VM_OPERATION))
        return VirtualAllocExNuma(process, address, size, type, protect, node);
    return page_hooks_alloc(address, size, type, protect, node);
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
 * The manager frees or refuses every address where it has a region. What becomes of others is for
 * pages_free_foreign to say.
 */
static BOOL WINAPI hook_VirtualFree(LPVOID address, SIZE_T size, DWORD type)
{
    struct manager *manager = binding_enter_open();
    struct manager *owner = binding_find(has, address);
    BOOL done;

    if (owner) {
        IHostMemoryManager *iface = &owner->IHostMemoryManager_iface;

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
    if (!own_process_is_with(process, PROCESS_VM_OPERATION))
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

BOOL page_hooks_protect(LPVOID address, SIZE_T size, DWORD protect, PDWORD old_protect)
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

static BOOL WINAPI hook_VirtualProtect(LPVOID address, SIZE_T size, DWORD protect,
                                       PDWORD old_protect)
{
    return page_hooks_protect(address, size, protect, old_protect);
}

/* ------------------------------------------------------------------------------------------------
 * The table of hooks
 * --------------------------------------------------------------------------------------------- */

static struct hook hooks[] = {
    HOOK(VirtualAlloc),  HOOK(VirtualAllocEx), HOOK(VirtualAllocExNuma), HOOK(VirtualFree),
    HOOK(VirtualFreeEx), HOOK(VirtualQuery),   HOOK(VirtualProtect),
};

const struct hook_table page_hooks = HOOK_TABLE(hooks);
