/*
 * loader_hooks.c: Win32 loads; what it has loaded is shown to follow.c.
 */
#include "redirect/loader_hooks.h"

#include "redirect/follow.h"
#include "redirect/hook_table.h"

#include <windows.h>

/* With one of these the handle is none of a module that runs, or of one that lacks its imports. */
#define NO_CODE                                                                                    \
    ((DWORD)(DONT_RESOLVE_DLL_REFERENCES | LOAD_LIBRARY_AS_DATAFILE |                              \
             LOAD_LIBRARY_AS_DATAFILE_EXCLUSIVE | LOAD_LIBRARY_AS_IMAGE_RESOURCE))

static HMODULE shown(HMODULE module)
{
    if (module)
        follow_module(module);
    return module;
}

static HMODULE WINAPI hook_LoadLibraryA(LPCSTR name)
{
    return shown(LoadLibraryA(name));
}

static HMODULE WINAPI hook_LoadLibraryW(LPCWSTR name)
{
    return shown(LoadLibraryW(name));
}

static HMODULE WINAPI hook_LoadLibraryExA(LPCSTR name, HANDLE file, DWORD flags)
{
    HMODULE module = LoadLibraryExA(name, file, flags);

    return flags & NO_CODE ? module : shown(module);
}

static HMODULE WINAPI hook_LoadLibraryExW(LPCWSTR name, HANDLE file, DWORD flags)
{
    HMODULE module = LoadLibraryExW(name, file, flags);

    return flags & NO_CODE ? module : shown(module);
}

static const struct hook hooks[] = {
    HOOK(LoadLibraryA),
    HOOK(LoadLibraryW),
    HOOK(LoadLibraryExA),
    HOOK(LoadLibraryExW),
};

void *loader_hooks_find(const char *function)
{
    return hook_table_find(hooks, sizeof(hooks) / sizeof(hooks[0]), function);
}
