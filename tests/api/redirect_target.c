/*
 * redirect_target.c: see redirect_target.h. It has no C run-time library, so it imports nothing
 * else.
 */
#include "redirect_target.h"

static LPVOID WINAPI call_alloc(LPVOID address, SIZE_T size, DWORD type, DWORD protect)
{
    return VirtualAlloc(address, size, type, protect);
}

static BOOL WINAPI call_free(LPVOID address, SIZE_T size, DWORD type)
{
    return VirtualFree(address, size, type);
}

static SIZE_T WINAPI call_query(LPCVOID address, PMEMORY_BASIC_INFORMATION buffer, SIZE_T length)
{
    return VirtualQuery(address, buffer, length);
}

static BOOL WINAPI call_protect(LPVOID address, SIZE_T size, DWORD protect, PDWORD old)
{
    return VirtualProtect(address, size, protect, old);
}

#ifdef TARGET_HAS_ALL

static LPVOID WINAPI call_alloc_ex(HANDLE process, LPVOID address, SIZE_T size, DWORD type,
                                   DWORD protect)
{
    return VirtualAllocEx(process, address, size, type, protect);
}

static LPVOID WINAPI call_alloc_ex_numa(HANDLE process, LPVOID address, SIZE_T size, DWORD type,
                                        DWORD protect, DWORD node)
{
    return VirtualAllocExNuma(process, address, size, type, protect, node);
}

static BOOL WINAPI call_free_ex(HANDLE process, LPVOID address, SIZE_T size, DWORD type)
{
    return VirtualFreeEx(process, address, size, type);
}

static LPVOID WINAPI call_map(HANDLE mapping, DWORD access, DWORD high, DWORD low, SIZE_T size)
{
    return MapViewOfFile(mapping, access, high, low, size);
}

static LPVOID WINAPI call_map_ex(HANDLE mapping, DWORD access, DWORD high, DWORD low, SIZE_T size,
                                 LPVOID address)
{
    return MapViewOfFileEx(mapping, access, high, low, size, address);
}

static LPVOID WINAPI call_map_ex_numa(HANDLE mapping, DWORD access, DWORD high, DWORD low,
                                      SIZE_T size, LPVOID address, DWORD node)
{
    return MapViewOfFileExNuma(mapping, access, high, low, size, address, node);
}

static BOOL WINAPI call_unmap(LPCVOID address)
{
    return UnmapViewOfFile(address);
}

static BOOL WINAPI call_memory_status(LPMEMORYSTATUSEX status)
{
    return GlobalMemoryStatusEx(status);
}

static HLOCAL WINAPI call_local_alloc(UINT flags, SIZE_T size)
{
    return LocalAlloc(flags, size);
}

static HLOCAL WINAPI call_local_free(HLOCAL memory)
{
    return LocalFree(memory);
}

static HANDLE WINAPI call_create_notification(MEMORY_RESOURCE_NOTIFICATION_TYPE type)
{
    return CreateMemoryResourceNotification(type);
}

static BOOL WINAPI call_query_notification(HANDLE notification, PBOOL state)
{
    return QueryMemoryResourceNotification(notification, state);
}

#ifdef _WIN64

/* MinGW-w64's headers declare it for programs that need Windows 10, and its x86 library lacks it.
 */
WINBASEAPI BOOL WINAPI UnmapViewOfFileEx(PVOID address, ULONG flags);

static BOOL WINAPI call_unmap_ex(PVOID address, ULONG flags)
{
    return UnmapViewOfFileEx(address, flags);
}

#else
#define call_unmap_ex NULL
#endif

#endif

#ifdef TARGET_HAS_HEAP

static LPVOID WINAPI call_heap_alloc(HANDLE heap, DWORD flags, SIZE_T size)
{
    return HeapAlloc(heap, flags, size);
}

static LPVOID WINAPI call_heap_realloc(HANDLE heap, DWORD flags, LPVOID memory, SIZE_T size)
{
    return HeapReAlloc(heap, flags, memory, size);
}

static BOOL WINAPI call_heap_free(HANDLE heap, DWORD flags, LPVOID memory)
{
    return HeapFree(heap, flags, memory);
}

static SIZE_T WINAPI call_heap_size(HANDLE heap, DWORD flags, LPCVOID memory)
{
    return HeapSize(heap, flags, memory);
}

static BOOL WINAPI call_heap_validate(HANDLE heap, DWORD flags, LPCVOID memory)
{
    return HeapValidate(heap, flags, memory);
}

static HANDLE WINAPI call_heap_create(DWORD options, SIZE_T initial, SIZE_T maximum)
{
    return HeapCreate(options, initial, maximum);
}

static BOOL WINAPI call_heap_destroy(HANDLE heap)
{
    return HeapDestroy(heap);
}

#endif

#ifdef TARGET_LOADS

static HMODULE WINAPI call_load_a(LPCSTR name)
{
    return LoadLibraryA(name);
}

static HMODULE WINAPI call_load_w(LPCWSTR name)
{
    return LoadLibraryW(name);
}

static HMODULE WINAPI call_load_ex_a(LPCSTR name, HANDLE file, DWORD flags)
{
    return LoadLibraryExA(name, file, flags);
}

static HMODULE WINAPI call_load_ex_w(LPCWSTR name, HANDLE file, DWORD flags)
{
    return LoadLibraryExW(name, file, flags);
}

static FARPROC WINAPI call_look_up(HMODULE module, LPCSTR name)
{
    return GetProcAddress(module, name);
}

#endif

#ifdef TARGET_SIGN

__declspec(dllexport) void TARGET_SIGN(void);

__declspec(dllexport) void TARGET_SIGN(void)
{
}

#endif

/* What the compiler calls through for VirtualAlloc. */
#ifdef _WIN64
extern void *volatile entry_of_alloc __asm__("__imp_VirtualAlloc");
#else
extern void *volatile entry_of_alloc __asm__("__imp__VirtualAlloc@16");
#endif

#ifdef TARGET_DELAYS

extern IMAGE_DOS_HEADER __ImageBase;

static volatile LONG resolved;

/* What dlltool's stubs call when an entry is used for the first time: resolves it, for good. */
FARPROC WINAPI __delayLoadHelper2(const IMAGE_DELAYLOAD_DESCRIPTOR *descriptor, FARPROC *entry);

FARPROC WINAPI __delayLoadHelper2(const IMAGE_DELAYLOAD_DESCRIPTOR *descriptor, FARPROC *entry)
{
    const char *base = (const char *)&__ImageBase;
    const FARPROC *entries = (const void *)(base + descriptor->ImportAddressTableRVA);
    const IMAGE_THUNK_DATA *names = (const void *)(base + descriptor->ImportNameTableRVA);
    const IMAGE_IMPORT_BY_NAME *name =
        (const void *)(base + names[entry - entries].u1.AddressOfData);
    HMODULE module = LoadLibraryA(base + descriptor->DllNameRVA);

    InterlockedIncrement(&resolved);
    *entry = GetProcAddress(module, (const char *)name->Name);
    return *entry;
}

/*
 * dlltool's descriptor, named after the import library; and the empty one that ends the table,
 * which its section's name puts behind it.
 */
extern const IMAGE_DELAYLOAD_DESCRIPTOR
    descriptor_of_imports __asm__("__DELAY_IMPORT_DESCRIPTOR_libredirect_delayed_imports_a");
__attribute__((section(".text$3"), aligned(4),
               used)) static const IMAGE_DELAYLOAD_DESCRIPTOR last_descriptor;

/* GNU ld makes the table but does not enter it into the directory of the image: done here. */
static BOOL enter_table(HINSTANCE instance)
{
    IMAGE_NT_HEADERS *nt =
        (IMAGE_NT_HEADERS *)((char *)instance + ((IMAGE_DOS_HEADER *)instance)->e_lfanew);
    IMAGE_DATA_DIRECTORY *directory =
        &nt->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_DELAY_IMPORT];
    DWORD protect;

    if (!VirtualProtectEx(GetCurrentProcess(), directory, sizeof(*directory), PAGE_READWRITE,
                          &protect))
        return FALSE;
    directory->VirtualAddress =
        (DWORD)((const char *)&descriptor_of_imports - (const char *)instance);
    directory->Size = 2 * sizeof(IMAGE_DELAYLOAD_DESCRIPTOR);
    return VirtualProtectEx(GetCurrentProcess(), directory, sizeof(*directory), protect, &protect);
}

#endif

__declspec(dllexport) redirect_target_function redirect_target;

__declspec(dllexport) const struct redirect_target *WINAPI redirect_target(void)
{
    static const struct redirect_target target = {
        .alloc = call_alloc,
        .free = call_free,
        .query = call_query,
        .protect = call_protect,
        .alloc_entry = &entry_of_alloc,
#ifdef TARGET_HAS_ALL
        .alloc_ex = call_alloc_ex,
        .alloc_ex_numa = call_alloc_ex_numa,
        .free_ex = call_free_ex,
        .map = call_map,
        .map_ex = call_map_ex,
        .map_ex_numa = call_map_ex_numa,
        .unmap = call_unmap,
        .unmap_ex = call_unmap_ex,
        .memory_status = call_memory_status,
        .local_alloc = call_local_alloc,
        .local_free = call_local_free,
        .create_notification = call_create_notification,
        .query_notification = call_query_notification,
#endif
#ifdef TARGET_HAS_HEAP
        .heap_alloc = call_heap_alloc,
        .heap_realloc = call_heap_realloc,
        .heap_free = call_heap_free,
        .heap_size = call_heap_size,
        .heap_validate = call_heap_validate,
        .heap_create = call_heap_create,
        .heap_destroy = call_heap_destroy,
#endif
#ifdef TARGET_LOADS
        .load_a = call_load_a,
        .load_w = call_load_w,
        .load_ex_a = call_load_ex_a,
        .load_ex_w = call_load_ex_w,
        .look_up = call_look_up,
#endif
#ifdef TARGET_DELAYS
        .resolved = &resolved,
#endif
    };

    return &target;
}

BOOL WINAPI DllMainCRTStartup(HINSTANCE instance, DWORD reason, LPVOID reserved);

BOOL WINAPI DllMainCRTStartup(HINSTANCE instance, DWORD reason, LPVOID reserved)
{
    (void)reserved;
#ifdef TARGET_DELAYS
    if (reason == DLL_PROCESS_ATTACH)
        return enter_table(instance);
#else
    (void)instance;
    (void)reason;
#endif
    return TRUE;
}
