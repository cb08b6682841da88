/*
 * calls.c: see calls.h: the memory manager and its heaps.
 */
#include "calls.h"

#include "calls_note.h"
#include "heap_alloc.h"

const char *const method_names[METHODS] = {
    "no method",
    "QueryInterface",
    "Release of a reference",
    "CreateMalloc",
    "VirtualAlloc, reserving",
    "VirtualAlloc, committing",
    "VirtualAlloc, MEM_RESET",
    "VirtualFree, MEM_DECOMMIT",
    "VirtualFree, MEM_RELEASE",
    "VirtualQuery",
    "VirtualProtect",
    "GetMemoryLoad",
    "RegisterMemoryNotificationCallback",
    "NeedsVirtualAddressSpace",
    "AcquiredVirtualAddressSpace",
    "ReleasedVirtualAddressSpace",
    "IHostMalloc::Alloc",
    "IHostMalloc::DebugAlloc",
    "IHostMalloc::Free",
    "IHostMalloc::Release, the last",
    "GetStatistics",
    "EnumRegions",
    "EnumMappedRanges",
    "EnumBlocks",
    "EnumHeaps",
    "EnumSizeClasses",
    "FindRegion",
    "FindBlock",
    "Audit",
    "Trim",
    "SetLimits",
    "GetLimits",
    "SetRedirectedLevel",
    "CreateFileMapping",
    "DuplicateHandle",
    "CloseHandle",
    "MapViewOfFile",
    "VirtualAlloc, committing in a view",
    "UnmapViewOfFile",
    "EnumSections",
    "FindSection",
};

/* ------------------------------------------------------------------------------------------------
 * Notes
 * --------------------------------------------------------------------------------------------- */

static void complain(struct caller *caller, struct complaint complaint)
{
    if (!caller->complaints++)
        caller->first = complaint;
}

void expect(struct caller *caller, const char *what, ULONGLONG actual, ULONGLONG expected)
{
    if (actual != expected)
        complain(caller, (struct complaint){NO_METHOD, what, actual, expected});
}

void note_begin(struct caller *caller, enum method method)
{
    caller->method = (LONG)method;
    caller->calls++;
}

static bool is_accepted(HRESULT hr, unsigned accepted)
{
    switch (hr) {
    case S_OK:
        return true;
    case S_FALSE:
        return (accepted & ACCEPT_NOTHING) != 0;
    case E_OUTOFMEMORY:
        return (accepted & ACCEPT_REFUSED) != 0;
    case HOST_E_INVALIDOPERATION:
        return (accepted & ACCEPT_NOBODYS) != 0;
    default:
        return (accepted & ACCEPT_NOBODYS) != 0 && hr == HRESULT_FROM_WIN32(ERROR_INVALID_ADDRESS);
    }
}

bool note_end(struct caller *caller, HRESULT hr, unsigned accepted)
{
    const enum method method = (enum method)caller->method;

    caller->method = NO_METHOD;
    caller->completed[method]++;
    caller->refused += hr == E_OUTOFMEMORY;
    if (!is_accepted(hr, accepted))
        complain(caller, (struct complaint){method, "the result", (DWORD)hr, S_OK});
    return hr == S_OK;
}

/* What a request for memory may be answered with. */
static unsigned refusals(const struct caller *caller)
{
    return caller->level == eProcessCritical ? 0 : ACCEPT_REFUSED;
}

/* ------------------------------------------------------------------------------------------------
 * Pages
 * --------------------------------------------------------------------------------------------- */

void call_references(struct caller *caller)
{
    void *reference = NULL;

    NOTE(caller, CALL_QUERY_INTERFACE, 0,
         IHostMemoryManager_QueryInterface(caller->manager, &IID_IHostMemoryManager, &reference));
    expect(caller, "QueryInterface's object", (uintptr_t)reference, (uintptr_t)caller->manager);
    note_begin(caller, CALL_RELEASE_REFERENCE);
    IHostMemoryManager_Release(caller->manager);
    note_end(caller, S_OK, 0);
}

static bool alloc_pages(struct caller *caller, enum method method, unsigned accepted, DWORD type,
                        void **memory, SIZE_T size)
{
    return NOTE(caller, method, accepted,
                IHostMemoryManager_VirtualAlloc(caller->manager, *memory, size, type,
                                                PAGE_READWRITE, caller->level, memory));
}

static void free_pages(struct caller *caller, enum method method, unsigned accepted, DWORD type,
                       void *address, SIZE_T size)
{
    NOTE(caller, method, accepted,
         IHostMemoryManager_VirtualFree(caller->manager, address, size, type));
}

void *call_reserve(struct caller *caller, void *address, SIZE_T size, DWORD type)
{
    alloc_pages(caller, CALL_RESERVE, refusals(caller), MEM_RESERVE | type, &address, size);
    return address;
}

bool call_commit(struct caller *caller, void *address, SIZE_T size)
{
    return alloc_pages(caller, CALL_COMMIT, refusals(caller), MEM_COMMIT, &address, size);
}

void call_reset(struct caller *caller, void *address, SIZE_T size)
{
    alloc_pages(caller, CALL_RESET, 0, MEM_RESET, &address, size);
}

void call_decommit(struct caller *caller, void *address, SIZE_T size)
{
    free_pages(caller, CALL_DECOMMIT, 0, MEM_DECOMMIT, address, size);
}

void call_release_region(struct caller *caller, void *base)
{
    free_pages(caller, CALL_RELEASE_REGION, 0, MEM_RELEASE, base, 0);
}

void call_release_foreign(struct caller *caller, void *address)
{
    expect(caller, "a foreign address was released",
           NOTE(caller, CALL_RELEASE_REGION, ACCEPT_NOBODYS,
                IHostMemoryManager_VirtualFree(caller->manager, address, 0, MEM_RELEASE)),
           FALSE);
}

bool call_reserve_contested(struct caller *caller, void *address, SIZE_T size)
{
    return alloc_pages(caller, CALL_RESERVE, refusals(caller) | ACCEPT_NOBODYS, MEM_RESERVE,
                       &address, size);
}

void call_commit_contested(struct caller *caller, void *address, SIZE_T size)
{
    alloc_pages(caller, CALL_COMMIT, refusals(caller) | ACCEPT_NOBODYS, MEM_COMMIT, &address, size);
}

void call_decommit_contested(struct caller *caller, void *address, SIZE_T size)
{
    free_pages(caller, CALL_DECOMMIT, ACCEPT_NOBODYS, MEM_DECOMMIT, address, size);
}

MEMORY_BASIC_INFORMATION call_query(struct caller *caller, void *address)
{
    MEMORY_BASIC_INFORMATION range = {0};
    SIZE_T known = 0;

    NOTE(caller, CALL_QUERY, 0,
         IHostMemoryManager_VirtualQuery(caller->manager, address, &range, sizeof(range), &known));
    expect(caller, "VirtualQuery's count", known, sizeof(range));
    return range;
}

DWORD call_protect(struct caller *caller, void *address, SIZE_T size, DWORD protect)
{
    DWORD old = 0;

    NOTE(caller, CALL_PROTECT, 0,
         IHostMemoryManager_VirtualProtect(caller->manager, address, size, protect, &old));
    return old;
}

/* ------------------------------------------------------------------------------------------------
 * The machine and the address space
 * --------------------------------------------------------------------------------------------- */

void call_memory_load(struct caller *caller)
{
    DWORD load = MAXDWORD;
    SIZE_T available = 0;

    NOTE(caller, CALL_MEMORY_LOAD, 0,
         IHostMemoryManager_GetMemoryLoad(caller->manager, &load, &available));
    expect(caller, "a memory load above 100", load > 100, FALSE);
}

void call_register_callback(struct caller *caller, ICLRMemoryNotificationCallback *callback)
{
    NOTE(caller, CALL_REGISTER_CALLBACK, 0,
         IHostMemoryManager_RegisterMemoryNotificationCallback(caller->manager, callback));
}

/* E_OUTOFMEMORY: there is nothing to give. */
void call_needs_space(struct caller *caller)
{
    NOTE(caller, CALL_NEEDS_SPACE, ACCEPT_REFUSED,
         IHostMemoryManager_NeedsVirtualAddressSpace(caller->manager, NULL, GRANULE));
}

void call_acquired_space(struct caller *caller, void *base, SIZE_T size)
{
    NOTE(caller, CALL_ACQUIRED_SPACE, 0,
         IHostMemoryManager_AcquiredVirtualAddressSpace(caller->manager, base, size));
}

void call_released_space(struct caller *caller, void *base)
{
    NOTE(caller, CALL_RELEASED_SPACE, 0,
         IHostMemoryManager_ReleasedVirtualAddressSpace(caller->manager, base));
}

/* ------------------------------------------------------------------------------------------------
 * Heaps
 * --------------------------------------------------------------------------------------------- */

IHostMalloc *call_create_malloc(struct caller *caller)
{
    IHostMalloc *heap = NULL;

    NOTE(caller, CALL_CREATE_MALLOC, 0,
         IHostMemoryManager_CreateMalloc(caller->manager, MALLOC_THREADSAFE, &heap));
    return heap;
}

void *call_alloc(struct caller *caller, IHostMalloc *heap, SIZE_T size)
{
    void *block = NULL;

    NOTE(caller, CALL_ALLOC, refusals(caller), heap_alloc(heap, size, caller->level, &block));
    return block;
}

void *call_debug_alloc(struct caller *caller, IHostMalloc *heap, SIZE_T size, int line)
{
    char file[] = "frozen.c";
    void *block = NULL;

    NOTE(caller, CALL_DEBUG_ALLOC, refusals(caller),
         IHostMalloc_DebugAlloc(heap, size, caller->level, file, line, &block));
    return block;
}

void call_free(struct caller *caller, IHostMalloc *heap, void *block)
{
    NOTE(caller, CALL_FREE, 0, IHostMalloc_Free(heap, block));
}

void call_free_again(struct caller *caller, IHostMalloc *heap, void *block)
{
    expect(caller, "a second Free succeeded",
           NOTE(caller, CALL_FREE, ACCEPT_NOBODYS, IHostMalloc_Free(heap, block)), FALSE);
}

void call_release_heap(struct caller *caller, IHostMalloc *heap)
{
    note_begin(caller, CALL_RELEASE_HEAP);
    IHostMalloc_Release(heap);
    note_end(caller, S_OK, 0);
}
