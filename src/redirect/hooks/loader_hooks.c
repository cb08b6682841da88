/*
 * loader_hooks.c: see loader_hooks.h.
 */
#include "redirect/hooks/loader_hooks.h"

#include <stdatomic.h>

/* Written with release before a hook can run, read with acquire; NULL until then. */
static _Atomic(loaded_callback *) loaded;

void loader_hooks_set_callback(loaded_callback *callback)
{
    atomic_store_explicit(&loaded, callback, memory_order_release);
}

/* With one of these flags the module's code does not run, or its imports are not there. */
#define NO_CODE                                                                                    \
    ((DWORD)(DONT_RESOLVE_DLL_REFERENCES | LOAD_LIBRARY_AS_DATAFILE |                              \
             LOAD_LIBRARY_AS_DATAFILE_EXCLUSIVE | LOAD_LIBRARY_AS_IMAGE_RESOURCE))

/* Calls back for a module that was loaded, and returns it; NULL: none was. */
static HMODULE noted(HMODULE module)
{
    loaded_callback *callback = atomic_load_explicit(&loaded, memory_order_acquire);

    if (module && callback)
        callback(module);
    return module;
}

static HMODULE WINAPI hook_LoadLibraryA(LPCSTR name)
{
    return noted(LoadLibraryA(name));
}

static HMODULE WINAPI hook_LoadLibraryW(LPCWSTR name)
{
    return noted(LoadLibraryW(name));
}

static HMODULE WINAPI hook_LoadLibraryExA(LPCSTR name, HANDLE file, DWORD flags)
{
    HMODULE module = LoadLibraryExA(name, file, flags);

    return flags & NO_CODE ? module : noted(module);
}

static HMODULE WINAPI hook_LoadLibraryExW(LPCWSTR name, HANDLE file, DWORD flags)
{
    HMODULE module = LoadLibraryExW(name, file, flags);

    return flags & NO_CODE ? module : noted(module);
}

static struct hook hooks[] = {
    HOOK(LoadLibraryA),
    HOOK(LoadLibraryW),
    HOOK(LoadLibraryExA),
    HOOK(LoadLibraryExW),
};

const struct hook_table loader_hooks = HOOK_TABLE(hooks);
