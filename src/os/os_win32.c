/*
 * os_win32.c: os.h on Windows. Thin on purpose: a request goes to Win32 as it came, and Win32's
 * answer comes back as a value.
 */
#include "os/os.h"
#include "os/os_fault.h"

#include <windows.h>

_Static_assert(OS_MEM_COMMIT == MEM_COMMIT && OS_MEM_RESERVE == MEM_RESERVE, "winnt.h");
_Static_assert(OS_MEM_DECOMMIT == MEM_DECOMMIT && OS_MEM_RELEASE == MEM_RELEASE, "winnt.h");
_Static_assert(OS_MEM_FREE == MEM_FREE && OS_MEM_RESET == MEM_RESET, "winnt.h");
_Static_assert(OS_MEM_RESET_UNDO == MEM_RESET_UNDO, "winnt.h");
_Static_assert(OS_PAGE_NOACCESS == PAGE_NOACCESS && OS_PAGE_READONLY == PAGE_READONLY, "winnt.h");
_Static_assert(OS_PAGE_READWRITE == PAGE_READWRITE, "winnt.h");
_Static_assert(OS_PAGE_EXECUTE_READWRITE == PAGE_EXECUTE_READWRITE, "winnt.h");
_Static_assert(OS_PAGE_EXECUTE == PAGE_EXECUTE && OS_PAGE_GUARD == PAGE_GUARD, "winnt.h");
_Static_assert(OS_ERROR_NOT_ENOUGH_MEMORY == ERROR_NOT_ENOUGH_MEMORY, "winerror.h");
_Static_assert(OS_ERROR_INVALID_PARAMETER == ERROR_INVALID_PARAMETER, "winerror.h");
_Static_assert(OS_ERROR_INVALID_ADDRESS == ERROR_INVALID_ADDRESS, "winerror.h");
_Static_assert(OS_ERROR_NO_SYSTEM_RESOURCES == ERROR_NO_SYSTEM_RESOURCES, "winerror.h");
_Static_assert(OS_ERROR_OUTOFMEMORY == ERROR_OUTOFMEMORY, "winerror.h");
_Static_assert(OS_ERROR_WORKING_SET_QUOTA == ERROR_WORKING_SET_QUOTA, "winerror.h");
_Static_assert(OS_ERROR_PAGEFILE_QUOTA == ERROR_PAGEFILE_QUOTA, "winerror.h");
_Static_assert(OS_ERROR_COMMITMENT_LIMIT == ERROR_COMMITMENT_LIMIT, "winerror.h");
_Static_assert(OS_ERROR_NOT_ENOUGH_QUOTA == ERROR_NOT_ENOUGH_QUOTA, "winerror.h");

/* A failure that sets no last error must not look like a success. */
static uint32_t last_error(void)
{
    DWORD error = GetLastError();

    return error != ERROR_SUCCESS ? error : ERROR_INVALID_PARAMETER;
}

uint32_t os_alloc(void *address, size_t size, uint32_t type, uint32_t protect, uint32_t node,
                  void **memory)
{
    *memory = NULL;
    if (OS_FAULT_STRIKES(OS_FAULT_PAGES))
        return ERROR_NOT_ENOUGH_MEMORY;
    *memory = node == OS_ANY_NODE
                  ? VirtualAlloc(address, size, type, protect)
                  : VirtualAllocExNuma(GetCurrentProcess(), address, size, type, protect, node);
    return *memory ? ERROR_SUCCESS : last_error();
}

uint32_t os_free(void *address, size_t size, uint32_t type)
{
    DWORD before = GetLastError();

    if (!VirtualFree(address, size, type))
        return last_error();
    SetLastError(before);
    return ERROR_SUCCESS;
}

uint32_t os_unmap(void *address)
{
    DWORD before = GetLastError();

    if (!UnmapViewOfFile(address))
        return last_error();
    SetLastError(before);
    return ERROR_SUCCESS;
}

uint32_t os_query(const void *address, void *buffer, size_t length, size_t *written)
{
    *written = VirtualQuery(address, buffer, length);
    return *written ? ERROR_SUCCESS : last_error();
}

uint32_t os_protect(void *address, size_t size, uint32_t protect, uint32_t *old_protect)
{
    DWORD old = 0;

    if (!VirtualProtect(address, size, protect, &old))
        return last_error();
    *old_protect = old;
    return ERROR_SUCCESS;
}

bool os_query_range(uintptr_t address, struct os_range *range)
{
    MEMORY_BASIC_INFORMATION information;

    if (!VirtualQuery((const void *)address, &information, sizeof(information)))
        return false;
    range->base = (uintptr_t)information.BaseAddress;
    range->size = information.RegionSize;
    range->state = information.State;
    range->protect = information.Protect;
    range->mapped = information.State != MEM_FREE && information.Type != MEM_PRIVATE;
    range->allocation_base =
        information.State == MEM_FREE ? 0 : (uintptr_t)information.AllocationBase;
    return true;
}

void *os_metadata_reserve(size_t size)
{
    if (OS_FAULT_STRIKES(OS_FAULT_METADATA))
        return NULL;
    /* High: the runtime's collector wants the low addresses for a heap in one piece. */
    return VirtualAlloc(NULL, size, MEM_RESERVE | MEM_TOP_DOWN, PAGE_READWRITE);
}

bool os_metadata_commit(void *address, size_t size)
{
    if (OS_FAULT_STRIKES(OS_FAULT_METADATA))
        return false;
    return VirtualAlloc(address, size, MEM_COMMIT, PAGE_READWRITE) != NULL;
}

void os_metadata_release(void *address)
{
    VirtualFree(address, 0, MEM_RELEASE);
}

uint32_t os_thread_id(void)
{
    return GetCurrentThreadId();
}

uint64_t os_tick_milliseconds(void)
{
    return GetTickCount64();
}

uint32_t os_memory_load(uint32_t *percent, uint64_t *available)
{
    MEMORYSTATUSEX status;

    status.dwLength = sizeof(status);
    if (!GlobalMemoryStatusEx(&status))
        return last_error();
    *percent = status.dwMemoryLoad;
    *available = status.ullAvailPhys;
    return ERROR_SUCCESS;
}

/*
 * A process of 128 TiB, from Windows 8.1 on, has its modules at the top, and all else at the bottom
 * (within some TiB, which are chance). Linux, under Wine, puts programs and libraries above these.
 */
bool os_unasked_addresses(uintptr_t *begin, uintptr_t *end)
{
#ifdef _WIN64
    SYSTEM_INFO information;

    GetSystemInfo(&information);
    *begin = (uintptr_t)17 << 40;
    *end = (uintptr_t)80 << 40;
    return (uintptr_t)information.lpMaximumApplicationAddress >= (uintptr_t)127 << 40;
#else
    *begin = *end = 0;
    return false;
#endif
}

bool os_has_known_granularity(void)
{
    SYSTEM_INFO information;

    GetSystemInfo(&information);
    return information.dwPageSize == OS_PAGE_SIZE &&
           information.dwAllocationGranularity == OS_GRANULE_SIZE;
}
