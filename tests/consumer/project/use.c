/*
 * use.c: a host in C, as small as can be: it makes a manager, allocates and frees pages and a heap
 * block, and says at its end that all went well.
 */
#define COBJMACROS
#include <initguid.h>

#include <hostmem/hostmem.h>

#include <stdio.h>

static int use_pages(IHostMemoryManager *manager)
{
    void *pages = NULL;

    if (IHostMemoryManager_VirtualAlloc(manager, NULL, 65536, MEM_RESERVE | MEM_COMMIT,
                                        PAGE_READWRITE, eTaskCritical, &pages) != S_OK)
        return 0;
    *(volatile char *)pages = 1;
    return IHostMemoryManager_VirtualFree(manager, pages, 0, MEM_RELEASE) == S_OK &&
           IHostMemoryManager_VirtualFree(manager, pages, 0, MEM_RELEASE) ==
               HOST_E_INVALIDOPERATION;
}

static int use_heap(IHostMemoryManager *manager)
{
    IHostMalloc *heap = NULL;
    void *block = NULL;
    int good;

    if (IHostMemoryManager_CreateMalloc(manager, MALLOC_THREADSAFE, &heap) != S_OK)
        return 0;
    good = IHostMalloc_Alloc(heap, 100, eTaskCritical, &block) == S_OK &&
           IHostMalloc_Free(heap, block) == S_OK &&
           IHostMalloc_Free(heap, block) == HOST_E_INVALIDOPERATION;
    IHostMalloc_Release(heap);
    return good;
}

int main(void)
{
    IHostMemoryManager *manager = NULL;
    int good;

    if (HostMemCreateManager(NULL, &manager) != S_OK)
        return 1;
    good = use_pages(manager) && use_heap(manager);
    IHostMemoryManager_Release(manager);
    if (good)
        puts("memory was allocated and freed, a second free refused");
    return !good;
}
