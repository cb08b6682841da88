/*
 * use.cpp: a host in C++, as small as can be: it makes a manager, allocates and frees pages and a
 * heap block, and says at its end that all went well.
 */
#include <initguid.h>

#include <hostmem/hostmem.h>

#include <cstdio>

namespace
{

bool use_pages(IHostMemoryManager *manager)
{
    void *pages = nullptr;

    if (manager->VirtualAlloc(nullptr, 65536, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE,
                              eTaskCritical, &pages) != S_OK)
        return false;
    *static_cast<volatile char *>(pages) = 1;
    return manager->VirtualFree(pages, 0, MEM_RELEASE) == S_OK &&
           manager->VirtualFree(pages, 0, MEM_RELEASE) == HOST_E_INVALIDOPERATION;
}

bool use_heap(IHostMemoryManager *manager)
{
    IHostMalloc *heap = nullptr;
    void *block = nullptr;

    if (manager->CreateMalloc(MALLOC_THREADSAFE, &heap) != S_OK)
        return false;
    const bool good = heap->Alloc(100, eTaskCritical, &block) == S_OK &&
                      heap->Free(block) == S_OK && heap->Free(block) == HOST_E_INVALIDOPERATION;
    heap->Release();
    return good;
}

} // namespace

int main()
{
    IHostMemoryManager *manager = nullptr;

    if (HostMemCreateManager(nullptr, &manager) != S_OK)
        return 1;
    const bool good = use_pages(manager) && use_heap(manager);
    manager->Release();
    if (good)
        std::puts("memory was allocated and freed, a second free refused");
    return !good;
}
