/*
 * redirect_newer.h: a module that imports functions from kernelbase.dll that Windows 7 lacks, and
 * some of which Wine lacks. There the loader puts something else in their place, which must not be
 * called.
 */
#ifndef HOSTMEM_TESTS_API_REDIRECT_NEWER_H
#define HOSTMEM_TESTS_API_REDIRECT_NEWER_H

#include <windows.h>

/* The types of the functions. */
typedef LPVOID WINAPI alloc2_function(HANDLE, LPVOID, SIZE_T, ULONG, ULONG,
                                      MEM_EXTENDED_PARAMETER *, ULONG);
typedef LPVOID WINAPI alloc_from_app_function(LPVOID, SIZE_T, ULONG, ULONG);
typedef BOOL WINAPI protect_from_app_function(LPVOID, SIZE_T, ULONG, PULONG);
typedef LPVOID WINAPI map3_function(HANDLE, HANDLE, LPVOID, ULONG64, SIZE_T, ULONG, ULONG,
                                    MEM_EXTENDED_PARAMETER *, ULONG);
typedef LPVOID WINAPI map_from_app_function(HANDLE, ULONG, ULONG64, SIZE_T);
typedef LPVOID WINAPI map_numa2_function(HANDLE, HANDLE, ULONG64, LPVOID, SIZE_T, ULONG, ULONG,
                                         ULONG);
typedef BOOL WINAPI unmap2_function(HANDLE, LPVOID, ULONG);

/* Each calls through the module's imports. */
struct redirect_newer {
    alloc2_function *alloc2;
    protect_from_app_function *protect_from_app;
    map3_function *map3_from_app;
    map_numa2_function *map_numa2;
    unmap2_function *unmap2;
};

#define REDIRECT_NEWER_EXPORT "redirect_newer"
typedef const struct redirect_newer *WINAPI redirect_newer_function(void);

#endif
