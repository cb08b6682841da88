/*
 * libraries.c: see libraries.h.
 */
#include "redirect/libraries.h"

#include "pe/export_table.h"

#include <stddef.h>
#include <stdint.h>

typedef intptr_t __cdecl get_heap_handle_function(void);

bool libraries_is_one(HMODULE module)
{
    static const char *const signs[] = {"_get_heap_handle", "CoTaskMemAlloc", "SysAllocString"};

    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
        if (export_table_address(module, signs[i]))
            return true;
    }
    return false;
}

HANDLE libraries_own_heap(HMODULE module)
{
    const void *function = export_table_address(module, "_get_heap_handle");

    return function ? (HANDLE)((get_heap_handle_function *)(uintptr_t)function)() : NULL;
}

void libraries_each(library_callback *callback)
{
    static const wchar_t *const names[LIBRARIES_LOOKED_FOR] = {
        L"ucrtbase.dll", L"msvcrt.dll",  L"msvcr120.dll", L"msvcr110.dll", L"msvcr100.dll",
        L"msvcr90.dll",  L"msvcr80.dll", L"combase.dll",  L"ole32.dll",    L"oleaut32.dll",
    };

    for (unsigned i = 0; i < LIBRARIES_LOOKED_FOR; i++) {
        HMODULE module = NULL;

        GetModuleHandleExW(0, names[i], &module);
        callback(i, module);
        if (module)
            FreeLibrary(module);
    }
}
