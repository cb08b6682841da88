/*
 * wrong_manager.c: see wrong_manager.h.
 */
#include "wrong_manager.h"

const char *const wrong_names[WRONGS] = {
    [WRONG_SIZE] = "size",         [WRONG_CHUNK] = "chunk",
    [WRONG_GUARD] = "guard",       [WRONG_WATCH] = "watch",
    [WRONG_POINTER] = "pointer",   [WRONG_OLD] = "old protection",
    [WRONG_DECOMMIT] = "decommit", [WRONG_OWNER] = "owner",
    [WRONG_BOOKS] = "books",       [WRONG_LAST_ERROR] = "last error",
    [WRONG_QUERY] = "query",
};

static enum wrong chosen;
static IHostMemoryManager *shipped; /* one world at a time */

void wrong_choose(enum wrong wrong)
{
    chosen = wrong;
}

/* ------------------------------------------------------------------------------------------------
 * Methods
 * --------------------------------------------------------------------------------------------- */

/* Worlds use these four methods of a manager, and no other. */

static bool crosses_chunk(uintptr_t address, SIZE_T size)
{
    return size && address / CHUNK != (address + size - 1) / CHUNK;
}

static HRESULT WINAPI wrong_VirtualAlloc(IHostMemoryManager *iface, void *address, SIZE_T size,
                                         DWORD type, DWORD protect, EMemoryCriticalLevel level,
                                         void **memory)
{
    void *before = *memory;
    HRESULT hr;

    (void)iface;
    if (chosen == WRONG_BOOKS && size == 3 * GRANULE && (type & MEM_RESERVE)) {
        *memory = VirtualAlloc(address, size, type, protect);
        if (*memory)
            return S_OK;
    }
    if (chosen == WRONG_CHUNK && type == MEM_COMMIT && crosses_chunk((uintptr_t)address, size))
        size = SIZE_MAX / 2;
    if (chosen == WRONG_SIZE && type == MEM_COMMIT && size > GRANULE)
        size -= PAGE;
    if (chosen == WRONG_GUARD && (type & MEM_COMMIT))
        protect &= ~(DWORD)PAGE_GUARD;
    if (chosen == WRONG_WATCH)
        type &= ~(DWORD)MEM_WRITE_WATCH;
    hr = IHostMemoryManager_VirtualAlloc(shipped, address, size, type, protect, level, memory);
    if (chosen == WRONG_POINTER && hr != S_OK)
        *memory = before;
    return hr;
}

static void *base_of(void *address)
{
    MEMORY_BASIC_INFORMATION range;

    return VirtualQuery(address, &range, sizeof(range)) ? range.AllocationBase : NULL;
}

static HRESULT WINAPI wrong_VirtualFree(IHostMemoryManager *iface, LPVOID address, SIZE_T size,
                                        DWORD type)
{
    HRESULT hr;

    (void)iface;
    if (chosen == WRONG_OWNER && type == MEM_RELEASE && !size)
        address = base_of(address);
    hr = IHostMemoryManager_VirtualFree(shipped, address, size, type);
    if (chosen == WRONG_DECOMMIT && hr == S_OK && type == MEM_DECOMMIT)
        IHostMemoryManager_VirtualFree(shipped, (char *)address + size, PAGE, MEM_DECOMMIT);
    if (chosen == WRONG_LAST_ERROR && hr == S_OK && type == MEM_RELEASE)
        SetLastError(ERROR_INVALID_ADDRESS);
    return hr;
}

static HRESULT WINAPI wrong_VirtualQuery(IHostMemoryManager *iface, void *address, void *buffer,
                                         SIZE_T length, SIZE_T *result)
{
    MEMORY_BASIC_INFORMATION *range = buffer;
    HRESULT hr = IHostMemoryManager_VirtualQuery(shipped, address, buffer, length, result);

    (void)iface;
    if (chosen == WRONG_QUERY && hr == S_OK && range->State == MEM_RESERVE)
        range->State = MEM_FREE;
    return hr;
}

static HRESULT WINAPI wrong_VirtualProtect(IHostMemoryManager *iface, void *address, SIZE_T size,
                                           DWORD protect, DWORD *old)
{
    HRESULT hr = IHostMemoryManager_VirtualProtect(shipped, address, size, protect, old);

    (void)iface;
    if (chosen == WRONG_OLD && hr == S_OK)
        *old = protect;
    return hr;
}

/* ------------------------------------------------------------------------------------------------
 * A subject
 * --------------------------------------------------------------------------------------------- */

static const IHostMemoryManagerVtbl wrong_vtbl = {
    .VirtualAlloc = wrong_VirtualAlloc,
    .VirtualFree = wrong_VirtualFree,
    .VirtualQuery = wrong_VirtualQuery,
    .VirtualProtect = wrong_VirtualProtect,
};

static IHostMemoryManager wrong_iface = {&wrong_vtbl};

static struct subject make_wrong(void)
{
    struct subject subject = subject_make(NULL);

    shipped = subject.manager;
    subject.manager = &wrong_iface;
    return subject;
}

static void end_wrong(struct subject *subject)
{
    subject->manager = shipped;
    subject_end(subject);
}

const struct world_maker wrong_manager = {make_wrong, end_wrong};
