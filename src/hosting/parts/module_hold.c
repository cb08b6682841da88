/*
 * module_hold.c: see module_hold.h.
 */
#include "hosting/parts/module_hold.h"

#include "os/os.h"

#include <windows.h>

_Static_assert(offsetof(struct module_hold, unload) == sizeof(void *), "RELEASE_ENTRY knows this");

/* Any address in it. */
static const char in_this_module;

bool module_hold_take(struct module_hold *hold)
{
    HMODULE ntdll = NULL, module = NULL;

    if (!GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, (LPCWSTR)&in_this_module,
                            &module))
        return false;
    hold->module = module;
    if (GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT, L"ntdll.dll", &ntdll)) {
        FARPROC unload = GetProcAddress(ntdll, "LdrUnloadDll");

        os_copy(&hold->unload, &unload, sizeof(hold->unload));
    }
    return true;
}
