/*
 * redirect_newer.c: see redirect_newer.h. It has no C run-time library, so it imports nothing else.
 * The functions have names of this file's own, because not every winbase.h declares them.
 */
#include "redirect_newer.h"

#ifdef _WIN64
#define IMPORT(name, size) "__imp_" name
#else
#define IMPORT(name, size) "__imp__" name "@" size
#endif

extern alloc2_function *volatile imported_alloc2 __asm__(IMPORT("VirtualAlloc2", "28"));
extern protect_from_app_function *volatile imported_protect __asm__(IMPORT("VirtualProtectFromApp",
                                                                           "16"));
extern map3_function *volatile imported_map3 __asm__(IMPORT("MapViewOfFile3FromApp", "40"));
extern map_numa2_function *volatile imported_map_numa2 __asm__(IMPORT("MapViewOfFileNuma2", "36"));
extern unmap2_function *volatile imported_unmap2 __asm__(IMPORT("UnmapViewOfFile2", "12"));

static LPVOID WINAPI call_alloc2(HANDLE process, LPVOID address, SIZE_T size, ULONG type,
                                 ULONG protect, MEM_EXTENDED_PARAMETER *parameters, ULONG count)
{
    return imported_alloc2(process, address, size, type, protect, parameters, count);
}

static BOOL WINAPI call_protect(LPVOID address, SIZE_T size, ULONG protect, PULONG old)
{
    return imported_protect(address, size, protect, old);
}

static LPVOID WINAPI call_map3(HANDLE mapping, HANDLE process, LPVOID address, ULONG64 offset,
                               SIZE_T size, ULONG type, ULONG protect,
                               MEM_EXTENDED_PARAMETER *parameters, ULONG count)
{
    return imported_map3(mapping, process, address, offset, size, type, protect, parameters, count);
}

static LPVOID WINAPI call_map_numa2(HANDLE mapping, HANDLE process, ULONG64 offset, LPVOID address,
                                    SIZE_T size, ULONG type, ULONG protect, ULONG node)
{
    return imported_map_numa2(mapping, process, offset, address, size, type, protect, node);
}

static BOOL WINAPI call_unmap2(HANDLE process, LPVOID address, ULONG flags)
{
    return imported_unmap2(process, address, flags);
}

__declspec(dllexport) redirect_newer_function redirect_newer;

__declspec(dllexport) const struct redirect_newer *WINAPI redirect_newer(void)
{
    static const struct redirect_newer newer = {
        .alloc2 = call_alloc2,
        .protect_from_app = call_protect,
        .map3_from_app = call_map3,
        .map_numa2 = call_map_numa2,
        .unmap2 = call_unmap2,
    };

    return &newer;
}

BOOL WINAPI DllMainCRTStartup(HINSTANCE instance, DWORD reason, LPVOID reserved);

BOOL WINAPI DllMainCRTStartup(HINSTANCE instance, DWORD reason, LPVOID reserved)
{
    (void)instance;
    (void)reason;
    (void)reserved;
    return TRUE;
}
