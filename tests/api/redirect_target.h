/*
 * redirect_target.h: a module that calls Win32's memory functions through its import tables when a
 * test asks it to.
 *
 * It is built three times from redirect_target.c: with ordinary imports from kernel32.dll, with
 * imports from api-ms-win-core-memory-l1-1-0.dll and api-ms-win-core-heap-l1-1-0.dll, and with
 * delay-loaded imports from kernel32.dll. The latter two import only functions that every version
 * of these DLLs has; their other members are NULL. Further modules built from it load others, and
 * export the name TARGET_SIGN by which a runtime's modules are recognised.
 */
#ifndef HOSTMEM_TESTS_API_REDIRECT_TARGET_H
#define HOSTMEM_TESTS_API_REDIRECT_TARGET_H

#include <windows.h>

struct redirect_target {
    LPVOID(WINAPI *alloc)(LPVOID, SIZE_T, DWORD, DWORD);
    BOOL(WINAPI *free)(LPVOID, SIZE_T, DWORD);
    SIZE_T(WINAPI *query)(LPCVOID, PMEMORY_BASIC_INFORMATION, SIZE_T);
    BOOL(WINAPI *protect)(LPVOID, SIZE_T, DWORD, PDWORD);
    LPVOID(WINAPI *alloc_ex)(HANDLE, LPVOID, SIZE_T, DWORD, DWORD);
    LPVOID(WINAPI *alloc_ex_numa)(HANDLE, LPVOID, SIZE_T, DWORD, DWORD, DWORD);
    BOOL(WINAPI *free_ex)(HANDLE, LPVOID, SIZE_T, DWORD);
    LPVOID(WINAPI *map)(HANDLE, DWORD, DWORD, DWORD, SIZE_T);
    LPVOID(WINAPI *map_ex)(HANDLE, DWORD, DWORD, DWORD, SIZE_T, LPVOID);
    LPVOID(WINAPI *map_ex_numa)(HANDLE, DWORD, DWORD, DWORD, SIZE_T, LPVOID, DWORD);
    BOOL(WINAPI *unmap)(LPCVOID);
    BOOL(WINAPI *unmap_ex)(PVOID, ULONG); /* NULL on x86 */

    /* NULL in the module with delay-loaded imports. */
    LPVOID(WINAPI *heap_alloc)(HANDLE, DWORD, SIZE_T);
    LPVOID(WINAPI *heap_realloc)(HANDLE, DWORD, LPVOID, SIZE_T);
    BOOL(WINAPI *heap_free)(HANDLE, DWORD, LPVOID);
    SIZE_T(WINAPI *heap_size)(HANDLE, DWORD, LPCVOID);
    BOOL(WINAPI *heap_validate)(HANDLE, DWORD, LPCVOID);
    HANDLE(WINAPI *heap_create)(DWORD, SIZE_T, SIZE_T);
    BOOL(WINAPI *heap_destroy)(HANDLE);

    /* NULL but in the module with ordinary imports from kernel32.dll. */
    BOOL(WINAPI *memory_status)(LPMEMORYSTATUSEX);
    HLOCAL(WINAPI *local_alloc)(UINT, SIZE_T);
    HLOCAL(WINAPI *local_free)(HLOCAL);
    HANDLE(WINAPI *create_notification)(MEMORY_RESOURCE_NOTIFICATION_TYPE);
    BOOL(WINAPI *query_notification)(HANDLE, PBOOL);

    /* NULL but in the modules that stand for a runtime's. */
    HMODULE(WINAPI *load_a)(LPCSTR);
    HMODULE(WINAPI *load_w)(LPCWSTR);
    HMODULE(WINAPI *load_ex_a)(LPCSTR, HANDLE, DWORD);
    HMODULE(WINAPI *load_ex_w)(LPCWSTR, HANDLE, DWORD);
    FARPROC(WINAPI *look_up)(HMODULE, LPCSTR);

    /* The import address table entry that `alloc` goes through. */
    void *volatile *alloc_entry;

    /* How many entries the delay-load helper has resolved so far; NULL where there is none. */
    const volatile LONG *resolved;
};

/* The module's one export. */
#define REDIRECT_TARGET_EXPORT "redirect_target"
typedef const struct redirect_target *WINAPI redirect_target_function(void);

#endif
